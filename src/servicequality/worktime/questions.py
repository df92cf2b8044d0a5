"""The types of a calendar's questions: a value for datetimes, an expression for columns and expressions."""

# The decorators change nothing at run time: a method keeps its name, its defaults and its documentation.

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast, overload

import polars as pl

from servicequality.worktime.columns import Column, Instant

__all__ = ["keyed_of_budget", "keyed_of_instant", "keyed_of_span", "of_budget", "of_instant", "of_span"]

T = TypeVar("T")
Value_co = TypeVar("Value_co", covariant=True)


class OfInstant(Protocol[Value_co]):
    """A question about one instant."""

    @overload
    def __call__(self, instant: datetime) -> Value_co: ...
    @overload
    def __call__(self, instant: Column) -> pl.Expr: ...


class OfSpan(Protocol[Value_co]):
    """A question about the time between two instants."""

    @overload
    def __call__(self, start: datetime, end: datetime) -> Value_co: ...
    @overload
    def __call__(self, start: Column, end: Instant) -> pl.Expr: ...
    @overload
    def __call__(self, start: Instant, end: Column) -> pl.Expr: ...


class OfBudget(Protocol[Value_co]):
    """A question about an instant and seconds of work."""

    @overload
    def __call__(self, start: datetime, seconds: float) -> Value_co: ...
    @overload
    def __call__(self, start: Column, seconds: Column | float) -> pl.Expr: ...
    @overload
    def __call__(self, start: Instant, seconds: Column) -> pl.Expr: ...


class KeyedOfInstant(Protocol[Value_co]):
    """A question about one instant in the schedule of a key."""

    @overload
    def __call__(self, instant: datetime, *, key: str | int) -> Value_co: ...
    @overload
    def __call__(self, instant: Column, *, key: Column) -> pl.Expr: ...


class KeyedOfSpan(Protocol[Value_co]):
    """A question about the time between two instants in the schedule of a key."""

    @overload
    def __call__(self, start: datetime, end: datetime, *, key: str | int) -> Value_co: ...
    @overload
    def __call__(self, start: Column, end: Instant, *, key: Column) -> pl.Expr: ...
    @overload
    def __call__(self, start: Instant, end: Column, *, key: Column) -> pl.Expr: ...


class KeyedOfBudget(Protocol[Value_co]):
    """A question about an instant and seconds of work in the schedule of a key."""

    @overload
    def __call__(self, start: datetime, seconds: float, *, key: str | int) -> Value_co: ...
    @overload
    def __call__(self, start: Column, seconds: Column | float, *, key: Column) -> pl.Expr: ...
    @overload
    def __call__(self, start: Instant, seconds: Column, *, key: Column) -> pl.Expr: ...


def of_instant(method: Callable[[Any, Instant], T | pl.Expr]) -> OfInstant[T]:
    """The method; a datetime gives a value, all else an expression."""
    return cast("OfInstant[T]", method)


def of_span(method: Callable[[Any, Instant, Instant], T | pl.Expr]) -> OfSpan[T]:
    """The method; two datetimes give a value, all else an expression."""
    return cast("OfSpan[T]", method)


def of_budget(method: Callable[[Any, Instant, Column | float], T | pl.Expr]) -> OfBudget[T]:
    """The method; a datetime and a number give a value, all else an expression."""
    return cast("OfBudget[T]", method)


def keyed_of_instant(method: Callable[..., T | pl.Expr]) -> KeyedOfInstant[T]:
    """The method; a datetime and a key give a value, all else an expression."""
    return cast("KeyedOfInstant[T]", method)


def keyed_of_span(method: Callable[..., T | pl.Expr]) -> KeyedOfSpan[T]:
    """The method; two datetimes and a key give a value, all else an expression."""
    return cast("KeyedOfSpan[T]", method)


def keyed_of_budget(method: Callable[..., T | pl.Expr]) -> KeyedOfBudget[T]:
    """The method; a datetime, a number and a key give a value, all else an expression."""
    return cast("KeyedOfBudget[T]", method)
