"""Services that fail and come back: availability, time between failures, error budgets, deployments.

Never here: tickets about the failures.
"""

__all__: list[str] = []
