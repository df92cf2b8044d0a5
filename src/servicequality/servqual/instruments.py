"""Published instruments by their item key, and a template. Never here: item wording, which is the publishers'."""

from collections.abc import Iterable, Mapping
from typing import Final

from servicequality.errors import ParameterError
from servicequality.servqual.scale import Scale, Standard

__all__ = ["SERVPERF", "SERVQUAL_1988", "SERVQUAL_1991", "seven_ps"]

FIVE: Final = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
"""The dimensions of SERVQUAL."""

_BLOCKS: Final = dict(zip(FIVE, (range(1, 5), range(5, 10), range(10, 14), range(14, 18), range(18, 23)), strict=True))

SERVQUAL_1988: Final = Scale("SERVQUAL 1988", _BLOCKS, low=1, high=7, reversed=(*range(10, 14), *range(18, 23)))
"""Parasuraman, Zeithaml & Berry 1988: items 10-13 and 18-22 are worded negatively, in expectations and perceptions both."""

SERVQUAL_1991: Final = Scale("SERVQUAL 1991", _BLOCKS, low=1, high=7)
"""Parasuraman, Berry & Zeithaml 1991: the same blocks, every item worded positively."""

SERVPERF: Final = Scale("SERVPERF", _BLOCKS, low=1, high=7, standard="none")
"""Cronin & Taylor 1992: the perceptions of the same items alone, here as worded in 1991."""

_SEVEN: Final = ("product", "price", "promotion", "procedure", "people", "physical_evidence", "problem_solving")


def seven_ps(
    items: Mapping[str, Iterable[str | int]],
    *,
    low: float,
    high: float,
    reversed: Iterable[str | int] = (),  # noqa: A002  (the word of the literature)
    standard: Standard = "none",
    name: str = "seven Ps",
) -> Scale:
    """An instrument of seven dimensions: the seven Ps of service marketing. There is no standard questionnaire, nor norms.

    Args:
        items: your items for each of product, price, promotion, procedure, people, physical_evidence, problem_solving.
        low: lowest answer.
        high: highest answer.
        reversed: items worded the other way round.
        standard: "expectation" if you ask for expectations too.
        name: what you call it.

    Raises:
        ParameterError: one of the seven is missing, another is given, or the scale contradicts itself.
    """
    if set(items) != set(_SEVEN):
        absent, strange = (sorted(set(a) - set(b)) for a, b in ((_SEVEN, items), (items, _SEVEN)))
        raise ParameterError(
            f"seven_ps: items must be given for {', '.join(_SEVEN)}; missing {absent}, unknown {strange}"
        )
    return Scale(name, {p: items[p] for p in _SEVEN}, low=low, high=high, reversed=reversed, standard=standard)
