"""Notes beside limits, combined for each group."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Texts = Sequence[str | None]


def notes_of(*remarks: tuple[NDArray[np.bool_], str]) -> Texts | None:
    """One text a group: every remark that holds of it, joined; None where there is nothing to say of any."""
    held = [(holds, text) for holds, text in remarks if holds.any()]
    if not held:
        return None
    # Groups of the same remarks share a text, which is put together once: a bit a remark says which.
    kind = sum(holds.astype(np.int64) << bit for bit, (holds, _) in enumerate(held))
    texts = [
        "; ".join(text for bit, (_, text) in enumerate(held) if one >> bit & 1) or None for one in range(1 << len(held))
    ]
    chosen: list[str | None] = np.array(texts, dtype=np.object_)[kind].tolist()
    return chosen


def joined(*several: Texts | None) -> Texts | None:
    """Notes of the same groups from several sources, one text a group."""
    given = [notes for notes in several if notes is not None]
    if len(given) < 2:
        return given[0] if given else None
    return ["; ".join(text for text in texts if text) or None for texts in zip(*given, strict=True)]
