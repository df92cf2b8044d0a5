"""A name that the package does not have: what was meant, and Python's protocols all the same."""

import copy
import inspect
import traceback

import pytest

import servicequality as sq
from servicequality import catalogue, metrics, tables
from servicequality.checks import meant
from servicequality.errors import ServiceQualityError, UnknownNameError


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("FRT", "servicequality has no 'FRT'; did you mean first_response_time?"),
        ("first_reply_time", "did you mean first_response_time?"),
        ("NetPromoterScore", "did you mean nps?"),
        ("npss", "did you mean nps?"),
        ("ces_score", r"did you mean ces\?$"),
        ("avg_frt_hours", r"did you mean first_response_time\?$"),
        ("evaluatee", "did you mean evaluate?"),
        ("report", "servicequality has no 'report' yet: it is a module, import servicequality.report first"),
        ("weather", r"servicequality has no 'weather'; servicequality.catalogue.find\(words\) searches all metrics"),
        ("_private", "servicequality has no '_private'$"),
        ("a.b", "servicequality has no 'a.b'$"),
    ],
)
def test_what_was_meant(name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vars(sq), name, raising=False)  # a module that another test imported
    with pytest.raises(UnknownNameError, match=message):
        getattr(sq, name)


@pytest.mark.parametrize("package", [sq, metrics])
def test_an_alias_names_every_metric_that_has_it(package: object) -> None:
    with pytest.raises(AttributeError) as caught:
        package.mttr  # type: ignore[attr-defined]  # noqa: B018
    owners = {spec.name for spec in catalogue.find("") if "MTTR" in spec.aliases}
    assert owners >= {"mean_time_to_restore", "mean_time_to_resolve"}
    assert isinstance(caught.value, ServiceQualityError)
    hint = str(caught.value).partition("did you mean ")[2].rstrip("?")
    assert set(hint.split(", ")) == owners
    # Python's own guess does not come on top of ours.
    assert traceback.format_exception_only(caught.value)[-1].count("ou mean") == 1


@pytest.mark.parametrize("name", tables.__all__)
def test_a_name_that_moved_says_where_to(name: str) -> None:
    for package in (sq, metrics):
        with pytest.raises(UnknownNameError, match=rf"has no '{name}'; it is servicequality\.tables\.{name}$"):
            getattr(package, name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("xmr", r"servicequality has no 'xmr'; it is servicequality\.control\.xmr"),
        ("rake", r"servicequality has no 'rake'; it is servicequality\.weights\.rake"),
        ("erlang_c", r"servicequality has no 'erlang_c'; it is servicequality\.staffing\.erlang_c"),
        ("interrupted_series", r"it is servicequality\.comparison\.interrupted_series"),
        ("ServiceDesk", r"it is servicequality\.datasets\.service_desk"),
        ("littles_laws", r"did you mean servicequality\.tables\.littles_law\?"),
        ("value_weighted", r"""servicequality has no 'value_weighted'; say evaluate\(…, weight="account_value"\)"""),
    ],
)
def test_a_name_of_another_package_says_which(name: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        getattr(sq, name)


def test_pythons_protocols_see_a_module() -> None:
    assert not hasattr(sq, "mttr")
    assert getattr(sq, "mttr", 5) == 5
    assert not hasattr(sq, "__wrapped__")
    assert dict(inspect.getmembers(sq))["nps"] is sq.nps
    with pytest.raises(TypeError, match="cannot pickle"):
        copy.deepcopy(sq)
    with pytest.raises(ImportError, match="cannot import name 'mttr'"):
        exec("from servicequality import mttr")


def test_meant_takes_words_before_spellings() -> None:
    words = {"first": ("FRT", "time to first"), "second": ("frt",), "third": ("fart",)}
    assert meant("f_r_t", words) == ["first", "second"]
    assert meant("Time To First", words) == ["first"]
    assert meant("thirdd", words) == ["third"]
    assert meant("mean of time to first", words) == ["first"]
    assert meant("nothing", words) == []
