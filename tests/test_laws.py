"""Every registered metric obeys every law, in several parameterisations; and the laws catch metrics that are wrong."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import settings

from servicequality import metrics
from servicequality.catalogue.searching import definitions
from servicequality.columns import Score0To10, answered
from servicequality.core import Metric, define
from servicequality.errors import InputError, ParameterError
from servicequality.shapes import Design, MeanOfMeans, PatternShape, Reading, Shape, Share, mean, share
from servicequality.shapes.base import Sums, no_limits
from servicequality.testing import KEY, check_laws, readings
from servicequality.testing.comparing import Trial
from servicequality.testing.laws import LAWS, LAWS_OF_ROWS, obey
from servicequality.testing.strategies import mixed
from shape_metrics import BODIES

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
DAY = timedelta(days=1)

EXAMPLES = settings.default.max_examples * 2 // 5
LONG = EXAMPLES > 100  # `nox -s laws`

# What a call's own row rules can break; the others rest on its shape and on the engine: they are tried on every
# shape, those of states on all calls in test_plans, and all of them on every call in `nox -s laws`.
OF_A_CALL = (
    *LAWS_OF_ROWS,
    readings.every_way_to_ask_agrees,
    readings.every_row_is_counted_once,
    readings.nothing_overflows,
)

# What definitions cannot be called without, by the option's name.
REQUIRED: dict[str, object] = {
    "abandoned": "missed",
    "as_of": NOON,
    "definition": "one_touch",
    "dimension": "reliability",
    "objective": 0.99,
    "passing": 80,
    "scale": (1, 5),
    "since": NOON - DAY,
    "threshold": 2.0,
    "until": NOON + DAY,
    "version": "v2",
}
# Further ways to call a definition; one that has no row is called once.
CALLS: dict[str, list[dict[str, object]]] = {
    "aapor_response_rate": [{}, {"rate": "RR4"}, {"rate": "RR5"}, {"rate": "COOP1"}],
    "abandonment_rate": [{"short_abandoned": "excluded", "short": 60.0}],
    "apdex": [{}, {"failed": "failed", "frustrated_after": 60.0}],
    "article_helpfulness": [{}, {"helpful": "helpful", "votes": "votes"}],
    "bottom_box": [{"scale": (1, 7)}, {"scale": (1, 5), "points": 1}],
    "ces": [
        {"version": "v1"},
        {"version": "v2", "statistic": "share"},
        {"version": "v2", "statistic": "net", "missing": (9,)},
        {"version": "v2", "of_version": "question_version"},
    ],
    "bot_response_time": [{}, {"statistic": "p90"}, {"limit": 60.0}, {"horizon": 600.0}],
    "churn_per_year": [{}, {"since": NOON - DAY}],
    "churn_rate": [{"since": NOON - DAY}, {"limit": 3600.0}, {"limit": 3600.0, "since": NOON - DAY}],
    "customer_effort_time": [{}, {"per_message": 0.0, "statistic": "p90"}, {"limit": 3600.0}],
    "cohen_kappa": [{"reviewers": ("1", "2")}],
    "automation_rate": [{}, {"confirmed": "required"}, {"quiet": 60.0, "estimate": "bounds"}],
    "autonomous_resolution_rate": [
        {"confirmed": "required"},
        {"confirmed": "assumed", "quiet": 60.0, "estimate": "bounds"},
        *({"definition": vendor, "quiet": 60.0} for vendor in ("fin", "captain")),
        {"definition": "zendesk", "verified": "verified"},
    ],
    "average_handle_time": [{}, {"statistic": "median"}],
    "average_talk_time": [{}, {"statistic": "p90"}, {"statistic": 0.25}],
    "containment_rate": [{}, {"estimate": "bounds"}],
    "contact_wait_time": [{}, {"statistic": "p90"}, {"limit": 20.0}, {"horizon": 600.0}],
    "csat": [{"scale": (1, 5)}, {"scale": (0, 1)}, {"scale": (1, 5), "missing": (0, 6)}],
    "csat_mean": [{"scale": (1, 5)}, {"scale": (1, 10), "missing": (99,)}],
    "deflection_rate": [{"estimate": estimate} for estimate in ("bounds", "confirmed", "no_contact")],
    "durable_resolution_rate": [
        {},
        {"window": 60.0, "estimate": "bounds"},
        {"recontact": "recontact", "confirmed": "required"},
    ],
    "false_containment_rate": [{"window": 60.0}, {"window": 60.0, "estimate": "bounds"}],
    "follow_up_rate": [{"scale": (1, 5)}, {"scale": (0, 1), "within": 60.0, "estimate": "bounds"}],
    "handoff_rate": [{}, {"reasons": ("a", "B")}],
    "icc": [{"incomplete": "leave_out"}],
    "first_contact_resolution": [
        *({"estimate": estimate} for estimate in ("matured", "bounds", "pending_aware", "so_far")),
        {"definition": "no_handover_no_reopening", "window": 60.0},
        {"definition": "no_customer_followup", "window": None},
    ],
    "first_response_time": [{}, {"statistic": "p90"}, {"limit": 3600.0}, {"horizon": 86_400.0}],
    "first_response_time_observed_only": [{}, {"statistic": 0.25}, {"statistic": "mean"}, {"limit": 60.0}],
    "fleiss_kappa": [{"unequal": "allow"}],
    "gwet_ac1": [{}, {"categories": tuple(range(10))}],
    "inflow": [{}, {"since": NOON - DAY, "until": NOON}],
    "latency": [{}, {"limit": 60.0}, {"timed_out": "timed_out", "statistic": "median"}],
    "mean_time_to_restore": [{}, {"planned": None, "statistic": "p90"}, {"horizon": 86_400.0}],
    "net_flow": [{}, {"since": NOON - DAY, "until": NOON}],
    "net_score": [{"scale": (1, 5)}, {"scale": (1, 7), "top": (7,), "bottom": (1, 2, 3), "interval": "mover"}],
    "non_response_bounds": [{"scale": (1, 5)}],
    "nps": [{}, {"missing": (11,)}, {"interval": "score", "detractor_max": 5}],
    "outflow": [{}, {"until": NOON}],
    "recovery_rate": [{"scale": (1, 5)}, {"scale": (1, 7), "box": (1, 2, 3), "satisfied": (7,), "estimate": "bounds"}],
    "reopen_rate": [{}, {"window": 3600.0}, {"window": 60.0, "estimate": "pending_aware"}],
    "repeat_contact_rate": [{"estimate": estimate} for estimate in ("matured", "bounds", "pending_aware", "so_far")],
    "resolution_quality": [{}, {"estimate": "bounds"}, {"clarity": "clarity", "window": 60.0}],
    "resolution_time": [{}, {"statistic": "p90"}, {"limit": 3600.0}, {"horizon": 86_400.0}, {"entry": "entry_seconds"}],
    "resolution_time_observed_only": [
        *({"statistic": one} for one in ("median", "p99", "mean", "smallest", "largest")),
        {"limit": 60.0},
    ],
    "retention_rate": [{"since": NOON - DAY}, {"limit": 3600.0}],
    "review_coverage": [{}, {"ended": None}],
    "search_success_rate": [{}, {"successful": "successful"}],
    "self_service_rate": [
        {},
        {"as_of": NOON},
        {"solved_sessions": "solved_sessions", "help_sessions": "help_sessions"},
    ],
    "self_service_score": [{}, {"tickets": "tickets"}],
    "series_availability": [{}, {"low": None, "high": None, "level": None}],
    "service_level": [{"abandoned": "exclude"}, {"abandoned": "short_excluded", "short": 60.0}],
    "sla_attainment": [{"as_of": NOON, "estimate": estimate} for estimate in ("matured", "bounds", "pending_aware")]
    + [{"as_of": NOON, "estimate": "pending_aware", "policy": None}],
    "sus": [{"incomplete": "middle"}],
    "task_success_rate": [{}, {"partial": "half"}],
    "time_to_handoff": [{}, {"limit": 60.0}],
    "time_to_handoff_observed_only": [{}, {"statistic": "mean"}, {"limit": 60.0}],
    "time_on_task": [{}, {"horizon": 600.0}],
    "time_on_task_observed_only": [{}, {"statistic": "mean"}],
    "servqual_gap": [{}, {"dimension": "empathy"}, {"dimension": ("a", "b")}],
    "top_box": [{"scale": (1, 5)}, {"scale": (1, 10), "points": 1}],
    "umux": [{"incomplete": "middle"}],
    "umux_lite": [{"incomplete": "middle", "scores": "sus_2013"}],
}


def registry() -> list[Metric]:
    """Every public definition, called in each way of CALLS, with its options that have no default from REQUIRED."""
    calls = []
    for definition in definitions():
        name = definition.spec.name
        if definition.spec.table:
            continue
        parameters = definition.spec.parameters.parameters.values()
        needed = {one.name: REQUIRED[one.name] for one in parameters if one.default is one.empty}
        calls += [definition(**{**needed, **call}) for call in CALLS.get(name, [{}])]
    return calls


@pytest.mark.parametrize("metric", registry(), ids=lambda metric: metric.name)
def test_every_call_of_every_definition(metric: Metric) -> None:
    """Its shape is examined below, its states in test_plans: here are its row rules, on frames with groups of every kind."""
    if LONG:
        check_laws(metric, examples=50, around=NOON)
        return
    first, other = (mixed(metric, seed, NOON) for seed in range(2))
    obey(LAWS if isinstance(metric.shape, PatternShape) else OF_A_CALL, metric, first)
    for frame in (other, first.clear()):
        obey(LAWS_OF_ROWS, metric, frame)


# Metrics that are wrong on purpose, and what the laws say of each.


def defined(body: Callable[..., Shape], **message: object) -> Metric:
    """A metric of one number column from a body, with a range that leaves it free."""
    options = {"title": "Test", "unit": "points", "better": "higher", "formula": "x"} | message
    return define(**options)(body)()


def literal_denominator(score: Score0To10 = "score") -> Shape:
    """A literal is not a row rule."""
    return share(pl.col(score) >= 9, of=pl.lit(value=True))


def neighbour(score: Score0To10 = "score") -> Shape:
    """A row rule that looks at the row above."""
    return share(pl.col(score) > pl.col(score).shift(1), of=answered(score))


def above_average(score: Score0To10 = "score") -> Shape:
    """A row rule that looks at all rows."""
    return share(pl.col(score) > pl.col(score).mean(), of=answered(score))


def nulls_are_zero(score: Score0To10 = "score") -> Shape:
    """Silence taken for an answer."""
    return mean(pl.col(score).fill_null(0), of=pl.col(score).is_null() | answered(score))


def narrow_bounds(score: Score0To10 = "score") -> Shape:
    """A range that the value leaves."""
    return mean(pl.col(score), of=answered(score))


def other_column(score: Score0To10 = "score") -> Shape:
    """A column that is not among the parameters."""
    return share(pl.col("rating") >= 9, of=answered(score))


def wrapping(score: Score0To10 = "score") -> Shape:
    """Unsigned numbers that wrap below 0."""
    return mean(pl.col(score).cast(pl.UInt8, strict=False) - pl.lit(5, pl.UInt8), of=answered(score))


@dataclass(frozen=True, eq=False, kw_only=True)
class Crooked(Share):
    """Limits that lie beside the value."""

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        p = sums["hits"] / sums["n"]
        return Reading(p + 0.1, p + 0.2, p, "crooked")


def crooked(score: Score0To10 = "score") -> Shape:
    """A shape whose limits do not hold its value."""
    return Crooked(hits=pl.col(score) >= 9, n=answered(score))


@dataclass(frozen=True, eq=False, kw_only=True)
class Squared(Share):
    """A value that is not a ratio of sums: more rows, more of it."""

    def value(self) -> pl.Expr:
        return self.hits.cast(pl.Float64) ** 2 / pl.when(self.n > 0).then(self.n)

    def limits(self, sums: Sums, *, level: float, design: Design | None) -> Reading:
        return no_limits(sums)


def squared(score: Score0To10 = "score") -> Shape:
    """A value that grows with the rows."""
    return Squared(hits=pl.col(score) >= 9, n=answered(score), bounds=(0, 1e9))


@pytest.mark.parametrize(
    ("body", "message", "law"),
    [
        (literal_denominator, {}, "parts merge to the whole"),
        (nulls_are_zero, {}, "null rows are missing and no more"),
        (crooked, {}, "results are in order"),
        (squared, {}, "equal weights weigh nothing"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_a_wrong_metric_is_caught(body: Callable[..., Shape], message: dict[str, object], law: str) -> None:
    with pytest.raises(AssertionError, match=f"{body.__name__} breaks the law '{law}'"):
        check_laws(defined(body, **message), shrink=False)


@pytest.mark.parametrize(
    ("body", "message", "error", "told"),
    [
        (neighbour, {}, ParameterError, "the operation Shift is not part of a row rule"),
        (above_average, {}, ParameterError, "the aggregation mean is not part of a row rule"),
        (other_column, {}, InputError, 'unable to find column "rating"'),
        (narrow_bounds, {"bounds": (0, 5)}, ParameterError, "mean must be within the scale"),
        (wrapping, {"bounds": (-5, 5)}, ParameterError, "mean must be within the scale"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_a_wrong_metric_is_refused(
    body: Callable[..., Shape], message: dict[str, object], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        check_laws(defined(body, **message), shrink=False)


def test_a_rule_that_depends_on_the_order_of_rows_is_caught_by_its_own_law() -> None:
    rows = pl.DataFrame({"score": [1, 2, 9], KEY: ["a"] * 3})
    with pytest.raises(AssertionError, match="value"):
        readings.the_order_of_rows_is_irrelevant(Trial(defined(neighbour), rows))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_every_shape_and_a_users_own_metric(body: Callable[..., Shape]) -> None:
    check_laws(defined(body), examples=EXAMPLES)


def test_the_metrics_above_have_every_shape_of_the_registry() -> None:
    examined = {type(defined(body).shape) for body in BODIES}
    shapes = {type(metric.shape) for metric in registry()}
    assert {shape for shape in shapes - examined if not issubclass(shape, MeanOfMeans)} == set()


def test_check_laws_wants_a_metric() -> None:
    with pytest.raises(
        ParameterError, match=r"is not a metric; call the definition first, such as check_laws\(nps\(\)\)"
    ):
        check_laws(metrics.nps)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"what \['tier'\] may hold is not known; check the metric without"):
        check_laws(metrics.nps().where(pl.col("tier") == "gold"))
    with pytest.raises(ParameterError, match="examples must be 0 or more, got -1"):
        check_laws(metrics.nps(), examples=-1)
    check_laws(metrics.nps().where(pl.col("score") > 2), examples=5)


def test_without_hypothesis_the_error_says_what_to_install() -> None:
    script = "import sys; sys.modules['hypothesis'] = None; import servicequality.testing"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "ImportError: servicequality.testing tries metrics with hypothesis; install it" in run.stderr
