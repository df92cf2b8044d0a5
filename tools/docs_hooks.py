"""What the site's build adds to the written pages: the catalogue, the API reference and formulas.

Lives here: pages generated from the code, and LaTeX turned into MathML. Never: words about a metric, which
stand in its docstring.
"""

import pkgutil
import re
from collections.abc import Iterator

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import servicequality
from servicequality import catalogue
from servicequality.catalogue.searching import families

_BLOCK = re.compile(r"^```math\n(?P<latex>.+?)\n```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"\$`(?P<latex>[^`\n]+)`\$")
_NO_RUN = re.compile(r'^(\s*```python) no-run="[^"\n]*"$', re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages behind the written ones."""
    for section in ("catalogue", "reference"):
        config.nav.append({section.capitalize(): [path for path, _ in pages() if path.startswith(f"{section}/")]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the files of the site."""
    for path, text in pages():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Turn formulas into MathML, which browsers draw without a script, and take out what is meant for the tests."""
    markdown = _BLOCK.sub(lambda result: f"<div>{convert(result['latex'], display='block')}</div>", markdown)
    markdown = _INLINE.sub(lambda result: f"<span>{convert(result['latex'])}</span>", markdown)
    return _NO_RUN.sub(r"\1", markdown)


def pages() -> Iterator[tuple[str, str]]:
    """Path and Markdown of every generated page, a section's index first."""
    yield "catalogue/index.md", catalogue.index()
    for family in families():
        yield f"catalogue/{family}.md", catalogue.page(family)
    yield "reference/index.md", "# servicequality\n\n::: servicequality\n"
    for one in pkgutil.iter_modules(servicequality.__path__):
        if not one.name.startswith("_"):
            yield f"reference/{one.name}.md", f"# servicequality.{one.name}\n\n::: servicequality.{one.name}\n"
