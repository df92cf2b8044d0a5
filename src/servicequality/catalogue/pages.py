"""The catalogue as Markdown: a metric's page, a family's page, the index."""

from servicequality.catalogue.examples import example
from servicequality.catalogue.limits import lies, limits_of
from servicequality.catalogue.searching import definition, families, headline
from servicequality.catalogue.wording import default, direction, further_words, span, takes, unit
from servicequality.checks import refusing_misfits
from servicequality.core import Spec, family_title, in_words

__all__ = ["families_table", "index", "page"]

_WHERE = (
    "[How sure is the number?](../how-sure.md) says what limits promise, and "
    "[what weights and clusters do to them](../how-sure.md#weights-and-clusters)."
)


@refusing_misfits
def page(name: str) -> str:
    """Markdown of one metric, or of a whole family.

    Each metric has its answer in one line, formula, columns and options, when it lies, why a vendor shows another number,
    references, and an example that is computed on the generated desk when the page is made. Formulas are in fences of
    `math`; headings have the metric's name as anchor.

    Args:
        name: a metric, a table or a family.

    Raises:
        ParameterError: neither a metric nor a family has that name.
    """
    if name not in families():
        return _metric(definition(name).spec, level=1)
    title = f"# {family_title(name)}\n\n{headline(name)}.\n"
    return "\n".join([title, *(_metric(spec, level=2) for spec in families()[name])])


def index() -> str:
    """Markdown of the whole catalogue: questions in plain language, then every metric by family."""
    lines = ["# Catalogue", "", "## I want to know", ""]
    grouped = families()
    for family, specs in grouped.items():
        lines += [f"**{headline(family).partition(':')[0]}**", ""]
        lines += [f"- {spec.answer} → [{spec.label}]({_link(spec)})" for spec in specs]
        lines.append("")
    lines += ["## Every metric by family", ""]
    for family, specs in grouped.items():
        lines += [f"### [{family_title(family)}]({family}.md)", ""]
        lines += ["| metric | title | unit | also called |", "|---|---|---|---|"]
        lines += [
            f"| [`{spec.path}`]({_link(spec)}) | {spec.title} | {unit(spec)} | {', '.join(spec.aliases)} |"
            for spec in specs
        ]
        lines.append("")
    return "\n".join(lines)


def families_table() -> str:
    """Markdown of one row a family with the names of its metrics and tables, as the README shows it."""
    lines = ["| family | metrics and tables |", "|---|---|"]
    for family, specs in families().items():
        lines.append(f"| {in_words(family)} | {', '.join(f'`{spec.path}`' for spec in specs)} |")
    return "\n".join(lines)


def _link(spec: Spec) -> str:
    return f"{spec.family}.md#{spec.name}"


def _metric(spec: Spec, *, level: int) -> str:
    facts = [
        f"unit: {unit(spec)}" + (f", {span(spec)}" if span(spec) else ""),
        direction(spec),
        f"one row is one {spec.grain}",
        *([f"also called {', '.join(spec.aliases)}"] if spec.aliases else []),
    ]
    words = further_words(definition(spec.name).__doc__)
    parts = [
        f"{'#' * level} {spec.title} {{ #{spec.name} }}",
        spec.answer,
        *([words] if words else []),
        f"`sq.{spec.call}`",
        " · ".join(facts),
        f"```math\n{spec.formula}\n```",
        _parameters(spec),
    ]
    deeper = "#" * (level + 1)
    limits = limits_of(spec)
    for heading, text in (
        ("Limits", limits and f"{limits.limits} {_WHERE}"),
        ("When it lies", lies(spec)),
        ("Why your vendor shows another number", spec.why_vendors_differ),
    ):
        if text:
            parts.append(f"{deeper} {heading} {{ #{spec.name}-{heading.split()[0].lower()} }}\n\n{text}")
    if (shown := example(spec)) is not None:
        parts.append(f"{deeper} Example {{ #{spec.name}-example }}")
        parts.append(f"```python\n{shown.code}```\n\n```text\n{shown.output}```")
    if spec.references:
        parts.append(f"References: {'; '.join(spec.references)}.")
    return "\n\n".join(parts) + "\n"


def _parameters(spec: Spec) -> str:
    rows = ["| parameter | default | takes |", "|---|---|---|"]
    for name, parameter in spec.parameters.parameters.items():
        words = takes(spec, name).replace("|", chr(92) + "|")
        rows.append(f"| `{name}` | {default(parameter)} | {words} |")
    return "\n".join(rows)
