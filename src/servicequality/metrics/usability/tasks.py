"""Success, time and steps of tasks, and training."""

from dataclasses import replace
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Amount, Flag, Seconds, TaskEnd, answered
from servicequality.core import define
from servicequality.metrics.durations import FinishedStatistic, Statistic, finished, waiting
from servicequality.shapes import ProportionMethod, Shape, geometric_mean, mean, ratio, share

__all__ = [
    "task_success_rate",
    "time_on_task",
    "time_on_task_observed_only",
    "training_time",
    "workflow_detour",
    "workflow_steps",
]


@define(
    title="Task success rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="attempt",
    formula=r"\#\{\text{completed}\}/n",
    references=("Sauro & Lewis 2016", "ISO 9241-11:2018", "Wilson 1927", "Agresti & Coull 1998"),
    aliases=("completion rate", "task completion", "effectiveness", "success rate"),
)
def task_success_rate(
    end: TaskEnd = "task_end",
    *,
    partial: Literal["failure", "success", "half"] = "failure",
    interval: ProportionMethod = "wilson",
) -> Shape:
    """Share of attempts at a task that were completed, among all that ended: failed and abandoned ones are failures.

    `partial` says what a partial completion is worth; at `half` the limits are Student's, cut to the range. The adjusted
    Wald interval of the usability literature is `interval="agresti_coull"`.

    When it lies:
        Five users of five leave a rate of 57 % possible. The task as tested is easier than the task at work: somebody said
        what to do, and watched.

    Why your vendor shows another number:
        Half a point for a partial success, completed with help counted, abandoned attempts left out, or tasks averaged in
        place of attempts.

    Example:
        rows = {
            "task_seconds": [41.0, 55.0, 62.0, 70.0, 96.0, 180.0, 240.0],
            "task_end": ["completed", "completed", "partial", "completed", "completed", "failed", "abandoned"],
        }
        print(sq.task_success_rate().estimate(rows))
        print(sq.task_success_rate(partial="half").estimate(rows))
    """
    choice("task_success_rate: partial", partial, ("failure", "success", "half"))
    ended = pl.col(end).cast(pl.String)
    if partial == "half":
        credit = (ended == "completed").cast(pl.Float64) + 0.5 * (ended == "partial")
        return replace(mean(credit, of=answered(end), bounds=(0.0, 1.0)), unit="share")
    hit = ended == "completed"
    return share(hit | (ended == "partial") if partial == "success" else hit, of=answered(end), method=interval)


@define(
    title="Time on task",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="attempt",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "Sauro & Lewis 2016", "ISO 9241-11:2018"),
    aliases=("task time", "completion time", "efficiency", "time to complete a task"),
)
def time_on_task(
    seconds: Seconds = "task_seconds",
    end: TaskEnd = "task_end",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time that people need to complete a task; attempts that were not completed took at least so long.

    With `limit` it is the share that completed within so many seconds; with `horizon` the mean time up to so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        Kaplan-Meier takes those who gave up to be like those who went on; they are slower. Times with somebody watching,
        or with thinking aloud, are other times.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        Completed attempts only, which gets better the more people give up; the arithmetic mean, which one lunch break rules;
        time until the page was left.

    Example:
        rows = {
            "task_seconds": [41.0, 55.0, 62.0, 70.0, 96.0, 180.0, 240.0],
            "task_end": ["completed", "completed", "partial", "completed", "completed", "failed", "abandoned"],
        }
        print(sq.time_on_task().estimate(rows))
        print(sq.time_on_task(limit=60).estimate(rows))
    """
    done = pl.col(end).cast(pl.String) == "completed"
    return waiting(seconds, done, competing=None, statistic=statistic, limit=limit, horizon=horizon)


@define(
    title="Time on task of completed attempts",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="attempt",
    formula=r"\exp\Big(\frac{1}{n}\sum_i \ln t_i\Big)\ \text{over completed attempts}",
    references=("Sauro & Lewis 2010", "Student 1908"),
    aliases=("geometric mean time", "average task time", "mean time on task"),
)
def time_on_task_observed_only(
    seconds: Seconds = "task_seconds",
    end: TaskEnd = "task_end",
    *,
    statistic: FinishedStatistic | Literal["geometric_mean"] | float = "geometric_mean",
    limit: float | None = None,
) -> Shape:
    """The classic: time on task over the attempts that were completed, and over no others; its geometric mean.

    Of few and skewed times the geometric mean lies nearer to the true middle than the sample's median does (Sauro and
    Lewis 2010).

    When it lies:
        It improves when slow people give up.

    Why your vendor shows another number:
        This is most often the vendor's number, up to the mean: the arithmetic one is longer.

    Example:
        rows = {
            "task_seconds": [41.0, 55.0, 62.0, 70.0, 96.0, 180.0, 240.0],
            "task_end": ["completed", "completed", "partial", "completed", "completed", "failed", "abandoned"],
        }
        print(sq.time_on_task_observed_only().estimate(rows))
        print(sq.time_on_task().estimate(rows))
    """
    done = pl.col(end).cast(pl.String) == "completed"
    if statistic == "geometric_mean" and limit is None:
        return geometric_mean(pl.col(seconds), of=answered(seconds) & done, origin=60).excluding(~done)
    return finished(seconds, done, statistic="mean" if statistic == "geometric_mean" else statistic, limit=limit)


@define(
    title="Training time",
    unit="s",
    better="lower",
    bounds=(0, float("inf")),
    grain="trainee",
    formula=r"\inf\{t : \hat S(t) \le 1 - p\}",
    references=("Kaplan & Meier 1958", "ISO 9241-11:2018"),
    aliases=("time to proficiency", "ramp-up time", "onboarding time", "learnability", "time to productivity"),
)
def training_time(
    seconds: Seconds = "training_seconds",
    proficient: Flag = "training_proficient",
    *,
    statistic: Statistic | float = "median",
    limit: float | None = None,
    horizon: float | None = None,
) -> Shape:
    """Time from the start of a training until the trainee reached the standard; those still learning count as they stand.

    What the standard is (a test passed, ten tickets without help) is yours to say and to keep. With `limit` it is the share
    that was proficient within so many seconds.

    Limits are those of the beta product: with mid-p for a share within `limit`, inverted for a quantile; of a mean up to
    `horizon` Wilson's.

    When it lies:
        People who leave before they are proficient count as still learning, though they never will be. A lower standard
        shortens the training.
        The upper limit of a high quantile is often missing: too few rows were watched so long.

    Why your vendor shows another number:
        The length of the course in place of the time to the standard; graduates only; a mean, which a slow few rule.

    Example:
        day = 86_400
        rows = {
            "training_seconds": [9.0 * day, 12.0 * day, 15.0 * day, 20.0 * day, 20.0 * day],
            "training_proficient": [True, True, True, False, False],
        }
        print(sq.training_time().estimate(rows))
        print(sq.training_time(limit=14 * day).estimate(rows))
    """
    return waiting(
        seconds, pl.col(proficient), competing=None, statistic=statistic, limit=limit, horizon=horizon
    )  # fmt: skip


@define(
    title="Workflow steps",
    unit="steps",
    better="lower",
    bounds=(0, float("inf")),
    grain="attempt",
    formula=r"\frac{1}{n}\sum_i s_i",
    references=("Smith 1996", "ISO 9241-11:2018", "Student 1908"),
    aliases=("clicks per task", "steps per task", "screens per task", "path length", "process steps"),
)
def workflow_steps(
    steps: Amount = "task_steps",
    end: TaskEnd = "task_end",
    *,
    statistic: FinishedStatistic | float = "mean",
) -> Shape:
    """Steps (clicks, screens, fields) that a completed task took.

    When it lies:
        Fewer steps are no gain where each of them asks for more. People who gave up took few steps: read it alongside the
        success rate.

    Why your vendor shows another number:
        Attempts that were not completed counted too; page views in place of steps; the designed path in place of the one
        that people took.
    """
    return finished(steps, pl.col(end).cast(pl.String) == "completed", statistic=statistic, limit=None)


@define(
    title="Workflow detour",
    unit="times the fewest steps",
    better="lower",
    bounds=(1, float("inf")),
    grain="attempt",
    formula=r"\sum_i s_i/\sum_i m_i",
    references=("Smith 1996", "Cochran 1977"),
    aliases=("lostness", "path ratio", "steps over the optimal path", "navigation efficiency"),
)
def workflow_detour(
    steps: Amount = "task_steps", fewest: Amount = "task_fewest_steps", end: TaskEnd = "task_end"
) -> Shape:
    """Steps that completed tasks took, as a multiple of the fewest that would have done: 1 is the straight way.

    When it lies:
        The fewest steps are those that the designer knows. A long way that nobody loses may serve better than a short one
        that only experts find.

    Why your vendor shows another number:
        Lostness in Smith's sense, which also counts pages seen twice; the mean of the ratios in place of the ratio of sums;
        attempts that were given up counted too.

    Example:
        rows = {
            "task_steps": [6, 7, 9, 14, 3],
            "task_fewest_steps": [6, 6, 6, 6, 6],
            "task_end": ["completed", "completed", "completed", "completed", "abandoned"],
        }
        print(sq.workflow_detour().estimate(rows))
        print(sq.workflow_steps().estimate(rows))
    """
    taken, least = pl.col(steps), pl.col(fewest)
    of = answered(steps) & (least > 0) & (pl.col(end).cast(pl.String) == "completed")
    return replace(ratio(taken, least, of=of), refused={"of fewer steps than the fewest": of & (taken < least)})
