"""Quality reviews: scores by weighted rubrics, critical errors, coverage, and how far reviewers agree.

Never here: the agreement coefficients' formulas, which are in `stats`.
"""

__all__: list[str] = []
