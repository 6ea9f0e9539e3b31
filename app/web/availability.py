"""The availability of a model: whether it can be used on this server, if not why, and what could replace it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from app.catalog import lookup
from app.catalog.lookup import ModelPage, ModelSummary
from app.edge.context import now, parts
from app.gateway.offers import list_askable, read_served
from app.gateway.providers import KEY_NAMES, set_up
from app.gateway.request import OPERATIONS, Operation
from app.gateway.routing import instead, servable
from app.leaderboards.views.boards import BoardStanding
from app.words import Mode

NEWER = 4
NEAREST = 4


@dataclass(frozen=True)
class NearModel:
    """A model that can be used here in place of another, and how it compares: `rated higher and cheaper`."""

    model: ModelSummary
    comparison: str


@dataclass(frozen=True)
class Availability:
    """
    Tell whether a model can be used on this server, and what to use in its place.

    `served`: a provider of the model is set up here. `unset`: one could be, with one of `keys`.
    `nobody`: the gateway knows no provider of it. `retired`: nobody serves it any more. For all but `served`,
    `instead` can be used on this server; `successor` is what the maker names, `newer` are later models of the same
    creator, wherever they run.
    """

    kind: Literal["served", "unset", "nobody", "retired"]
    keys: tuple[str, ...] = ()
    instead: tuple[ModelSummary, ...] = ()
    successor: ModelSummary | None = None
    newer: tuple[ModelSummary, ...] = ()
    operations: tuple[Operation, ...] = OPERATIONS
    """What the examples show: of a served model only what can be asked for here."""
    in_playground: bool = False
    """True where visitors without a key may try it."""


def read_availability(session: Session, model: ModelPage) -> Availability:
    """Read whether a model can be used on this server, and what could replace it where it can't."""
    providers = set_up(parts().settings)
    operations = read_served(session, [model], providers).get(model.slug, ())
    if operations:
        is_free = model.demo or parts().settings.playground_daily_usd > 0
        return Availability("served", operations=operations, in_playground=is_free)
    keys = tuple(KEY_NAMES[provider] for provider in list_askable(session, model) if provider in KEY_NAMES)
    everything = lookup.models(session, now().date())
    successor = next((other for other in everything if model.successor in (other.slug, *other.aliases)), None)
    return Availability(
        "retired" if model.status == "retired" else "unset" if keys else "nobody",
        keys,
        tuple(instead(session, model, _mode(model), providers, now())),
        successor,
        tuple(other for other in _newer(model, everything) if other != successor)[:NEWER],
    )


def near_models(session: Session, model: ModelPage, standings: Iterable[BoardStanding]) -> tuple[NearModel, ...]:
    """Find real models of the same mode that this server can serve and that are rated higher or cheaper."""
    if model.demo:
        return ()
    rating = {row.model_id: row.rating for row in standings if row.rank is not None}
    here = servable(session, set_up(parts().settings), now(), _mode(model))
    compared = [(_comparison(model, other, rating), other) for other in here if not other.demo]
    near = [NearModel(other, " and ".join(words)) for words, other in compared if words and other.id != model.id]
    near.sort(key=lambda one: (" and " not in one.comparison, -rating.get(one.model.id, 0), one.model.slug))
    return tuple(near[:NEAREST])


def _comparison(model: ModelPage, other: ModelSummary, rating: dict[int, float]) -> Sequence[str]:
    is_better = model.id in rating and rating.get(other.id, 0) > rating[model.id]
    ours, theirs = model.price_from, other.price_from
    is_cheaper = ours is not None and theirs is not None and theirs.micros < ours.micros
    return [word for word, holds in (("rated higher", is_better), ("cheaper", is_cheaper)) if holds]


def _mode(model: ModelPage) -> str:
    return model.modes[0] if model.modes else Mode.TEXT_TO_IMAGE


def _newer(model: ModelPage, everything: Iterable[ModelSummary]) -> list[ModelSummary]:
    """List later models of the same creator, the latest first."""
    others = [
        other
        for other in everything
        if other.creator is not None
        and other.creator == model.creator
        and other.status == "active"
        and other.id != model.id
        and other.released
        and (model.released is None or other.released > model.released)
        and set(other.modes) & set(model.modes)
    ]
    return sorted(others, key=lambda other: (other.released or "", other.name), reverse=True)
