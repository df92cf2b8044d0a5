"""Defects, escapes, automation and integration failures, security and patches, integrity of data.

Never here: outages (see `reliability`).
"""

from servicequality.metrics.software_quality import faults, integrity, security
from servicequality.metrics.software_quality.faults import *
from servicequality.metrics.software_quality.integrity import *
from servicequality.metrics.software_quality.security import *

__all__ = faults.__all__ + integrity.__all__ + security.__all__
