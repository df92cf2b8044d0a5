"""Shapes: what is summed, its value and its limits. Every metric is a row rule and one of them."""

from servicequality.shapes.agreement import AgreementOfMany, AgreementOfTwo, agreement_of_many, agreement_of_two
from servicequality.shapes.amounts import OpenTally, OpenTotal, Tally, Total, count, total_of
from servicequality.shapes.base import (
    Count,
    Design,
    FixedShape,
    Label,
    Quantity,
    Reading,
    Shape,
    Table,
    TableShape,
)
from servicequality.shapes.composites import MeanOfMeans, mean_of_means
from servicequality.shapes.daily_counts import PerDay, per_day
from servicequality.shapes.diversity import EffectiveKinds, effective_kinds
from servicequality.shapes.drain_times import Draining, draining
from servicequality.shapes.durations import DelayedSurvival, StratifiedSurvival, Survival, survival
from servicequality.shapes.growth import Elasticity, elasticity
from servicequality.shapes.intraclass import IntraclassCorrelation, intraclass_correlation
from servicequality.shapes.means import GeometricMean, Mean, OpenMean, geometric_mean, mean
from servicequality.shapes.named_counts import PerName, per_name
from servicequality.shapes.patterns import PatternShape
from servicequality.shapes.products import Product, product_of
from servicequality.shapes.quantiles import Quantile, quantile
from servicequality.shapes.rates import OpenRate, OpenRatio, PeriodRate, Rate, RateMethod, Ratio, rate, ratio
from servicequality.shapes.shares import (
    Attainment,
    Balance,
    DueAttainment,
    EligibleShare,
    OpenShare,
    Share,
    attainment,
    balance,
    eligible_share,
    share,
)
from servicequality.shapes.uptimes import TimeBetween, UpShare, time_between, up_share
from servicequality.shapes.wholes import Rows, WholeReading, WholeShape
from servicequality.stats.net import NetMethod
from servicequality.stats.proportion import ProportionMethod

__all__ = [
    "AgreementOfMany",
    "AgreementOfTwo",
    "Attainment",
    "Balance",
    "Count",
    "DelayedSurvival",
    "Design",
    "Draining",
    "DueAttainment",
    "EffectiveKinds",
    "Elasticity",
    "EligibleShare",
    "FixedShape",
    "GeometricMean",
    "IntraclassCorrelation",
    "Label",
    "Mean",
    "MeanOfMeans",
    "NetMethod",
    "OpenMean",
    "OpenRate",
    "OpenRatio",
    "OpenShare",
    "OpenTally",
    "OpenTotal",
    "PatternShape",
    "PerDay",
    "PerName",
    "PeriodRate",
    "Product",
    "ProportionMethod",
    "Quantile",
    "Quantity",
    "Rate",
    "RateMethod",
    "Ratio",
    "Reading",
    "Rows",
    "Shape",
    "Share",
    "StratifiedSurvival",
    "Survival",
    "Table",
    "TableShape",
    "Tally",
    "TimeBetween",
    "Total",
    "UpShare",
    "WholeReading",
    "WholeShape",
    "agreement_of_many",
    "agreement_of_two",
    "attainment",
    "balance",
    "count",
    "draining",
    "effective_kinds",
    "elasticity",
    "eligible_share",
    "geometric_mean",
    "intraclass_correlation",
    "mean",
    "mean_of_means",
    "per_day",
    "per_name",
    "product_of",
    "quantile",
    "rate",
    "ratio",
    "share",
    "survival",
    "time_between",
    "total_of",
    "up_share",
]
