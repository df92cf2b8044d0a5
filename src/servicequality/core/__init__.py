"""The engine: `define`, `Metric`, `Estimate`, `evaluate`. Never here: a metric's meaning (`metrics`), a formula (`shapes`)."""

from servicequality.core.boundary import Computation, of_frame, of_frames
from servicequality.core.definition import Definition, TableDefinition, define, define_table
from servicequality.core.estimate import Estimate
from servicequality.core.evaluation import evaluate
from servicequality.core.metric import Metric
from servicequality.core.plans import Plan, plan
from servicequality.core.results import result_rows
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
