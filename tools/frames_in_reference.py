"""What the API reference says of functions of frames: the frames that they return, not the computation of their bodies."""

from typing import Any

import griffe

_DECORATORS = {"of_frame", "of_frames", "method_of_frame"}


class FramesInReference(griffe.Extension):
    """Shows the answers of public functions as a caller sees them."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Put the frames of the answer in the place of what the body returns."""
        if any(str(decorator.value).rpartition(".")[2] in _DECORATORS for decorator in func.decorators):
            func.returns = "DataFrame | LazyFrame"
