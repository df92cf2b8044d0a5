"""The public names and their signatures, as a list that changes only on purpose.

`python tests/test_public_api.py` writes the list anew. Metrics are not on it: their families hold them.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import servicequality

SNAPSHOT = Path(__file__).with_name("public_api.txt")


def public_modules() -> Iterator[ModuleType]:
    """The package's front, and every public module right below it."""
    yield servicequality
    for found in pkgutil.iter_modules(servicequality.__path__, "servicequality."):
        if not found.name.rpartition(".")[2].startswith("_") and found.name != "servicequality.metrics":
            yield importlib.import_module(found.name)


def described(value: object) -> str:
    if not callable(value):
        return f": {type(value).__name__}"
    try:
        return str(inspect.signature(value))
    except (TypeError, ValueError):
        return "(…)"


def public_names() -> list[str]:
    return [
        f"{module.__name__}.{name}{described(getattr(module, name))}"
        for module in public_modules()
        for name in sorted(getattr(module, "__all__", ()))
        if not hasattr(getattr(module, name), "spec")
    ]


def test_public_names_are_those_of_the_list() -> None:
    listed = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    assert public_names() == listed, "meant? then `uv run python tests/test_public_api.py`"


def test_no_public_function_bears_the_name_of_its_module() -> None:
    clashes = [
        f"{module.__name__}.{found.name}"
        for module in public_modules()
        for found in pkgutil.iter_modules(getattr(module, "__path__", ()))
        if found.name in getattr(module, "__all__", ()) and not isinstance(getattr(module, found.name), ModuleType)
    ]
    assert not clashes, f"a function and a module share a name; rename the module: {clashes}"


if __name__ == "__main__":
    SNAPSHOT.write_text("".join(f"{name}\n" for name in public_names()), encoding="utf-8")
