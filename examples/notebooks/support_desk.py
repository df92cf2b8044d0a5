# %% [markdown]
# # A support desk in half an hour
#
# From the tables of a help desk to the questions that people ask of it. Open this file in VS Code or Spyder, in Jupyter with
# jupytext, or turn it into a marimo notebook with `marimo convert`. Each cell shows its last line.

# %%
from datetime import UTC, datetime

import polars as pl

import servicequality as sq
from servicequality import report
from servicequality.comparison import funnel
from servicequality.control import xmr
from servicequality.datasets import service_desk_with_truth
from servicequality.sla import due_clocks

desk, truth = service_desk_with_truth(1_500, seed=1)
desk

# %% [markdown]
# ## Can the data be trusted?
#
# `check` counts what is wrong or missing, and tries the conservation laws: tickets opened less closed are tickets open.

# %%
sq.check(desk, as_of=truth.as_of, paused=("hold",))

# %% [markdown]
# ## One row a ticket
#
# `facts` turns messages and status changes into one row a ticket, as it was known at `as_of`. What follows is computed of it.

# %%
tickets = sq.facts(desk, as_of=truth.as_of, paused=("hold",)).collect()
sq.resolution_time()

# %%
sq.resolution_time().estimate(tickets)

# %%
metrics = [sq.ticket_volume(), sq.first_response_time(), sq.resolution_time(), sq.reopen_rate()]
report.show(sq.evaluate(tickets, metrics, by="channel"))

# %% [markdown]
# ## How long do people wait, and who waits still?
#
# A median of the closed tickets would leave out those that are open. The curve counts them as far as they have come.

# %%
report.show(report.survival_chart(tickets, sq.resolution_time()))

# %% [markdown]
# ## Are promises kept?

# %%
clocks = due_clocks(tickets, as_of=truth.as_of)
attainment = sq.evaluate(clocks, sq.sla_attainment(as_of=truth.as_of), by="priority")
report.show(report.attainment_chart(attainment))

# %%
card = sq.Scorecard([sq.Objective(sq.resolution_time(limit=72 * 3600), at_least=0.6, name="resolved in three days")])
report.show(card.evaluate(tickets, as_of=truth.as_of, at="created_at", timezone="Europe/Berlin"))

# %% [markdown]
# ## Is the backlog growing?

# %%
flow = sq.flow(tickets, every="1w", as_of=truth.as_of)
report.show(report.backlog_chart(flow))

# %%
report.show(report.time_chart(xmr(flow, "inflow", every="1w", baseline=12)))

# %% [markdown]
# ## Does an agent differ by more than chance?

# %%
agents = sq.evaluate(tickets.drop_nulls("agent_id"), sq.reopen_rate(), by="agent_id")
report.show(report.funnel_chart(funnel(agents, by="agent_id")))

# %% [markdown]
# ## Did April change anything?

# %%
april = datetime(2024, 4, 1, tzinfo=UTC)
before, after = tickets.filter(pl.col("created_at") < april), tickets.filter(pl.col("created_at") >= april)
changes = sq.compare(before, after, [sq.reopen_rate(), sq.resolution_time()], at="created_at")
report.show(report.change_chart(changes))

# %% [markdown]
# ## Hand it on
#
# CSV opens in a spreadsheet, whatever people typed into their tickets; JSON names its schema; Parquet keeps every type.

# %%
report.write(sq.evaluate(tickets, metrics, by="channel"), "channels.csv")
