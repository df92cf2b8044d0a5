# %% [markdown]
# # Is the service up, and how much may still fail?
#
# From a list of incidents to availability, an error budget and the alerts that say when to wake somebody.

# %%
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

import servicequality as sq
from servicequality import report
from servicequality.datasets import service_desk_with_truth

desk, truth = service_desk_with_truth(1_500, seed=1)
report.show(desk.incidents.head(5).collect())

# %% [markdown]
# ## Availability, from incidents
#
# `uptime` makes one row a service of a window: how long it was watched, and how long it was down.

# %%
since = datetime(2024, 1, 1, tzinfo=UTC)
periods = sq.uptime(desk, since=since, until=truth.as_of).collect()
report.show(periods)

# %%
sq.availability().estimate(periods)

# %%
report.show(sq.evaluate(periods, [sq.availability(), sq.mean_time_between_failures()]))

# %% [markdown]
# ## The error budget of requests
#
# A promise of 99.9 % allows one bad request in a thousand. The days below have one bad night. If they were the whole month, the
# budget would be overspent; of the 1.2 million requests that the month will have, a part of it is left.

# %%
objective = 0.999
start = datetime(2024, 6, 1, tzinfo=UTC)
hours = pl.datetime_range(start, start + timedelta(days=24), "6h", closed="left", eager=True)
rng = np.random.default_rng(3)
bad = rng.poisson(8, len(hours)) + np.where(np.arange(len(hours)) == 40, 250, 0)
requests = pl.DataFrame({"at": hours, "bad": bad, "total": [10_000] * len(hours)})
sq.error_budget(objective=objective).estimate(requests)

# %%
report.show(report.budget_chart(requests, objective=objective, expected=1_200_000))

# %% [markdown]
# ## When to wake somebody
#
# An alert fires where the budget burns too fast over a long window and still does over a short one.

# %%
as_of = start + timedelta(days=10, hours=12)
alerts = sq.tables.burn_alerts(requests, objective=objective, as_of=as_of)
report.show(alerts.select("alert", "value", "short", "threshold", "fires"))
