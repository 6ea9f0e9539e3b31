"""Prepares a request: cleans its inputs, chooses the model, and plans it for every offering that can serve it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import inf

from sqlalchemy.orm import Session

from app.catalog.lookup import ModelSummary
from app.database.doors import Database
from app.gateway.adjustments import Adjustment
from app.gateway.costs import Cost
from app.gateway.errors import GatewayError, InvalidParameter, ModelUnavailable, PriceUnknown, UnsupportedMode
from app.gateway.inputs import clean_inputs
from app.gateway.money import Payer
from app.gateway.normalize import ChosenDefault, RequestPlan, read_defaults
from app.gateway.offers import read_served
from app.gateway.providers.base import ImageProvider
from app.gateway.request import ImageRequest
from app.gateway.routing import Target, find, route, servable

NOUNS = {"edit": "edit images", "variation": "make variations"}


@dataclass(frozen=True)
class PreparedRequest:
    """A request that can be carried out: its inputs are clean, and `plans` has the best offering first."""

    request: ImageRequest
    model_id: int
    plans: tuple[RequestPlan, ...]
    adjustments: tuple[Adjustment, ...]
    """What was changed before any provider was chosen."""
    queue_seconds: float = 0.0
    """How long it waited for its place."""


@dataclass(frozen=True)
class CostEstimate:
    """The estimate for the offering that a request would go to first; `cost` is None where no price is known."""

    model: str
    provider: str
    cost: Cost | None
    adjustments: tuple[Adjustment, ...]
    defaults: tuple[ChosenDefault, ...] = ()


@dataclass(frozen=True)
class GatewayConfig:
    """The parts that an installation makes images with; times in seconds."""

    providers: Mapping[str, ImageProvider]
    default_model: str
    seconds: float = 300
    link_seconds: int = 3600
    queue_seconds: float = 60


def prepare(
    database: Database, request: ImageRequest, config: GatewayConfig, payer: Payer, *, now: datetime
) -> PreparedRequest:
    """Make the inputs ready and choose the offerings. Raises a GatewayError for what can't be carried out."""
    request, natural, scaled = clean_inputs(request)
    changed = (*scaled, *_note_partial_images(request))
    with database.reading() as session:
        target, plans = _choose_route(session, request, config, natural, now)
    return PreparedRequest(request, target.model.id, _payable(plans, payer), changed)


def estimate(database: Database, request: ImageRequest, config: GatewayConfig, *, now: datetime) -> CostEstimate:
    """Tell the cost and make nothing. Raises what `prepare` raises."""
    prepared = prepare(database, request, config, Payer("estimate"), now=now)
    plan = prepared.plans[0]
    changed = (*prepared.adjustments, *plan.adjustments)
    defaults = read_defaults(request, plan)
    return CostEstimate(plan.offering.key.partition("/")[2], plan.offering.provider, plan.cost, changed, defaults)


def _choose_route(
    session: Session, request: ImageRequest, config: GatewayConfig, natural: Fraction, now: datetime
) -> tuple[Target, list[RequestPlan]]:
    """
    Choose the model that was named; else the default one, or the first that can do the operation.

    The painter's models come before others, which cost money, and the cheaper before the dearer.
    """

    def routed(name: str) -> tuple[Target, list[RequestPlan]]:
        target = find(session, name, now, config.providers)
        return target, route(session, target, request, config.providers, now=now, natural=natural)

    if request.model or request.operation == "generation":
        return routed(request.model or config.default_model)
    models = servable(session, config.providers, now)
    served = read_served(session, models, config.providers)
    able = [model for model in models if request.operation in served[model.slug]]
    able.sort(key=lambda m: (m.slug != config.default_model, not m.demo, _price(m), m.slug))
    refused: GatewayError = ModelUnavailable(f"No model on this server can {NOUNS[request.operation]}.")
    for model in able:
        try:
            return routed(model.slug)
        except (InvalidParameter, UnsupportedMode) as error:
            refused = error
    raise refused


def _price(model: ModelSummary) -> float:
    return model.price_from.micros if model.price_from else inf


def _payable(plans: list[RequestPlan], payer: Payer) -> tuple[RequestPlan, ...]:
    """Leave a capped payer only what has a price."""
    priced = [plan for plan in plans if plan.cost is not None]
    if payer.is_capped and not priced:
        raise PriceUnknown("No price is known for this model, and this caller has a spend cap.")
    return tuple(priced if payer.is_capped else plans)


def _note_partial_images(request: ImageRequest) -> list[Adjustment]:
    """Tell that only finished images are sent. Raises InvalidParameter with `strict`."""
    if not request.partial_images:
        return []
    reason = "Partial images are not made; a stream has finished images alone."
    if request.strict:
        raise InvalidParameter("partial_images", f"With strict, partial_images must be 0. {reason}")
    return [Adjustment("partial_images", request.partial_images, 0, reason)]
