"""Customers who leave: churn and retention, by satisfaction and engagement, and what value weighs.

Never here: surveys' own figures.
"""

__all__: list[str] = []
