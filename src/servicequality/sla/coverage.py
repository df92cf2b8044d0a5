"""How many tickets each policy matches, and how many of them it decides."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl

from servicequality.checks import refusing_misfits
from servicequality.events import excluded_tickets
from servicequality.events.as_of import known_at, known_tickets, needed
from servicequality.model import Records
from servicequality.sla.candidates import History, statuses
from servicequality.sla.in_force import columns_of_policies, held, holds
from servicequality.sla.policy import Policy, read_policies
from servicequality.sla.promises import EXCLUDED

__all__ = ["policy_coverage"]


@refusing_misfits
def policy_coverage(
    records: Records,
    policies: Policy | Sequence[Policy],
    *,
    as_of: dt.datetime,
    excluded: tuple[str, ...] = EXCLUDED,
) -> pl.DataFrame:
    """How many tickets each policy matches as they were at `as_of`; a policy that matches none shows here.

    Columns, in the order of the policies: ``policy``; ``holds``, the tickets for which its condition and validity hold;
    ``applies``, those that no earlier policy has taken; ``tickets``, all that count. The last row, whose policy is
    null, holds the tickets that none applies to, which have no clocks.

    Args:
        records: the tickets, with the changes that the policies look at.
        policies: the policies in the order in which they are tried.
        as_of: the instant of knowledge, inclusive; with a time zone.
        excluded: reasons in the tickets' column `excluded`, or statuses, that leave a ticket out.

    Raises:
        ParameterError: As `clocks`.
        InputError: The records lack tickets.
    """
    known, tried, records = known_at(as_of), read_policies(policies), needed(records, "policy_coverage")
    policy_columns = columns_of_policies(tried, records)
    out = excluded_tickets(records, as_of=as_of, excluded=excluded)
    numbered = known_tickets(records, known).select("ticket_id", "_ticket", "_created")
    kept, left_out = pl.collect_all([numbered, out.select("ticket_id")])
    history = History(records=records, tickets=kept, as_of=as_of, known=known, ended=(), excluded=excluded)
    counted = kept.join(left_out, on="ticket_id", how="anti", maintain_order="left")["_ticket"].to_numpy()
    at = np.full(len(counted), known)
    columns = held(history, ["priority", *policy_columns], counted, at, statuses(history).collect())
    rows = columns.with_columns(_at=pl.Series(at))
    matched = rows.with_columns(holds(policy).alias(f"_{number}") for number, policy in enumerate(tried))
    held_for = matched.select(f"_{number}" for number in range(len(tried))).to_numpy()
    first = np.where(held_for.any(axis=1), held_for.argmax(axis=1), len(tried))
    return pl.DataFrame(
        {
            "policy": [*(policy.name for policy in tried), None],
            "holds": [*held_for.sum(axis=0).tolist(), int((first == len(tried)).sum())],
            "applies": np.bincount(first, minlength=len(tried) + 1),
            "tickets": [len(counted)] * (len(tried) + 1),
        },
        schema={"policy": pl.String, "holds": pl.Int64, "applies": pl.Int64, "tickets": pl.Int64},
    )
