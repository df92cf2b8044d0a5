"""Runs every case of every file in the folder of cases. The adapters beside this file only translate names and units.

Each file of cases has an adapter of its own name: `run(case)` for working_time and ticket_clocks; for surveys and
statistics one function an operation in `ADAPTERS`, called with the case's inputs, in the module of that name and in every
`<name>_<area>.py` beside it. An unknown operation is a failure.
"""

import functools
import importlib
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from servicequality.errors import ServiceQualityError, ServiceQualityWarning

FOLDER = Path(os.environ.get("SERVICEQUALITY_CASES", Path(__file__).resolve().parents[2] / "../shared/cases"))


class UnknownOperationError(LookupError):
    """No adapter knows the operation."""


class Case(NamedTuple):
    """One case of any file: what it calls, what it expects, and how near is near enough (absolute, relative)."""

    id: str
    operation: str
    call: Callable[[], Any]
    expected: Any
    near: tuple[float, float] = (0.0, 0.0)


@functools.cache
def adapters(stem: str) -> Mapping[str, Callable[..., Any]]:
    """The adapters of a file of cases by operation; one named `run` takes whole cases."""
    here = Path(__file__).parent
    names = sorted(path.stem for path in (*here.glob(f"{stem}.py"), *here.glob(f"{stem}_*.py")))
    result: dict[str, Callable[..., Any]] = {}
    for module in (importlib.import_module(f"cases.{name}") for name in names):
        result |= module.ADAPTERS if hasattr(module, "ADAPTERS") else {"run": module.run}
    return result


def call(stem: str, operation: str, **inputs: Any) -> Callable[[], Any]:
    def run() -> Any:
        if operation not in adapters(stem):
            raise UnknownOperationError(f"cases/{stem}.py: no adapter for `{operation}`; write it")
        return adapters(stem)[operation](**inputs)

    return run


def of_statistics(stem: str, content: Any) -> Iterator[Case]:
    for case in content["cases"]:
        run, near = call(stem, case["kernel"], **case["inputs"]), (case["tol"]["abs"], case["tol"]["rel"])
        yield Case(case["id"], case["kernel"], run, case["expected"], near)


def of_surveys(stem: str, content: Any) -> Iterator[Case]:
    for case in content["cases"] + content["contract_cases"]:
        referred = {name: content["datasets"][key] for name, key in case.get("input_refs", {}).items()}
        run, near = call(stem, case["metric"], **case["input"], **referred), (case.get("tolerance", 0.0), 0.0)
        yield Case(case["id"], case["metric"], run, case["expected"], near)


def of_instants(stem: str, content: Any) -> Iterator[Case]:
    for case in content:
        yield Case(case["id"], "run", call(stem, "run", case=case), case["expected"], (1e-6, 0.0))


READERS: dict[str, Callable[[str, Any], Iterator[Case]]] = {
    "episodes": of_statistics,
    "intervals": of_statistics,
    "staffing": of_statistics,
    "statistics": of_statistics,
    "surveys": of_surveys,
    "ticket_clocks": of_instants,
    "uptime": of_statistics,
    "weights": of_statistics,
    "working_time": of_instants,
}


def collected() -> Iterator[tuple[str, Case]]:
    """Every case of the folder, with the stem of its file."""
    for path in sorted(FOLDER.glob("*.json")):
        if path.stem not in READERS:
            raise ValueError(f"{path.name}: no reader knows this file; add one to READERS")
        for case in READERS[path.stem](path.stem, json.loads(path.read_text(encoding="utf-8"))):
            yield path.stem, case


def parameters() -> Iterator[Any]:
    for stem, case in collected():
        yield pytest.param(case, id=f"{stem}-{case.id}")
    if not FOLDER.is_dir():
        reason = f"{FOLDER} is absent: set SERVICEQUALITY_CASES to the folder of cases"
        yield pytest.param(None, id="no-cases", marks=pytest.mark.skip(reason=reason))


def differences(got: Any, expected: Any, near: tuple[float, float], where: str = "") -> Iterator[str]:
    """Where `got` is not what is expected. Of a mapping only the expected keys are compared; null is undefined."""
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            yield from differences(got[key], value, near, f"{where}.{key}")
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        if len(got) != len(expected):
            yield f"{where}: {len(got)} entries, expected {len(expected)}"
        for index, (one, other) in enumerate(zip(got, expected, strict=False)):
            yield from differences(one, other, near, f"{where}[{index}]")
    elif isinstance(expected, int | float) and not isinstance(expected, bool):
        if got is None or isinstance(got, bool | str) or not abs(got - expected) <= near[0] + near[1] * abs(expected):
            yield f"{where}: {got!r}, expected {expected!r} within {near}"
    elif got != expected or (got is None) != (expected is None):
        yield f"{where}: {got!r}, expected {expected!r}"


@pytest.mark.parametrize("case", [*parameters()])
def test_case(case: Case) -> None:
    outcome = case.expected.get("outcome") if isinstance(case.expected, Mapping) else None
    if outcome == "error":
        with pytest.raises(ServiceQualityError):
            case.call()
    elif outcome == "undefined_not_a_number":
        value, reason = case.call()["value"], case.call()["reason"]
        assert value is None
        assert reason
    elif outcome == "value_with_warning":
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ServiceQualityWarning)
            result = case.call()
        assert result["value"] is not None
        assert caught or result["notes"], "neither a warning nor a note"
    else:
        assert outcome is None, f"no such outcome: {outcome}"
        answer = list(differences(case.call(), case.expected, case.near))
        assert not answer, "\n".join(answer)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (None, 0.0), (0.0, None), (float("nan"), 0.0), (True, 1), ("1", 1), (1.1, 1.0), ([1.0], [1.0, 1.0]),
        ({"a": 1.0, "b": 2.0}, {"b": 2.1}), (False, True), ("met", "missed"), (float("inf"), 1.0),
    ],
)  # fmt: skip
def test_a_difference_is_seen(got: Any, expected: Any) -> None:
    assert list(differences(got, expected, (1e-3, 1e-3)))
    assert not list(differences(expected, expected, (0.0, 0.0)))
