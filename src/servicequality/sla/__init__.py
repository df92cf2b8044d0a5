"""Service levels: one row a clock, with its deadline and its outcome. Never here: metrics over clocks (`metrics.sla`)."""

from servicequality.sla.coverage import policy_coverage
from servicequality.sla.due import due_clocks
from servicequality.sla.lists import at_risk, overdue
from servicequality.sla.policy import Clock, Policy, Target
from servicequality.sla.promises import clocks

__all__ = ["Clock", "Policy", "Target", "at_risk", "clocks", "due_clocks", "overdue", "policy_coverage"]
