"""Finds who offers a model, by which contract: in the catalogue and in the offerings that an operator adds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.catalog import lookup
from app.catalog.contracts import Contract, Key, has_contract, read_contracts, read_keys
from app.catalog.limits import Limits
from app.catalog.lookup import ModelOffering, ModelSummary
from app.gateway.normalize import merge_limits
from app.gateway.providers import COMPATIBLE, PROVIDERS
from app.gateway.providers.base import ImageProvider
from app.gateway.providers.http import HttpProvider
from app.gateway.request import Operation
from app.words import Mode

MODES: dict[Operation, Mode] = {
    "generation": Mode.TEXT_TO_IMAGE,
    "edit": Mode.IMAGE_EDIT,
    "variation": Mode.IMAGE_EDIT,
}


@dataclass(frozen=True)
class Offer:
    """An offering and what its provider takes, by operation; empty where no contract is known."""

    offering: ModelOffering
    contracts: Mapping[str, Contract]


def offerings_of(model: ModelSummary, providers: Mapping[str, ImageProvider]) -> tuple[ModelOffering, ...]:
    """
    List a model's offerings: the catalogue's, then those that the operator's settings add.

    An added one has a name and no price of its own: it never stands in for a vendor's.
    """
    listed = {offering.provider for offering in model.offerings}
    added = [
        _make_offering(model, provider, provider.offerings[model.slug])
        for slug, provider in providers.items()
        if isinstance(provider, HttpProvider) and model.slug in provider.offerings and slug not in listed
    ]
    return (*model.offerings, *added)


def _make_offering(model: ModelSummary, provider: ImageProvider, model_id: str) -> ModelOffering:
    return ModelOffering(
        key=f"{provider.slug}/{model.slug}",
        provider=provider.slug,
        provider_name=provider.slug,
        provider_model_id=model_id,
        modes=model.modes,
        variations=False,
        limits=Limits(),
        prices=(),
        notes=(),
        source="settings",
    )


def read_offers(session: Session, offerings: Sequence[ModelOffering]) -> list[Offer]:
    """Read the contracts of each offering."""
    wanted = {(one.provider, one.provider_model_id) for one in offerings if one.provider_model_id}
    found = read_contracts(session, wanted)
    general = read_contracts(session, [(COMPATIBLE, model) for slug, model in wanted if model and _is_added(slug)])
    return [Offer(one, _contracts(one, found, general)) for one in offerings]


def _is_added(slug: str) -> bool:
    """Tell whether a provider is one that only this installation knows."""
    return slug not in PROVIDERS


def _contracts(
    offering: ModelOffering, found: Mapping[Key, Contract], general: Mapping[Key, Contract]
) -> dict[str, Contract]:
    """Map operations to the provider's contracts; an added server without any has the OpenAI-compatible ones."""
    slug, model = offering.provider, offering.provider_model_id
    own = {operation: one for (owner, of, operation), one in found.items() if (owner, of) == (slug, model)}
    if own or not _is_added(slug):
        return own
    return {operation: replace(one, provider=slug) for (_, of, operation), one in general.items() if of == model}


def read_served(
    session: Session, models: Iterable[ModelSummary], providers: Mapping[str, ImageProvider]
) -> dict[str, tuple[Operation, ...]]:
    """Map slugs to the operations that can be asked for here and now, for the models that have any."""
    keys = _read_keys(session, providers)
    found = {model.slug: served_operations(model, providers, keys) for model in models}
    return {slug: operations for slug, operations in found.items() if operations}


def list_askable(session: Session, model: ModelSummary) -> tuple[str, ...]:
    """List the providers of a model that contracts say how to ask, set up here or not."""
    keys = _read_keys(session, PROVIDERS)
    known = [one for one in model.offerings if one.provider in PROVIDERS and one.provider_model_id]
    return tuple(dict.fromkeys(one.provider for one in known if _operations(model, [one], keys)))


def is_askable(session: Session, model: ModelSummary, providers: Mapping[str, ImageProvider]) -> bool:
    """Tell whether anybody who offers a model can be asked, set up here or not, or one that settings add."""
    return bool(list_askable(session, model) or read_served(session, [model], providers))


def _read_keys(session: Session, providers: Iterable[str]) -> frozenset[Key]:
    named = (*sorted(providers), COMPATIBLE)
    # A page asks three times: for the model itself, for what to use instead of it, and for what comes near it.
    return lookup.recall(session, ("contract keys", named), None, lambda: read_keys(session, named))


def read_maskable(
    session: Session, models: Iterable[ModelSummary], providers: Mapping[str, ImageProvider]
) -> frozenset[str]:
    """List the slugs of the models that can be asked here and now for an edit with a mask, as contracts say."""
    return frozenset(
        model.slug
        for model in models
        if any(_takes_mask(model, offer) for offer in read_offers(session, _list_reachable(model, providers)))
    )


def _list_reachable(model: ModelSummary, providers: Mapping[str, ImageProvider]) -> list[ModelOffering]:
    """List the offerings of a model at providers that are set up."""
    return [one for one in offerings_of(model, providers) if one.provider in providers and one.provider_model_id]


def _takes_mask(model: ModelSummary, offer: Offer) -> bool:
    contract = offer.contracts.get("edit")
    limits = merge_limits(model.limits, offer.offering.limits)
    return contract is not None and contract.mask is not None and limits.mask is not False


def name_offers(providers: Mapping[str, ImageProvider]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Name what is offered by providers that are set up: their slugs, and the models that settings add."""
    return tuple(
        (slug, frozenset(provider.offerings) if isinstance(provider, HttpProvider) else frozenset())
        for slug, provider in sorted(providers.items())
    )


def served_operations(
    model: ModelSummary, providers: Mapping[str, ImageProvider], keys: frozenset[Key]
) -> tuple[Operation, ...]:
    """List the operations that a provider which is set up has a contract for, within the model's modes."""
    return () if model.status == "retired" else _operations(model, _list_reachable(model, providers), keys)


def _operations(
    model: ModelSummary, offerings: Sequence[ModelOffering], keys: frozenset[Key]
) -> tuple[Operation, ...]:
    return tuple(
        operation
        for operation, mode in MODES.items()
        if any(mode in (*model.modes, *one.modes) and _has(keys, one, operation) for one in offerings)
    )


def _has(keys: frozenset[Key], offering: ModelOffering, operation: str) -> bool:
    """Tell whether a contract says how the provider is asked for this operation."""
    provider, model = offering.provider, offering.provider_model_id or ""
    if operation == "variation" and not offering.variations and (provider, model, operation) not in keys:
        return False
    holders = (provider, COMPATIBLE) if _is_added(provider) else (provider,)
    return any(has_contract(keys, holder, model, operation) for holder in holders)
