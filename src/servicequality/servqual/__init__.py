"""Instruments of service quality: SERVQUAL, SERVPERF and any scale of your own.

Here: `Scale`, the published keys, `score`, and what is asked of scores. Never here: item wording, which is its publisher's, or
norms.
"""

from typing import TYPE_CHECKING

from servicequality.servqual import metrics, tolerance
from servicequality.servqual.importance import importance_performance
from servicequality.servqual.instruments import SERVPERF, SERVQUAL_1988, SERVQUAL_1991, seven_ps
from servicequality.servqual.metrics import *
from servicequality.servqual.scale import Scale
from servicequality.servqual.scores import Scores, score
from servicequality.servqual.tables import ScoreTables, merge_scores
from servicequality.servqual.tolerance import *
from servicequality.servqual.zone import Zone, zone_of_tolerance

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = [
        "SERVPERF",
        "SERVQUAL_1988",
        "SERVQUAL_1991",
        "Scale",
        "ScoreTables",
        "Scores",
        "Zone",
        "importance_performance",
        "merge_scores",
        "score",
        "seven_ps",
        "zone_of_tolerance",
    ]
    __all__ += metrics.__all__ + tolerance.__all__
