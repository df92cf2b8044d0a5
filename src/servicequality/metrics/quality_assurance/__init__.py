"""Quality reviews: scores by weighted rubrics, critical errors, coverage, and how far reviewers agree.

Never here: the agreement coefficients' formulas, which are in `stats`.
"""

from typing import TYPE_CHECKING

from servicequality.metrics.quality_assurance import scores
from servicequality.metrics.quality_assurance.scores import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = scores.__all__
