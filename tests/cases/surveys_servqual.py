"""From the cases of surveys.json on SERVQUAL to public calls: names are translated, nothing is computed here.

Items are numbered from 1 in the order of 1991. Cases that give means are questionnaires of one respondent and one item a
dimension.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from cases.statistics import Result
from servicequality.servqual import (
    SERVQUAL_1991,
    Scale,
    Scores,
    importance_performance,
    score,
    zone_of_tolerance,
)

Matrix = Sequence[Sequence[float | None]]
DIMENSIONS = tuple(SERVQUAL_1991.dimensions)


def answers(**roles: Matrix) -> pl.DataFrame:
    columns = {
        f"{role}{item + 1}": [row[item] for row in rows] for role, rows in roles.items() for item in range(len(rows[0]))
    }
    return pl.DataFrame(columns, strict=False)


def column(table: pl.DataFrame, measure: str, figure: str = "value") -> dict[str, Any]:
    rows = table.filter(measure=measure)
    return dict(zip(rows["dimension"], rows[figure], strict=True))


def overall(scores: Scores[pl.DataFrame], measure: str) -> Any:
    return scores.overall.filter(measure=measure)["value"].item()


def gap(
    E: Matrix | None = None,  # noqa: N803  (the cases' names)
    P: Matrix | None = None,  # noqa: N803  (as above)
    W: Matrix | None = None,  # noqa: N803
    policy: Any = "dimension_complete",
    n_items: int = 22,
    weights: Sequence[float] | None = None,
    note: str | None = None,
) -> Result:
    expected, perceived = E or [[6.0] * n_items], P or [[5.0] * n_items]
    points = W or (None if weights is None else [weights])
    if note is not None:  # nobody answered the last dimension
        expected = [[*row[:17], *[None] * 5] for row in expected]
    frame = answers(E=expected, P=perceived, **({} if points is None else {"W": points}))
    importance = None if points is None else [f"W{i}" for i in range(1, 6)]
    scores = score(frame, SERVQUAL_1991, importance=importance, missing=policy)
    whole = scores.overall.filter(measure="gap").row(0, named=True)
    told = {
        "dimension_gap": column(scores.dimensions, "gap"),
        "dimension_n": column(scores.dimensions, "gap", "n"),
        "overall_dimension_mean": whole["value"],
        "overall_item_mean": scores.items.filter(measure="gap")["value"].mean(),
        **{key: whole[key] for key in ("value", "reason", "notes")},
    }
    if points is not None:
        told["weighted_individual"] = overall(scores, "weighted_gap")
        told["weighted_aggregate"] = overall(scores, "weighted_gap_of_means")
        told["mean_weight"] = column(scores.dimensions, "importance")
    return told


def of_means(names: Sequence[str], low: float, high: float) -> Scale:
    return Scale("means", {name: [name] for name in names}, low=low, high=high, whole=False)


def from_means(expectation: Mapping[str, float], perception: Mapping[str, float]) -> Result:
    frame = {f"E{name}": [value] for name, value in expectation.items()}
    frame |= {f"P{name}": [value] for name, value in perception.items()}
    scores = score(frame, of_means([*expectation], 1, 7))
    return {"dimension_gap": column(scores.dimensions, "gap"), "overall_dimension_mean": overall(scores, "gap")}


def overall_of_gaps(gaps: Sequence[float]) -> Result:
    frame = {f"P{i}": [value] for i, value in enumerate(gaps)} | {f"E{i}": [0.0] for i in range(len(gaps))}
    return {"overall": overall(score(frame, of_means([str(i) for i in range(len(gaps))], -10, 10)), "gap")}


def zone(
    A: Matrix | None = None,  # noqa: N803
    D: Matrix | None = None,  # noqa: N803
    P: Matrix | None = None,  # noqa: N803  (as above)
    adequate: float = 0,
    desired: float = 0,
    perceived: float = 0,
) -> Result:
    if A is None or D is None or P is None:
        return from_levels(adequate, desired, perceived)
    scale = Scale("nine", SERVQUAL_1991.dimensions, low=1, high=9)
    zones = zone_of_tolerance(answers(A=A, D=D, P=P), scale)
    shares = dict(zip(zones.overall["measure"], zones.overall["value"], strict=True))
    return {
        "msa": column(zones.dimensions, "adequacy"),
        "mss": column(zones.dimensions, "superiority"),
        "zone_width": column(zones.dimensions, "zone_width"),
        "in_zone_share": shares["in_zone"],
        "below_share": shares["below_zone"],
        "above_share": shares["above_zone"],
        "n_undefined_position": zones.counts.filter(dimension="overall")["no_position"].item(),
        "mean_position": shares["position"],
    }


def from_levels(adequate: float, desired: float, perceived: float) -> Result:
    frame = {"Ax": [adequate], "Dx": [desired], "Px": [perceived]}
    rows = zone_of_tolerance(frame, of_means(["x"], 1, 9)).dimensions
    value = dict(zip(rows["measure"], rows["value"], strict=True))
    told = {"msa": value["adequacy"], "mss": value["superiority"], "zone_width": value["zone_width"]}
    return told | {"position": value["position"], "value": value["adequacy"], "notes": rows["notes"].first()}


def dimension_mean(dimensions: Mapping[str, Sequence[int]], **perceived: Matrix) -> Result:
    scale = Scale("performance", dimensions, low=1, high=7, standard="none")
    scores = score(answers(P=perceived["answers"]), scale)
    return {"dimension_mean": column(scores.dimensions, "servperf"), "overall": overall(scores, "servperf")}


def quadrants(importance: Sequence[float], performance: Sequence[float], crosshair: Any = "mean") -> Result:
    lines = crosshair if isinstance(crosshair, str) else tuple(crosshair)
    table = importance_performance({"importance": importance, "performance": performance}, crosshair=lines)
    return {
        "crosshair": table.select("importance_cut", "performance_cut").row(0),
        "quadrants": table["quadrant"].to_list(),
    }


ADAPTERS: Mapping[str, Callable[..., Result]] = {
    "ipa.quadrants": quadrants,
    "scale.dimension_mean": dimension_mean,
    "servqual.from_means": from_means,
    "servqual.gap": gap,
    "servqual.overall": overall_of_gaps,
    "servqual.zone": zone,
    "servqual.zone_from_means": from_levels,
}
