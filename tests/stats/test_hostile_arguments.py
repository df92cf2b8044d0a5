"""Whatever a public kernel is given, it answers or raises an error of ours."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

from servicequality import stats
from servicequality.errors import ParameterError, ServiceQualityWarning

KERNELS = [name for name in stats.__all__ if not inspect.isclass(getattr(stats, name))]

HOSTILE: list[Any] = [
    "0.95", None, float("nan"), float("inf"), -1.0, -1, 0, 1, 2, 1.5, 1e308, 10**400, True, [], [[1, 2], [3]], ["a", "b"],
    [1.0, float("nan")], [1.0, float("inf")], [-1.0, 2.0], [1, 2, 3, 4, 5], np.eye(2), np.zeros((2, 2, 2)), [0, 0, 0],
    [1e308] * 3, [1e-320] * 3, [1 + 2j], [object()], np.array(["2020-01-01"], "datetime64[D]"), {"a": 1},
    [True, False, True], np.zeros((0, 3)), np.zeros((3, 0)),
]  # fmt: skip
LEGAL: list[Any] = [
    0.5, [1.0, 2.0, 3.0], np.eye(3), np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 4.0], [3.0, 5.0, 1.0], [4.0, 4.0, 2.0]]),
]  # fmt: skip
"""What the other arguments are: each is right for some kernel."""


def offers(parameters: list[inspect.Parameter]) -> list[dict[str, Any]]:
    """Calls with the same hostile value everywhere, and with one hostile value among legal ones."""
    required = [one.name for one in parameters if one.default is one.empty]
    everywhere = [dict.fromkeys(required, bad) for bad in HOSTILE]
    return everywhere + [
        dict.fromkeys(required, legal) | {one.name: bad} for legal in LEGAL for one in parameters for bad in HOSTILE
    ]


@pytest.mark.parametrize("name", KERNELS)
def test_only_our_own_errors_leave_a_kernel(name: str) -> None:
    function = getattr(stats, name)
    foreign = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ServiceQualityWarning)
        for arguments in offers(list(inspect.signature(function).parameters.values())):
            try:
                function(**arguments)
            except ParameterError as error:
                if len(str(error)) > 600:  # a message, and no dump of what came
                    foreign.setdefault(str(error), arguments)
            except Exception as error:  # noqa: BLE001  (that is the question)
                foreign.setdefault(f"{type(error).__name__}: {error}", arguments)
    assert foreign == {}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stats.wilson(1, 2, level="0.95"), "level must be between 0 and 1, got '0.95'"),
        (lambda: stats.wilson(1, 2, level=1.5), "level must be between 0 and 1, got 1.5"),
        (lambda: stats.wilson("1", 2), "k must hold numbers; got dtype <U1"),
        (lambda: stats.wilson([1, [2]], 2), "k must be a rectangular array of numbers"),
        (lambda: stats.wilson(1, 10**400), "n must be a number that a float holds; got one beyond 1e308"),
        (lambda: stats.t_interval([1, 2, 3], 1, df=[1, 2]), r"broadcast to one shape; got estimate \(3,\), se \(\), df \(2,\)"),
        (lambda: stats.proportion_interval(1, 2, method="waldo"), "method must be one of 'wilson', .*; got 'waldo'"),
        (lambda: stats.fleiss_kappa([[1, 1]], unequal="yes"), "unequal must be True or False; got 'yes'"),
        (lambda: stats.end_shares([[1.0]], scale=5), r"scale must be a lower and an upper end, such as \(1, 7\); got 5"),
        (lambda: stats.log_rank(1, 2), "first must be a Tables; got 1"),
        (lambda: stats.direct_standardise([1e308] * 3, [1.0] * 3, [1e308] * 3), "too large, or too far apart, to compute"),
    ],
)  # fmt: skip
def test_messages_say_what_was_expected(call: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        call()


def test_numbers_that_the_caller_silences_overflow_as_numpy_does() -> None:
    with np.errstate(over="ignore"):
        assert np.isinf(stats.kish_n_eff(1e308, 0.5))
