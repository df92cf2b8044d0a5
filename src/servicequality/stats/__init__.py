"""Statistics kernels: numpy arrays in, numpy arrays out, every group of a table in one call.

Lives here: intervals, tests, sample sizes and roundings of the kind that any metric may need. Never: frames or metrics.
A call that cannot have an answer raises ``ParameterError``; tables mask such groups beforehand.
"""

from servicequality.stats.bounds import manski_bounds, manski_interval
from servicequality.stats.histogram import bin_values, float_bins
from servicequality.stats.mean import (
    finite_population_factor,
    mean_interval,
    mean_se,
    squared_deviations,
    t_interval,
    t_test,
)
from servicequality.stats.mover import mover_difference
from servicequality.stats.multiple import benjamini_hochberg, holm
from servicequality.stats.net import net_difference_interval, net_difference_test, net_interval, net_variance
from servicequality.stats.planning import (
    n_to_decide,
    net_n,
    proportion_n,
    smallest_detectable_change,
    target_verdict,
    two_proportion_n,
)
from servicequality.stats.proportion import (
    agresti_coull,
    clopper_pearson,
    jeffreys,
    newcombe,
    proportion_interval,
    wald,
    wilson,
)
from servicequality.stats.quantile import quantile_ranks, wilks_n
from servicequality.stats.rate import poisson_rate_interval
from servicequality.stats.rounding import largest_remainder, round_to_se
from servicequality.stats.sampling import (
    design_effect,
    kish_n_eff,
    poststratification_weights,
    ratio_se,
    stratified_mean,
)

__all__ = [
    "agresti_coull",
    "benjamini_hochberg",
    "bin_values",
    "clopper_pearson",
    "design_effect",
    "finite_population_factor",
    "float_bins",
    "holm",
    "jeffreys",
    "kish_n_eff",
    "largest_remainder",
    "manski_bounds",
    "manski_interval",
    "mean_interval",
    "mean_se",
    "mover_difference",
    "n_to_decide",
    "net_difference_interval",
    "net_difference_test",
    "net_interval",
    "net_n",
    "net_variance",
    "newcombe",
    "poisson_rate_interval",
    "poststratification_weights",
    "proportion_interval",
    "proportion_n",
    "quantile_ranks",
    "ratio_se",
    "round_to_se",
    "smallest_detectable_change",
    "squared_deviations",
    "stratified_mean",
    "t_interval",
    "t_test",
    "target_verdict",
    "two_proportion_n",
    "wald",
    "wilks_n",
    "wilson",
]
