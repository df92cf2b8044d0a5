"""What the metrics say of themselves, to search, to read and to export. Here: doors to the specs. Never: a metric's words.

Everything is read from the definitions in `servicequality.metrics`: a new metric is in the catalogue without a line here.
"""

from servicequality.catalogue.exports import to_frame, to_json
from servicequality.catalogue.pages import families_table, index, page
from servicequality.catalogue.searching import entry, find

__all__ = ["entry", "families_table", "find", "index", "page", "to_frame", "to_json"]
