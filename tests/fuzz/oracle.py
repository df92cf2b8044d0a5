"""What no call may do, and when two answers are the same."""

import math
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

import servicequality
from servicequality.errors import ServiceQualityError, ServiceQualityWarning

PACKAGE = Path(servicequality.__file__).parent
RELATIVE = 1e-9
COUNTS = ("n", "n_missing", "n_excluded", "n_pending")
_DOUBT = {"low", "high", "se", "difference_low", "difference_high"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault.

    Attributes:
        kind: its class: foreign, disagreement, changed, counts, figures or refused.
        where: the function or metric, and the way it was called.
        detail: what was seen.
    """

    kind: str
    where: str
    detail: str


class FaultError(Exception):
    """A check failed; the text says how."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: a value, or one of our own errors."""

    value: Any = None
    error: ServiceQualityError | None = None


def called(function: Callable[[], Any], *, ours: tuple[type[BaseException], ...] = (ServiceQualityError,)) -> Answer:
    """Call, and let only our own errors pass.

    Raises:
        FaultError: another exception or a warning came out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ServiceQualityWarning)
        try:
            return Answer(function())
        except (KeyboardInterrupt, FaultError):
            raise
        except ours as error:
            return Answer(error=error)  # type: ignore[arg-type]
        except BaseException as error:
            kind = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
            raise FaultError("foreign", f"{_place(error)}: {kind}: {_short(error)}") from error


def refused(answer: Answer, plain: Answer, *, lenient: bool) -> bool:
    """Whether a call was refused, and so has nothing to compare.

    Raises:
        FaultError: one of the two was refused and the other was not, unless hostile data may be.
    """
    if plain.error is not None and answer.error is None:
        raise FaultError("disagreement", f"answered, where plain data are refused: {plain.error}")
    if plain.error is None and answer.error is not None and not lenient and not _taken(answer.error):
        raise FaultError("refused", f"{type(answer.error).__name__}: {answer.error}")
    return answer.error is not None


def _taken(error: Exception) -> bool:
    """Whether a key was refused because an answer has a column of its own of that name."""
    return "rename the frame's column first" in str(error)


def gather(faults: list[FaultError], check: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    """Run a check and keep its fault."""
    try:
        check(*args, **kwargs)
    except FaultError as fault:
        faults.append(fault)


def collected(thing: Any) -> Any:
    """A lazy answer, read."""
    return thing.collect() if isinstance(thing, pl.LazyFrame) else thing


def honest(result: pl.DataFrame, *, kept: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Raise for figures that are NaN or infinite, limits beside their value, and counts below 0; `kept` are not figures."""
    names = [name for name, dtype in result.schema.items() if name not in kept and dtype.is_float()]
    for name in names:
        column = result[name].alias("column")
        if not column.is_finite().all():
            raise FaultError("figures", f"{name} is NaN or infinite: {column.to_list()[:6]}")
    if {"value", "low", "high"} <= set(names):
        # Limits of chance hold a centre, and those of shrunken shares an estimate, beside the values given.
        figure = next(name for name in ("centre", "estimate", "value") if name in names)
        slack = 1e-9 * pl.max_horizontal(1.0, pl.col(figure).abs())
        wrong = result.filter((pl.col("low") > pl.col(figure) + slack) | (pl.col("high") < pl.col(figure) - slack))
        if wrong.height:
            raise FaultError("figures", f"limits do not hold the value: {wrong.select(figure, 'low', 'high').row(0)}")
    for name in COUNTS:
        if name in result.columns and name not in kept and result[name].dtype.is_numeric() and (result[name] < 0).any():
            raise FaultError("counts", f"{name} is below 0: {result[name].to_list()[:6]}")
    if {"value", "reason"} <= set(result.columns) - kept:
        silent = result.filter(pl.col("value").is_null() & pl.col("reason").is_null())
        if silent.height:
            raise FaultError("figures", "a value is null without a reason")


def add_up(result: pl.DataFrame, rows: int) -> None:
    """Raise unless the counts of all rows of a result add up to the rows of the frame."""
    if result["reason"].eq_missing("suppressed").any():
        return
    parts = {name: int(result[name].fill_null(0).sum()) for name in COUNTS if name in result.columns}
    if sum(parts.values()) != rows:
        raise FaultError("counts", f"{parts} do not add up to {rows} rows")


def same(left: pl.DataFrame, right: pl.DataFrame, *, size: float, what: str) -> None:
    """Raise unless two frames hold the same: counts and texts exactly, floats to 1e-9 of what was added."""
    try:
        doubt = [name for name in left.columns if name in _DOUBT]
        plain, other = left.drop(doubt), right.drop([name for name in doubt if name in right.columns])
        assert_frame_equal(plain, other, rel_tol=RELATIVE, abs_tol=1e-12 * size, check_dtypes=False)
        absolute = 1e-6 * size  # a variance that is 0 comes out as rounding, and its root loses half of the digits
        assert_frame_equal(left.select(doubt), right.select(doubt), rel_tol=1e-6, abs_tol=absolute, check_dtypes=False)
    except AssertionError as error:
        raise FaultError("disagreement", f"{what}: {_short(error)}") from None


def close(left: Any, right: Any, *, size: float, what: str) -> None:
    """Raise unless two values agree to 1e-9, or both are undefined."""
    if (left is None) != (right is None):
        raise FaultError("disagreement", f"{what}: {left} for {right}")
    if left is None:
        return
    if not math.isclose(left, right, rel_tol=RELATIVE, abs_tol=1e-12 * size):
        raise FaultError("disagreement", f"{what}: {left} for {right}")


def unchanged(before: Any, now: Any) -> None:
    """Raise unless a caller's table is what it was."""
    if not _equal(before, now):
        raise FaultError("changed", "the caller's data were changed")


def _equal(before: Any, now: Any) -> bool:
    if isinstance(now, pl.DataFrame):
        return before.schema == now.schema and before.equals(now)
    if isinstance(now, pl.LazyFrame) or type(now).__module__.startswith("pyarrow"):
        return True  # neither has values that could change
    if hasattr(now, "equals"):  # pandas, where a NaN of Arrow equals nothing
        return bool(before.equals(now)) or not before.equals(before.copy(deep=True))
    if isinstance(now, dict):
        return list(before) == list(now) and all(before[name] is now[name] for name in now)  # columns do not change
    return repr(before) == repr(now)


def _place(error: BaseException) -> str:
    """The last line of the package that the error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [one for one in frames if PACKAGE in Path(one.filename).parents]
    last = lines[-1] if lines else frames[-1]
    path = Path(last.filename)
    shown = path.relative_to(PACKAGE) if lines else path.name
    return f"{shown} in {last.name}"


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) < 320 else text[:200] + " … " + text[-110:]
