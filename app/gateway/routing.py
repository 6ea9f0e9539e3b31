"""Which model is meant, and who makes it: healthy first, then cheapest for this very request, then fastest."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import inf

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog import lookup, tables
from app.catalog.lookup import ModelOffering, ModelPage, ModelSummary
from app.gateway import health
from app.gateway.errors import (
    InvalidParameter,
    ModelNotFound,
    ModelRetired,
    ModelUnavailable,
    UnsupportedMode,
)
from app.gateway.log import median_seconds
from app.gateway.normalize import Plan, plan
from app.gateway.providers import KEY_NAMES
from app.gateway.providers.base import Provider
from app.gateway.request import ImageRequest

SUGGESTED = 3


@dataclass(frozen=True)
class Target:
    """A model, and the only provider to be asked where the caller named one."""

    model: ModelPage
    provider: str | None = None


def find(session: Session, name: str, now: datetime) -> Target:
    """A slug or alias, alone or as `provider/slug`. Raises ModelNotFound, with similar names."""
    before, slash, after = name.partition("/")
    slug, provider = (after, before) if slash else (name, None)
    try:
        # What cannot be a slug is not looked up: PostgreSQL refuses some characters outright.
        model = lookup.model(session, slug if slug.isprintable() and slug.isascii() else "", now.date())
    except lookup.UnknownModel:
        raise ModelNotFound(_unknown(session, name, slug)) from None
    if provider and provider not in {offering.provider for offering in model.offerings}:
        offered = ", ".join(offering.key for offering in model.offerings) or "nobody"
        raise ModelNotFound(f"{provider[:60]!r} does not offer {model.slug}; it is offered as: {offered}.")
    return Target(model, provider)


def route(
    session: Session,
    target: Target,
    request: ImageRequest,
    providers: Mapping[str, Provider],
    *,
    now: datetime,
    natural: Fraction,
) -> list[Plan]:
    """
    Everybody who can serve the request, best first; never empty.

    Raises ModelRetired, UnsupportedMode, ModelUnavailable, or InvalidParameter when nobody takes a parameter.
    """
    model = target.model
    if model.status == "retired":
        raise ModelRetired(_retired(session, model, request.mode, providers, now))
    able = [offering for offering in model.offerings if target.provider in {None, offering.provider}]
    able = [offering for offering in able if _can(offering, model, request)]
    if not able:
        raise UnsupportedMode(_wrong_mode(model, request))
    usable = [offering for offering in able if offering.provider in providers and offering.provider_model_id]
    if not usable:
        raise ModelUnavailable(_not_set_up(model, able))
    plans = _plans(model, usable, request, providers, natural)
    tired = health.resting(session, _names(plans), now)

    def order(candidate: Plan) -> tuple[object, ...]:
        offering = candidate.offering
        rests = offering.key in tired or offering.provider in tired
        lost = sum(change.used is None for change in candidate.adjustments)
        cost = candidate.cost.micros if candidate.cost else inf
        seconds = median_seconds(session, offering.key)
        return rests, lost, cost, seconds if seconds is not None else inf

    return sorted(plans, key=order)


def servable(
    session: Session, providers: Mapping[str, Provider], now: datetime, mode: str | None = None
) -> list[ModelSummary]:
    """Models that this installation can make images of, by name."""
    return [
        model
        for model in lookup.models(session, now.date())
        if model.status != "retired"
        and (mode is None or mode in model.modes)
        and any(o.provider in providers and o.provider_model_id for o in model.offerings)
    ]


def _plans(
    model: ModelPage,
    offerings: list[ModelOffering],
    request: ImageRequest,
    providers: Mapping[str, Provider],
    natural: Fraction,
) -> list[Plan]:
    """What each offering makes of the request; with `strict` only those that change nothing."""
    plans: list[Plan] = []
    refused: InvalidParameter | None = None
    for offering in offerings:
        try:
            made = plan(request, model, offering, providers[offering.provider], natural=natural)
        except InvalidParameter as error:
            refused = refused or error
            continue
        if request.strict and made.adjustments:
            first = made.adjustments[0]
            used = f"{first.used} would be used" if first.used is not None else "it would not be used"
            message = f"With strict, {first.parameter} must be met as asked; {used}. {first.reason}"
            refused = refused or InvalidParameter(first.parameter, message)
            continue
        plans.append(made)
    if not plans and refused:
        raise refused
    return plans


def _can(offering: ModelOffering, model: ModelPage, request: ImageRequest) -> bool:
    if request.operation == "variation":
        return offering.variations
    return request.mode in (offering.modes or model.modes)


def _names(plans: list[Plan]) -> set[str]:
    return {name for plan in plans for name in (plan.offering.key, plan.offering.provider)}


def _unknown(session: Session, name: str, slug: str) -> str:
    names = [*session.scalars(select(tables.ImageModel.slug)), *session.scalars(select(tables.ModelAlias.alias))]
    close = difflib.get_close_matches(slug.lower(), names, SUGGESTED)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"There is no model {name[:80]!r}.{hint}"


def instead(
    session: Session, model: ModelPage, mode: str, providers: Mapping[str, Provider], now: datetime
) -> list[ModelSummary]:
    """What to use in place of a model: the same creator's models first, then the cheapest."""
    others = servable(session, providers, now, mode) or servable(session, providers, now)
    # Demo models stand in for each other alone: what draws with code is no substitute for a real model.
    others = [other for other in others if other.id != model.id and other.demo == model.demo]
    others.sort(key=lambda o: (o.creator != model.creator, o.price_from.micros if o.price_from else inf, o.slug))
    return others[:SUGGESTED]


def _retired(
    session: Session, model: ModelPage, mode: str, providers: Mapping[str, Provider], now: datetime
) -> str:
    names = ", ".join(other.slug for other in instead(session, model, mode, providers, now))
    use = f" Use one of these instead: {names}." if names else ""
    when = f" on {model.sunset}" if model.sunset else ""
    return f"{model.name} was retired{when}; no provider serves it any more.{use}"


def _wrong_mode(model: ModelPage, request: ImageRequest) -> str:
    wanted = "image variations" if request.operation == "variation" else request.mode
    return f"Model '{model.slug}' does not support {wanted}. Supported modes: {', '.join(model.modes) or 'none'}."


def _not_set_up(model: ModelPage, offerings: list[ModelOffering]) -> str:
    keys = [KEY_NAMES[offering.provider] for offering in offerings if offering.provider in KEY_NAMES]
    hint = f" The operator can set {' or '.join(keys)}." if keys else ""
    return f"No provider of {model.slug} is set up on this server.{hint}"
