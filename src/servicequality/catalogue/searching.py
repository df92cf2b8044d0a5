"""Search in the catalogue: `find`, `entry`, and the words by which a metric is known."""

import functools
import re
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from servicequality import metrics, servqual, tables
from servicequality.checks import refusing_misfits, shown
from servicequality.core import Definition, Spec, TableDefinition, label_of
from servicequality.errors import ParameterError

__all__ = ["definition", "entry", "families", "find", "headline", "is_name_of", "written"]

# fmt: off
_EMPTY_WORDS = frozenset({
    "a", "an", "and", "are", "at", "be", "been", "by", "can", "did", "do", "does", "for", "from", "has", "have",
    "how", "i", "if", "in", "is", "it", "know", "many", "me", "much", "my", "of", "on", "or", "our", "show", "so",
    "than", "that", "the", "their", "them", "then", "there", "they", "this", "to", "want", "was", "we", "were",
    "what", "when", "where", "whether", "which", "who", "why", "will", "with", "you",
})
# fmt: on
_NEAR = 0.8  # how alike a word and its misspelling are; "satisfacton" is 0.96 of "satisfaction"
_KEPT = 0.15  # of the best score: what lies below is noise
_TEXT = 1.0  # the weight of a word that stands only in a metric's text


Entry = Definition[...] | TableDefinition[Any]


def definitions() -> Iterator[Entry]:
    """Every metric, and every function that answers with a table, family by family."""
    for layer in (metrics, servqual, tables):
        yield from (value for value in vars(layer).values() if isinstance(value, Definition | TableDefinition))


@refusing_misfits
def definition(name: str) -> Entry:
    """The definition of that name.

    Raises:
        ParameterError: there is none; the message names the nearest.
    """
    known = {one.spec.name: one for one in definitions()}
    if name in known:
        return known[name]
    called = {
        word.lower(): spec.name for spec in _specs() for word in (*spec.aliases, spec.label, spec.title, spec.name)
    }
    near = get_close_matches(str(name).lower(), called, n=1, cutoff=0.6)
    hint = f"did you mean {called[near[0]]!r}?" if near else "search with servicequality.catalogue.find(words)"
    raise ParameterError(f"no metric is called {name!r}; {hint}")


@refusing_misfits
def entry(name: str) -> Spec:
    """The catalogue entry of one metric, by its function's name.

    Args:
        name: the metric's or table's function name.

    Raises:
        ParameterError: no metric has that name; the message names the nearest, by name, title or alias.
    """
    return definition(name).spec


def written(metric: str) -> str:
    """How people write the name of a metric in results: its label, with the options of the call in words.

    A name that does not begin with that of a definition keeps its own words.
    """
    specs = [spec for spec in _specs() if f"{metric}_".startswith(f"{spec.name}_")]
    if not specs:
        return metric.replace("_", " ")
    longest = max(specs, key=lambda spec: len(spec.name))
    return label_of(metric, definition=longest.name, label=longest.label)


def families() -> dict[str, list[Spec]]:
    """The specs by family, both in alphabetical order."""
    specs = sorted(_specs(), key=lambda spec: (spec.family, spec.name))
    return {family: [spec for spec in specs if spec.family == family] for family in sorted({s.family for s in specs})}


def headline(family: str) -> str:
    """What a family is about: the first sentence of its module's docstring."""
    parts = next(one.__module__ for one in definitions() if one.spec.family == family).split(".")
    module = ".".join(parts[: parts.index(family) + 1])  # the family may be a folder
    doc = sys.modules[module].__doc__ or ""
    return " ".join(doc.split("\n\n", maxsplit=1)[0].split()).partition(". ")[0].rstrip(".")


def is_name_of(words: str, spec: Spec) -> bool:
    """Whether these words are the metric's own name, label, title or one of its aliases."""
    return _joined(words) in {_joined(name) for name in (spec.name, spec.label, spec.title, *spec.aliases)}


@refusing_misfits
def find(words: str | Iterable[str]) -> list[Spec]:
    """Metrics that match these words, the best first.

    Names and aliases count more than titles, titles more than the answer and the family, and these more than the rest of a
    metric's text. Hyphens and spaces make no difference: "hand-offs" is "handoffs". A word that is nowhere in the catalogue
    is read as the name that it most resembles, if it begins with the same letter.

    Args:
        words: words as a person says them: "first contact", "NPS", "how long do customers wait".

    Returns:
        The specs, ranked; all of them, by family, if the words are empty; none if nothing is close.

    Raises:
        ParameterError: a word is not a text.
    """
    listed_words = [words] if isinstance(words, str) else list(words)
    if strange := [word for word in listed_words if not isinstance(word, str)]:
        raise ParameterError(f"words must be a text or several, got {shown(strange[0])}")
    phrase = " ".join(listed_words)
    searched = [word for word in _words(phrase) if word not in _EMPTY_WORDS]
    if not searched:
        return [spec for specs in families().values() for spec in specs]
    fields = _index()
    known = {word for weights in fields.values() for word in weights}
    names = {word for weights in fields.values() for word, weight in weights.items() if weight > _TEXT}
    alternatives = [[word] if word in known else _resembling(word, names) for word in searched]
    scores: dict[str, float] = {}
    for spec in _specs():
        hits = [max((fields[spec.name].get(word, 0.0) for word in likely), default=0.0) for likely in alternatives]
        scores[spec.name] = sum(hits) * sum(hit > 0 for hit in hits) / len(hits) + _whole(phrase, spec)
    best = max(scores.values())
    ranked = sorted(
        (spec for spec in _specs() if scores[spec.name] > 0), key=lambda spec: (-scores[spec.name], spec.name)
    )
    return [spec for spec in ranked if scores[spec.name] >= _KEPT * best]


def _specs() -> list[Spec]:
    return [one.spec for one in definitions()]


@functools.cache
def _index() -> dict[str, dict[str, float]]:
    """The weights of the words of every metric, by its name; what is defined is known once this module is imported."""
    return {spec.name: _fields(spec) for spec in _specs()}


def _fields(spec: Spec) -> dict[str, float]:
    """Every word of a metric, with the weight of the most important place where it stands."""
    weights: dict[str, float] = {}
    # One word of a long name says less: "satisfaction" alone is hardly a search for churn by satisfaction.
    places = (
        (10.0 if spec.name.count("_") < 2 else 7.0, f"{spec.name} {spec.label}"),
        (8.0, " ".join(spec.aliases)),
        (6.0, spec.title),
        (3.0, f"{spec.family} {headline(spec.family)}"),
        (2.0, spec.answer),
        (_TEXT, f"{spec.when_it_lies} {spec.why_vendors_differ}"),
    )
    for weight, text in places:
        for word in _words(text):
            weights[word] = max(weight, weights.get(word, 0.0))
    return weights


def _whole(phrase: str, spec: Spec) -> float:
    """What it adds that the words form a name, are part of one, or contain one of several words."""
    if _joined(phrase) in {_joined(spec.name), _joined(spec.label), _joined(spec.title)}:
        return 40.0
    if is_name_of(phrase, spec):
        return 30.0
    words = f" {_flat(phrase)} "
    names = [f" {_flat(name)} " for name in (spec.name, spec.label, spec.title, *spec.aliases)]
    return 10.0 if any(words in name or (name.count(" ") > 2 and name in words) for name in names) else 0.0


def _resembling(word: str, names: set[str]) -> list[str]:
    """The words of which this one may be a misspelling."""
    return get_close_matches(word, sorted(name for name in names if name[0] == word[0]), n=2, cutoff=_NEAR)


def _flat(text: str) -> str:
    return " ".join(_words(text))


def _joined(text: str) -> str:
    return "".join(_words(text))


@functools.cache
def _words(text: str) -> tuple[str, ...]:
    """Words in lower case and in the singular, so that "tickets" finds "ticket"."""
    written = re.findall(r"[a-z0-9]+", text.lower().replace("'s", ""))
    return tuple(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in written
    )
