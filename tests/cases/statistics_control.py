"""From the cases on charts, fairness and series to public calls: names are translated, nothing is computed here."""

from collections.abc import Callable, Sequence
from typing import Any

from cases.statistics import Numbers, Result
from servicequality import stats


def shown(limits: stats.ControlLimits) -> Result:
    return {"center": limits.centre, "lower": limits.low.tolist(), "upper": limits.high.tolist()}


def xmr(x: Numbers) -> Result:
    limits = stats.individuals_limits(x)
    return {**shown(limits), "mr_bar": limits.spread}


def p_chart(k: Numbers, n: Numbers) -> Result:
    return shown(stats.share_limits(k, n))


def laney_p(k: Numbers, n: Numbers) -> Result:
    limits = stats.share_limits(k, n, overdispersed=True)
    return {**shown(limits), "sigma_z": limits.spread}


def c_chart(c: Numbers) -> Result:
    limits = stats.rate_limits(c)
    return {"center": limits.centre, "lower": float(limits.low[0]), "upper": float(limits.high[0])}


def u_chart(c: Numbers, n: Numbers) -> Result:
    return shown(stats.rate_limits(c, n))


def ewma(x: Numbers, target: float, sigma: float, lam: float) -> Result:
    width = stats.ewma_width(sigma=sigma, weight=lam)
    return {
        "ewma": stats.ewma(x, target=target, sigma=sigma, weight=lam)[0].tolist(),
        "lower": target - width,
        "upper": target + width,
    }


def cusum(x: Numbers, target: float, k: float) -> Result:
    high, low = stats.cusum(x, target=target, slack=k)
    return {"high": high.tolist(), "low": low.tolist()}


def dispersion(counts: Numbers) -> Result:
    return dict(zip(("index", "chi2", "p"), stats.dispersion(counts), strict=True))


def funnel_binomial(k: Numbers, n: Numbers) -> Result:
    result = stats.funnel(k, n)
    return {"center": result.centre, "z": result.z.tolist(), "phi": result.phi, "lower": result.low.tolist()}


def betabinom_eb(k: Numbers, n: Numbers) -> Result:
    result = stats.shrink(k, n)
    return {"mean": result.mean, "estimates": result.estimates.tolist()}


def prewhitened_ccf(x: Numbers, y: Numbers, phi: Numbers, lags: Sequence[int]) -> Result:
    return {"ccf": stats.prewhitened_ccf(x, y, lags, phi=phi)[0].tolist()}


def event_shift_test(y: Numbers, events: Sequence[int], half: int) -> Result:
    effect, p = stats.event_shift_test(y, events, half=half)
    return {"effect": effect, "p": p}


ADAPTERS: dict[str, Callable[..., Any]] = {
    "betabinom_eb": betabinom_eb,
    "c_chart": c_chart,
    "cusum": cusum,
    "dispersion": dispersion,
    "event_shift_test": event_shift_test,
    "ewma": ewma,
    "funnel_binomial": funnel_binomial,
    "laney_p": laney_p,
    "p_chart": p_chart,
    "prewhitened_ccf": prewhitened_ccf,
    "u_chart": u_chart,
    "xmr": xmr,
}
