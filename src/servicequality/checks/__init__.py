"""What all layers check and say alike: options, columns, and values in messages."""

from servicequality.checks.arguments import (
    choice,
    choice_fault,
    confidence_level,
    refuse_misfits,
    refusing_misfits,
    zone_aware,
)
from servicequality.checks.columns import (
    column,
    holds_flags,
    holds_instants,
    holds_numbers,
    holds_texts,
    in_calendar,
    is_pattern,
    unused_prefix,
)
from servicequality.checks.markup import html_block, html_table, html_text
from servicequality.checks.names import called, meant, unknown_name
from servicequality.checks.wording import first_line, listed, near, shown, values_of

__all__ = [
    "called",
    "choice",
    "choice_fault",
    "column",
    "confidence_level",
    "first_line",
    "holds_flags",
    "holds_instants",
    "holds_numbers",
    "holds_texts",
    "html_block",
    "html_table",
    "html_text",
    "in_calendar",
    "is_pattern",
    "listed",
    "meant",
    "near",
    "refuse_misfits",
    "refusing_misfits",
    "shown",
    "unknown_name",
    "unused_prefix",
    "values_of",
    "zone_aware",
]
