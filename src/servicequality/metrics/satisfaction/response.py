"""Response rates, and how far silence could change a score."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import polars as pl

from servicequality.checks import choice
from servicequality.columns import Disposition, Instant, Row, Score, answered
from servicequality.core import define
from servicequality.errors import ParameterError
from servicequality.metrics.satisfaction.scales import ScaleEnds, in_box, satisfied_box, scale_of
from servicequality.shapes import ProportionMethod, Shape, attainment, eligible_share, share
from servicequality.shapes.shares import Eligibility

__all__ = ["aapor_response_rate", "non_response_bounds", "response_rate"]


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
    came_back, went_out = answered(answer), answered(delivered)
    rate = share(came_back, of=went_out, method=interval)
    return replace(rate, refused={"answered without having been delivered": came_back & ~went_out})


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
    e: float | None = None,
) -> Shape:
    """Interviews among eligible cases, by the outcome rates of the AAPOR Standard Definitions.

    Each row is a sampled case with its final disposition: I complete, P partial, R refusal, NC non-contact, O other, U of
    unknown eligibility, NE not eligible. RR3 and RR4 count the share `e` of the unknown, RR5 and RR6 none. Without `e` it is
    the share of eligible cases among those whose eligibility is known (proportional allocation). The limits take it as known.

    When it lies:
        RR5 assumes that no case of unknown eligibility was eligible, which flatters.

    Why your vendor shows another number:
        "Response rate" without a number behind it may be any of the six, or completed among those who opened the form.
    """
    kinds = {"RR1": ("I",), "RR2": ("I", "P"), "RR3": ("I",), "RR4": ("I", "P"), "RR5": ("I",), "RR6": ("I", "P")}
    kinds |= {"COOP1": ("I",), "REF1": ("R",), "CON1": ("I", "P", "R", "O")}
    choice("aapor_response_rate: rate", rate, kinds)
    estimated = rate in ("RR3", "RR4")
    if e is not None and not estimated:
        raise ParameterError(f"aapor_response_rate: e belongs to RR3 and RR4; {rate} does not estimate eligibility")
    if e is not None and (isinstance(e, bool) or not isinstance(e, int | float) or not 0 <= e <= 1):
        raise ParameterError(
            f"aapor_response_rate: e is the share of unknown cases taken for eligible, from 0 to 1; got {e!r}"
        )
    case = pl.col(disposition)
    known = ("I", "P", "R", "O") if rate == "COOP1" else ("I", "P", "R", "NC", "O")
    counted: Eligibility | float = "all"
    if estimated:
        counted = "proportional" if e is None else float(e)
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
    scale: ScaleEnds,
    box: Sequence[int] | None = None,
    delivered: Instant = "delivered_at",
    missing: Sequence[int] = (),
) -> Shape:
    """How far the share in the box can lie from the truth for all who were invited, whatever the silent would have said.

    The value is null while anybody is silent; low is Wilson's lower limit if none of them is in the box, high its upper
    limit if all of them are. `notes` counts the silent.

    When it lies:
        Never, which is why it is wide: it assumes nothing about those who did not answer.

    Why your vendor shows another number:
        Vendors assume that the silent are like those who answered.
    """
    points = satisfied_box("non_response_bounds", scale_of("non_response_bounds", scale), box)
    invited, spoke = answered(delivered), answered(score, missing)
    return attainment(
        in_box(pl.col(score), points) & spoke, of=invited, pending=invited & ~spoke, unknown=~invited, bounds_only=True
    )
