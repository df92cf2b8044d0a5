"""What a name that is not there was meant to be: by its aliases, its near spellings, or the place to which it moved."""

import re
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from servicequality.errors import UnknownNameError

__all__ = ["called", "meant", "unknown_name"]

_ALIKE = 0.75  # how alike a name and its misspelling are
_MOST = 3  # names in a hint

_PLACES = (
    "tables",
    "control",
    "drivers",
    "comparison",
    "sla",
    "worktime",
    "datasets",
    "catalogue",
    "report",
    "weights",
    "staffing",
)
"""Packages whose public names are also sought at the root."""

_GONE = {"value_weighted": 'say evaluate(…, weight="account_value") in its place'}
"""What to say in place of names that the package no longer has anywhere."""


def called(name: str, words: Mapping[str, Iterable[str]]) -> list[str]:
    """The names of which a word is the name or an alias. Capitals, spaces and underscores make no difference.

    Args:
        name: what was written.
        words: the other words for each name.
    """
    return _by_word(words).get(_joined(name), [])


def meant(name: str, words: Mapping[str, Iterable[str]]) -> list[str]:
    """The names that a word stands for, as `called` has it; else the longest part of it; else names that are spelt like it.

    Args:
        name: what was written.
        words: the other words for each name.
    """
    known = _by_word(words)
    parts = re.findall(r"[a-z0-9]+", name.lower())
    runs = ["".join(parts[start:end]) for start in range(len(parts)) for end in range(len(parts), start, -1)]
    whole = [run for run in sorted(runs, key=len, reverse=True) if run in known]
    likely = whole[:1] or get_close_matches(_joined(name), known, n=_MOST, cutoff=_ALIKE)
    return called(name, words) or list(dict.fromkeys(own for word in likely for own in known[word]))[:_MOST]


def unknown_name(module: str, name: str) -> UnknownNameError:
    """The error for a name that a module does not have.

    Args:
        module: a module that holds definitions of metrics, by its whole name.
        name: what was asked of it.
    """
    says = f"{module} has no {name!r}"
    # With name= and without obj= a traceback has no guess of Python's own after ours.
    if name.startswith("_") or not name.isidentifier():
        return UnknownNameError(says, name=name)
    if find_spec(f"{module}.{name}") is not None:
        return UnknownNameError(f"{says} yet: it is a module, import {module}.{name} first", name=name)
    if name in _GONE:
        return UnknownNameError(f"{says}; {_GONE[name]}", name=name)
    root = module.partition(".")[0]
    elsewhere: dict[str, tuple[str, ...]] = {
        f"{root}.{place}.{own}": (own,) for place in _PLACES for own in import_module(f"{root}.{place}").__all__
    }
    if places := called(name, elsewhere):
        return UnknownNameError(f"{says}; it is {places[0]}", name=name)
    holds = vars(sys.modules[module])
    words: dict[str, tuple[str, ...]] = {}
    for own in holds["__all__"]:
        spec: Any = getattr(holds.get(own), "spec", None)
        words[own] = (spec.label, spec.title, *spec.aliases) if hasattr(spec, "aliases") else ()
    likely = meant(name, words | elsewhere)
    hint = (
        f"did you mean {', '.join(likely)}?" if likely else "servicequality.catalogue.find(words) searches all metrics"
    )
    return UnknownNameError(f"{says}; {hint}", name=name)


def _by_word(words: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The names by each of their words, all written alike."""
    known: dict[str, list[str]] = {}
    for own, others in words.items():
        for word in dict.fromkeys(map(_joined, (own, *others))):
            known.setdefault(word, []).append(own)
    return known


def _joined(text: str) -> str:
    return "".join(re.findall(r"[a-z0-9]+", text.lower()))
