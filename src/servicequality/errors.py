"""Exceptions and warnings, sorted by who has to act."""

__all__ = [
    "DefinitionError",
    "InputError",
    "ParameterError",
    "ServiceQualityError",
    "ServiceQualityWarning",
    "UnknownNameError",
]


class ServiceQualityError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(ServiceQualityError, ValueError):
    """The data are wrong: a missing column, a score off its scale, a naive instant, a duplicate."""


class ParameterError(ServiceQualityError, ValueError):
    """The call is wrong: an option that does not exist, a level outside (0, 1), conflicting names."""


class DefinitionError(ServiceQualityError, TypeError):
    """The author of a metric is wrong: a body that returns no shape, a column without a domain."""


class UnknownNameError(ServiceQualityError, AttributeError):
    """The package has no such name: an alias, a near spelling, or a name that moved; the message says what was meant."""


class ServiceQualityWarning(UserWarning):
    """A value that is right by its definition and has to be read with care."""
