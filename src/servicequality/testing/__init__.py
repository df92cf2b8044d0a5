"""`check_laws` and `frames`: laws that every metric obeys, for this package's metrics and for users' own."""

try:
    from servicequality.testing.laws import check_laws
    from servicequality.testing.strategies import CLUSTER, KEY, PART, SLICE, WEIGHT, frames
except ModuleNotFoundError as _error:
    if _error.name != "hypothesis":
        raise
    raise ImportError(
        "servicequality.testing tries metrics with hypothesis; install it: pip install hypothesis"
    ) from _error

__all__ = ["CLUSTER", "KEY", "PART", "SLICE", "WEIGHT", "check_laws", "frames"]
