"""Working time: calendars of hours, and the exact working time between instants."""

from servicequality.worktime.country import country_holidays
from servicequality.worktime.pauses import merge_pauses, paused_time
from servicequality.worktime.schedule import ALWAYS_OPEN, Schedule
from servicequality.worktime.schedules import Schedules, Version

__all__ = ["ALWAYS_OPEN", "Schedule", "Schedules", "Version", "country_holidays", "merge_pauses", "paused_time"]
