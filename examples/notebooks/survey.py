# %% [markdown]
# # What customers say: NPS, CSAT and SERVQUAL
#
# Scores with their limits, over time and by group, and a SERVQUAL questionnaire down to what to mend first.

# %%
import polars as pl

import servicequality as sq
from servicequality import report
from servicequality.datasets import service_desk_with_truth, servqual_survey
from servicequality.servqual import SERVQUAL_1991, importance_performance, score

desk, truth = service_desk_with_truth(1_500, seed=1)
teams = desk.tickets.select("ticket_id", "team", "channel")
answers = desk.answers.join(teams, on="ticket_id", how="left").collect()
asked = {question: answers.filter(pl.col("question") == question) for question in ("nps", "csat")}
sq.nps()

# %% [markdown]
# ## One figure, with its doubt
#
# `missing` counts those who were asked and did not answer. They are not dissatisfied: nobody knows.

# %%
sq.nps().estimate(asked["nps"])

# %%
sq.csat(scale=(1, 5)).estimate(asked["csat"])

# %% [markdown]
# ## By team, and month by month

# %%
report.show(report.group_chart(sq.evaluate(asked["csat"], sq.csat(scale=(1, 5)), by="team")))

# %%
monthly = sq.evaluate(asked["nps"], sq.nps(), every="1mo", at="answered_at")
report.show(report.time_chart(monthly, every="1mo"))

# %% [markdown]
# ## SERVQUAL: expected less perceived
#
# The questionnaire is generated; yours has a row a respondent, and columns `E1…E22` and `P1…P22`.

# %%
scores = score(servqual_survey(200, seed=1), SERVQUAL_1991, importance="points_{}")
scores

# %%
report.show(report.dumbbell(scores.dimensions))

# %% [markdown]
# ## What to mend first
#
# What matters to customers and is done badly stands at the upper left.

# %%
dimensions = scores.dimensions.pivot("measure", index="dimension", values="value")
mapped = importance_performance(dimensions, performance="perception")
report.show(report.importance_performance_map(mapped, performance="perception"))
