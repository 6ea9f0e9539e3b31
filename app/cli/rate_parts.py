"""Tells people and programs what the intervals of `arena rate` are made of."""

from typing import Any

import click

from app.cli.rate_support import FileSupport
from app.elo_scale import ELO_PER_LOGIT, PARTS, REMEDIES
from app.ratings.board import Ratings
from app.ratings.components import VarianceComponent


def document(ratings: Ratings, models: list[str]) -> dict[str, Any] | None:
    """Return the components in Elo points, and each model's half-width by part; None for a method without any."""
    if ratings.interval == "none":
        return None
    known, spread = ratings.known, ratings.spread
    return {
        "spread": spread and {"sd": _elo(spread.sd**2), "error": _elo(spread.error**2)},
        "prompts": _component(None if known.prompts is None else known.prompts.common),
        "voters": _component(None if known.voters is None else known.voters.taste),
        "pairs": _component(known.pairs),
        "half_widths": {name: _half_widths(ratings, i) for i, name in enumerate(models)},
    }


def print_model(name: str, model: int, ratings: Ratings, support: FileSupport) -> None:
    """Print what makes one model's interval as wide as it is."""
    low, high = float(ratings.low[model]), float(ratings.high[model])
    click.echo(
        f"\n{name}: {ratings.rating[model]:.0f}, {low:.0f} to {high:.0f}; ± {(high - low) / 2:.0f} is made of"
    )
    parts = _half_widths(ratings, model)
    for part in PARTS:
        click.echo(f"  {part:<8} ± {parts[part]:>5.1f}  {_describe_part(part, ratings)}")
    remedy = REMEDIES[support.first_remedy(max(PARTS, key=parts.__getitem__))]
    click.echo(f"The squares of these add up. For this model {remedy} would help most.")


def describe_interval(ratings: Ratings) -> str:
    """Say what the intervals know that votes share."""
    if ratings.interval == "none":
        return "no intervals: the order decides"
    shared = {"prompts": ratings.known.prompts, "voters": ratings.known.voters}
    known = " and ".join(name for name, found in shared.items() if found is not None)
    return f"intervals know that votes share {known}" if known else "intervals of the votes"


def _describe_part(part: str, ratings: Ratings) -> str:
    known, spread = ratings.known, ratings.spread
    if part == "votes":
        return "" if spread is None else f"strengths lie within {_elo(spread.sd**2):.0f} Elo (SD) of the middle"
    components = {
        "prompts": None if known.prompts is None else known.prompts.common,
        "voters": None if known.voters is None else known.voters.taste,
        "pairs": known.pairs,
    }
    component = components[part]
    if component is None:
        return "unknown"
    kind = {"prompts": "a prompt", "voters": "a voter", "pairs": "a pair"}[part]
    return f"{kind} differs by {component.elo:.0f} ± {component.elo_error:.0f} Elo (SD), from {component.clusters}"


def _component(component: VarianceComponent | None) -> dict[str, float] | None:
    if component is None:
        return None
    return {"sd": component.elo, "error": component.elo_error, "clusters": component.clusters}


def _half_widths(ratings: Ratings, model: int) -> dict[str, float]:
    return dict(zip(PARTS, ratings.half_widths[model].tolist(), strict=True))


def _elo(variance: float) -> float:
    return float(ELO_PER_LOGIT * variance**0.5)
