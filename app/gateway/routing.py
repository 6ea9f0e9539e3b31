"""Finds the model that is meant and who makes it: healthy first, then cheapest for this request, then fastest."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from math import inf
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog import lookup, tables
from app.catalog.contracts import ANY_MODEL
from app.catalog.lookup import ModelPage, ModelSummary
from app.gateway import health
from app.gateway.adjustments import Adjustment
from app.gateway.errors import (
    InvalidParameter,
    ModelNotFound,
    ModelRetired,
    ModelUnavailable,
    UnsupportedMode,
)
from app.gateway.log import median_seconds
from app.gateway.normalize import RequestPlan, plan
from app.gateway.offers import MODES, Offer, name_offers, offerings_of, read_offers, read_served
from app.gateway.providers import KEY_NAMES
from app.gateway.providers.base import ImageProvider
from app.gateway.request import ImageRequest

SUGGESTED = 3
AUTO = "auto"
NO_PROVIDERS: Mapping[str, ImageProvider] = MappingProxyType({})


@dataclass(frozen=True)
class Target:
    """A model, and the only provider to be asked where the caller named one."""

    model: ModelPage
    provider: str | None = None


def find(
    session: Session, name: str, now: datetime, providers: Mapping[str, ImageProvider] = NO_PROVIDERS
) -> Target:
    """
    Find a model by slug or alias, alone or as `provider/slug`; `providers` may offer more than the catalogue.

    Raises ModelNotFound, with similar names.
    """
    before, slash, after = name.partition("/")
    slug, provider = (after, before) if slash else (name, None)
    try:
        # What cannot be a slug is not looked up: PostgreSQL refuses some characters outright.
        model = lookup.model(session, slug if slug.isprintable() and slug.isascii() else "", now.date())
    except lookup.UnknownModel:
        raise ModelNotFound(_unknown(session, name, slug)) from None
    offerings = offerings_of(model, providers)
    if provider and provider not in {offering.provider for offering in offerings}:
        offered = ", ".join(offering.key for offering in offerings) or "nobody"
        raise ModelNotFound(f"{provider[:60]!r} does not offer {model.slug}; it is offered as: {offered}.")
    return Target(model, provider)


def route(
    session: Session,
    target: Target,
    request: ImageRequest,
    providers: Mapping[str, ImageProvider],
    *,
    now: datetime,
    natural: Fraction,
) -> list[RequestPlan]:
    """
    Plan the request for everybody who can serve it, the best first; there is one at least.

    Raises ModelRetired, UnsupportedMode, ModelUnavailable, or InvalidParameter when nobody takes a parameter.
    """
    model = target.model
    if model.status == "retired":
        raise ModelRetired(_describe_retirement(session, model, request.mode, providers, now))
    offerings = [one for one in offerings_of(model, providers) if target.provider in {None, one.provider}]
    offers = read_offers(session, offerings)
    able = [offer for offer in offers if _can(offer, model, request)]
    if not able:
        raise _nobody_can(model, offers, request)
    usable = [offer for offer in able if offer.offering.provider in providers]
    if not usable:
        raise ModelUnavailable(_not_set_up(model, able))
    plans = _plans(model, usable, request, providers, natural)
    open_breakers = health.find_open(session, _names(plans), now)

    def order(candidate: RequestPlan) -> tuple[object, ...]:
        offering = candidate.offering
        rests = offering.key in open_breakers or offering.provider in open_breakers
        lost = sum(change.used is None for change in _true_changes(candidate))
        cost = candidate.cost.micros if candidate.cost else inf
        seconds = median_seconds(session, offering.key)
        return rests, lost, cost, seconds if seconds is not None else inf

    return sorted(plans, key=order)


def servable(
    session: Session, providers: Mapping[str, ImageProvider], now: datetime, mode: str | None = None
) -> tuple[ModelSummary, ...]:
    """List the models that this installation can make images of, by name."""
    # A page asks several times, and every page asks the same: it is the work of all models, and not of the page's.
    name = "servable", mode, name_offers(providers)
    return lookup.recall(session, name, now.date(), lambda: _servable(session, providers, now, mode))


def _servable(
    session: Session, providers: Mapping[str, ImageProvider], now: datetime, mode: str | None
) -> tuple[ModelSummary, ...]:
    models = lookup.models(session, now.date())
    served = read_served(session, models, providers)
    wanted = {operation for operation, of in MODES.items() if mode is None or of == mode}
    return tuple(model for model in models if wanted & set(served.get(model.slug, ())))


def _plans(
    model: ModelPage,
    offers: Sequence[Offer],
    request: ImageRequest,
    providers: Mapping[str, ImageProvider],
    natural: Fraction,
) -> list[RequestPlan]:
    """Plan the request for each offering; with `strict` only for those that change nothing."""
    plans: list[RequestPlan] = []
    refused: InvalidParameter | None = None
    for offer in offers:
        provider, contract = providers[offer.offering.provider], offer.contracts[request.operation]
        try:
            made = plan(request, model, offer.offering, provider, contract, natural=natural)
        except InvalidParameter as error:
            refused = refused or error
            continue
        changes = _true_changes(made) if request.strict else []
        if changes:
            first = changes[0]
            used = (
                f"{first.used} would be used"
                if first.used is not None
                else f"{_part(first, request)} would not be used"
            )
            message = f"With strict, {first.parameter} must be met as asked; {used}. {first.reason}"
            refused = refused or InvalidParameter(first.parameter, message)
            continue
        plans.append(made)
    if not plans and refused:
        raise refused
    return plans


def _true_changes(made: RequestPlan) -> list[Adjustment]:
    """List the adjustments by which the caller gets something else: `auto` leaves it to the provider."""
    return [change for change in made.adjustments if change.requested != AUTO]


def _part(change: Adjustment, request: ImageRequest) -> str:
    """Name what would not be used: the part of a prompt that is meant, or all of the parameter."""
    told = str(change.requested)
    is_part = change.parameter == "prompt" and told != request.prompt and told in request.prompt
    return repr(told) if is_part else "it"


def _can(offer: Offer, model: ModelPage, request: ImageRequest) -> bool:
    """Tell whether the model has the mode and the provider an operation for it."""
    contract = offer.contracts.get(request.operation)
    if contract is None or request.mode not in (*model.modes, *offer.offering.modes):
        return False
    # A contract for any model does not say which of them vary pictures: the offering does.
    return request.operation != "variation" or contract.model != ANY_MODEL or offer.offering.variations


def _names(plans: list[RequestPlan]) -> set[str]:
    return {name for plan in plans for name in (plan.offering.key, plan.offering.provider)}


def _unknown(session: Session, name: str, slug: str) -> str:
    names = [*session.scalars(select(tables.ImageModel.slug)), *session.scalars(select(tables.ModelAlias.alias))]
    close = difflib.get_close_matches(slug.lower(), names, SUGGESTED)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"There is no model {name[:80]!r}.{hint}"


def instead(
    session: Session, model: ModelPage, mode: str, providers: Mapping[str, ImageProvider], now: datetime
) -> list[ModelSummary]:
    """List what to use in place of a model: the same creator's models first, then the cheapest."""
    others = servable(session, providers, now, mode) or servable(session, providers, now)
    # Demo models stand in for each other alone: what draws with code is no substitute for a real model.
    alike = [other for other in others if other.id != model.id and other.demo == model.demo]
    alike.sort(key=lambda o: (o.creator != model.creator, o.price_from.micros if o.price_from else inf, o.slug))
    return alike[:SUGGESTED]


def _describe_retirement(
    session: Session, model: ModelPage, mode: str, providers: Mapping[str, ImageProvider], now: datetime
) -> str:
    names = ", ".join(other.slug for other in instead(session, model, mode, providers, now))
    use = f" Use one of these instead: {names}." if names else ""
    when = f" on {model.sunset}" if model.sunset else ""
    return f"{model.name} was retired{when}; no provider serves it any more.{use}"


def _nobody_can(
    model: ModelPage, offers: Sequence[Offer], request: ImageRequest
) -> UnsupportedMode | ModelUnavailable:
    """Say that another mode may be had, or that nothing is known of the APIs of those who offer the model."""
    others = [replace(request, operation=operation) for operation in MODES]
    modes = dict.fromkeys(other.mode for other in others if any(_can(offer, model, other) for offer in offers))
    if not modes:
        return ModelUnavailable(f"This gateway knows no API through which {model.slug} is served.")
    wanted = "image variations" if request.operation == "variation" else request.mode
    message = f"Model '{model.slug}' does not support {wanted} here. Supported modes: {', '.join(modes)}."
    return UnsupportedMode(message)


def _not_set_up(model: ModelPage, offers: Sequence[Offer]) -> str:
    names = [offer.offering.provider for offer in offers]
    keys = dict.fromkeys(KEY_NAMES[name] for name in names if name in KEY_NAMES)
    hint = f" The operator can set {' or '.join(keys)}." if keys else ""
    return f"No provider of {model.slug} is set up on this server.{hint}"
