"""Results for people to read. Here: tables in plain text, the demo's pages. Never here: a figure that is computed otherwise.

Nothing is rounded in data, only in printing.
"""

from servicequality.report.listings import listing
from servicequality.report.tables import table

__all__ = ["listing", "table"]
