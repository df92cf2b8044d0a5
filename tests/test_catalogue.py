"""The catalogue finds a metric by the words that people say, and tells all of it on a page whose examples run."""

import contextlib
import functools
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from servicequality import catalogue
from servicequality.catalogue.limits import limits_of
from servicequality.catalogue.searching import definition, definitions, families
from servicequality.catalogue.wording import takes
from servicequality.core import Spec
from servicequality.errors import DefinitionError, ParameterError
from servicequality.report.entries import entry_text, plain_formula
from servicequality.shapes.describing import description

pytestmark = pytest.mark.usefixtures("one_desk")

SPECS = [found.spec for found in definitions()]
page_of = functools.cache(catalogue.page)  # a page runs its example


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("NPS", "nps"),
        ("net promoter", "nps"),
        ("Customer Satisfaction Score", "csat"),
        ("satisfacton", "csat"),
        ("how many tickets are open", "backlog"),
        ("open tickets", "backlog"),
        ("time to first response", "first_response_time"),
        ("are we on time?", "sla_attainment"),
        (["made", "SLA"], "sla_attainment"),
        ("survey response rate", "response_rate"),
        ("SERVQUAL", "servqual_gap"),
        ("perception minus expectation", "servqual_gap"),
        ("performance only", "servperf"),
        ("MSA", "service_adequacy"),
        ("MTBF", "mean_time_between_failures"),
        ("hand-offs", "reassignment_rate"),
        ("handoffs", "reassignment_rate"),
        ("hand offs", "reassignment_rate"),
        ("time to close", "resolution_time"),
        ("TTR", "resolution_time"),
        ("FCR", "first_contact_resolution"),
        ("FRT", "first_response_time"),
        ("SLA", "sla_attainment"),
        ("AHT", "handle_time"),
        ("ASA", "average_speed_of_answer"),
        ("kappa", "cohen_kappa"),
        ("churn", "churn_rate"),
        ("backlog", "backlog"),
        ("first contcat resolution", "first_contact_resolution"),
    ],
)
def test_words_find_their_metric_first(words: str | list[str], name: str) -> None:
    assert catalogue.find(words)[0].name == name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("first contact", "first_response_time"),
        ("how long do customers wait", "first_response_time"),
        ("MTTR", "resolution_time"),  # one word for several times: each is found
        ("MTTR", "mean_time_to_restore"),
        ("MTTR", "mean_time_to_resolve"),
        ("first contact", "first_contact_resolution"),
        ("Cronbach", "servperf"),  # its text names the function for it
        ("SLA", "breach_rate"),
        ("AHT", "average_handle_time"),
    ],
)
def test_words_find_a_metric_among_others(words: str, name: str) -> None:
    assert name in [spec.name for spec in catalogue.find(words)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_metric_is_found_first_by_its_name_and_its_title(spec: object) -> None:
    assert catalogue.find(spec.name)[0] is spec
    assert spec in catalogue.find(spec.title)[:2]
    assert all(spec in catalogue.find(alias) for alias in spec.aliases)


def test_no_words_find_everything() -> None:
    assert len(catalogue.find("")) == len(catalogue.find("how do we")) == len(SPECS)


@pytest.mark.parametrize("nonsense", ["zzxxqq", "qwertyzxcv", "banana", "lorem ipsum", "purple elephant", "foo"])
def test_nonsense_finds_nothing(nonsense: str) -> None:
    assert catalogue.find(nonsense) == []


def test_entry_names_the_near_one() -> None:
    assert catalogue.entry("nps").title == "Net Promoter Score"
    for wrong, right in (("csta", "csat"), ("NPS", "nps"), ("net promotor score", "nps"), ("open ticket", "backlog")):
        with pytest.raises(ParameterError, match=f"did you mean '{right}'"):
            catalogue.entry(wrong)
    with pytest.raises(ParameterError, match=r"catalogue\.find"):
        catalogue.entry("zzxxqq")


def test_exports_hold_every_metric() -> None:
    frame, content = catalogue.to_frame(), json.loads(catalogue.to_json())
    assert (content["schema"], content["schema_version"]) == ("servicequality/catalogue", 1)
    listed = content["metrics"]
    assert frame.height == len(listed) == len(SPECS)
    assert frame["name"].to_list() == [row["name"] for row in listed]
    assert frame.select("family", "name").equals(frame.select("family", "name").sort("family", "name"))
    nps = frame.row(by_predicate=pl.col("name") == "nps", named=True)
    assert (nps["low"], nps["high"], nps["columns"]) == (-100, 100, ["score"])
    csat = next(row for row in listed if row["name"] == "csat")
    assert csat["options"]["scale"] == {"required": True, "default": None}
    assert csat["columns"]["score"]["range_from"] == "scale"


FENCED = re.compile(r"```python\n(?P<code>.*?)```\n\n```text\n(?P<output>.*?)```", re.DOTALL)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_page_tells_all_and_its_example_prints_what_it_says(spec: Spec) -> None:
    page = page_of(spec.name)
    expected = [f"# {spec.title}", f"```math\n{spec.formula}\n```", spec.answer, *spec.references, *spec.aliases]
    expected += ["## When it lies", "## Why your vendor shows another number", "## Example", "References: "]
    expected += [spec.when_it_lies, spec.why_vendors_differ, *(f"| `{name}` |" for name in spec.parameters.parameters)]
    assert [text for text in expected if text not in page] == []
    _says_what_its_limits_are(spec, page)
    for one in FENCED.finditer(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), pl.Config(tbl_width_chars=100):
            exec(one["code"], {})
        assert printed.getvalue() == one["output"]


def _says_what_its_limits_are(spec: Spec, page: str) -> None:
    words = limits_of(spec)
    assert (words is None) == spec.table
    if words is not None:
        entry = " ".join(entry_text(spec, width=400).split())
        assert f"## Limits {{ #{spec.name}-limits }}\n\n{words.limits}" in page
        assert words.short in page.split(f"{{ #{spec.name}-when }}")[1].partition("\n## ")[0]
        assert words.limits in entry
        assert words.short in entry
        doc = definition(spec.name).__doc__ or ""
        assert f'catalogue.page("{spec.name}")' in doc  # who reads the docstring finds the page


@pytest.mark.parametrize(
    "name", ["nps", "csat", "ces", "sla_attainment", "resolution_time", "backlog", "aapor_response_rate"]
)
def test_metrics_have_an_example(name: str) -> None:
    assert FENCED.search(page_of(name))


def test_a_family_page_holds_its_metrics_and_the_index_links_to_them() -> None:
    index = catalogue.index()
    for family, specs in families().items():
        page = page_of(family)
        assert page.startswith("# ")
        for spec in specs:
            assert f"\n## {spec.title} {{ #{spec.name} }}\n" in page
            assert f"({family}.md#{spec.name})" in index
    with pytest.raises(ParameterError, match="no metric is called 'windows'"):
        catalogue.page("windows")


def test_importing_the_catalogue_makes_no_desk() -> None:
    code = "import sys; from servicequality import catalogue; print('servicequality.datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_readme_shows_todays_catalogue() -> None:
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
    assert f"<!-- catalogue -->\n{catalogue.families_table()}\n<!-- /catalogue -->" in readme, (
        "run `uv run python tools/readme_table.py`"
    )


def test_page_and_terminal_print_one_call_and_one_type_for_each_parameter() -> None:
    for spec in SPECS:
        printed = page_of(spec.name), entry_text(spec, width=400)
        for text in printed:
            assert f"sq.{spec.call}" in text
            assert [
                sign for sign in ("Annotated", "typing.", "<class", "_ArrowStream", "LazyFrame") if sign in text
            ] == []
            for name in spec.parameters.parameters:
                assert takes(spec, name) in text.replace("\\|", "|"), f"{spec.name}: {name}"
    call = 'csat(score="score", *, scale, box=None, interval="wilson", missing=())'
    assert catalogue.entry("csat").call == call


def test_limits_of_a_shape_follow_its_range_and_what_is_asked() -> None:
    assert "half an answer more" in limits_text("sus")
    assert "exponential" in limits_text("average_handle_time")
    assert limits_text("backlog").startswith("None")
    assert "beta product" in limits_text("resolution_time")
    assert limits_of(catalogue.entry("pareto")) is None


def limits_text(name: str) -> str:
    words = limits_of(catalogue.entry(name))
    assert words is not None
    return words.limits


def test_types_of_parameters_are_words() -> None:
    assert takes(catalogue.entry("csat"), "scale") == "(low, high)"
    assert takes(catalogue.entry("prioritise"), "accounts") == "the data: any dataframe, one row per account"


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\int_0^\infty \hat S(t)\,dt", "∫_0^∞ S(t) dt"),
        (r"\left[\#\text{confirmed}/n,\ 1\right]", "[#confirmed/n, 1]"),
        (r"\frac{\sum_{kl} w_{kl}}{q(q - 1)}\sum_k \pi_k", "(Σ_kl w_kl)/(q(q - 1))Σ_k π_k"),
        (r"\frac{1}{D}\sum_d \overline{P_d - E_d}", "1/D Σ_d mean of (P_d - E_d)"),
        (r"\frac{\#\{x \le T\} + \tfrac12 \#\{T < x\}}{n}", "(#{x ≤ T} + 1/2 #{T < x})/n"),
    ],
)
def test_a_formula_becomes_one_line_of_text(latex: str, text: str) -> None:
    assert plain_formula(latex) == text


def test_a_shape_without_words_is_named() -> None:
    strange: Any = object()
    with pytest.raises(DefinitionError, match="nothing says how limits of object are made"):
        description(strange)
