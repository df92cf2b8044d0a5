"""The definitions of metrics, one module a family: row rules and shapes. Never here: statistics, scans, events."""

# Adding a metric touches its family's module and that family's test; nothing else is edited by hand: each family's
# `__all__` is the list.

from typing import TYPE_CHECKING

from servicequality.checks import unknown_name
from servicequality.metrics.automation import *
from servicequality.metrics.churn import *
from servicequality.metrics.contact_centre import *
from servicequality.metrics.flow import *
from servicequality.metrics.performance import *
from servicequality.metrics.quality_assurance import *
from servicequality.metrics.reliability import *
from servicequality.metrics.resolution import *
from servicequality.metrics.satisfaction import *
from servicequality.metrics.self_service import *
from servicequality.metrics.sla import *
from servicequality.metrics.software_quality import *
from servicequality.metrics.speed import *
from servicequality.metrics.usability import *
from servicequality.metrics.workload import *

if not TYPE_CHECKING:  # checkers follow the imports above, cannot add up lists, and would export the modules too
    from servicequality.metrics import (
        automation,
        churn,
        contact_centre,
        flow,
        performance,
        quality_assurance,
        reliability,
        resolution,
        satisfaction,
        self_service,
        sla,
        software_quality,
        speed,
        usability,
        workload,
    )

    __all__ = []
    for family in (
        automation,
        churn,
        contact_centre,
        flow,
        performance,
        quality_assurance,
        reliability,
        resolution,
        satisfaction,
        self_service,
        sla,
        software_quality,
        speed,
        usability,
        workload,
    ):
        __all__ += family.__all__
    del family

    def __getattr__(name: str) -> object:
        """Say what was meant by a name that is not there; checkers must not see this, or every name would be right."""
        raise unknown_name(__name__, name)
