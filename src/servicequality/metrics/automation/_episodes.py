"""Row rules over episodes: which enter a rate, which wait until they are old enough, what silence says."""

from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import Literal, get_args

import polars as pl

from servicequality.checks import choice
from servicequality.columns import answered
from servicequality.errors import ParameterError
from servicequality.shapes import Shape, attainment

Confirmed = Literal["required", "assumed"]
"""Whether the customer must say that it is solved, or silence is taken as the word."""

Estimate = Literal["matured", "bounds"]
"""What is done with episodes that are not over or not old enough."""

DAY = 86_400.0
WEEK = 7 * DAY

_LATER = "with something that came later than they were watched"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cohort:
    """The episodes of a rate.

    Attributes:
        known: row rule: everything that the rate reads is there.
        eligible: row rule: the ticket is not excluded.
        ended: row rule: the episode is over.
        belongs: row rule: it stands in the denominator, if it ends as it is now.
        stays: row rule: it stands there whatever comes.
        refused: row rules of rows that cannot be.
    """

    known: pl.Expr
    eligible: pl.Expr
    ended: pl.Expr
    belongs: pl.Expr
    stays: pl.Expr
    refused: dict[str, pl.Expr]

    @property
    def ineligible(self) -> pl.Expr:
        """Row rule: the ticket is excluded."""
        return (~self.eligible).fill_null(value=False)

    @property
    def left_out(self) -> pl.Expr:
        """Row rule: the episode stands in no denominator of the rate."""
        return self.ineligible | (self.known & self.ended & ~self.belongs)

    def judged(self, mature: pl.Expr | None = None) -> pl.Expr:
        """Row rule: the episode is over, and old enough."""
        ripe = self.known & self.eligible & self.ended & self.belongs
        return ripe if mature is None else ripe & mature

    def waiting(self, mature: pl.Expr | None = None) -> pl.Expr:
        """Row rule: the episode is not over, or not old enough."""
        young = ~self.ended if mature is None else ~self.ended | (self.belongs & ~mature)
        return self.known & self.eligible & young

    def rate(
        self,
        hit: pl.Expr,
        *,
        mature: pl.Expr | None = None,
        sure: pl.Expr | None = None,
        lost: pl.Expr | None = None,
        estimate: Estimate = "matured",
    ) -> Shape:
        """Share of the episodes for which `hit` holds once they are over and old enough.

        Args:
            hit: row rule of success.
            mature: row rule: old enough to be judged; None asks only for the end.
            sure: row rule: it will be a hit, whatever comes.
            lost: row rule: it cannot be a hit any more, whatever comes.
            estimate: `matured` judges those that are old enough, chosen by date and never by outcome; `bounds` gives limits
                over every way in which the others can end.
        """
        choice("estimate", estimate, get_args(Estimate))
        judged, waiting = self.judged(mature), self.waiting(mature)
        unknown = ~self.known & ~self.ineligible
        nothing = pl.lit(value=False) & self.known
        sure, lost = (nothing if rule is None else rule for rule in (sure, lost))
        shape: Shape
        if estimate == "matured":
            shape = attainment(
                hit,
                of=judged,
                pending=waiting,
                unknown=unknown,
                early_met=waiting & sure & self.stays,
                early_missed=waiting & lost & self.stays,
                doomed=waiting & lost & ~self.stays,
            )
        else:
            settled = self.stays & (sure | lost)
            met = (judged & hit) | (waiting & self.stays & sure)
            shape = attainment(met, of=judged | waiting, pending=waiting & ~settled, unknown=unknown, bounds_only=True)
        return replace(shape.excluding(self.left_out), refused=self.refused)


def cohort(
    eligible: str,
    observed: str,
    *read: str,
    belongs: pl.Expr | None = None,
    stays: pl.Expr | None = None,
    returning: tuple[str, str, str] | None = None,
) -> Cohort:
    """The episodes that are known, and the part of them that a rate is over.

    Args:
        eligible: column that says whether the ticket counts.
        observed: column that says whether the episode is over.
        read: the columns without which nothing can be said.
        belongs: row rule of the denominator; all eligible episodes by default.
        stays: row rule of those that stay in it; those that belong by default.
        returning: columns of the time from the end to the next start, whether that came, and the time since the end: they
            are read where the rate has a window.
    """
    ended = pl.col(observed)
    known = reduce(and_, map(answered, (eligible, observed, *read)))
    refused = {}
    if returning is not None:
        known = known & (~ended | reduce(and_, map(answered, returning)))
        refused[_LATER] = pl.col(returning[0]) > pl.col(returning[2])
    everyone = pl.col(eligible) if belongs is None else belongs
    return Cohort(
        known=known,
        eligible=pl.col(eligible),
        ended=ended,
        belongs=everyone,
        stays=everyone if stays is None else stays,
        refused=refused,
    )


def involved(bot_replies: str, handed: str) -> pl.Expr:
    """Row rule: a bot replied or handed over."""
    return (pl.col(bot_replies) > 0) | pl.col(handed)


def autonomous(bot_replies: str, human_replies: str, handed: str, ended_by: str) -> pl.Expr:
    """Row rule: a bot replied, nobody was handed the episode, and no person replied or ended it."""
    alone = (pl.col(human_replies) == 0) & ~pl.col(handed) & pl.col(ended_by).cast(pl.String).ne_missing("human")
    return (pl.col(bot_replies) > 0) & alone


def within(seconds: str, observed: str, window: float) -> pl.Expr:
    """Row rule: it came in (0, window] after the end."""
    return (pl.col(observed) & (pl.col(seconds) > 0) & (pl.col(seconds) <= window)).fill_null(value=False)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Resolution:
    """What a bot resolved alone.

    Attributes:
        good: row rule: the bot resolved it, and it held.
        lost: row rule: it did not, whatever comes.
        age: seconds after the end at which an episode is judged; None judges at the end.
        timed: the columns of the time after the end, where they are read.
    """

    good: pl.Expr
    lost: pl.Expr
    age: float | None
    timed: tuple[str, str, str] | None

    def mature(self) -> pl.Expr | None:
        """Row rule: the end lies so long ago."""
        return None if self.age is None or self.timed is None else pl.col(self.timed[2]) >= self.age


def resolution(
    alone: pl.Expr,
    word: str,
    requested: str,
    timed: tuple[str, str, str],
    *,
    confirmed: Confirmed,
    quiet: float | None,
    window: float | None = None,
    contacted: pl.Expr | None = None,
) -> Resolution:
    """What a bot resolved alone, and with `window` what held so long.

    Args:
        alone: row rule of `autonomous`.
        word: column of the customer's word.
        requested: column that says whether the customer asked for a person.
        timed: columns of the time from the end to the next start, whether that came, and the time since the end.
        confirmed: whether the word is required, or silence taken as one.
        quiet: how long silence must last; a day by default.
        window: how long no further episode may start.
        contacted: row rule of another ticket in the window.

    Raises:
        ParameterError: an unknown confirmation, a time that is not above 0, or a silence beside a required word.
    """
    choice("confirmed", confirmed, get_args(Confirmed))
    if confirmed == "required" and quiet is not None:
        raise ParameterError("quiet= is the silence of confirmed='assumed'; confirmed='required' takes none")
    pause = positive("quiet", DAY if quiet is None else quiet, "a day is 86_400") if confirmed == "assumed" else None
    wide = None if window is None else positive("window", window, "a week is 7 * 86_400")
    said = silent(word, requested) if pause is not None else pl.col(word).fill_null(value=False)
    age = max((span for span in (pause, wide) if span is not None), default=None)
    if age is None:
        return Resolution(good=alone & said, lost=~alone, age=None, timed=None)
    back = within(timed[0], timed[1], age)
    back = back if contacted is None else back | contacted
    return Resolution(good=alone & said & ~back, lost=~alone | back, age=age, timed=timed)


def silent(word: str, requested: str) -> pl.Expr:
    """Row rule: nothing that the customer said speaks against taking silence for a yes."""
    said = pl.col(word)
    unmet = pl.col(requested).fill_null(value=False) & ~said.fill_null(value=False)
    return said.fill_null(value=True) & ~unmet


def positive(name: str, seconds: float, example: str) -> float:
    """The number of seconds, if it is one.

    Raises:
        ParameterError: it is not above 0, or not finite.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise ParameterError(f"{name} must be a positive number of seconds, got {seconds!r}; {example}")
    return float(seconds)
