"""What customers answer: NPS, CSAT, CES, boxes, net scores, response rates. Never here: SERVQUAL, or a formula's limits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from servicequality.columns import Disposition, Effort, Instant, Row, Score, Score0To10, Version, answered, one_of
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.shapes import NetMethod, ProportionMethod, Shape, attainment, balance, eligible_share, mean, share

Scale = tuple[int, int]


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
    interval: NetMethod = "adjusted_wald",
    missing: Sequence[int] = (),
) -> Shape:
    """Promoters (9-10) less detractors (0-6), per 100 answers. Unanswered rows do not count.

    When it lies:
        The score throws away most of the answer: 0 and 6 weigh alike, and a move from 8 to 9 counts as much as one from
        0 to 7. With few answers its limits are wide: 100 answers leave about 15 points on either side. Non-response is
        not in the limits at all.

    Why your vendor shows another number:
        Rounding to whole points before comparing; codes for "don't know" (often 11 or 99) counted as promoters; averaging
        the scores of teams or weeks in place of pooling their answers; leaving out answers that came late.
    """
    if not 0 <= detractor_max < promoter_min <= 10:
        raise ParameterError(
            f"nps: detractor_max={detractor_max} must lie below promoter_min={promoter_min}, both from 0 to 10"
        )
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
    scale: Scale,
    box: Sequence[int] | None = None,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers in the satisfied box: the top two points of the scale (of a two-point scale, the top one).

    When it lies:
        Customers who were not asked, or did not answer, are not in it; `non_response_bounds` says how far that can reach.
        The top two of five points and the top two of ten are not the same promise.

    Why your vendor shows another number:
        Another box (top one, or everything above the middle), a mean shown as a percentage of the scale, unanswered
        invitations counted as dissatisfied, or good and bad ratings alone (a two-point scale).
    """
    points = _box("csat", _scale("csat", scale), box)
    return share(one_of(pl.col(score), points), of=answered(score, missing), method=interval)


@define(
    title="Mean satisfaction",
    label="mean CSAT",
    unit="points of the scale",
    better="higher",
    grain="answer",
    formula=r"\bar{x}",
    references=("Student 1908",),
    aliases=("average rating", "mean rating", "average csat"),
)
def csat_mean(score: Score = "score", *, scale: Scale, missing: Sequence[int] = ()) -> Shape:
    """Mean of the answers on their own scale, with Student's limits.

    When it lies:
        A mean treats the steps of the scale as equal, and hides whether opinions are mixed or merely middling.

    Why your vendor shows another number:
        A mean rescaled to 0-100, a mean of the means of agents or weeks, or sentinels such as 0 and 6 left in.
    """
    low, _ = _scale("csat_mean", scale)
    return mean(pl.col(score), of=answered(score, missing), origin=low)


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
    version: Literal["v1", "v2"],
    statistic: Literal["mean", "share", "net"] = "mean",
    of_version: Version | None = None,
    missing: Sequence[int] = (),
) -> Shape:
    """Effort that customers report: v1 is effort from 1 to 5 (lower is better), v2 agreement from 1 to 7 that it was easy.

    `share` is the share that found it easy (v1: 1-2; v2: 5-7), `net` is easy less hard (v1: 4-5; v2: 1-3) per 100 answers.
    `of_version` names a column with each row's version; a row of the other version is an error, since the two point in
    opposite directions.

    When it lies:
        It asks about one contact only, and those who gave up are not asked.

    Why your vendor shows another number:
        Two versions with opposite directions share one name; some report the mean, some the share that agrees, and the
        points that count as agreement differ.
    """
    if version not in ("v1", "v2"):
        raise ParameterError(f"ces: version must be 'v1' (effort 1-5) or 'v2' (agreement 1-7), got {version!r}")
    if statistic not in ("mean", "share", "net"):
        raise ParameterError(f"ces: statistic must be 'mean', 'share' or 'net', got {statistic!r}")
    answer, of = pl.col(score), answered(score, missing)
    easy, hard = (answer <= 2, answer >= 4) if version == "v1" else (answer >= 5, answer <= 3)
    if statistic == "share":
        return replace(share(easy, of=of), better="higher")
    if statistic == "net":
        return replace(balance(easy, hard, of=of, per=100), better="higher")
    return replace(mean(answer, of=of, origin=1), better="lower" if version == "v1" else "higher")


@define(
    title="Top box",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"\#\{x \ge b\}/n",
    references=("Wilson 1927",),
    aliases=("top two box", "t2b"),
)
def top_box(
    score: Score = "score",
    *,
    scale: Scale,
    points: int = 2,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers in the top points of the scale (two by default).

    When it lies:
        Where nearly everybody sits in the box, it no longer tells good from excellent.

    Why your vendor shows another number:
        The number of points in the box is rarely stated.
    """
    low, high = _scale("top_box", scale)
    box = _within("top_box", "points", (low, high), range(high - points + 1, high + 1))
    return share(one_of(pl.col(score), box), of=answered(score, missing), method=interval)


@define(
    title="Bottom box",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="answer",
    formula=r"\#\{x \le b\}/n",
    references=("Wilson 1927",),
    aliases=("bottom two box", "b2b", "dissatisfied share"),
)
def bottom_box(
    score: Score = "score",
    *,
    scale: Scale,
    points: int = 2,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers in the bottom points of the scale (two by default).

    When it lies:
        The angriest customers leave without answering.

    Why your vendor shows another number:
        The number of points in the box is rarely stated.
    """
    low, high = _scale("bottom_box", scale)
    box = _within("bottom_box", "points", (low, high), range(low, low + points))
    return share(one_of(pl.col(score), box), of=answered(score, missing), method=interval)


@define(
    title="Net score",
    unit="points",
    better="higher",
    bounds=(-100, 100),
    grain="answer",
    formula=r"100\,(T - B)/n",
    references=("Rocks 2016",),
    aliases=("net satisfaction", "net agreement"),
)
def net_score(
    score: Score = "score",
    *,
    scale: Scale,
    top: Sequence[int] | None = None,
    bottom: Sequence[int] | None = None,
    interval: NetMethod = "adjusted_wald",
    missing: Sequence[int] = (),
) -> Shape:
    """Share in the top box less share in the bottom box, per 100 answers (two points each by default).

    When it lies:
        The same score stands for a divided and for an indifferent public.

    Why your vendor shows another number:
        Other boxes, or a net score over those who took a side.
    """
    low, high = _scale("net_score", scale)
    above = _within("net_score", "top", (low, high), top if top is not None else (high - 1, high))
    below = _within("net_score", "bottom", (low, high), bottom if bottom is not None else (low, low + 1))
    if both := sorted(set(above) & set(below)):
        raise ParameterError(f"net_score: {both} lie in top and bottom; make the boxes disjoint")
    answer, of = pl.col(score), answered(score, missing)
    return balance(one_of(answer, above), one_of(answer, below), of=of, per=100, method=interval)


@define(
    title="Response rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"\#\text{answered}/\#\text{delivered}",
    references=("AAPOR 2023", "Wilson 1927"),
    aliases=("survey response", "completion rate", "participation"),
)
def response_rate(
    answer: Row = "score", *, delivered: Instant = "delivered_at", interval: ProportionMethod = "wilson"
) -> Shape:
    """Answered invitations among delivered ones.

    When it lies:
        A rate says how many answered, not who. A low rate with like-minded silence does no harm; a high rate can.

    Why your vendor shows another number:
        Sent in place of delivered, opened in place of delivered, partial answers counted, reminders counted as invitations.
    """
    return share(answered(answer), of=answered(delivered), method=interval)


@define(
    title="Response rate by AAPOR",
    label="AAPOR response rate",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"RR_1 = I/(I + P + R + NC + O + U)",
    references=("AAPOR 2023, Standard Definitions",),
    aliases=("RR1", "RR3", "cooperation rate", "refusal rate", "contact rate"),
)
def aapor_response_rate(
    disposition: Disposition = "disposition",
    *,
    rate: Literal["RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "REF1", "CON1"] = "RR1",
) -> Shape:
    """Interviews among eligible cases, by the outcome rates of the AAPOR Standard Definitions.

    Each row is a sampled case with its final disposition: I complete, P partial, R refusal, NC non-contact, O other, U of
    unknown eligibility, NE not eligible. RR3 and RR4 count the unknown by proportional allocation, RR5 and RR6 not at all.
    The limits take the estimated eligible share as known.

    When it lies:
        RR5 assumes that no case of unknown eligibility was eligible, which flatters.

    Why your vendor shows another number:
        "Response rate" without a number behind it may be any of the six, or completed among those who opened the form.
    """
    kinds = {"RR1": ("I",), "RR2": ("I", "P"), "RR3": ("I",), "RR4": ("I", "P"), "RR5": ("I",), "RR6": ("I", "P")}
    kinds |= {"COOP1": ("I",), "REF1": ("R",), "CON1": ("I", "P", "R", "O")}
    if rate not in kinds:
        raise ParameterError(f"aapor_response_rate: rate must be one of {', '.join(kinds)}, got {rate!r}")
    case = pl.col(disposition)
    known = ("I", "P", "R", "O") if rate == "COOP1" else ("I", "P", "R", "NC", "O")
    counted: Literal["all", "none", "proportional"] = "all"
    if rate in ("RR3", "RR4"):
        counted = "proportional"
    elif rate in ("RR5", "RR6", "COOP1"):
        counted = "none"
    return eligible_share(
        case.is_in(kinds[rate]), known=case.is_in(known), unknown=case == "U", ineligible=case == "NE", counted=counted
    )


@define(
    title="Bounds for non-response",
    label="CSAT of all invited",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"[k/N,\ (k + N - n)/N]",
    references=("Manski 2003", "Wilson 1927"),
    aliases=("manski bounds", "worst case", "non-response bias"),
)
def non_response_bounds(
    score: Score = "score",
    *,
    scale: Scale,
    box: Sequence[int] | None = None,
    delivered: Instant = "delivered_at",
    missing: Sequence[int] = (),
) -> Shape:
    """How far the share in the box can lie from the truth for all who were invited, whatever the silent would have said.

    The value is null while anybody is silent; low is Wilson's lower limit if none of them is in the box, high its upper
    limit if all of them are. `n_pending` counts the silent.

    When it lies:
        Never, and so it is wide: it assumes nothing about those who did not answer.

    Why your vendor shows another number:
        Vendors take silence for more of the same.
    """
    low, high = _scale("non_response_bounds", scale)
    points = _box("non_response_bounds", (low, high), box)
    invited, spoke = answered(delivered), answered(score, missing)
    return attainment(
        one_of(pl.col(score), points) & spoke, of=invited, pending=invited & ~spoke, unknown=~invited, bounds_only=True
    )


def _scale(name: str, scale: Scale) -> Scale:
    low, high = scale if isinstance(scale, tuple) and len(scale) == 2 else (0, 0)
    if not low < high:
        raise ParameterError(f"{name}: scale must be (lowest, highest), such as (1, 5), got {scale!r}")
    return low, high


def _box(name: str, scale: Scale, box: Sequence[int] | None) -> list[int]:
    """The points of the satisfied box: those given, or the top two (of a two-point scale, the top one)."""
    low, high = scale
    return _within(name, "box", scale, box if box is not None else (high,) if high - low == 1 else (high - 1, high))


def _within(name: str, what: str, scale: Scale, points: Sequence[int]) -> list[int]:
    if not points or any(point < scale[0] or point > scale[1] for point in points):
        raise ParameterError(
            f"{name}: {what} must hold points of the scale {scale[0]} to {scale[1]}, got {list(points)}"
        )
    return sorted(set(points))
