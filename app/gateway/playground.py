"""
Images for visitors without a key: the painter's models for everybody, others under a daily budget.

A visitor gets a tenth of the day's money, so that one cannot spend what is meant for all. The painter costs only
time; its catalogue prices serve as the measure of how much of that a visitor may take.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.catalog.lookup import ModelSummary
from app.catalog.pricing import MICROS
from app.database.doors import Database
from app.gateway.errors import InvalidParameter, ModelUnavailable
from app.gateway.generate import GatewayConfig, Generation, generate
from app.gateway.money import Budget, Payer
from app.gateway.request import ImageRequest
from app.gateway.routing import find, servable
from app.gateway.storage import Storage
from app.gateway.transport import Client
from app.gateway.visitor_limits import VisitorLimits
from app.words import Mode

MOST_IMAGES = 4
VISITOR_SHARE = 10
PAINTER_DAILY_MICROS = 5_000_000
"""Of one visitor, by the demo models' prices: about 250 images."""

_limits = VisitorLimits(at_once=4, each=2, a_minute=20)
"""Half of the requests that a process carries out at once are left to callers with a key."""


@dataclass(frozen=True)
class Visitor:
    """
    Name who draws in the playground, and what all visitors together may spend in a day, in US dollars.

    The name is any text that stays the same for this visitor for a day.
    """

    name: str
    daily_usd: Decimal


def list_visitor_models(
    session: Session, config: GatewayConfig, daily_usd: Decimal, now: datetime
) -> list[ModelSummary]:
    """List models a visitor may pick, by name: they draw or edit and, where that costs money, have a price."""
    listed = [model for model in servable(session, config.providers, now) if set(model.modes) & set(Mode)]
    return [model for model in listed if model.demo or (daily_usd > 0 and _has_price(model, config))]


def make_for_visitor(
    database: Database,
    storage: Storage,
    request: ImageRequest,
    config: GatewayConfig,
    visitor: Visitor,
    *,
    now: datetime,
    client: Client,
) -> Generation:
    """Generate within the visitor's and the day's budget. Raises a GatewayError."""
    if request.n > MOST_IMAGES:
        raise InvalidParameter("n", f"The playground makes at most {MOST_IMAGES} images at once.")
    name = request.model or config.default_model
    if "/" in name:
        raise InvalidParameter("model", "The playground chooses the provider itself.")
    with database.reading() as session:
        model = find(session, name, now).model
    if not model.demo and visitor.daily_usd <= 0 and model.status != "retired":
        raise ModelUnavailable("This playground draws with the painter's models only.")
    painter = {slug: provider for slug, provider in config.providers.items() if slug == "painter"}
    within = replace(config, providers=painter) if model.demo else config
    payer = _payer(visitor, is_painter=model.demo, now=now)
    with _limits.hold_place(visitor.name, now):
        return generate(database, storage, request, within, now=now, client=client, payer=payer)


def _has_price(model: ModelSummary, config: GatewayConfig) -> bool:
    return any(offering.prices for offering in model.offerings if offering.provider in config.providers)


def _payer(visitor: Visitor, *, is_painter: bool, now: datetime) -> Payer:
    day = now.date().isoformat()
    if is_painter:
        painting = Budget(f"playground-painter/{day}/{visitor.name}", PAINTER_DAILY_MICROS, per_day=True)
        return Payer("playground", budgets=(painting,))
    daily = int(visitor.daily_usd * MICROS)
    own = Budget(f"playground/{day}/{visitor.name}", daily // VISITOR_SHARE, per_day=True)
    return Payer("playground", budgets=(own, Budget(f"playground/{day}", daily, per_day=True)))
