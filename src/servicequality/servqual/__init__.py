"""Instruments of service quality: SERVQUAL, SERVPERF and any scale of your own.

Here: `Scale`, the published keys, `score`, what is asked of scores, and how far answers can be relied on. Never here: item
wording, which is its publisher's, or norms.
"""

from typing import TYPE_CHECKING

from servicequality.servqual import metrics, tolerance
from servicequality.servqual.composites import combined_reliability, difference_reliability
from servicequality.servqual.consistency import alpha, item_analysis, omega, reliability
from servicequality.servqual.derived import derived_importance
from servicequality.servqual.importance import importance_performance
from servicequality.servqual.instruments import SERVPERF, SERVQUAL_1988, SERVQUAL_1991, seven_ps
from servicequality.servqual.metrics import *
from servicequality.servqual.response import response_quality
from servicequality.servqual.scale import Scale
from servicequality.servqual.scores import Scores, score
from servicequality.servqual.sums import ItemSums, item_sums, merge_item_sums
from servicequality.servqual.tables import ScoreTables, merge_scores
from servicequality.servqual.tolerance import *
from servicequality.servqual.validity import correlations, htmt
from servicequality.servqual.zone import Zone, zone_of_tolerance

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = [
        "SERVPERF",
        "SERVQUAL_1988",
        "SERVQUAL_1991",
        "ItemSums",
        "Scale",
        "ScoreTables",
        "Scores",
        "Zone",
        "alpha",
        "combined_reliability",
        "correlations",
        "derived_importance",
        "difference_reliability",
        "htmt",
        "importance_performance",
        "item_analysis",
        "item_sums",
        "merge_item_sums",
        "merge_scores",
        "omega",
        "reliability",
        "response_quality",
        "score",
        "seven_ps",
        "zone_of_tolerance",
    ]
    __all__ += metrics.__all__ + tolerance.__all__
