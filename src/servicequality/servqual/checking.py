"""The check that answers fit their scale, in one scan of extremes."""

import polars as pl

from servicequality.checks import column, shown, values_of
from servicequality.errors import InputError
from servicequality.servqual.layout import Answers, Long

__all__ = ["POINTS", "check_answers"]

POINTS = 100.0
"""What a respondent's points of importance add up to."""

_ROUNDING = 0.5
_SHOWN = 3


def check_answers(answers: Answers) -> None:
    """Raise one InputError that lists every invalid column and row; offenders are fetched only if there are any.

    Answers must lie within the scale and be whole numbers where it says so; points must not be negative and must add up
    to 100, within half a point of rounding. Blanks are allowed.
    """
    if answers.long is not None:
        _check_long(answers.long)
    faults = [*_outside(answers), *_points(answers)]
    if faults:
        raise InputError("\n".join(faults))


def _outside(answers: Answers) -> list[str]:
    scale, frame = answers.scale, answers.frame
    schema, named = frame.collect_schema(), answers.named()
    tests = []
    for name in named:
        answer, floating = column(name), schema[name].is_float()
        # Least and greatest take a fraction of a comparison of every row; they pass over NaN, which the third sees.
        # A sum of what stands behind the comma is 0 only if every answer is whole, and NaN if one is.
        behind = (answer - answer.floor() if scale.whole else answer * 0).sum() != 0
        broken = behind if floating else pl.lit(None)
        tests += [answer.min().alias(f"{name}<"), answer.max().alias(f"{name}>"), broken.alias(f"{name}~")]
    seen = frame.select(tests).collect(engine="streaming").row(0, named=True)
    bad = [
        name
        for name in named
        if seen[f"{name}~"] or (seen[f"{name}<"] is not None and not _within(seen, name, scale.low, scale.high))
    ]
    if not bad:
        return []
    expected = f"{'whole ' if scale.whole else ''}numbers from {scale.low:g} to {scale.high:g}"
    faults = []
    for name in bad[:_SHOWN]:
        answer = column(name)
        legal = (answer >= scale.low) & (answer <= scale.high) & answer.is_finite()
        legal = legal & (answer == answer.floor()) if scale.whole else legal
        rows = frame.select(answer.filter(answer.is_not_null() & ~legal)).collect(engine="streaming")[name]
        faults.append(
            f"column {shown(name)} ({named[name]}): {len(rows)} answers such as {values_of(rows)}; expected {expected}"
        )
    more = f" (and {len(bad) - _SHOWN} columns more)" if len(bad) > _SHOWN else ""
    faults[-1] += (
        f"{more}; is it a code for a blank, which becomes null first, or another scale, which needs its own bounds?"
    )
    return faults


def _within(seen: dict[str, float], name: str, low: float, high: float) -> bool:
    return seen[f"{name}<"] >= low and seen[f"{name}>"] <= high


def _points(answers: Answers) -> list[str]:
    if not answers.importance:
        return []
    points = [column(name).cast(pl.Float64) for name in answers.importance.values()]
    total = pl.sum_horizontal(points)
    # Written so that NaN, which fails every comparison, is an offender too.
    rules = {
        "negative or not finite": pl.any_horizontal(~((point >= 0) & (point < float("inf"))) for point in points),
        f"points that do not add up to {POINTS:g}": pl.all_horizontal(point.is_not_null() for point in points)
        & ~((total >= POINTS - _ROUNDING) & (total <= POINTS + _ROUNDING)),
    }
    counted = answers.frame.select(rule.fill_null(value=False).sum().alias(wrong) for wrong, rule in rules.items())
    counts = counted.collect(engine="streaming").row(0, named=True)
    for wrong, rule in rules.items():
        if counts[wrong]:
            columns = list(answers.importance.values())
            first = answers.frame.filter(rule).select(map(column, columns)).head(1).collect(engine="streaming").row(0)
            message = f"{counts[wrong]} respondents with {wrong}: columns {', '.join(columns)} such as {list(first)}"
            advice = "correct the rows, or set all points of a row to null"
            return [f"{message}; each divides {POINTS:g} points among the dimensions: {advice}"]
    return []


def _check_long(long: Long) -> None:
    """Raise InputError for a question answered twice, and for a respondent with two values of an own column."""
    keys = [column(long.respondent), pl.col("question")]
    twice = long.rows.group_by(keys).agg(pl.len().alias("n")).filter(pl.col("n") > 1).sort(keys)
    repeated = twice.head(_SHOWN).collect(engine="streaming")
    if not repeated.is_empty():
        pairs = zip(repeated["question"], repeated[long.respondent], strict=True)
        raise InputError(
            "a respondent answers a question once, but "
            f"{', '.join(f'{question!r} has several answers of {who!r}' for question, who in pairs)}; "
            "drop the repeats, or give the respondents of each wave names of their own"
        )
    if not long.own:
        return
    kinds = [column(name).n_unique().alias(f"n:{name}") for name in long.own]
    who = column(long.respondent)
    unlike = long.rows.group_by(who).agg(kinds).sort(who).collect(engine="streaming")
    for name in long.own:
        bad = unlike.filter(pl.col(f"n:{name}") > 1)[long.respondent]
        if not bad.is_empty():
            raise InputError(
                f"column {name!r} changes between the rows of {len(bad)} respondents such as {bad[0]!r}; "
                "it must say the same in all rows of one"
            )
