"""Public holidays by country, from the optional `holidays` package."""

from collections.abc import Iterable
from datetime import date
from importlib import import_module

from servicequality.errors import ParameterError

__all__ = ["country_holidays"]


def country_holidays(country: str, *, years: Iterable[int], subdivision: str | None = None) -> tuple[date, ...]:
    """The public holidays of a country (ISO 3166 code), in order, as local dates.

    Args:
        country: two-letter code, such as `"US"`.
        years: the years to include. A schedule knows only the holidays that it is given, so name every year of the data.
        subdivision: state or province code, for its own holidays too.

    Raises:
        ParameterError: the `holidays` package is absent, or does not know the country or subdivision.
    """
    try:
        holidays = import_module("holidays")
    except ImportError as error:
        raise ParameterError(
            "country_holidays needs the holidays package, which is not installed: "
            "pip install 'servicequality[holidays]', or give the dates yourself"
        ) from error
    try:
        return tuple(sorted(holidays.country_holidays(country, subdiv=subdivision, years=list(years))))
    except NotImplementedError as error:
        raise ParameterError(
            f"expected a country and subdivision that the holidays package knows; got {error}"
        ) from error
