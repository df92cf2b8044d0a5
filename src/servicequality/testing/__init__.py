"""Laws that every metric obeys, and the strategies that try them: for this package's metrics and for users' own.

Here: `check_laws` and `frames`, on hypothesis. Never here: what one metric means, or anything that the package needs to run.
"""

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
