"""Service levels: one row a clock, with its deadline and what became of it. Never here: a metric over clocks."""

from servicequality.sla.due import due_clocks

__all__ = ["due_clocks"]
