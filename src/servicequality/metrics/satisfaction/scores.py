"""The scores that have a name: NPS, CSAT, CES."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Effort, Score, Score0To10, Version, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.satisfaction.scales import ScaleEnds, check_cuts, in_box, satisfied_box, scale_of
from servicequality.shapes import NetMethod, ProportionMethod, Shape, balance, mean, share

__all__ = ["ces", "csat", "csat_mean", "nps"]


@define(
    title="Net Promoter Score",
    label="NPS",
    unit="points",
    better="higher",
    bounds=(-100, 100),
    grain="answer",
    formula=r"100\,(P - D)/n",
    references=("Reichheld 2003", "Rocks 2016"),
    aliases=("net promoter", "recommendation"),
)
def nps(
    score: Score0To10 = "score",
    *,
    detractor_max: int = 6,
    promoter_min: int = 9,
    interval: NetMethod = "adjusted_t",
    missing: Sequence[int] = (),
) -> Shape:
    """Promoters (9-10) less detractors (0-6), per 100 answers. Unanswered rows do not count.

    The limits are of three answers more, 3/4 at each end and 3/2 in the middle (Rocks 2016), with Student's t of n + 2
    degrees of freedom; `interval="adjusted_wald"` takes the normal quantile, as published.

    When it lies:
        The score throws away most of the answer: 0 and 6 count alike, and a move from 8 to 9 counts as much as one from
        0 to 7. With few answers its limits are wide: 100 answers leave about 15 points on either side. Non-response is
        not in the limits at all.

    Why your vendor shows another number:
        Rounding to whole points before comparing; codes for "don't know" (often 11 or 99) counted as promoters; averaging
        the scores of teams or weeks in place of pooling their answers; leaving out answers that came late.
    """
    check_cuts("nps", detractor_max=detractor_max, promoter_min=promoter_min)
    answer = pl.col(score)
    return balance(
        answer >= promoter_min, answer <= detractor_max, of=answered(score, missing), per=100, method=interval
    )


@define(
    title="Customer Satisfaction Score",
    label="CSAT",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"\#\{\text{score in the box}\}/n",
    references=("ISO 10004:2018", "Wilson 1927"),
    aliases=("satisfaction", "satisfied share", "top two box"),
)
def csat(
    score: Score = "score",
    *,
    scale: ScaleEnds,
    box: Sequence[int] | None = None,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers in the satisfied box: the top two points of the scale (of a two-point scale, the top one).

    A scale of more than 11 points, such as 0 to 100, has no usual box: state it, as in `box=range(80, 101)`.

    When it lies:
        Customers who were not asked, or did not answer, are not in it; `non_response_bounds` says how far that can reach.
        The top two of five points and the top two of ten are not the same promise.

    Why your vendor shows another number:
        Another box (top one, or everything above the middle), a mean shown as a percentage of the scale, unanswered
        invitations counted as dissatisfied, or good and bad ratings alone (a two-point scale).
    """
    points = satisfied_box("csat", scale_of("csat", scale), box)
    return share(in_box(pl.col(score), points), of=answered(score, missing), method=interval)


@define(
    title="Mean satisfaction",
    label="mean CSAT",
    unit="points of the scale",
    better="higher",
    grain="answer",
    formula=r"\bar{x}",
    references=("Student 1908", "Agresti & Coull 1998"),
    aliases=("average rating", "mean rating", "average csat"),
)
def csat_mean(score: Score = "score", *, scale: ScaleEnds, missing: Sequence[int] = ()) -> Shape:
    """Mean of the answers on their own scale.

    The limits are Student's of the answers and half an answer more at each end of the scale, so that answers that all agree
    have limits too.

    When it lies:
        A mean treats the steps of the scale as equal, and hides whether opinions are mixed or merely middling. Where low
        answers are rare, a sample of fewer than fifty may hold none of them, and the limits promise too much; a note says so.

    Why your vendor shows another number:
        A mean rescaled to 0-100, a mean of the means of agents or weeks, or sentinels such as 0 and 6 left in.
    """
    low, high = scale_of("csat_mean", scale)
    return mean(pl.col(score), of=answered(score, missing), origin=low, bounds=(low, high))


@define(
    title="Customer Effort Score",
    label="CES",
    unit="points of the scale",
    better="neither",
    grain="answer",
    formula=r"\bar{x},\ \#\{\text{box}\}/n\ \text{or}\ 100\,(\text{easy} - \text{hard})/n",
    references=("Dixon, Freeman & Toman 2010", "CEB 2013"),
    aliases=("customer effort", "effort score", "ease"),
)
def ces(
    score: Effort = "score",
    *,
    version: Literal["v1", "v2", "own"],
    scale: ScaleEnds | None = None,
    better: Literal["higher", "lower"] | None = None,
    statistic: Literal["mean", "share", "net"] = "mean",
    of_version: Version | None = None,
    missing: Sequence[int] = (),
) -> Shape:
    """Effort that customers report: v1 is effort from 1 to 5 (lower is better), v2 agreement from 1 to 7 that it was easy.

    Any other question is `version="own"` with its `scale` and the end that is `better`. `share` is the share that found it
    easy (v1: 1-2; v2: 5-7; own: on the better side of the middle), `net` is easy less hard (v1: 4-5; v2: 1-3) per 100
    answers. `of_version` names a column with each row's version; a row of another version is an error, since the versions
    point in opposite directions. The limits of the mean are those of `csat_mean`, of the share Wilson's, of the net score
    those of `nps`.

    When it lies:
        It asks about one contact only, and those who gave up are not asked.

    Why your vendor shows another number:
        Two versions with opposite directions share one name; some report the mean, some the share that agrees, and the
        points that count as agreement differ.
    """
    (low, high), direction = _effort(version, scale, better)
    choice("ces: statistic", statistic, ("mean", "share", "net"))
    answer, of = pl.col(score), answered(score, missing)
    above, below = answer >= (low + high) // 2 + 1, answer <= (low + high - 1) // 2
    easy, hard = (above, below) if direction == "higher" else (below, above)
    if statistic == "share":
        return replace(share(easy, of=of), better="higher")
    if statistic == "net":
        return replace(balance(easy, hard, of=of, per=100), better="higher")
    return replace(mean(answer, of=of, origin=low, bounds=(float(low), float(high))), better=direction)


def _effort(version: str, scale: ScaleEnds | None, better: str | None) -> tuple[ScaleEnds, Literal["higher", "lower"]]:
    """Scale and better end of a version of the effort question."""
    versions = "v1 asks for effort from 1 to 5, v2 for agreement from 1 to 7, own takes scale= and better="
    choice("ces: version", version, ("v1", "v2", "own"), why=versions)
    if version != "own":
        if scale is not None or better is not None:
            raise ParameterError(
                f"ces: {version} fixes scale and better; for another scale use version='own' with scale= and better="
            )
        return ((1, 5), "lower") if version == "v1" else ((1, 7), "higher")
    if better is None or scale is None:
        raise ParameterError(
            "ces: version 'own' needs both scale=, such as (1, 5), and better='higher' or 'lower': the end that is easy; "
            f"got scale={scale!r}, better={better!r}"
        )
    choice("ces: better", better, ("higher", "lower"))
    return scale_of("ces", scale), "higher" if better == "higher" else "lower"
