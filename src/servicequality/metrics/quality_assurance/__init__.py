"""Quality reviews: scores by weighted rubrics, critical errors, coverage, and how far reviewers agree."""

from typing import TYPE_CHECKING

from servicequality.metrics.quality_assurance import agreement, agreement_of_many, consistency, coverage, scores
from servicequality.metrics.quality_assurance.agreement import *
from servicequality.metrics.quality_assurance.agreement_of_many import *
from servicequality.metrics.quality_assurance.consistency import *
from servicequality.metrics.quality_assurance.coverage import *
from servicequality.metrics.quality_assurance.scores import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = agreement.__all__ + agreement_of_many.__all__ + consistency.__all__ + coverage.__all__ + scores.__all__
