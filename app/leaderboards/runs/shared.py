"""The uncertainty's components as a run stores them; a mode's other boards borrow those of its overall run."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.ratings.board import Ratings
from app.ratings.components import VarianceComponent
from app.ratings.prompts import PromptEffect
from app.ratings.spread import Spread
from app.ratings.voters import Voters

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SharedComponents:
    """
    Components of the overall run that the other boards use.

    `prompts` and `within` (of categories) have a variance and an error per model id. None where a component is
    unknown: fewer than three competitions, no category with two, no votes with voters.
    """

    dispersion: float
    prompts: dict[str, Any] | None
    within: dict[str, Any] | None
    taste: VarianceComponent | None
    spread: Spread | None = None

    def prompts_of(self, model_ids: Ids, *, within: bool = False) -> PromptEffect | None:
        """Pick the prompts' effect on a board's models, from within categories if asked and known."""
        stored = (self.within if within else None) or self.prompts
        if stored is None:
            return None
        common = VarianceComponent(*stored["common"])
        pairs = [stored["models"].get(str(model), stored["common"][:2]) for model in model_ids.tolist()]
        variance, error = np.array(pairs, dtype=float).reshape(-1, 2).T
        return PromptEffect(variance, error, common)


def read_shared(parts: dict[str, Any] | None) -> SharedComponents | None:
    """Read the components that an overall run stored; None for a run of method version 1."""
    if parts is None:
        return None
    taste = parts["voters"] and VarianceComponent(*parts["voters"]["taste"])
    spread = None if parts["spread"]["sd"] is None else Spread(**parts["spread"])
    return SharedComponents(parts["spread"]["dispersion"], parts["prompts"], parts["within"], taste, spread)


def read_difference(parts: dict[str, Any] | None) -> VarianceComponent | None:
    """Read how much a question's ratings differ from those of `better`; None where its run borrowed nothing."""
    stored = (parts or {}).get("difference")
    return stored and VarianceComponent(*stored)


def describe_parts(
    ratings: Ratings, model_ids: Ids, dispersion: float, within: PromptEffect | None, voted: dict[str, Any] | None
) -> dict[str, Any]:
    """Describe a run: variances in squared logits, half-widths per model by part in Elo points."""
    known, spread = ratings.known, ratings.spread
    return {
        "spread": {
            "sd": None if spread is None else spread.sd,
            "error": None if spread is None else spread.error,
            "dispersion": dispersion,
        },
        "prompts": _prompts(known.prompts, model_ids),
        "within": _prompts(within, model_ids),
        "voters": None if known.voters is None else _voters(known.voters, model_ids) | (voted or {}),
        "pairs": known.pairs and _component(known.pairs),
        "models": _half_widths(ratings, model_ids),
    }


def read_voters(stored: dict[str, Any] | None, model_ids: Ids) -> Voters | None:
    """Read what a run was given of its voters; None for nothing."""
    if stored is None:
        return None
    weights = np.array([stored["weights"].get(str(model), 0.0) for model in model_ids.tolist()], dtype=float)
    return Voters(VarianceComponent(*stored["taste"]), weights, stored["count"])


def _component(found: VarianceComponent) -> list[float]:
    return [found.variance, found.error, found.clusters]


def _prompts(effect: PromptEffect | None, model_ids: Ids) -> dict[str, Any] | None:
    if effect is None:
        return None
    pairs = zip(effect.variance.tolist(), effect.error.tolist(), strict=True)
    return {
        "common": _component(effect.common),
        "models": dict(zip(map(str, model_ids.tolist()), map(list, pairs), strict=True)),
    }


def _voters(voters: Voters, model_ids: Ids) -> dict[str, Any]:
    weights = dict(zip(map(str, model_ids.tolist()), voters.weights.tolist(), strict=True))
    return {"taste": _component(voters.taste), "count": voters.count, "weights": weights}


def _half_widths(ratings: Ratings, model_ids: Ids) -> dict[str, list[float]]:
    return dict(zip(map(str, model_ids.tolist()), ratings.half_widths.tolist(), strict=True))
