"""From the cases of surveys.json to usability's public calls: names and units are translated, nothing is computed here."""

from collections.abc import Callable
from typing import Any

import polars as pl

import servicequality as sq
from cases.statistics import Result


def questionnaire(prefix: str, responses: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({f"{prefix}_{place}": [answer] for place, answer in enumerate(responses, start=1)})


def sus(responses: list[Any]) -> Result:
    return {"sus": sq.sus().estimate(questionnaire("sus", responses)).value}


def umux(responses: list[Any]) -> Result:
    return {"umux": sq.umux().estimate(questionnaire("umux", responses)).value}


def umux_lite(responses: list[Any]) -> Result:
    rows = questionnaire("umux_lite", responses)
    return {
        "umux_lite": sq.umux_lite().estimate(rows).value,
        "sus_regression_2013": sq.umux_lite(scores="sus_2013").estimate(rows).value,
    }


ADAPTERS: dict[str, Callable[..., Result]] = {
    "sus.score": sus,
    "umux.score": umux,
    "umux_lite.score": umux_lite,
}
