"""The plans from which every table of scores is computed, and what distinguishes the states of two instruments."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from servicequality.core import Grouping, Metric, Plan, State, sum_column
from servicequality.errors import InputError, ParameterError
from servicequality.servqual import metrics
from servicequality.servqual.scale import OVERALL, Scale

__all__ = ["RULES", "digest", "figures", "measures_of", "merge", "plan_of", "refuse_other_scale"]

RULES = "servqual.rules"
"""The column of item sums that says by which instrument they were made."""

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

    rules = {(name, measure): mean(measure, name) for name in names for measure in measures}
    if whole:
        all_of = {
            measure: tuple(names) if measure in _OF_SEVERAL and len(names) > 1 else OVERALL for measure in measures
        }
        rules |= {(OVERALL, m): mean(m, several) for m, several in all_of.items() if m != "importance"}
    return {(name, measure): metric.named(f"{measure}_{name}") for (name, measure), metric in rules.items()}


def plan_of(scale: Scale, missing: str, rules: Mapping[tuple[str, str], Metric], grouping: Grouping) -> Plan:
    """The plan of some figures of a questionnaire that was scored by a scale and a policy."""
    return Plan(tuple(rules.values()), grouping, basis=digest(scale, missing))


def digest(scale: Scale, missing: str) -> str:
    """Instrument and policy in words, with a fingerprint of the instrument."""
    return f"{scale.name}, {missing}, {_fingerprint(scale)}"


def _fingerprint(scale: Scale) -> str:
    return hashlib.sha256(scale.to_json().encode()).hexdigest()[:12]


def refuse_other_scale(state: State, scale: Scale) -> None:
    """Raise InputError for a state that another instrument made."""
    if not state.basis.endswith(_fingerprint(scale)):
        raise InputError(
            f"the states were made by {state.basis!r}, and the scale given is {digest(scale, '…')!r}; give theirs"
        )


def measures_of(state: State, scale: Scale) -> list[str]:
    """What a state has sums of."""
    some = next(iter(scale.dimensions))
    return [measure for measure in _MEANS if sum_column(f"{measure}_{some}", "n") in state.sums.columns]


def merge(states: Iterable[State], scale: Scale, *, by: str | Sequence[str] | None = None) -> tuple[Plan, State]:
    """The state of disjoint respondents together, and the plan that made it.

    Raises:
        InputError: something else than such states, or states of another instrument, policy, keys or weights.
        ParameterError: no states, or a key that they do not have.
    """
    parts = list(states)
    if not parts:
        raise ParameterError("nothing to merge; give at least one state, such as score(…).state")
    if bad := [part for part in parts if not isinstance(part, State)]:
        raise InputError(f"expected states, got {type(bad[0]).__name__}; make each with score(…).state")
    refuse_other_scale(parts[0], scale)
    rules = figures(measures_of(parts[0], scale), tuple(scale.dimensions), scale=scale)
    plan = Plan(tuple(rules.values()), parts[0].grouping, basis=parts[0].basis)
    return plan, plan.merge(parts, by=by)
