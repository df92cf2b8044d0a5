"""Instruments of service quality: SERVQUAL, SERVPERF and your own scales; scores, reliability and validity."""

from typing import TYPE_CHECKING

from servicequality.servqual import metrics, tolerance
from servicequality.servqual.composites import combined_reliability as combined_reliability
from servicequality.servqual.composites import difference_reliability as difference_reliability
from servicequality.servqual.consistency import alpha as alpha
from servicequality.servqual.consistency import item_analysis as item_analysis
from servicequality.servqual.consistency import omega as omega
from servicequality.servqual.consistency import reliability as reliability
from servicequality.servqual.derived import derived_importance as derived_importance
from servicequality.servqual.importance import importance_performance as importance_performance
from servicequality.servqual.instruments import SERVPERF as SERVPERF
from servicequality.servqual.instruments import SERVQUAL_1988 as SERVQUAL_1988
from servicequality.servqual.instruments import SERVQUAL_1991 as SERVQUAL_1991
from servicequality.servqual.instruments import seven_ps as seven_ps
from servicequality.servqual.metrics import *
from servicequality.servqual.response import response_quality as response_quality
from servicequality.servqual.scale import Scale as Scale
from servicequality.servqual.scores import Scores as Scores
from servicequality.servqual.scores import score as score
from servicequality.servqual.sums import ItemSums as ItemSums
from servicequality.servqual.sums import item_sums as item_sums
from servicequality.servqual.sums import merge_item_sums as merge_item_sums
from servicequality.servqual.tables import ScoreTables as ScoreTables
from servicequality.servqual.tables import merge_scores as merge_scores
from servicequality.servqual.tolerance import *
from servicequality.servqual.validity import correlations as correlations
from servicequality.servqual.validity import htmt as htmt
from servicequality.servqual.zone import Zone as Zone
from servicequality.servqual.zone import zone_of_tolerance as zone_of_tolerance

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
