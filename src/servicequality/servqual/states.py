"""The sums that every table of scores follows from. Lives here: how they are made and merged. Never: a value, or limits.

A state is a plain frame: the keys, a digest of the rules, and one column a sum. States of disjoint respondents merge by
one line, and the merged state of any split is the state of the whole.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import polars as pl

from servicequality.core import Metric
from servicequality.core.sampling import Sampling
from servicequality.core.states import fixed_state
from servicequality.errors import InputError, ParameterError
from servicequality.servqual import metrics
from servicequality.servqual.scale import OVERALL, Scale

__all__ = ["RULES", "digest", "figures", "keys_of", "measures_of", "merge", "refuse_other_scale", "state"]

RULES = "servqual.rules"
"""The column that says by which instrument and which policy the sums were made."""

_MEANS: Mapping[str, Callable[..., Metric]] = {
    "expectation": metrics.servqual_expectation,
    "perception": metrics.servqual_perception,
    "gap": metrics.servqual_gap,
    "servperf": metrics.servperf,
    "importance": metrics.stated_importance,
    "weighted_gap": metrics.weighted_servqual_gap,
    "weighted_servperf": metrics.weighted_servperf,
}
_OF_SEVERAL = ("expectation", "perception", "gap", "servperf")


def figures(
    measures: Sequence[str], names: Sequence[str], *, scale: Scale, whole: bool = True, full: bool = False
) -> dict[tuple[str, str], Metric]:
    """The metric of each (dimension, measure) in the order of the tables, and if `whole` those of (overall, measure).

    If answers are `full`, those who gave both sides are all: perception is summed as servperf is, which is summed anyway.
    """
    means, points = dict(_MEANS), (scale.low, scale.high)
    if full:
        means["perception"] = metrics.servperf

    def mean(measure: str, of: str | tuple[str, ...]) -> Metric:
        # Points are shares, whatever the scale of the answers.
        return means[measure](of) if measure == "importance" else means[measure](of, scale=points)

    asked = {(name, measure): mean(measure, name) for name in names for measure in measures}
    if whole:
        all_of = {
            measure: tuple(names) if measure in _OF_SEVERAL and len(names) > 1 else OVERALL for measure in measures
        }
        asked |= {(OVERALL, m): mean(m, several) for m, several in all_of.items() if m != "importance"}
    return {(name, measure): metric.named(f"{measure}_{name}") for (name, measure), metric in asked.items()}


def state(
    scored: pl.LazyFrame,
    asked: Mapping[tuple[str, str], Metric],
    *,
    keys: Sequence[str],
    sampling: Sampling,
    rules: str,
) -> pl.LazyFrame:
    """All sums of all figures, in one streaming scan of the scored respondents."""
    sums = fixed_state(scored, [*asked.values()], keys=keys, sampling=sampling)
    sums = sums.select(*keys, pl.lit(rules).alias(RULES), pl.exclude(keys))
    return sums.sort(keys, nulls_last=True) if keys else sums


def digest(scale: Scale, missing: str) -> str:
    """Instrument and policy in words, with a fingerprint of the instrument."""
    return f"{scale.name}, {missing}, {_fingerprint(scale)}"


def _fingerprint(scale: Scale) -> str:
    return hashlib.sha256(scale.to_json().encode()).hexdigest()[:12]


def refuse_other_scale(whole: pl.DataFrame, scale: Scale) -> None:
    """Raise InputError for a state that another instrument made."""
    made = next(iter(whole[RULES].drop_nulls()), None)
    if made is not None and not str(made).endswith(_fingerprint(scale)):
        raise InputError(
            f"the states were made by {made!r}, and the scale given is {digest(scale, '…')!r}; give theirs"
        )


def measures_of(whole: pl.DataFrame, scale: Scale) -> list[str]:
    """What a state has sums of."""
    some = next(iter(scale.dimensions))
    return [measure for measure in _MEANS if f"{measure}_{some}.n" in whole.columns]


def keys_of(whole: pl.DataFrame) -> list[str]:
    """The key columns of a state: those before the rules."""
    return whole.columns[: whole.columns.index(RULES)]


def merge(states: Iterable[pl.DataFrame | pl.LazyFrame], *, by: str | Sequence[str] | None = None) -> pl.DataFrame:
    """Add states of disjoint respondents, by all their keys or by fewer.

    Args:
        states: frames that `Scores.state` gave.
        by: the keys to keep; all of them by default, () for one row.

    Raises:
        InputError: something else than such states, or states of another instrument, policy, keys or weights.
        ParameterError: no states, or a key that they do not have.
    """
    frames = [part.lazy() for part in states]
    if not frames:
        raise ParameterError("nothing to merge; give at least one state, such as score(…).state")
    names = [frame.collect_schema().names() for frame in frames]
    if any(RULES not in columns for columns in names) or any(columns != names[0] for columns in names):
        raise InputError("these are not states of scores with the same keys; make each with score(…, by=…).state")
    keys = names[0][: names[0].index(RULES)]
    kept = keys if by is None else [by] if isinstance(by, str) else list(by)
    if unknown := [key for key in kept if key not in keys]:
        raise ParameterError(f"the states have no key {unknown[0]!r}; they have {keys}")
    whole = pl.concat(frames, how="vertical_relaxed")
    sums = pl.exclude(*keys, RULES).sum()
    rules = pl.col(RULES).unique().implode().alias(RULES)
    added = whole.group_by(kept).agg(pl.col(RULES).unique(), sums) if kept else whole.select(rules, sums)
    small = added.collect(engine="streaming")
    made = sorted({rule for listed in small[RULES].to_list() for rule in listed})
    if len(made) > 1:
        raise InputError(f"states of different rules do not add: {'; '.join(made)}")
    small = small.with_columns(pl.lit(made[0] if made else None, pl.String).alias(RULES))
    return small.sort(kept, nulls_last=True) if kept else small
