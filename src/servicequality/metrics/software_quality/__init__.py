"""Defects, escapes, automation and integration failures, security and patches, integrity of data."""

from typing import TYPE_CHECKING

from servicequality.metrics.software_quality import faults, integrity, security
from servicequality.metrics.software_quality.faults import *
from servicequality.metrics.software_quality.integrity import *
from servicequality.metrics.software_quality.security import *

if not TYPE_CHECKING:  # checkers follow the imports above, and cannot add up lists
    __all__ = faults.__all__ + integrity.__all__ + security.__all__
