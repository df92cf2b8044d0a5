"""The catalogue on a terminal: one entry, and the results of a search."""

import re
from collections.abc import Sequence

from servicequality.catalogue.searching import definition, is_name_of
from servicequality.catalogue.wording import accepted, direction, domain, further_words, span, unit
from servicequality.core import Spec
from servicequality.report.layout import PLAIN, Style, paragraph

__all__ = ["entry_text", "matches_text", "plain_formula"]

_SHOWN = 8
_SIGNS = {
    r"\,": " ", r"\ ": " ", r"\le": "≤", r"\ge": "≥", r"\inf": "inf ", r"\#": "#", r"\{": "{", r"\}": "}", r"\cdot": "·",
    r"\times": "×", r"\sum": "Σ", r"\hat S": "S", r"\quad": "  ",
}  # fmt: skip


def entry_text(spec: Spec, *, width: int = 80, style: Style = PLAIN) -> str:
    """One metric: its answer, how it is called, what it takes, when it lies."""
    names = f", also called {', '.join(spec.aliases)}" if spec.aliases else ""
    facts = [unit(spec) + (f", {span(spec)}" if span(spec) else ""), direction(spec), f"one row is one {spec.grain}"]
    parts = [
        f"{style.bold(spec.title)} {style.dim(f'({spec.family})')}",
        paragraph(spec.answer, width=width),
        *(paragraph(text, width=width) for text in further_words(definition(spec.name).__doc__).split("\n\n") if text),
        "\n".join(
            [
                f"    {style.bold(f'sq.{spec.call}')}",
                f"    {plain_formula(spec.formula)}",
                f"    {'; '.join(facts)}",
            ]
        ),
        _parameters(spec, width, style),
    ]
    for title, text in (
        ("When it lies", spec.when_it_lies),
        ("Why your vendor shows another number", spec.why_vendors_differ),
    ):
        if text:
            parts.append(f"{style.bold(title)}\n{paragraph(text, width=width, indent='  ')}")
    parts.append(style.dim(paragraph(f"Name: {spec.name}{names}. From: {'; '.join(spec.references)}.", width=width)))
    return "\n\n".join(parts) + "\n"


def matches_text(specs: Sequence[Spec], words: str, *, width: int = 80, style: Style = PLAIN) -> str:
    """What a search found, best first: name, unit, direction, and the answer in one line or two."""
    many = f"{len(specs)} metrics" if len(specs) > 1 else "1 metric"
    parts = [f'{many} for "{words}"' if words else f"All {many}"]
    for spec in specs[:_SHOWN] if words else specs:
        facts = style.dim(f"{unit(spec)}, {direction(spec)}")
        alias = next((name for name in spec.aliases if words and is_name_of(words, spec)), None)
        named = f"\n{paragraph('also called ' + ', '.join(spec.aliases), width=width, indent='    ')}" if alias else ""
        parts.append(f"{style.bold(spec.name)}  {facts}\n{paragraph(spec.answer, width=width, indent='    ')}{named}")
    if words and len(specs) > _SHOWN:
        rest = ", ".join(spec.name for spec in specs[_SHOWN:])
        parts.append(paragraph(f"{len(specs) - _SHOWN} more, less alike: {rest}", width=width))
    parts.append(style.dim("servicequality catalogue NAME shows the whole entry."))
    return "\n\n".join(parts) + "\n"


def plain_formula(latex: str) -> str:
    """A formula as one line of text."""
    text = re.sub(r"\\text\{([^}]*)\}", r"\1", latex)
    text = re.sub(r"\\(?:overline|bar)\{([^{}]*)\}", r"mean of \1", text)
    text = re.sub(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
    for sign in sorted(_SIGNS, key=len, reverse=True):
        text = text.replace(sign, _SIGNS[sign])
    return " ".join(text.replace("\\", "").split())


def _parameters(spec: Spec, width: int, style: Style) -> str:
    lines = []
    for name, parameter in spec.parameters.parameters.items():
        meaning = f"column of {spec.inputs[name].meaning}: {domain(spec.inputs[name])}" if name in spec.inputs else ""
        meaning = meaning or accepted(parameter.annotation)
        default = "required" if parameter.default is parameter.empty else f"{parameter.default!r} by default"
        text = paragraph(f"{meaning}; {default}", width=width, indent=" " * 18).lstrip()
        lines.append(f"  {style.bold(name)}{' ' * max(1, 16 - len(name))}{text}")
    return "\n".join(lines)
