"""The catalogue of metrics, to search, read and export. All of it is read from the definitions."""

from servicequality.catalogue.exports import to_frame, to_json
from servicequality.catalogue.pages import families_table, index, page
from servicequality.catalogue.searching import entry, find

__all__ = ["entry", "families_table", "find", "index", "page", "to_frame", "to_json"]
