"""A metric of one's own: the share of answers that ask for a call back, with limits, by channel and as mergeable states."""

import polars as pl

import servicequality as sq
from servicequality.columns import Flag, answered
from servicequality.report import table
from servicequality.shapes import Shape, share


@sq.define(
    title="Call-back rate", unit="share", better="lower", bounds=(0, 1), formula=r"\#\text{asked}/n", grain="answer"
)
def callback_rate(query: Flag = "asked") -> Shape:
    """Share of answers that ask to be called back."""
    return share(pl.col(query), of=answered(query))


def main() -> None:
    """Print the metric overall, by channel, and from two days' states."""
    answers = pl.DataFrame(
        {
            "channel": ["chat"] * 40 + ["email"] * 60,
            "asked": [True] * 6 + [False] * 34 + [True] * 21 + [False] * 35 + [None] * 4,
        }
    )
    metric = callback_rate()
    print(metric.estimate(answers), end="\n\n")
    print(table(sq.evaluate(answers, metric, by="channel")), end="\n\n")
    days = [metric.partial(answers[:30]), metric.partial(answers[30:])]
    print(table(metric.finish(metric.merge(days))))


if __name__ == "__main__":
    main()
