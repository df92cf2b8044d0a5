"""The rules of the layout, read from the sources: imports go down, rows are not looped over, files stay small."""

import ast
import functools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "servicequality"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# From the top down. A module imports from the rows below its own; its neighbours are named in NEIGHBOURS or left alone.
ROWS = (
    ("cli",),
    ("report", "engines", "testing"),
    ("catalogue", "scorecard", "comparison", "control", "drivers", "key_figures", "weights", "staffing"),
    ("metrics", "tables", "servqual"),
    ("sla",),
    ("events",),
    ("core", "columns"),
    ("shapes",),
    ("stats", "worktime", "model", "sources", "datasets"),
    ("errors", "checks", "_toml"),
)
NEIGHBOURS = {
    ("sources", "model"),
    ("sources", "worktime"),
    ("datasets", "model"),
    ("core", "columns"),
    ("checks", "errors"),
    ("tables", "metrics"),
    ("key_figures", "scorecard"),
}
DEPTH = {name: depth for depth, row in enumerate(ROWS) for name in row}

# What a layer may import from elsewhere when it is itself imported, and what only inside its functions.
AT_IMPORT = {"errors": set[str](), "stats": {"numpy"}, "testing": {"numpy", "polars", "hypothesis"}}
CORE_DEPENDENCIES = {"numpy", "polars"}
INSIDE_FUNCTIONS = {
    "sources": {"adbc_driver_postgresql"},
    "report": {"scipy", "altair", "vl_convert", "great_tables"},
    "engines": {"scipy", "pyspark"},
}

ROW_LOOPS = {"iter_rows", "iter_slices", "map_elements", "map_rows", "rows", "rows_by_key", "to_dicts", "to_pandas"}
CLOCKS = {"now", "utcnow", "today", "time_ns", "localtime", "gmtime"}
# The edges where rows become Python objects because a person asked for objects, or for text.
EDGES = {"model/frames.py": {"iter_rows"}, "events/quality.py": {"iter_rows"}}

# The one place that defers and types answers by their input; and where else overloads stand, which are not of answers.
BOUNDARY = "core/boundary.py"
INPUT = "model/frame_input.py"
OVERLOADS = {BOUNDARY, INPUT, "report/charts/style.py", "worktime/questions.py"}

LONGEST_FILE = 400


def layer(path: Path) -> str:
    """The name below the package that a file belongs to: `core` for core/states.py; none for the package's front."""
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if name in {"__init__", "__main__"} else name


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[tuple[ast.AST, str, bool]]:
    """Every module that a file imports, by its full name, and whether that happens inside a function."""

    def walk(node: ast.AST, inside: bool) -> Iterator[tuple[ast.AST, str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((child, alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = list(path.relative_to(PACKAGE.parent).parts[: -child.level]) if child.level else []
                module = ".".join([*base, *([child.module] if child.module else [])])
                if module == PACKAGE.name:  # `from servicequality import stats` imports a layer by its name
                    yield from ((child, f"{module}.{alias.name}", inside) for alias in child.names)
                else:
                    yield child, module, inside
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, inside or function or for_checkers_alone(child))

    return walk(tree(path), inside=False)


def for_checkers_alone(node: ast.AST) -> bool:
    """Whether it is `if TYPE_CHECKING:`, whose imports cost nothing when the module is imported."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_go_down() -> Iterator[str]:
    for path in SOURCES:
        here = layer(path)
        if here and here not in DEPTH:
            yield f"{path.relative_to(ROOT)}: `{here}` has no row; give it one in ROWS and in docs/architecture.md"
            continue
        for node, module, _ in imported(path):
            package, _, rest = module.partition(".")
            target = rest.partition(".")[0]
            if package != PACKAGE.name or not here or target == here:
                continue
            if target not in DEPTH:
                yield f"{place(path, node)}: import `{module}` from the layer that defines it"
            elif DEPTH[target] <= DEPTH[here] and (here, target) not in NEIGHBOURS:
                yield f"{place(path, node)}: `{here}` may not import `{target}`; move what they share below both"


def no_circle_is_for_checkers_alone() -> Iterator[str]:
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if for_checkers_alone(node):
                for one in ast.walk(node):
                    if isinstance(one, ast.ImportFrom) and (one.module or "").startswith(PACKAGE.name):
                        yield f"{place(path, one)}: move what both need below them; checkers follow no circle"


def the_core_has_one_front() -> Iterator[str]:
    for path in SOURCES:
        for node, module, _ in imported(path):
            if module.startswith(f"{PACKAGE.name}.core.") and layer(path) != "core":
                yield f"{place(path, node)}: import it from `{PACKAGE.name}.core`"


def dependencies_are_few() -> Iterator[str]:
    for path in SOURCES:
        here = layer(path)
        outside = AT_IMPORT.get(here, CORE_DEPENDENCIES)
        for node, module, inside in imported(path):
            name = module.partition(".")[0]
            if name == PACKAGE.name or name in sys.stdlib_module_names or name in outside:
                continue
            if name not in INSIDE_FUNCTIONS.get(here, {"scipy"}):
                yield f"{place(path, node)}: `{here}` may not import `{name}`; do without it, or make it an extra"
            elif not inside:
                yield f"{place(path, node)}: import `{name}` inside the function that needs it: it is slow"


def rows_are_not_looped() -> Iterator[str]:
    for path in SOURCES:
        called = {
            node.func.attr: node
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ROW_LOOPS
        }
        allowed = EDGES.get(path.relative_to(PACKAGE).as_posix(), set())
        for name in called.keys() - allowed:
            yield f"{place(path, called[name])}: write `{name}` as an expression over columns"
        for name in allowed - called.keys():
            yield f"{path.relative_to(ROOT)}: no longer calls `{name}`; take it out of EDGES"
    for edge in EDGES:
        if not (PACKAGE / edge).is_file():
            yield f"{edge}: is gone; take it out of EDGES"


def no_clock_is_read() -> Iterator[str]:
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of_time = isinstance(node.func.value, ast.Name) and node.func.value.id == "time"
                if node.func.attr in CLOCKS or (node.func.attr == "time" and of_time):
                    yield f"{place(path, node)}: `as_of` is an argument; do not read the machine's clock"


def modules_say_what_they_hold() -> Iterator[str]:
    for path in SOURCES:
        head = (ast.get_docstring(tree(path)) or "").splitlines()
        if not head:
            yield f"{path.relative_to(ROOT)}: begin with a docstring of one line that says what the module holds"
        elif len(head) > 2 or (len(head) == 2 and not head[1].startswith("Never")):
            yield f'{path.relative_to(ROOT)}: say what it holds in one line, and at most "Never: …" in a second'
        elif re.search(r"\b[Ll]ives here\b", " ".join(head)):
            yield f'{path.relative_to(ROOT)}: say what it holds without "lives here"'


def packages_say_what_is_public() -> Iterator[str]:
    for path in SOURCES:
        if path.name == "__init__.py" and not re.search(
            r"^\s*__all__\b", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            yield f"{path.relative_to(ROOT)}: list the public names in `__all__`"


def files_stay_small() -> Iterator[str]:
    for folder in ("src", "tests", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                yield f"{path.relative_to(ROOT)}: {lines} lines; cut it along its meaning, {LONGEST_FILE} is the most"


def names_say_something() -> Iterator[str]:
    for path in SOURCES:
        if path.stem in {"utils", "util", "helpers", "common", "misc"}:
            yield f"{path.relative_to(ROOT)}: name it after what it holds"


def the_page_shows_these_rows() -> Iterator[str]:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    diagram = re.search(r"^```text\n(?P<rows>.*?)^```$", page, re.MULTILINE | re.DOTALL)
    drawn = [line.partition("│")[0].split() for line in (diagram["rows"] if diagram else "").splitlines()]
    shown = [tuple(names) for names in drawn]
    if shown != list(ROWS):
        yield f"docs/architecture.md: draw the rows as ROWS has them; the page shows {shown}"


def answers_wait_in_one_place() -> Iterator[str]:
    for path in SOURCES:
        if path.relative_to(PACKAGE).as_posix() == BOUNDARY:
            continue
        for node in ast.walk(tree(path)):
            raw = isinstance(node, ast.Attribute) and node.attr == "defer"
            if raw or (isinstance(node, ast.ImportFrom) and any(alias.name == "defer" for alias in node.names)):
                yield f"{place(path, node)}: return a Computation from a body under `of_frame`; {BOUNDARY} alone defers"


def either_frame(annotation: ast.expr | None) -> bool:
    """Whether an annotation is the union of an eager and a lazy frame, with or without others."""
    if isinstance(annotation, ast.Subscript):  # Union[…], Optional[…]
        parts = [annotation.slice] if ast.unparse(annotation.value).endswith(("Union", "Optional")) else []
    else:
        parts = [annotation] if isinstance(annotation, ast.BinOp) else []
    named = {ast.unparse(part).rpartition(".")[2] for whole in parts for part in ast.walk(whole)}
    return {"DataFrame", "LazyFrame"} <= named


def answers_are_eager_or_lazy() -> Iterator[str]:
    for path in SOURCES:
        if path.relative_to(PACKAGE).as_posix() in (BOUNDARY, INPUT):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                quoted = isinstance(node.returns, ast.Constant) and isinstance(node.returns.value, str)
                answer = ast.parse(node.returns.value, mode="eval").body if quoted else node.returns
            else:
                answer = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if either_frame(answer):
                yield f"{place(path, node)}: no union of frames: `of_frame` types eager to eager and lazy to lazy"


def overloads_stand_in_few_places() -> Iterator[str]:
    for path in SOURCES:
        name = path.relative_to(PACKAGE).as_posix()
        imports = [
            node
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom) and any(alias.name == "overload" for alias in node.names)
        ]
        if imports and name not in OVERLOADS:
            yield f"{place(path, imports[0])}: no overloads by hand: `of_frame` types eager to eager and lazy to lazy"
        if not imports and name in OVERLOADS:
            yield f"{path.relative_to(ROOT)}: has no overloads any more; take it out of OVERLOADS"


RULES = (
    imports_go_down,
    no_circle_is_for_checkers_alone,
    the_core_has_one_front,
    dependencies_are_few,
    rows_are_not_looped,
    no_clock_is_read,
    modules_say_what_they_hold,
    packages_say_what_is_public,
    files_stay_small,
    names_say_something,
    the_page_shows_these_rows,
    answers_wait_in_one_place,
    answers_are_eager_or_lazy,
    overloads_stand_in_few_places,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_architecture(rule: Callable[[], Iterator[str]]) -> None:
    faults = list(rule())
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("file", "source", "rule"),
    [
        ("stats/a.py", "from servicequality.core import define", imports_go_down),
        ("shapes/a.py", "def f():\n    from ..metrics import nps", imports_go_down),
        ("model/a.py", "from servicequality.worktime import Schedule", imports_go_down),
        ("core/a.py", "from servicequality import nps", imports_go_down),
        ("spread/a.py", "", imports_go_down),
        ("stats/a.py", "import scipy.stats", dependencies_are_few),
        ("stats/a.py", "import polars as pl", dependencies_are_few),
        ("core/a.py", "def f():\n    import pandas", dependencies_are_few),
        ("core/a.py", "def f(frame):\n    return [row for row in frame.iter_rows()]", rows_are_not_looped),
        ("core/a.py", "import datetime as dt\nx = dt.datetime.now()", no_clock_is_read),
        ("core/a.py", "import time\nx = time.time()", no_clock_is_read),
        ("core/a.py", "x = 1", modules_say_what_they_hold),
        ("core/a.py", '"""Sums.\n\nThey add.\n"""', modules_say_what_they_hold),
        ("core/a.py", '"""Sums.\nThey add.\nNever: means.\n"""', modules_say_what_they_hold),
        ("core/a.py", '"""Lives here: sums."""', modules_say_what_they_hold),
        ("core/__init__.py", '"""Words."""', packages_say_what_is_public),
        ("core/a.py", "\n" * (LONGEST_FILE + 1), files_stay_small),
        ("core/utils.py", "", names_say_something),
        ("core/a.py", "import polars as pl\nx = pl.defer(list, schema={})", answers_wait_in_one_place),
        ("core/a.py", "from polars import defer", answers_wait_in_one_place),
        ("sla/a.py", "def f() -> pl.DataFrame | pl.LazyFrame: ...", answers_are_eager_or_lazy),
        ("sla/a.py", "def f() -> 'pl.LazyFrame | None | pl.DataFrame': ...", answers_are_eager_or_lazy),
        ("sla/a.py", "def f() -> Union[DataFrame, LazyFrame]: ...", answers_are_eager_or_lazy),
        ("sla/a.py", "Frame = pl.DataFrame | pl.LazyFrame", answers_are_eager_or_lazy),
        ("sla/a.py", "from typing import overload", overloads_stand_in_few_places),
    ],
)
def test_a_rule_sees_its_fault(
    file: str, source: str, rule: Callable[[], Iterator[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "src" / "servicequality"
    written = package / file
    written.parent.mkdir(parents=True)
    written.write_text(source)
    for name, value in {"ROOT": tmp_path, "PACKAGE": package, "SOURCES": [written], "EDGES": {}}.items():
        monkeypatch.setitem(globals(), name, value)
    assert list(rule())
