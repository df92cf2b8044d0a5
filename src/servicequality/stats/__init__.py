"""Statistics kernels: numpy arrays in, numpy arrays out, every group of a table in one call. Never: frames."""

from servicequality.stats.agreement import (
    Agreement,
    brennan_prediger,
    fleiss_kappa,
    fleiss_kappa_by_category,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from servicequality.stats.agreement_pairs import cohen_kappa, counts_of_pairs
from servicequality.stats.anytime import anytime_mean_interval, normal_mixture_bound, robbins_interval
from servicequality.stats.apdex import ApdexRating, apdex_rating
from servicequality.stats.bounded import bounded_mean_interval
from servicequality.stats.bounds import manski_bounds, manski_interval
from servicequality.stats.budget import budget_spent, budget_time, burn_rate, burn_threshold, time_to_exhaust
from servicequality.stats.charts import (
    ControlLimits,
    cusum,
    ewma,
    ewma_width,
    individuals_limits,
    moving_range,
    rate_limits,
    share_limits,
)
from servicequality.stats.crossproducts import (
    CrossProducts,
    composite_covariance,
    correlation,
    covariance,
    cross_products,
    resampled_covariances,
)
from servicequality.stats.deciding import (
    amount_decision_limits,
    bounded_decision_limits,
    net_decision_limits,
    share_decision_limits,
)
from servicequality.stats.diversity import effective_number
from servicequality.stats.drain import drain_quantile
from servicequality.stats.elasticity import slope
from servicequality.stats.factor import OneFactor, mcdonald_omega, omega_of_loadings, one_factor
from servicequality.stats.fairness import Funnel, Shrunk, dispersion, funnel, rank_chances, shrink
from servicequality.stats.finite import finite_population_n, hypergeometric_interval
from servicequality.stats.histogram import bin_values, float_bins
from servicequality.stats.importance import Weights, lmg_interval, lmg_shares, partial_correlations, regression_weights
from servicequality.stats.interrupted import difference_in_differences, interrupted_series
from servicequality.stats.intraclass import Intraclass, icc, icc_of_mean_squares, icc_oneway
from servicequality.stats.krippendorff import krippendorff_alpha
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
from servicequality.stats.partial_credit import agreement_weights
from servicequality.stats.planning import (
    allocated_n,
    clustered_n,
    mean_n,
    n_to_decide,
    net_n,
    proportion_n,
    smallest_detectable_change,
    target_verdict,
    two_proportion_n,
)
from servicequality.stats.positive import positive_mean_interval
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
from servicequality.stats.rate import poisson_rate_interval, quasi_poisson_factor, quasi_poisson_interval
from servicequality.stats.reliability import (
    alpha_if_dropped,
    alpha_se,
    combination_reliability,
    cronbach_alpha,
    difference_reliability,
    feldt_interval,
    guttman_lambda2,
    guttman_lambda6,
    item_rest_correlation,
    item_total_correlation,
    mean_inter_item_correlation,
    spearman_brown,
)
from servicequality.stats.rounding import largest_remainder, round_to_se
from servicequality.stats.sampling import (
    design_effect,
    kish_n_eff,
    poststratification_weights,
    ratio_se,
    stratified_mean,
)
from servicequality.stats.series import autoregression, event_shift_test, prewhitened_ccf
from servicequality.stats.shifts import brunner_munzel, hodges_lehmann
from servicequality.stats.spikes import nb_spike_threshold, nb_upper_tail, slot_baseline
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
from servicequality.stats.uptime import availability_interval, downtime, mtbf_interval, series_availability
from servicequality.stats.validity import (
    correlation_interval,
    end_shares,
    htmt,
    htmt_interval,
    htmt_limits,
    straight_lined,
)

__all__ = [
    "Agreement",
    "ApdexRating",
    "ControlLimits",
    "CrossProducts",
    "Funnel",
    "Intraclass",
    "OneFactor",
    "Shrunk",
    "Weights",
    "agreement_weights",
    "agresti_coull",
    "allocated_n",
    "alpha_if_dropped",
    "alpha_se",
    "amount_decision_limits",
    "anytime_mean_interval",
    "apdex_rating",
    "autoregression",
    "availability_interval",
    "benjamini_hochberg",
    "bin_values",
    "bounded_decision_limits",
    "bounded_mean_interval",
    "brennan_prediger",
    "brunner_munzel",
    "budget_spent",
    "budget_time",
    "burn_rate",
    "burn_threshold",
    "clopper_pearson",
    "clustered_n",
    "cohen_kappa",
    "combination_reliability",
    "composite_covariance",
    "correlation",
    "correlation_interval",
    "counts_of_pairs",
    "covariance",
    "cronbach_alpha",
    "cross_products",
    "cusum",
    "design_effect",
    "difference_in_differences",
    "difference_reliability",
    "direct_standardise",
    "dispersion",
    "downtime",
    "drain_quantile",
    "effective_number",
    "end_shares",
    "event_shift_test",
    "ewma",
    "ewma_width",
    "feldt_interval",
    "finite_population_factor",
    "finite_population_n",
    "fleiss_kappa",
    "fleiss_kappa_by_category",
    "float_bins",
    "funnel",
    "guttman_lambda2",
    "guttman_lambda6",
    "gwet_ac1",
    "gwet_ac2",
    "hodges_lehmann",
    "holm",
    "htmt",
    "htmt_interval",
    "htmt_limits",
    "hypergeometric_interval",
    "icc",
    "icc_of_mean_squares",
    "icc_oneway",
    "individuals_limits",
    "interrupted_series",
    "item_rest_correlation",
    "item_total_correlation",
    "jeffreys",
    "kish_n_eff",
    "kitagawa",
    "krippendorff_alpha",
    "largest_remainder",
    "lmg_interval",
    "lmg_shares",
    "log_rank",
    "log_rank_between",
    "log_ratio_interval",
    "manski_bounds",
    "manski_interval",
    "mantel_haenszel",
    "mcdonald_omega",
    "mean_inter_item_correlation",
    "mean_interval",
    "mean_n",
    "mean_se",
    "mover_difference",
    "mover_ratio",
    "moving_range",
    "mtbf_interval",
    "n_to_decide",
    "nb_spike_threshold",
    "nb_upper_tail",
    "net_decision_limits",
    "net_difference_interval",
    "net_difference_test",
    "net_interval",
    "net_n",
    "net_variance",
    "newcombe",
    "normal_mixture_bound",
    "omega_of_loadings",
    "one_factor",
    "p_from_limits",
    "partial_correlations",
    "percent_agreement",
    "poisson_rate_interval",
    "pool_strata",
    "positive_mean_interval",
    "poststratification_weights",
    "prewhitened_ccf",
    "proportion_interval",
    "proportion_n",
    "quantile_ranks",
    "quasi_poisson_factor",
    "quasi_poisson_interval",
    "rank_chances",
    "rate_limits",
    "rate_ratio_interval",
    "rate_ratio_test",
    "ratio_se",
    "regression_weights",
    "resampled_covariances",
    "robbins_interval",
    "round_to_se",
    "series_availability",
    "share_decision_limits",
    "share_limits",
    "shrink",
    "slope",
    "slot_baseline",
    "smallest_detectable_change",
    "spearman_brown",
    "squared_deviations",
    "straight_lined",
    "stratified_mean",
    "t_interval",
    "t_test",
    "target_verdict",
    "time_to_exhaust",
    "two_proportion_n",
    "wald",
    "welch_df",
    "welch_interval",
    "wilks_n",
    "wilson",
]
