"""
The reference of a model: what can be asked of it through this gateway, as its wire contracts say.

The catalogue describes parameters and knows the maker's defaults and limits; which of them a provider takes, with
which words and up to where, only its contracts tell. Where both speak, the contract wins.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalog import lookup, tables
from app.catalog.contracts import ANY_MODEL, Contract, ValueField, read_contracts
from app.catalog.limits import Limits, largest
from app.catalog.lookup import ModelPage, ModelSummary
from app.catalog.parameters import ParameterRow
from app.gateway.contract_limits import OfferedContract, limit_by_contracts
from app.gateway.normalize import merge_limits
from app.gateway.offers import MODES
from app.gateway.request import OURS
from app.words import Mode

HISTORIC = frozenset({"dall-e-2"})
"""Retired models whose pages keep all that they used to say, the calls too, folded away."""
_WORDS = tables.Parameter.__table__.c
_WORDINGS = select(
    *(_WORDS.name, _WORDS.group, _WORDS.type, _WORDS.description, _WORDS.note, _WORDS.behaviour),
    func.count().label("models"),
).group_by(_WORDS.name, _WORDS.group, _WORDS.type, _WORDS.description, _WORDS.note, _WORDS.behaviour)
Wordings = Mapping[str, ParameterRow]
Model = TypeVar("Model", bound=ModelSummary)


def read_model(session: Session, slug: str, today: date) -> ModelPage:
    """
    Read a model with the limits and parameters that can be asked for, by slug or alias. Raises UnknownModel.

    A model without a contract, or of the HISTORIC ones, has what the catalogue states.
    """
    page = lookup.model(session, slug, today)

    def read() -> ModelPage:
        # Most changes of the catalogue are about other models: to tell so takes a quarter of making it anew.
        made_from = page, _read_offered(session, page), _wordings(session)
        return lookup.recall_equal(session, ("referred", page.id), made_from, lambda: refer(session, page))

    return lookup.recall(session, ("reference", page.id), today, read)


def read_models(session: Session, today: date) -> tuple[ModelSummary, ...]:
    """List every model by name, as `lookup.models` does, with the limits that their pages print."""
    return lookup.recall(session, "reference of all", today, lambda: _read_models(session, today))


def _read_models(session: Session, today: date) -> tuple[ModelSummary, ...]:
    return tuple(_put_limits(model, _read_offered(session, model)) for model in lookup.models(session, today))


def refer(session: Session, page: ModelPage) -> ModelPage:
    """Put the limits and parameters of a model's contracts in the place of the catalogue's."""
    offered = _read_offered(session, page)
    if not offered:
        return page
    limited = _put_limits(page, offered)
    rows = (*_own_rows(session, page, limited.limits, offered), *_list_passed_rows(session, page, offered))
    return replace(limited, parameters=rows)


def _put_limits(model: Model, offered: Sequence[OfferedContract]) -> Model:
    """Put the limits of a model's contracts in the place of the catalogue's, where it has contracts."""
    limits = limit_by_contracts(model.limits, offered) if offered else model.limits
    return replace(model, limits=limits, max_resolution=largest(limits), max_images=limits.max_images)


def _read_offered(session: Session, page: ModelSummary) -> tuple[OfferedContract, ...]:
    """List the contracts of a model's offerings, for the operations of its modes; none of the HISTORIC ones."""
    if page.slug in HISTORIC:
        return ()
    offerings = {(one.provider, one.provider_model_id): one for one in page.offerings if one.provider_model_id}
    found = read_contracts(session, [(provider, str(model)) for provider, model in offerings])
    limits = {offer: merge_limits(page.limits, offering.limits) for offer, offering in offerings.items()}
    return tuple(
        OfferedContract(offering, contract, limits[provider, model])
        for (provider, model), offering in offerings.items()
        for operation, mode in MODES.items()
        if (contract := found.get((provider, str(model), operation)))
        if mode in page.modes
        if operation != "variation" or contract.model != ANY_MODEL or offering.variations
    )


def _wordings(session: Session) -> Wordings:
    """Read how each parameter is described most often: files describe those that their models are known for."""
    return lookup.recall(session, "parameter wordings", None, lambda: _read_wordings(session))


def _read_wordings(session: Session) -> Wordings:
    rows = sorted(session.execute(_WORDINGS), key=lambda row: (row.models, row.description))
    return {
        row.name: ParameterRow(
            row.group, row.name, row.type, row.description, row.note, (), None, {}, row.behaviour, None
        )
        for row in rows
    }


def _own_rows(
    session: Session, page: ModelPage, limits: Limits, offered: Sequence[OfferedContract]
) -> Iterator[ParameterRow]:
    """List the parameters that the gateway reads itself, as far as contracts let it carry them out."""
    stated = {row.name: row for row in page.parameters if row.name in OURS}
    shapes: dict[str, tuple[str, ...]] = {
        "size": limits.sizes,
        "aspect_ratio": limits.aspect_ratios,
        "resolution": tuple(limits.resolutions),
    }
    has_shape = any(one.has_shape for one in offered)
    usable = {
        "size": has_shape,
        "aspect_ratio": has_shape and bool(limits.aspect_ratios or limits.side_px),
        "resolution": bool(limits.resolutions),
        "mask": bool(limits.mask),
    }
    for name, row in ({name: row for name, row in _wordings(session).items() if name in OURS} | stated).items():
        if usable.get(name, name in stated):
            yield replace(row, values=shapes.get(name, row.values), modes=_modes(page, name, row, offered))


def _modes(page: ModelPage, name: str, row: ParameterRow, offered: Sequence[OfferedContract]) -> dict[str, str]:
    """Tell in which modes a parameter can be used: a mode without a contract keeps the catalogue's word."""
    said = {mode: row.modes.get(mode, "supported") for mode in page.modes}
    for mode in page.modes:
        contracts = [one for one in offered if MODES[one.contract.operation] == mode]  # type: ignore[index]
        if contracts and not any(_reads(name, one) for one in contracts):
            said[mode] = "unavailable"
    return said


def _reads(name: str, one: OfferedContract) -> bool:
    contract = one.contract
    return {
        "prompt": bool(contract.prompt.field),
        "size": one.has_shape,
        "aspect_ratio": one.has_shape,
        "resolution": bool(contract.tier or contract.size),
        "image": contract.image is not None,
        "mask": contract.mask is not None,
    }.get(name, True)


def _list_passed_rows(
    session: Session, page: ModelPage, offered: Sequence[OfferedContract]
) -> Iterator[ParameterRow]:
    """List the parameters that are passed on: one row for all providers where all take the same, else one each."""
    providers = dict.fromkeys(one.offering.provider for one in offered)
    by_provider = {
        provider: {row.name: row for row in _rows_of(session, page, provider, offered)} for provider in providers
    }
    for name in dict.fromkeys(name for rows in by_provider.values() for name in rows):
        rows = [rows[name] for rows in by_provider.values() if name in rows]
        is_for_all = len(rows) == len(providers) and _are_alike(rows)
        yield from [replace(rows[0], provider=None)] if is_for_all else rows
    yield from (
        row
        for row in page.parameters
        if row.name not in OURS and row.provider is not None and row.provider not in providers
    )


def _are_alike(rows: Sequence[ParameterRow]) -> bool:
    """Tell whether these rows differ in their providers alone."""
    return len(rows) == 1 or len({repr(replace(row, provider=None)) for row in rows}) == 1


def _rows_of(
    session: Session, page: ModelPage, provider: str, offered: Sequence[OfferedContract]
) -> Iterator[ParameterRow]:
    contracts = [one.contract for one in offered if one.offering.provider == provider]
    described = {row.name: row for row in page.parameters if row.provider in {None, provider}}
    for name in dict.fromkeys(name for contract in contracts for name in contract.accepts):
        if name not in OURS:
            row = described.get(name) or _wordings(session).get(name) or _bare(name)
            yield _narrow_row(page, replace(row, provider=provider), contracts)
    if any(contract.open for contract in contracts):
        accepted = {name for contract in contracts for name in contract.accepts} | OURS
        yield from (replace(row, provider=provider) for name, row in described.items() if name not in accepted)


def _bare(name: str) -> ParameterRow:
    return ParameterRow("additional", name, "any", "", None, (), None, {}, "passthrough", None)


def _narrow_row(page: ModelPage, row: ParameterRow, contracts: Sequence[Contract]) -> ParameterRow:
    """Bring a described parameter to what these contracts of one provider accept for it."""
    fields = {contract.operation: contract.accepts.get(row.name) for contract in contracts}
    taken = [field for field in fields.values() if field is not None]
    modes = {Mode(MODES[operation]) for operation, field in fields.items() if field is not None}  # type: ignore[index]
    words = tuple(dict.fromkeys(word for field in taken for word in field.words))
    default = next((field.default for field in taken if isinstance(field.default, str | int | float)), row.default)
    return replace(
        row,
        type=next((field.type for field in taken if field.type != "any"), row.type),
        values=words,
        default=default if not words or default in words else None,
        modes={mode: "supported" if mode in modes else "unavailable" for mode in page.modes},
        behaviour=_behaviour(row.name, taken),
        minimum=min((field.min for field in taken if field.min is not None), default=None),
        maximum=max((field.max for field in taken if field.max is not None), default=None),
    )


def _behaviour(name: str, fields: Sequence[ValueField]) -> str:
    if any(word != sent for field in fields for word, sent in field.words.items()):
        return "converted"
    return "renamed" if any(field.field not in {"", name} for field in fields) else "passthrough"
