"""Draw docs/assets/how-sure.svg: limits of small samples before and now beside the truth, and of those who answered.

Run: python tools/draw_limits.py. The picture is committed; a test draws it anew and compares.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from servicequality import stats
from servicequality.datasets import service_desk_with_truth

PICTURE = Path(__file__).parent.parent / "docs" / "assets" / "how-sure.svg"
SAMPLES, ANSWERS = 40, 5
LOW, HIGH, WIDTH, HEIGHT, LEFT, TOP = 1.0, 5.0, 250, 330, 30, 46


class Panel(NamedTuple):
    """Limits, one entry a sample, and what stands above them."""

    title: str
    low: np.ndarray
    mean: np.ndarray
    high: np.ndarray


def panels() -> tuple[float, list[Panel]]:
    """The mean score of all customers of the generated desk, and three views of it."""
    desk, truth = service_desk_with_truth(5_000, seed=1)
    everyone = truth.tickets.filter(pl.col("excluded").is_null())["csat"].drop_nulls().to_numpy().astype(np.float64)
    rng = np.random.default_rng(7)
    scores = rng.choice(everyone, (SAMPLES, ANSWERS))
    mean, variance = scores.mean(axis=1), scores.var(axis=1)
    before = stats.mean_interval(ANSWERS, mean, ANSWERS * variance)
    now = stats.bounded_mean_interval(ANSWERS, mean, ANSWERS * variance, low=LOW, high=HIGH)
    answered = (
        desk.answers.filter(pl.col("question") == "csat").collect()["score"].drop_nulls().to_numpy().astype(np.float64)
    )
    sizes = [50, 100, 200, 400, 800, len(answered)]
    growing = [rng.permutation(answered)[:n] for n in sizes]
    own = np.array([part.mean() for part in growing])
    spread = np.array([part.var() * len(part) for part in growing])
    limits = stats.bounded_mean_interval(sizes, own, spread, low=LOW, high=HIGH)
    return float(everyone.mean()), [
        Panel(f"before: {SAMPLES} samples of {ANSWERS} answers", before[0], mean, before[1]),
        Panel("now: the same samples", now[0], mean, now[1]),
        Panel(f"those who chose to answer: {sizes[0]} to {sizes[-1]:,}", limits[0], own, limits[1]),
    ]


def missed(truth: float, panel: Panel) -> np.ndarray:
    """Which limits do not hold the truth."""
    return (truth < panel.low) | (panel.high < truth)


def across(score: float) -> float:
    """Where a score stands within a panel."""
    return (min(max(score, LOW), HIGH) - LOW) / (HIGH - LOW) * WIDTH


def drawn(panel: Panel, truth: float, left: float) -> list[str]:
    """One panel: the truth as a line, each sample as its limits and its mean."""
    wrong, step = missed(truth, panel), HEIGHT / len(panel.mean)
    count = f"{wrong.sum()} of {len(wrong)} without the truth"
    lines = [
        f'  <text x="{left:.1f}" y="18" font-weight="bold">{panel.title}</text>',
        f'  <text x="{left:.1f}" y="36" fill="#555">{count}</text>',
        f'  <rect x="{left:.1f}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ddd"/>',
    ]
    for place, (low, mean, high, bad) in enumerate(zip(panel.low, panel.mean, panel.high, wrong, strict=True)):
        y, colour = TOP + (place + 0.5) * step, "#d62728" if bad else "#1f77b4"
        lines.append(
            f'  <line x1="{left + across(low):.1f}" x2="{left + across(high):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{colour}" stroke-width="2"/>'
            f'<circle cx="{left + across(mean):.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        )
    at = left + across(truth)
    lines.append(
        f'  <line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{TOP + HEIGHT}" stroke="#222" stroke-dasharray="6 4"/>'
    )
    lines += [
        f'  <text x="{left + across(score):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{score:g}</text>'
        for score in (1, 2, 3, 4, 5)
    ]
    return lines


def picture() -> str:
    """The SVG text."""
    truth, views = panels()
    width, height = LEFT + len(views) * (WIDTH + 30), TOP + HEIGHT + 50
    label = "Limits of a mean score beside the truth: before, now, and of those who chose to answer"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"',
        f'     role="img" aria-label="{label}">',
        f'  <rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for place, panel in enumerate(views):
        lines += drawn(panel, truth, LEFT + place * (WIDTH + 30))
    lines += [
        (
            f'  <text x="{LEFT}" y="{height - 8}" fill="#555">mean score from 1 to 5; dashed: the truth of all customers; '
            "red: limits that do not hold it</text>"
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
