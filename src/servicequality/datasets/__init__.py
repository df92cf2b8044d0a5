"""Data to try things on. Lives here: the generated service desk with a known truth. Never: real data, or metrics."""

from servicequality.datasets.calibration import calibration_reviews, calibration_truth
from servicequality.datasets.desk import Truth, service_desk, service_desk_with_truth

__all__ = ["Truth", "calibration_reviews", "calibration_truth", "service_desk", "service_desk_with_truth"]
