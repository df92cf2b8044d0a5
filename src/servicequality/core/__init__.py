"""The engine: `define`, `Metric`, `Estimate`, `evaluate`. Never here: a metric's meaning (`metrics`), a formula (`shapes`)."""

# Names in `__all__` are public. The others, written `X as X`, are for the layers above, which import no module of the core.

from servicequality.core.boundary import Computation, of_frame, of_frames
from servicequality.core.boundary import like_input as like_input
from servicequality.core.boundary import method_of_frame as method_of_frame
from servicequality.core.boundary import typed_by_frame as typed_by_frame
from servicequality.core.conditions import check_condition as check_condition
from servicequality.core.conditions import row_condition as row_condition
from servicequality.core.definition import Definition, TableDefinition, define, define_table
from servicequality.core.display import UNKNOWN as UNKNOWN
from servicequality.core.display import decimals_of as decimals_of
from servicequality.core.display import error_of as error_of
from servicequality.core.display import format_limits as format_limits
from servicequality.core.display import format_number as format_number
from servicequality.core.display import format_shares as format_shares
from servicequality.core.display import format_stated as format_stated
from servicequality.core.display import format_value as format_value
from servicequality.core.display import time_scale as time_scale
from servicequality.core.domains import Bound as Bound
from servicequality.core.domains import check_types as check_types
from servicequality.core.domains import check_values as check_values
from servicequality.core.domains import collected as collected
from servicequality.core.domains import require_columns as require_columns
from servicequality.core.engine.estimates import JudgedSums as JudgedSums
from servicequality.core.engine.estimates import TableReading as TableReading
from servicequality.core.engine.estimates import judged_sums as judged_sums
from servicequality.core.engine.names import BIN as BIN
from servicequality.core.engine.names import ROWS as ROWS
from servicequality.core.engine.names import STRATUM as STRATUM
from servicequality.core.engine.names import key_column as key_column
from servicequality.core.engine.names import sum_column as sum_column
from servicequality.core.engine.names import weighted as weighted
from servicequality.core.engine.value_tables import float_bits as float_bits
from servicequality.core.engine.value_tables import read_histogram as read_histogram
from servicequality.core.engine.value_tables import read_table as read_table
from servicequality.core.engine.value_tables import table_shape as table_shape
from servicequality.core.estimate import Estimate
from servicequality.core.evaluation import evaluate, plan
from servicequality.core.evaluation import key_types as key_types
from servicequality.core.evaluation import shared_type as shared_type
from servicequality.core.gaps import MAX_GAPS as MAX_GAPS
from servicequality.core.gaps import Gaps as Gaps
from servicequality.core.gaps import check_max_gaps as check_max_gaps
from servicequality.core.grouping import PERIOD as PERIOD
from servicequality.core.grouping import PERIOD_OF_ROW as PERIOD_OF_ROW
from servicequality.core.grouping import Grouping as Grouping
from servicequality.core.grouping import instant_columns as instant_columns
from servicequality.core.grouping import period_start as period_start
from servicequality.core.labels import family_title as family_title
from servicequality.core.labels import in_words as in_words
from servicequality.core.labels import label_of as label_of
from servicequality.core.metric import Metric
from servicequality.core.options import named_metrics as named_metrics
from servicequality.core.plans import Plan
from servicequality.core.result_series import is_result as is_result
from servicequality.core.result_series import of_metric as of_metric
from servicequality.core.result_series import side_by_side as side_by_side
from servicequality.core.results import RESULT as RESULT
from servicequality.core.results import result_rows
from servicequality.core.sampling import Sampling as Sampling
from servicequality.core.scans import by_grain as by_grain
from servicequality.core.series import By as By
from servicequality.core.series import names_of as names_of
from servicequality.core.series import ordered as ordered
from servicequality.core.series import refuse_many as refuse_many
from servicequality.core.series import series_types as series_types
from servicequality.core.spec import Spec
from servicequality.core.state import State
from servicequality.core.tables import TableInput

__all__ = [
    "Computation",
    "Definition",
    "Estimate",
    "Metric",
    "Plan",
    "Spec",
    "State",
    "TableDefinition",
    "TableInput",
    "define",
    "define_table",
    "evaluate",
    "of_frame",
    "of_frames",
    "plan",
    "result_rows",
]
