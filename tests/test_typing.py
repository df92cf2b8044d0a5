"""A user's type checker sees every public name, and knows the type of each."""

import importlib
import importlib.util
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import servicequality

ROOT = Path(__file__).resolve().parent.parent

# What must be found, or the check would be blind: a name that its module imports for itself, and a value of any type.
CONTROLS = {
    "hidden": "from servicequality.core.metric import pl as hidden",
    "untyped": "import json\nuntyped = json.loads('1')",
}


def public_names() -> Iterator[tuple[str, str]]:
    """Module and name, for what the lists of names of all modules without an underscore hold."""
    below = (one.name for one in pkgutil.walk_packages(servicequality.__path__, "servicequality."))
    for module in ("servicequality", *below):
        if not any(part.startswith("_") for part in module.split(".")):
            for name in getattr(importlib.import_module(module), "__all__", ()):
                yield module, name


def findings(consumer: Path, sources: dict[str, str]) -> dict[str, str]:
    """What mypy says against each source, by its key, from a file that holds them all and reveals each key."""
    lines = [line for key, source in sources.items() for line in (*source.split("\n"), f"reveal_type({key})")]
    consumer.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--output", "json", str(consumer)]
    # In the root, so that settings and cache are those of the check of the sources.
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    wrong = {}
    for one in map(json.loads, run.stdout.splitlines()):
        assert Path(one["file"]).name == consumer.name, one
        opaque = re.fullmatch(r'Revealed type is "(?:builtins\.)?(?:Any|object)"', one["message"].strip())
        if one["severity"] == "error" or opaque:
            key = re.search(r"(\w+)\)?$", lines[one["line"] - 1])
            assert key is not None
            wrong.setdefault(key[1], one["message"])
    return wrong


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed: it is in the group lint")
def test_every_public_name_is_typed(tmp_path: Path) -> None:
    names = {f"name_{place}": one for place, one in enumerate(public_names())}
    sources = {key: f"from {module} import {name} as {key}" for key, (module, name) in names.items()}
    wrong = findings(tmp_path / "consumer.py", CONTROLS | sources)
    assert wrong.keys() >= CONTROLS.keys(), "the check no longer sees what is not typed"
    assert {".".join(names[key]): message for key, message in wrong.items() if key not in CONTROLS} == {}
