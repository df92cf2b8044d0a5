"""The public names and their signatures, as a list that changes only on purpose.

`python tests/test_public_api.py` writes the list anew.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import servicequality
from servicequality import catalogue
from servicequality.core import Definition, Metric, TableDefinition

SNAPSHOT = Path(__file__).with_name("public_api.txt")
ARRAY = re.compile(r"numpy\.ndarray\[(?:typing\.Any|tuple\[typing\.Any, \.\.\.\]), numpy\.dtype\[([\w.]+)\]\]")


def public_modules() -> Iterator[ModuleType]:
    """The package's front, and every public module right below it."""
    yield servicequality
    for one in pkgutil.iter_modules(servicequality.__path__, "servicequality."):
        if not one.name.rpartition(".")[2].startswith("_") and one.name != "servicequality.metrics":
            yield importlib.import_module(one.name)


class Word:
    """An annotation that prints as its word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __repr__(self) -> str:
        return self.word


def readable(annotation: object) -> object:
    """The annotation; what numpy spells out in another way in each of its versions by its name."""
    if not any(word in str(annotation) for word in ("numpy._typing", "ArrayLike")):
        return annotation
    return Word("ArrayLike | None" if type(None) in get_args(annotation) else "ArrayLike")


def described(value: object) -> str:
    if not callable(value):
        return f": {type(value).__name__}"
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "(…)"
    parameters = [one.replace(annotation=readable(one.annotation)) for one in signature.parameters.values()]
    if isinstance(value, Definition | TableDefinition):  # a column's default says more than its domain
        parameters = [one.replace(annotation=one.empty) if one.name in value.spec.inputs else one for one in parameters]
    if isinstance(value, Definition):
        signature = signature.replace(return_annotation=Word(Metric.__name__))
    words = str(signature.replace(parameters=parameters, return_annotation=readable(signature.return_annotation)))
    return ARRAY.sub(r"NDArray[\1]", words).replace("typing.", "")  # Python 3.13 prints its own without the module


def public_names() -> list[str]:
    return [
        f"{module.__name__}.{name}{described(getattr(module, name))}"
        for module in public_modules()
        for name in sorted(getattr(module, "__all__", ()))
    ]


def test_public_names_are_those_of_the_list() -> None:
    listed = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    assert public_names() == listed, "meant? then `uv run python tests/test_public_api.py`"


def test_metrics_and_tables_stand_on_the_list_with_their_parameters() -> None:
    listed = {name.partition("(")[0]: name for name in SNAPSHOT.read_text(encoding="utf-8").splitlines()}
    defined = {f"servicequality.{name}" for name in catalogue.to_frame()["name"] if name in servicequality.__all__}
    assert len(defined) > 100
    assert defined <= listed.keys()
    assert listed["servicequality.nps"].startswith("servicequality.nps(score='score', *, detractor_max: int = 6, ")
    assert listed["servicequality.nps"].endswith(") -> Metric")
    assert "since: datetime.datetime, until: datetime.datetime" in listed["servicequality.deployment_frequency"]


def described_parameters(function: Callable[..., object]) -> dict[str, str]:
    """The parameters that a docstring describes, in its order, and what it says of them."""
    doc = inspect.getdoc(function) or ""
    section = re.search(r"^Args:\n((?:[ ]+.*\n?|\n)+)", f"{doc}\n", re.MULTILINE)
    entries = re.split(r"^(?=\*{0,2}\w+:)", inspect.cleandoc(f"\n{section[1]}" if section else ""), flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, _, text in (one.partition(":") for one in entries if one)}


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    """Public functions; columns and options of metrics and tables are described by their types, and by the catalogue."""
    for module in public_modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isfunction(value) or (isinstance(value, TableDefinition) and described_parameters(value)):
                yield f"{module.__name__}.{name}", value


def test_parameters_are_described_in_the_order_of_the_signature() -> None:
    wrong = [
        name
        for name, function in functions()
        if list(described_parameters(function)) != list(inspect.signature(function).parameters)
    ]
    assert not wrong, "describe every parameter under `Args:`, in the signature's order"


def test_a_parameter_is_described_in_one_style() -> None:
    described = {
        f"{name}: {key}": text for name, function in functions() for key, text in described_parameters(function).items()
    }
    assert len(described) > 900
    names = ("Kaplan", "Records", "IANA", "None", "True", "False", "Student", "Int64", "NaN")
    capital = [key for key, text in described.items() if re.match(r"[A-Z][a-z]", text) and not text.startswith(names)]
    assert not capital, "begin in lower case"
    unended = [key for key, text in described.items() if not text.endswith(".")]
    assert not unended, "end with a full stop"


def test_the_reading_of_docstrings_sees_what_is_there() -> None:
    def described(first: int, *, second: int) -> None:
        """Words.

        Args:
            first: what
                it is.
            second: And this

        Raises:
            InputError: never.
        """

    assert described_parameters(described) == {"first": "what it is.", "second": "And this"}
    assert described_parameters(functions) == {}


def test_no_public_function_bears_the_name_of_its_module() -> None:
    clashes = [
        f"{module.__name__}.{one.name}"
        for module in public_modules()
        for one in pkgutil.iter_modules(getattr(module, "__path__", ()))
        if one.name in getattr(module, "__all__", ()) and not isinstance(getattr(module, one.name), ModuleType)
    ]
    assert not clashes, f"a function and a module share a name; rename the module: {clashes}"


if __name__ == "__main__":
    SNAPSHOT.write_text("".join(f"{name}\n" for name in public_names()), encoding="utf-8")
