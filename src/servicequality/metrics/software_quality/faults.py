"""Defects of the software, and failures of what it automates."""

import polars as pl

from servicequality.columns import Amount, Flag, answered
from servicequality.core import define
from servicequality.shapes import RateMethod, Shape, rate, share

__all__ = [
    "automation_error_rate",
    "defect_density",
    "escaped_defect_rate",
    "integration_failure_rate",
    "user_reported_bug_rate",
]

_COUNT = (0.0, float("inf"))


@define(
    title="Defect density",
    unit="per unit of size",
    better="lower",
    bounds=_COUNT,
    grain="component",
    formula=r"\frac{\sum \text{defects}}{\sum \text{size}}",
    references=("Fenton & Bieman 2014", "Garwood 1936"),
    aliases=("defects per KLOC", "bugs per thousand lines", "bug density"),
)
def defect_density(defects: Amount = "defects", size: Amount = "size") -> Shape:
    """Defects for each unit of size (a thousand lines, a function point), over the components together.

    The limits are Garwood's, which take defects for independent.

    When it lies:
        Code that nobody tests has no known defects. Lines that are copied make the density fall.

    Why your vendor shows another number:
        The average of the components' densities, in which a small file weighs as much as a large one; lines with or without
        comments; closed defects left out.

    Example:
        rows = {"defects": [3, 0, 12], "size": [12.5, 2.0, 31.0]}
        print(sq.defect_density().estimate(rows))
    """
    return rate(pl.col(defects), pl.col(size), of=answered(defects) & answered(size))


@define(
    title="Escaped defect rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="defect",
    formula=r"\#\{\text{found after release}\}/n",
    references=("Jones 2008", "Wilson 1927"),
    aliases=("defect escape rate", "defect leakage", "defect removal efficiency", "bugs found by customers"),
)
def escaped_defect_rate(escaped: Flag = "escaped") -> Shape:
    """Share of the known defects that were found after the release; one less it is the defect removal efficiency.

    When it lies:
        A release of last week has had no time to show what escaped: compare releases at one age.

    Why your vendor shows another number:
        Over the defects of a month and not of a release; duplicates and wishes counted; severity as a weight.

    Example:
        print(sq.escaped_defect_rate().estimate({"escaped": [False] * 37 + [True] * 4}))
    """
    return share(pl.col(escaped), of=answered(escaped))


@define(
    title="User-reported bug rate",
    label="user-reported bug rate",
    unit="per unit of exposure",
    better="lower",
    bounds=_COUNT,
    grain="period",
    formula=r"\frac{\sum \text{reports}}{\sum \text{exposure}}",
    references=("Garwood 1936", "McCullagh & Nelder 1989"),
    aliases=("bugs per user", "customer reported defects", "bug reports per thousand users"),
)
def user_reported_bug_rate(
    reports: Amount = "reports", exposure: Amount = "users", *, interval: RateMethod = "quasi_poisson"
) -> Shape:
    """Bugs that users report for each user, session or month of use, whatever the second column counts.

    From four periods on the limits are Garwood's, widened by the scatter of the periods where it is more than Poisson's
    (quasi-Poisson); `interval="poisson"` leaves them as they are.

    When it lies:
        Most users leave without a report. A new button "report a problem" doubles it overnight.

    Why your vendor shows another number:
        Reports before they are merged; registered users in place of active ones; tickets that somebody tagged as a bug.

    Example:
        print(sq.user_reported_bug_rate().estimate({"reports": [14, 9], "users": [5_200, 5_900]}))
    """
    of = answered(reports) & answered(exposure)
    return rate(pl.col(reports), pl.col(exposure), of=of, periods=True, interval=interval)


@define(
    title="Automation error rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="run",
    formula=r"\#\{\text{wrong}\}/n",
    references=("Wilson 1927",),
    aliases=("bot error rate", "workflow error rate", "misrouted tickets", "automation correctness"),
)
def automation_error_rate(wrong: Flag = "wrong") -> Shape:
    """Share of the runs of a rule, a bot or a workflow that did the wrong thing or failed.

    When it lies:
        Only what somebody looked at is known to be wrong: draw a sample and have it reviewed, or the rate is that of the
        complaints.

    Why your vendor shows another number:
        Runs that crashed alone, since a wrong routing raises no error; runs that were corrected by hand left out.

    Example:
        print(sq.automation_error_rate().estimate({"wrong": [False] * 190 + [True] * 10}))
    """
    return share(pl.col(wrong), of=answered(wrong))


@define(
    title="Integration failure rate",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="call",
    formula=r"\#\{\text{failed}\}/n",
    references=("Wilson 1927",),
    aliases=("API error rate", "sync failures", "webhook failures", "integration quality"),
)
def integration_failure_rate(failed: Flag = "failed") -> Shape:
    """Share of the calls to another system that failed.

    Calls to one system fail together: give its name, or the hour, as `cluster=`.

    When it lies:
        A call that answers with yesterday's data has not failed. Where a failure is tried again three times, one cause counts
        four times.

    Why your vendor shows another number:
        Errors of the server alone; retries that worked in the end counted as successes; time-outs left out.

    Example:
        print(sq.integration_failure_rate().estimate({"failed": [False] * 980 + [True] * 20}))
    """
    return share(pl.col(failed), of=answered(failed))
