"""Weights that make those who answered stand for the population, and the error that they leave."""

from servicequality.weights.adjusting import calibrate, post_stratify, rake
from servicequality.weights.evaluation import evaluate_adjusted
from servicequality.weights.trimming import trim

__all__ = ["calibrate", "evaluate_adjusted", "post_stratify", "rake", "trim"]
