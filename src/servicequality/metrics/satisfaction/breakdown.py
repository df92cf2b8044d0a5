"""The three groups behind the Net Promoter Score, each as a share of the answers."""

from collections.abc import Sequence

import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.columns import Score0To10, answered
from servicequality.core import Metric, define
from servicequality.metrics.satisfaction.scales import check_cuts
from servicequality.shapes import ProportionMethod, Shape, share

__all__ = ["detractors", "nps_breakdown", "passives", "promoters"]


@define(
    title="Share of promoters",
    label="promoters",
    unit="share",
    better="higher",
    bounds=(0, 1),
    grain="answer",
    formula=r"P/n",
    references=("Reichheld 2003", "Wilson 1927"),
    aliases=("promoter share", "promoter rate"),
)
def promoters(
    score: Score0To10 = "score",
    *,
    promoter_min: int = 9,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers of 9 or 10 to the question of the Net Promoter Score. Unanswered rows do not count.

    When it lies:
        It says nothing of the rest: with half promoters the score is 50 if nobody detracts, and 0 if the other half does.
        `nps_breakdown` gives the three groups side by side.

    Why your vendor shows another number:
        Shares rounded to whole per cent, which then do not add up to 100, or shares of all who were asked.
    """
    check_cuts("promoters", promoter_min=promoter_min)
    return share(pl.col(score) >= promoter_min, of=answered(score, missing), method=interval)


@define(
    title="Share of passives",
    label="passives",
    unit="share",
    better="neither",
    bounds=(0, 1),
    grain="answer",
    formula=r"1 - (P + D)/n",
    references=("Reichheld 2003", "Wilson 1927"),
    aliases=("passive share", "neutrals"),
)
def passives(
    score: Score0To10 = "score",
    *,
    detractor_max: int = 6,
    promoter_min: int = 9,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers between detractors and promoters, 7 and 8, to the question of the Net Promoter Score.

    When it lies:
        Fewer of them is neither good nor bad: they may have become promoters or detractors.

    Why your vendor shows another number:
        Shares rounded to whole per cent, which then do not add up to 100, or unanswered rows counted as passive.
    """
    check_cuts("passives", detractor_max=detractor_max, promoter_min=promoter_min)
    between = (pl.col(score) > detractor_max) & (pl.col(score) < promoter_min)
    return share(between, of=answered(score, missing), method=interval)


@define(
    title="Share of detractors",
    label="detractors",
    unit="share",
    better="lower",
    bounds=(0, 1),
    grain="answer",
    formula=r"D/n",
    references=("Reichheld 2003", "Wilson 1927"),
    aliases=("detractor share", "detractor rate"),
)
def detractors(
    score: Score0To10 = "score",
    *,
    detractor_max: int = 6,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> Shape:
    """Share of answers from 0 to 6 to the question of the Net Promoter Score. Unanswered rows do not count.

    When it lies:
        0 and 6 count alike, though one customer may be leaving and the other content: look at the answers as well.

    Why your vendor shows another number:
        Shares rounded to whole per cent, which then do not add up to 100, or shares of all who were asked.
    """
    check_cuts("detractors", detractor_max=detractor_max)
    return share(pl.col(score) <= detractor_max, of=answered(score, missing), method=interval)


@refusing_misfits
def nps_breakdown(
    score: str = "score",
    *,
    detractor_max: int = 6,
    promoter_min: int = 9,
    interval: ProportionMethod = "wilson",
    missing: Sequence[int] = (),
) -> tuple[Metric, Metric, Metric]:
    """Promoters, passives and detractors with the same cuts, to be handed to `evaluate`: their shares add up to 1.

    Args:
        score: column of the answers, from 0 to 10.
        detractor_max: the highest answer of a detractor.
        promoter_min: the lowest answer of a promoter.
        interval: the limits of each share.
        missing: codes for a blank.

    Returns:
        The metrics `promoters`, `passives` and `detractors`, each with the limits of a share.

    Raises:
        ParameterError: the cuts do not lie in their order from 0 to 10.
    """
    check_cuts("nps_breakdown", detractor_max=detractor_max, promoter_min=promoter_min)
    return (
        promoters(score, promoter_min=promoter_min, interval=interval, missing=missing),
        passives(score, detractor_max=detractor_max, promoter_min=promoter_min, interval=interval, missing=missing),
        detractors(score, detractor_max=detractor_max, interval=interval, missing=missing),
    )
