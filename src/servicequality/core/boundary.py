"""Where a call meets its data: eager in, eager out; lazy in, lazy out, typed once for all functions of frames."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.model import Records

__all__ = ["Computation", "Lazy", "like_input", "method_of_frame", "of_frame", "of_frames", "typed_by_frame"]

P = ParamSpec("P")
L_co = TypeVar("L_co", covariant=True)
E_co = TypeVar("E_co", covariant=True)


class LazyData(Protocol):
    """An object that stands for lazy data, and says so."""

    @property
    def eager(self) -> Literal[False]:
        """Whether its data are at hand."""


Lazy: TypeAlias = pl.LazyFrame | Mapping[str, pl.LazyFrame] | Records | LazyData
"""What makes an answer lazy: a lazy frame, lazy frames by grain, records, whose tables are lazy, or sums of lazy answers."""


class Computation(NamedTuple):
    """An answer that is not computed yet.

    Attributes:
        compute: makes the answer. Everything that looks at values, checks included, happens here.
        schema: gives the columns of the answer without a look at values. For lazy data it is called at once, so that a
            missing column is found at the call.
    """

    compute: Callable[[], pl.DataFrame]
    schema: Callable[[], Mapping[str, pl.DataType]]


Body: TypeAlias = Computation | pl.LazyFrame
"""What the body of a function of frames returns: a computation, or a plan where plain expressions make the answer."""


class OfFrame(Protocol[P, L_co, E_co]):
    """A function of a frame and options: lazy for lazy data, else eager."""

    @overload
    def __call__(self, data: Lazy, /, *args: P.args, **kwargs: P.kwargs) -> L_co: ...
    @overload
    def __call__(self, data: Any, /, *args: P.args, **kwargs: P.kwargs) -> E_co: ...


class OfFrames(Protocol[P]):
    """A function of two frames and options: lazy if either is lazy, else eager."""

    @overload
    def __call__(self, first: Lazy, second: Any, /, *args: P.args, **kwargs: P.kwargs) -> pl.LazyFrame: ...
    @overload
    def __call__(self, first: Any, second: Lazy, /, *args: P.args, **kwargs: P.kwargs) -> pl.LazyFrame: ...
    @overload
    def __call__(self, first: Any, second: Any, /, *args: P.args, **kwargs: P.kwargs) -> pl.DataFrame: ...


class MethodOfFrame(Protocol[P]):
    """A method of a frame and options: lazy for lazy data, else eager."""

    def __get__(self, instance: object, owner: type | None = None, /) -> OfFrame[P, pl.LazyFrame, pl.DataFrame]: ...


def of_frame(body: Callable[Concatenate[Any, P], Body]) -> OfFrame[P, pl.LazyFrame, pl.DataFrame]:
    """Make a public function of a body that takes a frame and options.

    The body checks options and columns, and returns what is to be computed; that happens at the call, or for lazy data when
    the answer is collected. A failure is blamed on an argument of the wrong kind, where one is.

    Args:
        body: takes the frame first; its other parameters are the function's options.
    """
    return cast("OfFrame[P, pl.LazyFrame, pl.DataFrame]", _called(body, slice(0, 1)))


def of_frames(body: Callable[Concatenate[Any, Any, P], Body]) -> OfFrames[P]:
    """Make a public function of a body that takes two frames and options; see `of_frame`.

    Args:
        body: takes the two frames first; its other parameters are the function's options.
    """
    return cast("OfFrames[P]", _called(body, slice(0, 2)))


def method_of_frame(body: Callable[Concatenate[Any, Any, P], Body]) -> MethodOfFrame[P]:
    """Make a public method of a body that takes its instance, a frame and options; see `of_frame`."""
    return cast("MethodOfFrame[P]", _called(body, slice(1, 2)))


def typed_by_frame(
    lazy: type[L_co], eager: type[E_co]
) -> Callable[[Callable[Concatenate[Any, P], Any]], OfFrame[P, L_co, E_co]]:
    """Make a public function whose answer is an object that holds frames: of one type for lazy data, of another for eager."""

    def decorate(body: Callable[Concatenate[Any, P], Any]) -> OfFrame[P, L_co, E_co]:
        return cast("OfFrame[P, L_co, E_co]", refusing_misfits(body))

    return decorate


def like_input(answer: Body, *, lazy: bool) -> pl.DataFrame | pl.LazyFrame:
    """The answer, computed now or, for lazy data, when it is collected."""
    if isinstance(answer, pl.LazyFrame):
        return answer if lazy else answer.collect()
    return pl.defer(answer.compute, schema=pl.Schema(answer.schema())) if lazy else answer.compute()


def _called(body: Callable[..., Body], frames: slice) -> Callable[..., Any]:
    """The body as a plain function with its names, defaults and docs, which returns frames."""
    signature = inspect.signature(body)
    names = list(signature.parameters)[frames]

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> pl.DataFrame | pl.LazyFrame:
        data = [*args[frames], *(kwargs[name] for name in names if name in kwargs)]
        return like_input(body(*args, **kwargs), lazy=any(map(_is_lazy, data)))

    returned = pl.DataFrame | pl.LazyFrame
    call.__annotations__ = {**body.__annotations__, "return": returned}
    call.__signature__ = signature.replace(return_annotation=returned)  # type: ignore[attr-defined]  # inspect reads it
    return refusing_misfits(call)


def _is_lazy(data: Any) -> bool:
    parts = data.values() if isinstance(data, Mapping) else (data,)
    return any(isinstance(part, pl.LazyFrame | Records) or getattr(part, "eager", True) is False for part in parts)
