"""The catalogue on a terminal: one entry, and the results of a search."""

import re
from collections.abc import Sequence

from servicequality.catalogue.limits import lies, limits_of
from servicequality.catalogue.searching import definition, is_name_of
from servicequality.catalogue.wording import direction, further_words, span, takes, unit
from servicequality.core import Spec
from servicequality.report.layout import PLAIN, Style, paragraph

__all__ = ["entry_text", "matches_text", "plain_formula"]

_SHOWN = 8
_SIGNS = {
    "alpha": "α", "beta": "β", "delta": "δ", "kappa": "κ", "lambda": "λ", "ell": "l", "mu": "µ", "pi": "π", "sigma": "σ",
    "varphi": "φ", "sum": "Σ", "prod": "Π", "int": "∫", "infty": "∞", "cdot": "·", "times": "×", "le": "≤", "ge": "≥",
    "in": "in", "sim": "~", "wedge": "and", "setminus": "less", "bigcup": "union of", "lceil": "⌈", "rceil": "⌉",
    "quad": " ", "Big": "", "left": "", "right": "", "hat": "", "textstyle": "",
}  # fmt: skip
"""What a terminal shows for a command of LaTeX; others, such as min and log, are words as they stand."""


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
    limits = limits_of(spec)
    for title, text in (
        ("Limits", limits and limits.limits),
        ("When it lies", lies(spec)),
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
    text = latex.replace(r"\{", "\x01").replace(r"\}", "\x02").replace(r"\_", "_").replace(r"\#", "#")
    text = re.sub(r"\\[,; ]", " ", re.sub(r"\\(?:text|mathrm)\{([^{}]*)\}", r"\1", text))
    text = re.sub(r"\\(?![dt]?frac|overline|bar)([A-Za-z]+)", lambda command: _SIGNS.get(command[1], command[1]), text)
    text = re.sub(r"([_^])\{([^{}]*)\}", lambda part: part[1] + _one_term(part[2]), text)
    text = re.sub(r"\\tfrac(\d)(\d)", r"\1/\2", text)
    simpler = ""
    while simpler != text:  # from the innermost fraction outwards
        simpler, text = (
            text,
            re.sub(r"\\(?:overline|bar)\{([^{}]*)\}", lambda mean: f"mean of {_one_term(mean[1])}", text),
        )
        text = re.sub(
            r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", lambda part: f"{_one_term(part[1])}/{_one_term(part[2])}", text
        )
    text = re.sub(r"(?<=\w)Σ", " Σ", text.replace("\x01", "{").replace("\x02", "}"))
    return " ".join(text.split())


def _one_term(text: str) -> str:
    """In brackets, unless it is one word or number."""
    return text if re.fullmatch(r"[\w.()]+", text) or re.fullmatch(r"[A-Z]_\w", text) else f"({text})"


def _parameters(spec: Spec, width: int, style: Style) -> str:
    lines = []
    for name, parameter in spec.parameters.parameters.items():
        default = "required" if parameter.default is parameter.empty else f"{parameter.default!r} by default"
        text = paragraph(f"{takes(spec, name)}; {default}", width=width, indent=" " * 18).lstrip()
        lines.append(f"  {style.bold(name)}{' ' * max(1, 16 - len(name))}{text}")
    return "\n".join(lines)
