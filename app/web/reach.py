"""Whether requests for a model can be served here, and if not, why and what to use instead."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from app.catalog import lookup
from app.catalog.lookup import ModelPage, ModelSummary
from app.edge.context import now, parts
from app.gateway.offers import read_served
from app.gateway.providers import KEY_NAMES, set_up
from app.gateway.request import OPERATIONS, Operation
from app.gateway.routing import instead
from app.words import Mode

NEWER = 4


@dataclass(frozen=True)
class Reach:
    """
    `served`: a provider of the model is set up here. `unset`: one could be, with one of `keys`.

    `nobody`: the gateway knows no provider of it. `retired`: nobody serves it any more. For all but `served`,
    `instead` can be used on this server; `successors` are newer models of the same creator, wherever they run.
    """

    kind: Literal["served", "unset", "nobody", "retired"]
    keys: tuple[str, ...] = ()
    instead: tuple[ModelSummary, ...] = ()
    successors: tuple[ModelSummary, ...] = ()
    operations: tuple[Operation, ...] = OPERATIONS
    """What the examples show: of a served model only what can be asked for here."""
    in_playground: bool = False
    """Whether visitors without a key may try it."""


def reach(session: Session, model: ModelPage) -> Reach:
    """How things stand on this server."""
    providers = set_up(parts().settings)
    able = [offering for offering in model.offerings if offering.provider_model_id]
    operations = read_served(session, [model], providers).get(model.slug, ())
    if operations:
        is_free = model.demo or parts().settings.playground_daily_usd > 0
        return Reach("served", operations=operations, in_playground=is_free)
    keys = tuple(dict.fromkeys(KEY_NAMES[o.provider] for o in able if o.provider in KEY_NAMES))
    mode = model.modes[0] if model.modes else Mode.TEXT_TO_IMAGE
    return Reach(
        "retired" if model.status == "retired" else "unset" if keys else "nobody",
        keys,
        tuple(instead(session, model, mode, providers, now())),
        _successors(session, model),
    )


def _successors(session: Session, model: ModelPage) -> tuple[ModelSummary, ...]:
    """The latest first."""
    others = [
        other
        for other in lookup.models(session, now().date())
        if other.creator is not None
        and other.creator == model.creator
        and other.status == "active"
        and other.id != model.id
        and other.released
        and (model.released is None or other.released > model.released)
        and set(other.modes) & set(model.modes)
    ]
    others.sort(key=lambda other: (other.released or "", other.name), reverse=True)
    return tuple(others[:NEWER])
