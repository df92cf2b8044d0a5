"""Labels: metrics and their options as people write them. Never here: names of result columns, or titles."""

import re

from servicequality.core.display import format_stated

_ACRONYMS = {
    word.lower(): word
    for word in ("AAPOR", "AI", "CES", "CSAT", "FCR", "NPS", "QA", "SERVPERF", "SERVQUAL", "SLA", "SUS", "UMUX")
}
_INTERVALS = {
    "adjusted_wald": "adjusted Wald", "agresti_coull": "Agresti-Coull", "clopper_pearson": "Clopper-Pearson",
    "jeffreys": "Jeffreys", "mover": "MOVER", "poisson": "Poisson", "score": "score", "t": "t", "wald": "Wald",
}  # fmt: skip
_NUMBER = r"\d+(?:\.\d+)?(?:e\+\d+)?"
_SECONDS = re.compile(
    rf"(?:^|_)(limit|window|within|horizon|short|grace|frustrated_after|quiet|watched|per_message)_({_NUMBER})(?=_|$)"
)
_BESIDE = {"limit": "within", "window": "within", "within": "within", "horizon": "up to"}
_RANGE = re.compile(rf"_({_NUMBER})_({_NUMBER})$")
_QUANTILE = re.compile(r"(?:^|_)(p\d+(?:\.\d+)?)(?=_|$)")


def in_words(name: str) -> str:
    """A name of snake case as people write it: "QA pass rate", "self-service rate", "hold time, observed only"."""
    words = " ".join(_ACRONYMS.get(word, word) for word in name.split("_"))
    return words.replace("self service", "self-service").replace(" observed only", ", observed only")


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
    beside: list[str] = []
    further: list[str] = []

    def take_seconds(match: re.Match[str]) -> str:
        key, stated = match[1], format_stated(float(match[2]), unit="s")
        if key in _BESIDE:
            beside.append(f"{_BESIDE[key]} {stated}")
        else:
            further.append(f"{key.replace('_', ' ')} {stated}")
        return ""

    def take_quantile(match: re.Match[str]) -> str:
        further.append(match[1])
        return ""

    chosen = _QUANTILE.sub(take_quantile, _SECONDS.sub(take_seconds, name.removeprefix(f"{definition}_")))
    in_working_time = chosen == "working" or chosen.startswith("working_")
    chosen = _RANGE.sub(r"_\1_to_\2", chosen.removeprefix("working").strip("_"))
    if chosen:
        further.insert(0, f"{_INTERVALS[chosen]} interval" if chosen in _INTERVALS else in_words(chosen).strip())
    subject, *qualifiers = label.split(", ")
    # A share within a limit is no time any more.
    subject = re.sub(r" time$", "", subject) if "_limit_" in name else subject
    stated = " ".join([subject, *(["in working time"] if in_working_time else []), *beside])
    return ", ".join([stated, *qualifiers, *further])


def family_title(family: str) -> str:
    """A family's name as a heading: "SLA", "SERVQUAL", "Contact centre"."""
    words = in_words(family)
    return words[:1].upper() + words[1:]
