"""What the intervals of `arena rate` are made of, for people and for programs."""

from typing import TYPE_CHECKING, Any

import click

from app.elo_scale import ELO_PER_LOGIT, Z_95

if TYPE_CHECKING:
    from app.ratings.board import Ratings
    from app.ratings.components import VarianceComponent

FEW_VOTERS = 6
FEW_PROMPTS = 3
PARTS = ("votes", "prompts", "voters", "pairs")
REMEDIES = {
    "votes": "more votes",
    "prompts": "more prompts",
    "voters": "more voters",
    "pairs": "more even pairing",
}


def document(ratings: "Ratings", models: list[str]) -> dict[str, Any] | None:
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


def print_model(name: str, model: int, ratings: "Ratings") -> None:
    """Print what makes one model's interval as wide as it is."""
    low, high = float(ratings.low[model]), float(ratings.high[model])
    click.echo(
        f"\n{name}: {ratings.rating[model]:.0f}, {low:.0f} to {high:.0f}; ± {(high - low) / 2:.0f} is made of"
    )
    parts = _half_widths(ratings, model)
    for part in PARTS:
        click.echo(f"  {part:<8} ± {parts[part]:>5.1f}  {_said(part, ratings)}")
    largest = max(PARTS, key=parts.__getitem__)
    click.echo(f"The squares of these add up. For this model {REMEDIES[largest]} would help most.")


def describe_interval(ratings: "Ratings") -> str:
    """Say what the intervals know that votes share."""
    if ratings.interval == "none":
        return "no intervals: the order decides"
    shared = {"prompts": ratings.known.prompts, "voters": ratings.known.voters}
    known = " and ".join(name for name, found in shared.items() if found is not None)
    return f"intervals know that votes share {known}" if known else "intervals of the votes"


def rests_on(ratings: "Ratings") -> list[str]:
    """Return sentences for a board that rests on few voters or few prompts."""
    found, voters, prompts = [], ratings.known.voters, ratings.known.prompts
    if voters is not None and voters.count < FEW_VOTERS:
        people, whose = (
            ("one voter", "that person's") if voters.count == 1 else (f"{voters.count} voters", "their")
        )
        found.append(f"The board rests on {people}: it is {whose} taste.")
        found.append(f"Over all models {REMEDIES[_largest(ratings)]} would help most.")
    if prompts is None and ratings.interval == "vote" and ratings.parts.prompts.size:
        found.append(f"With fewer than {FEW_PROMPTS} prompts the intervals are about these prompts alone.")
    return found


def _said(part: str, ratings: "Ratings") -> str:
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


def _component(component: "VarianceComponent | None") -> dict[str, float] | None:
    if component is None:
        return None
    return {"sd": component.elo, "error": component.elo_error, "clusters": component.clusters}


def _half_widths(ratings: "Ratings", model: int) -> dict[str, float]:
    return {part: Z_95 * _elo(max(0.0, float(getattr(ratings.parts, part)[model]))) for part in PARTS}


def _largest(ratings: "Ratings") -> str:
    """Name the part that makes the intervals of all models wide."""
    return max(PARTS, key=lambda part: float(getattr(ratings.parts, part).sum()))


def _elo(variance: float) -> float:
    return float(ELO_PER_LOGIT * variance**0.5)
