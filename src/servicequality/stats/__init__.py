"""Statistics kernels: numpy arrays in, numpy arrays out, every group of a table in one call.

Lives here: intervals, tests, sample sizes and roundings of the kind that any metric may need. Never: frames or metrics.
A call that cannot have an answer raises ``ParameterError``; tables mask such groups beforehand.
"""

from servicequality.stats.anytime import anytime_mean_interval, normal_mixture_bound, robbins_interval
from servicequality.stats.bounds import manski_bounds, manski_interval
from servicequality.stats.histogram import bin_values, float_bins
from servicequality.stats.interrupted import difference_in_differences, interrupted_series
from servicequality.stats.logrank import log_rank, log_rank_between
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
from servicequality.stats.shifts import brunner_munzel, hodges_lehmann
from servicequality.stats.standardisation import direct_standardise, kitagawa, mantel_haenszel
from servicequality.stats.survival_strata import pool_strata
from servicequality.stats.two_samples import (
    log_ratio_interval,
    mover_ratio,
    p_from_limits,
    rate_ratio_interval,
    rate_ratio_test,
    welch_df,
    welch_interval,
)

__all__ = [
    "agresti_coull",
    "anytime_mean_interval",
    "benjamini_hochberg",
    "bin_values",
    "brunner_munzel",
    "clopper_pearson",
    "design_effect",
    "difference_in_differences",
    "direct_standardise",
    "finite_population_factor",
    "float_bins",
    "hodges_lehmann",
    "holm",
    "interrupted_series",
    "jeffreys",
    "kish_n_eff",
    "kitagawa",
    "largest_remainder",
    "log_rank",
    "log_rank_between",
    "log_ratio_interval",
    "manski_bounds",
    "manski_interval",
    "mantel_haenszel",
    "mean_interval",
    "mean_se",
    "mover_difference",
    "mover_ratio",
    "n_to_decide",
    "net_difference_interval",
    "net_difference_test",
    "net_interval",
    "net_n",
    "net_variance",
    "newcombe",
    "normal_mixture_bound",
    "p_from_limits",
    "poisson_rate_interval",
    "pool_strata",
    "poststratification_weights",
    "proportion_interval",
    "proportion_n",
    "quantile_ranks",
    "rate_ratio_interval",
    "rate_ratio_test",
    "ratio_se",
    "robbins_interval",
    "round_to_se",
    "smallest_detectable_change",
    "squared_deviations",
    "stratified_mean",
    "t_interval",
    "t_test",
    "target_verdict",
    "two_proportion_n",
    "wald",
    "welch_df",
    "welch_interval",
    "wilks_n",
    "wilson",
]
