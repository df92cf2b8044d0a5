"""The tree of a Polars expression: parsed, walked, tested for being row by row, its columns replaced."""

import io
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from servicequality.checks import column
from servicequality.errors import ParameterError

Tree: TypeAlias = Any
"""An expression as Polars writes it: `{"Column": "a"}`, `{"BinaryExpr": {"left": …, "op": "Gt", "right": …}}`, "Len".

Options are plain numbers, texts, lists and mappings; whole numbers of a literal are 16 bytes, big-endian, with a sign.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_COLUMN = "no column of the frame"
"""What is strange about a rule that reads nothing."""
_FUNCTIONS = _words(
    """
        Abs AsStruct Atan2 Ceil Clip Coalesce Cut Erf Erfc Exp FillNull Floor Hash Log Log1p MaxHorizontal
        MeanHorizontal MinHorizontal Negate Replace ReplaceStrict Round RoundSF Sign SumHorizontal
        ToPhysical Truncate
        """
)
_FAMILIES = {
    "Bitwise": _words("CountOnes CountZeros LeadingOnes LeadingZeros TrailingOnes TrailingZeros"),
    "Boolean": _words(
        """
        AllHorizontal AnyHorizontal IsBetween IsClose IsFinite IsIn IsInfinite IsNan IsNotNan IsNotNull
        IsNull Not
        """
    ),
    "Business": _words("AddBusinessDay IsBusinessDay"),
    "Categorical": _words("EndsWith LenBytes LenChars Slice StartsWith"),
    "ListExpr": _words("Contains CountMatches Get Length Max Mean Median Min Sum"),
    "Pow": _words("Cbrt Generic Sqrt"),
    "StringExpr": _words(
        """
        ConcatHorizontal Contains ContainsAny CountMatches EndsWith EscapeRegex Extract Find Format Head
        JsonPathMatch LenBytes LenChars Lowercase Normalize PadEnd PadStart Replace ReplaceMany Reverse
        Slice Split StartsWith StripChars StripCharsEnd StripCharsStart StripPrefix StripSuffix Strptime
        Tail Titlecase ToInteger Uppercase ZFill
        """
    ),
    "StructExpr": _words("FieldByName JsonEncode"),
    "TemporalExpr": _words(
        """
        BaseUtcOffset CastTimeUnit Century Combine ConvertTimeZone DSTOffset Date DatetimeFunction Day
        DaysInMonth Duration Hour IsLeapYear IsoYear Microsecond Millennium Millisecond Minute Month
        MonthEnd MonthStart Nanosecond OffsetBy OrdinalDay Quarter Replace ReplaceTimeZone Round Second Time
        TimeStamp ToString TotalDays TotalHours TotalMicroseconds TotalMilliseconds TotalMinutes
        TotalNanoseconds TotalSeconds Truncate Week WeekDay Year
        """
    ),
    "Trigonometry": _words(
        "ArcCos ArcCosh ArcSin ArcSinh ArcTan ArcTanh Cos Cosh Cot Degrees Radians Sin Sinh Tan Tanh"
    ),
}
_LISTING = {"IsIn", "Replace", "ReplaceStrict", "ReplaceMany", "ContainsAny", "IsBusinessDay", "AddBusinessDay"}
_COMPARING = _words("And Eq EqValidity Gt GtEq LogicalAnd LogicalOr Lt LtEq NotEq NotEqValidity Or Xor")
_PARTS: dict[str, Callable[[Any], list[Tree]]] = {
    "Column": lambda _: [],
    "Literal": lambda _: [],
    "BinaryExpr": lambda content: [content["left"], content["right"]],
    "Cast": lambda content: [content["expr"]],
    "Ternary": lambda content: [content["predicate"], content["truthy"], content["falsy"]],
    "Alias": lambda content: [content[0]],
    "KeepName": lambda content: [content],
    "Function": lambda content: list(content["input"]),
}


class Node(NamedTuple):
    """One operation of an expression.

    Attributes:
        kind: "Column", "Literal", "BinaryExpr", "Cast", "Ternary", "Alias", "KeepName", "Function", or another of Polars'.
        content: what Polars keeps of it; None of a bare word such as "Len".
        parts: the expressions that it is made of, in order; of a kind not named above they are not told.
    """

    kind: str
    content: Any
    parts: tuple[Tree, ...]

    @property
    def function(self) -> tuple[str, str]:
        """Family and name of a function: ("Boolean", "IsNull"), ("", "Abs"); two empty texts of anything else."""
        if self.kind != "Function":
            return "", ""
        stated = self.content["function"]
        name = stated if isinstance(stated, str) else next(iter(stated))
        if name not in _FAMILIES:
            return "", name
        inner = stated[name]
        return name, inner if isinstance(inner, str) else next(iter(inner))


def tree(rule: pl.Expr) -> Tree:
    """The tree of an expression, with nothing lost.

    Raises:
        ParameterError: Polars cannot write the expression down, or it is nested too deeply.
    """
    return _read(_written(rule), {})


def node(of: Tree) -> Node:
    """The operation at the top of a tree."""
    kind, content = next(iter(of.items())) if isinstance(of, dict) else (str(of), None)
    return Node(kind, content, tuple(_PARTS[kind](content)) if kind in _PARTS else ())


def nodes(of: Tree) -> Iterator[Node]:
    """Every operation of a tree, from the top down and from left to right."""
    waiting = [of]
    while waiting:
        top = node(waiting.pop())
        yield top
        waiting.extend(reversed(top.parts))


def strange(of: Tree) -> str | None:
    """What in a tree is not computed from one row alone, in words; None of a rule that is row by row."""
    reads = False
    for one in nodes(of):
        reads |= one.kind == "Column"
        if one.kind not in _PARTS:
            return _in_words(one)
        family, name = one.function
        if one.kind == "Function" and name not in _FAMILIES.get(family, _FUNCTIONS):
            return _in_words(one)
        lists = {id(part) for part in one.parts[1:]} if name in _LISTING else set[int]()
        for part in one.parts:
            inner = node(part)
            if inner.kind == "Literal" and {"Series", "Range"} & set(inner.content) and id(part) not in lists:
                return "a column of values that is not the frame's"
    return None if reads else NO_COLUMN


def computes(of: Tree) -> bool:
    """Whether a tree computes with numbers, and does not only compare, choose and combine them."""
    for one in nodes(of):
        if one.kind == "BinaryExpr" and one.content["op"] not in _COMPARING:
            return True
        if one.kind == "Function" and one.function[0] != "Boolean":
            return True
    return False


def literal_names(rule: pl.Expr) -> pl.Expr:
    """The expression with `selectors.by_name("a")` read as the column of that name."""
    written, places = _written(rule), dict[tuple[int, int], str]()
    _read(written, places)
    return _spliced(written, {place: column(name) for place, name in places.items()})


def replaced(rule: pl.Expr, columns: Mapping[str, pl.Expr]) -> pl.Expr:
    """The expression with other expressions in the place of the columns that it names."""
    if columns.keys().isdisjoint(rule.meta.root_names()):
        return rule
    written, places = _written(rule), dict[tuple[int, int], str]()
    _read(written, places)
    return _spliced(written, {place: columns[name] for place, name in places.items() if name in columns})


def _in_words(one: Node) -> str:
    if one.kind == "Selector":
        return "a pattern or a selection of columns: name one with pl.col(…), or with selectors.by_name(…)"
    if one.kind == "Agg":
        name = next(iter(one.content)) if isinstance(one.content, dict) else str(one.content)
        return f"the aggregation {name.lower()}"
    return f"the operation {one.function[1] or one.kind}"


def _written(rule: pl.Expr) -> bytes:
    try:
        return rule.meta.serialize()
    except Exception as error:  # noqa: BLE001  (of Polars, or of a Python function that does not pickle)
        raise ParameterError(f"the expression cannot be written down: {type(error).__name__}") from None


def _read(written: bytes, places: dict[tuple[int, int], str]) -> Tree:
    try:
        whole, end = _item(written, 0, places)
    except RecursionError:
        raise ParameterError("the expression is nested too deeply; add a part of it as a column first") from None
    assert end == len(written)  # Polars writes one item
    return whole


def _spliced(written: bytes, parts: Mapping[tuple[int, int], pl.Expr]) -> pl.Expr:
    """The written expression with others in the place of some of its bytes: no length of a whole is written before it."""
    pieces, done = [], 0
    for (start, end), part in sorted(parts.items(), key=lambda item: item[0]):
        pieces += [written[done:start], part.meta.serialize()]
        done = end
    return pl.Expr.deserialize(io.BytesIO(b"".join([*pieces, written[done:]])))


# MessagePack, as far as Polars writes it: the first byte of an item tells its kind.
_NUMBERS = {
    **dict(zip(range(0xCA, 0xCC), (">f", ">d"), strict=True)),
    **dict(zip(range(0xCC, 0xD4), (">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q"), strict=True)),
}
_LENGTHS = {
    **dict(zip(range(0xC4, 0xC7), (">B", ">H", ">I"), strict=True)),  # bytes
    **dict(zip(range(0xD9, 0xDC), (">B", ">H", ">I"), strict=True)),  # text
    **dict(zip(range(0xDC, 0xE0), (">H", ">I", ">H", ">I"), strict=True)),  # lists and mappings
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def _item(data: bytes, at: int, places: dict[tuple[int, int], str]) -> tuple[Any, int]:
    """The item that begins at a byte, and where the next one does; the places of columns are added to `places`."""
    head, after = data[at], at + 1
    if head < 0x80 or head >= 0xE0:
        return (head if head < 0x80 else head - 256), after
    if head in _CONSTANTS:
        return _CONSTANTS[head], after
    if head in _NUMBERS:
        form = _NUMBERS[head]
        return struct.unpack_from(form, data, after)[0], after + struct.calcsize(form)
    if head in _LENGTHS:
        form = _LENGTHS[head]
        length, after = struct.unpack_from(form, data, after)[0], after + struct.calcsize(form)
    else:
        length = head & (0x1F if head >= 0xA0 else 0x0F)
    if head < 0x90 or head >= 0xDE:
        return _mapping(data, at, after, length, places)
    if head < 0xA0 or head >= 0xDC:
        return _list(data, after, length, places)
    part = data[after : after + length]
    return (part if 0xC4 <= head <= 0xC6 else part.decode()), after + length


def _list(data: bytes, at: int, length: int, places: dict[tuple[int, int], str]) -> tuple[list[Any], int]:
    items = []
    for _ in range(length):
        item, at = _item(data, at, places)
        items.append(item)
    return items, at


def _mapping(
    data: bytes, start: int, at: int, length: int, places: dict[tuple[int, int], str]
) -> tuple[dict[str, Any], int]:
    content: dict[str, Any] = {}
    for _ in range(length):
        key, at = _item(data, at, places)
        content[key], at = _item(data, at, places)
    match content:
        case {"Column": str(name)} if length == 1:
            places[start, at] = name
        case {"Selector": {"ByName": {"names": [str(name)]}}}:
            places[start, at] = name
            return {"Column": name}, at
    return content, at
