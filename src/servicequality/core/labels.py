"""Labels: metrics and their options as people write them. Never here: names of result columns, or titles."""

import re

from servicequality.core.display import format_stated

_ABBREVIATIONS = {word.lower(): word for word in ("AI", "CSAT", "CES", "FCR", "NPS", "QA", "SERVQUAL", "SLA")}
_CHOSEN = re.compile(r"(?:^|_)(limit|window|within|horizon)_(\d+(?:\.\d+)?(?:e\+\d+)?)(?=_|$)")
_PHRASES = {"limit": "within", "window": "within", "within": "within", "horizon": "up to"}


def in_words(name: str) -> str:
    """A name of snake case as people write it: "QA pass rate"."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in name.split("_"))


def label_of(name: str, *, definition: str, label: str) -> str:
    """A metric's name as people write it: "first response within 4 h" for `first_response_time_limit_14400`.

    Args:
        name: the metric's name in results.
        definition: the definition's name; a metric that was given a name of its own keeps it.
        label: the definition's label.
    """
    if name == definition:
        return label
    if not name.startswith(f"{definition}_"):
        return name.replace("_", " ")
    phrases: list[str] = []

    def take(match: re.Match[str]) -> str:
        key, seconds = match.groups()
        phrases.append(f"{_PHRASES[key]} {format_stated(float(seconds), unit='s')}")
        return ""

    chosen = _CHOSEN.sub(take, name.removeprefix(f"{definition}_"))
    words = ["in working time" if word == "working" else word for word in chosen.split("_") if word]
    # A share within a limit is no time any more.
    subject = re.sub(r" time$", "", label) if "limit_" in name else label
    return " ".join([subject, *words, *phrases])
