"""The models that the playground draws with, and the reason why another is not among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from app.catalog.limits import largest_area
from app.catalog.lookup import ModelPage, ModelSummary
from app.catalog.pricing import MICROS, per_image
from app.gateway.errors import ModelNotFound
from app.gateway.generate import GatewayConfig, read_config
from app.gateway.offers import read_maskable, read_served
from app.gateway.playground import list_visitor_models
from app.gateway.providers.base import ImageProvider
from app.gateway.routing import find, instead
from app.settings import Settings
from app.web import facts
from app.web.availability import read_availability
from app.words import Mode

OTHERS = 3
WORDS = {
    "unset": "No provider of {name} is set up on this server.",
    "unpaid": "{name} costs money, and this playground has none to spend. The API has it, for those with a key.",
}


@dataclass(frozen=True)
class PlaygroundModels:
    """
    The models of the list by name, and the one to begin with; None where nothing is set up.

    `abilities` are the operations that each slug can be asked for here, `mask` among them for an edit with one.
    """

    config: GatewayConfig
    models: tuple[ModelSummary, ...]
    now: datetime
    abilities: Mapping[str, tuple[str, ...]]

    @property
    def first(self) -> str | None:
        """Return the gateway's default where visitors may draw with it, else a model that draws from text."""
        slugs = [model.slug for model in self.models if Mode.TEXT_TO_IMAGE in model.modes]
        return self.config.default_model if self.config.default_model in slugs else next(iter(slugs), None)

    def usd_from(self, model: ModelSummary) -> float | None:
        """Return the lowest price of one image at the providers set up here; None if unknown beforehand."""
        reached = [offering for offering in model.offerings if offering.provider in self.config.providers]
        biggest = largest_area(model.limits)
        priced = [per_image(price, biggest) for offering in reached for price in offering.prices]
        return min((micros / MICROS for micros in priced if micros is not None), default=None)


@dataclass(frozen=True)
class Absence:
    """A model that can't be drawn with here: why, and what can."""

    name: str
    reason: Literal["unknown", "retired", "unset", "unpaid"]
    words: str
    instead: tuple[ModelSummary, ...]


def read_playground_models(session: Session, settings: Settings, now: datetime) -> PlaygroundModels:
    """List what a visitor may pick at this moment."""
    able = read_config(settings)
    models = tuple(list_visitor_models(session, able, settings.playground_daily_usd, now))
    return PlaygroundModels(able, models, now, _read_abilities(session, models, able.providers))


def _read_abilities(
    session: Session, models: Sequence[ModelSummary], providers: Mapping[str, ImageProvider]
) -> dict[str, tuple[str, ...]]:
    maskable = read_maskable(session, models, providers)
    return {
        slug: (*operations, "mask") if "edit" in operations and slug in maskable else operations
        for slug, operations in read_served(session, models, providers).items()
    }


def find_or_explain(session: Session, name: str, among: PlaygroundModels) -> ModelSummary | Absence:
    """Find the model of a slug or alias, or why it is not in the list."""
    try:
        model = find(session, name, among.now).model
    except ModelNotFound as unknown:
        return Absence(name, "unknown", str(unknown), among.models[:OTHERS])
    listed = next((other for other in among.models if other.slug == model.slug), None)
    return listed or _absence(session, model, among)


def _absence(session: Session, model: ModelPage, among: PlaygroundModels) -> Absence:
    others = _others(session, model, among)
    here = read_availability(session, model)
    if here.kind == "retired" and model.sunset:
        words = f"{model.name} was retired on {facts.day(model.sunset)}; no provider serves it any more."
        return Absence(model.name, "retired", words, others)
    reason: Literal["unset", "unpaid"] = "unpaid" if here.kind == "served" else "unset"
    return Absence(model.name, reason, WORDS[reason].format(name=model.name), others)


def _others(session: Session, model: ModelPage, among: PlaygroundModels) -> tuple[ModelSummary, ...]:
    """List what the gateway itself would name instead, else the first of the list."""
    slugs = {
        other.slug for other in instead(session, model, Mode.TEXT_TO_IMAGE, among.config.providers, among.now)
    }
    return tuple(other for other in among.models if other.slug in slugs) or among.models[:OTHERS]
