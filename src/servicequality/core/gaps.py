"""How many periods of a series may lack a value: the check of the option, and what is said of those that do."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from servicequality.checks import shown
from servicequality.errors import ParameterError

MAX_GAPS = 0.1
"""Share of the periods of a series that may lack a value, unless a call says otherwise."""


class Gaps(NamedTuple):
    """What is said of the gaps of a series.

    Attributes:
        reason: why there is no result; None where the gaps are few enough.
        notes: what to keep in mind: what was set aside, and how many periods lack a value.
    """

    reason: str | None
    notes: str | None

    @classmethod
    def of(cls, known: NDArray[np.bool_], most: float, note: str | None = None) -> Self:
        """Of the periods that have a value, the share that may have none, and what was set aside before."""
        n = len(known)
        missing = n - int(known.sum())
        lacking = f"{missing} of {n} periods lack a value"
        allowed = f"at most {100 * most:g} % may (max_gaps)"
        if missing > most * n + 1e-9:
            return cls(f"{lacking}, and {allowed}: fill or cut the series first", note)
        notes = [note, f"{lacking}; {allowed}" if missing else None]
        return cls(None, "; ".join(filter(None, notes)) or None)


def check_max_gaps(share: Any) -> None:
    """Raise ParameterError for a share of gaps that is none."""
    if isinstance(share, bool) or not isinstance(share, int | float | np.integer | np.floating) or not 0 <= share < 1:
        raise ParameterError(f"max_gaps must be a share from 0 to below 1; got {shown(share)}")
