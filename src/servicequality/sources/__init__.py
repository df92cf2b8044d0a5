"""Exports and databases of help desks as `Records`: one map a schema, in both directions."""

from servicequality.sources.exporting import export
from servicequality.sources.hours import schedules
from servicequality.sources.reading import read
from servicequality.sources.shipped import MapInfo, maps
from servicequality.sources.sourced import SourcedRecords

__all__ = ["MapInfo", "SourcedRecords", "export", "maps", "read", "schedules"]
