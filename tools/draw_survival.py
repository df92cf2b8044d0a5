"""Draw docs/assets/open-tickets.svg: the truth of the generated desk, Kaplan-Meier beside it, and closed tickets alone.

Run: python tools/draw_survival.py. The picture is committed; a test draws it anew and compares.
"""

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

import servicequality as sq
from servicequality.datasets import service_desk_with_truth
from servicequality.stats.survival import kaplan_meier, risk_table
from servicequality.stats.survival_loglog import band

PICTURE = Path(__file__).parent.parent / "docs" / "assets" / "open-tickets.svg"
DAYS, WIDTH, HEIGHT, LEFT, TOP = 7.0, 640, 300, 60, 20


def curves() -> dict[str, tuple[np.ndarray, ...]]:
    """Share still unresolved, by days since creation, of the tickets of the last two weeks: three views of one fact."""
    desk, truth = service_desk_with_truth(5_000, seed=1)
    young = pl.col("created_at").is_between(truth.as_of - timedelta(days=14), truth.as_of)
    facts = sq.facts(desk, as_of=truth.as_of, paused=("hold",)).filter(young).collect()
    days, seen = facts["resolution_seconds"].to_numpy() / 86_400, facts["resolution_observed"].to_numpy()
    whole = truth.tickets.filter(young, pl.col("excluded").is_null())
    lived = (whole["resolved_at"] - whole["created_at"]).dt.total_seconds().to_numpy() / 86_400
    table = risk_table(days, seen)
    curve = kaplan_meier([0, len(table.time)], table.time, table.events, table.censored)
    low, high = band(curve.survival, curve.se, np.float64(1.959963984540054))
    return {
        "truth": (np.sort(lived), 1 - np.arange(1, len(lived) + 1) / len(lived)),
        "Kaplan-Meier": (curve.time, curve.survival, low, high),
        "closed tickets alone": (np.sort(days[seen]), 1 - np.arange(1, seen.sum() + 1) / seen.sum()),
    }


def place(at: float, share: float) -> str:
    """A point of the picture."""
    return f"{LEFT + at / DAYS * WIDTH:.1f},{TOP + (1 - share) * HEIGHT:.1f}"


def steps(at: np.ndarray, share: np.ndarray) -> str:
    """Points of a falling step function; steps closer than a pixel are one."""
    points, last, drawn = [place(0, 1)], 1.0, 0.0
    for t, s in zip(at[at <= DAYS], share[at <= DAYS], strict=True):
        if (t - drawn) / DAYS * WIDTH < 1 and t < at[at <= DAYS][-1]:
            continue
        points += [place(t, last), place(t, s)]
        last, drawn = s, t
    return " ".join([*points, place(DAYS if at[-1] > DAYS else min(DAYS, at[-1]), last)])


def picture() -> str:
    """The SVG text."""
    message = "Share of tickets not yet resolved: Kaplan-Meier follows the truth, closed tickets alone lie far below it"
    view = f"0 0 {LEFT + WIDTH + 20} {TOP + HEIGHT + 50}"
    result = curves()
    km = result["Kaplan-Meier"]
    hull = f"{steps(km[0], km[3])} {' '.join(reversed(steps(km[0], km[2]).split()))}"
    looks = {
        "truth": ('stroke="#222" stroke-width="2.5" stroke-dasharray="6 4"', "the truth, known only later"),
        "Kaplan-Meier": ('stroke="#1f77b4" stroke-width="2.5"', "Kaplan-Meier, open tickets counted"),
        "closed tickets alone": ('stroke="#d62728" stroke-width="2.5"', "closed tickets alone"),
    }
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" font-family="sans-serif" font-size="13" role="img"',
        f'     aria-label="{message}">',
        f'  <rect width="{LEFT + WIDTH + 20}" height="{TOP + HEIGHT + 50}" fill="#ffffff"/>',
        '  <g stroke="#ddd">',
        *(
            f'    <line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{TOP + HEIGHT * i / 4:g}" y2="{TOP + HEIGHT * i / 4:g}"/>'
            for i in range(5)
        ),
        '  </g>\n  <g fill="#222" text-anchor="end">',
        *(f'    <text x="{LEFT - 8}" y="{TOP + HEIGHT * i / 4 + 4:g}">{100 - 25 * i}%</text>' for i in range(5)),
        '  </g>\n  <g fill="#222" text-anchor="middle">',
        *(
            f'    <text x="{LEFT + WIDTH * day / DAYS:.1f}" y="{TOP + HEIGHT + 20}">{day}</text>'
            for day in range(int(DAYS) + 1)
        ),
        f'    <text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 40}">days since the ticket was created</text>\n  </g>',
        f'  <polygon points="{hull}" fill="#1f77b4" fill-opacity="0.15"/>',
        *(
            f'  <polyline points="{steps(result[name][0], result[name][1])}" fill="none" {look}/>'
            for name, (look, _) in looks.items()
        ),
        *(
            f'  <line x1="400" x2="430" y1="{40 + 22 * i}" y2="{40 + 22 * i}" {look}/>'
            f'<text x="438" y="{44 + 22 * i}" fill="#222">{name}</text>'
            for i, (look, name) in enumerate(looks.values())
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
