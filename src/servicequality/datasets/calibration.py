"""A generated calibration session: several reviewers rate the same tickets, and the truth is known."""

import numpy as np
import polars as pl

from servicequality.datasets.surveys import RUBRIC
from servicequality.errors import ParameterError

__all__ = ["calibration_reviews", "calibration_truth"]

# How often a rating is what the ticket deserves; otherwise it is drawn from the shares below, as by a reviewer who guesses.
CARE = {"solution": 0.9, "tone": 0.7, "process": 0.8, "privacy": 0.6}
FIVE_POINTS = np.array([0.05, 0.10, 0.20, 0.40, 0.25])
TWO_POINTS = np.array([0.05, 0.95])


def calibration_reviews(n_tickets: int = 120, *, seed: int = 0, reviewers: int = 3, gaps: float = 0.0) -> pl.DataFrame:
    """Reviews of the same tickets by several reviewers, one row a rated category, in the columns of `Review`.

    Each ticket deserves a rating in each category. A reviewer gives it with the category's care (0.9 for the solution, 0.6
    for privacy) and guesses otherwise, so that the true agreement beyond chance is care squared; `calibration_truth` has
    all of it. The same arguments give the same rows.

    Args:
        n_tickets: tickets in the session.
        seed: of the one random generator that everything is drawn from.
        reviewers: how many rate each ticket.
        gaps: share of ratings that are not given (N/A).

    Raises:
        ParameterError: Fewer than one ticket or two reviewers, or `gaps` outside 0 to 1.
    """
    if n_tickets < 1 or reviewers < 2 or not 0 <= gaps < 1:
        raise ParameterError(
            "a session needs a ticket, two reviewers and a share of gaps from 0 to below 1; "
            f"got n_tickets={n_tickets}, reviewers={reviewers}, gaps={gaps}"
        )
    rng = np.random.default_rng([seed, 3])
    ticket, reviewer = (part.ravel() for part in np.indices((n_tickets, reviewers)))
    tickets = pl.Series("ticket_id", [f"t-{place:04}" for place in range(n_tickets)])
    names = pl.Series("reviewer_id", [f"reviewer-{place + 1}" for place in range(reviewers)])
    parts = []
    for category, lowest, highest, weight, critical in RUBRIC:
        shares = _shares(lowest, highest)
        points = np.arange(lowest, highest + 1, dtype=np.float64)
        deserved = rng.choice(points, p=shares, size=n_tickets)[ticket]
        guessed = rng.choice(points, p=shares, size=ticket.size)
        given = np.where(rng.random(ticket.size) < CARE[category], deserved, guessed)
        missing = pl.Series(rng.random(ticket.size) < gaps)
        parts.append(
            pl.DataFrame(
                [
                    pl.Series("review_id", np.char.mod("c-%d", ticket * reviewers + reviewer)),
                    pl.repeat(category, ticket.size, eager=True).alias("category"),
                    pl.Series("rating", given).set(missing, None),
                    pl.repeat(float(lowest), ticket.size, eager=True).alias("scale_min"),
                    pl.repeat(float(highest), ticket.size, eager=True).alias("scale_max"),
                    tickets.gather(ticket),
                    names.gather(reviewer),
                    pl.repeat(weight, ticket.size, eager=True).alias("weight"),
                    pl.repeat(critical, ticket.size, eager=True).alias("critical"),
                ]
            )
        )
    return pl.concat(parts)


def calibration_truth() -> pl.DataFrame:
    """What is true of `calibration_reviews` without gaps, one row a category, whatever the number of reviewers.

    Columns `category`, `percent_agreement`, `gwet_ac1`, `brennan_prediger`, and `agreement_beyond_chance`: the value of
    Cohen's and Fleiss' kappa, of Krippendorff's alpha on every scale and of the intraclass correlation of one rating.
    """
    rows = []
    for category, lowest, highest, _, _ in RUBRIC:
        shares, points = _shares(lowest, highest), highest - lowest + 1
        both = CARE[category] ** 2
        agree = both + (1 - both) * float(shares @ shares)
        guess = float(shares @ (1 - shares)) / (points - 1)
        even = 1 / points
        rows.append((category, agree, (agree - guess) / (1 - guess), (agree - even) / (1 - even), both))
    columns = ["category", "percent_agreement", "gwet_ac1", "brennan_prediger", "agreement_beyond_chance"]
    return pl.DataFrame(rows, schema=columns, orient="row").sort("category")


def _shares(lowest: int, highest: int) -> np.ndarray:
    return TWO_POINTS if highest - lowest == 1 else FIVE_POINTS
