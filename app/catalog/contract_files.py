"""The contract files, one a provider: read, checked, and brought into the database."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.contracts import CONTRACT, Contract, Key, in_order, key_of, stored_terms, with_defaults
from app.catalog.tables import WireContract
from app.files.toml import explain_fault

Outcome = Literal["created", "changed", "unchanged", "removed", "kept"]
FOLDER = "contracts"
SOURCES_FILE = "sources.toml"


class ContractFile(BaseModel):
    """
    One file: what all its contracts share, and the contracts.

    `model` of a contract may be a list of models that share it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    defaults: dict[str, Any] = {}
    contracts: tuple[dict[str, Any], ...] = ()


FILE = TypeAdapter(ContractFile)


class ContractError(ValueError):
    """A contract is wrong; the message names it and the key."""


def expand(provider: str, file: ContractFile) -> list[Contract]:
    """Expand a file into contracts, one per model. Raises ContractError."""
    found: list[Contract] = []
    for own in file.contracts:
        models = own.get("model", ())
        for model in [models] if isinstance(models, str) else models:
            terms = with_defaults(file.defaults, own) | {"provider": provider, "model": model}
            found.append(_check_terms(terms))
    return found


def _check_terms(terms: dict[str, Any]) -> Contract:
    try:
        return CONTRACT.validate_python(terms)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        name = f"{terms['model']} {terms.get('operation', '')}".strip()
        raise ContractError(f"{name}: {key}: {explain_fault(first)}") from error


def contract_paths(catalogue: Path) -> list[Path]:
    """List the contract files of a catalogue folder, without that of the sources."""
    folder = catalogue / FOLDER
    return sorted(set(folder.glob("*.toml")) - {folder / SOURCES_FILE})


def unknown_sources(contracts: Iterable[Contract], known: Iterable[str]) -> list[str]:
    """List the names of sources that no file explains."""
    named = {source for contract in contracts for source in contract.sources}
    return sorted(named - set(known))


def load_contracts(session: Session, contracts: Sequence[Contract], *, complete: bool) -> dict[Key, Outcome]:
    """
    Make the rows of these contracts what the files say; others stay, as models without a file do.

    `complete`: the files are all that the product has of their providers, and a contract of it that none of them
    names goes. What a contract of an admin's own says stays: it is `kept`, until it says what the product's does.
    Answers with what happened to each key: `created`, `changed`, `unchanged`, `removed` or `kept`.
    """
    wanted = in_order(contracts)
    providers = sorted({contract.provider for contract in wanted.values()})
    rows = session.scalars(select(WireContract).where(WireContract.provider.in_(providers)))
    stored = {(row.provider, row.model, row.operation): row for row in rows}
    done: dict[Key, Outcome] = {}
    for key, contract in wanted.items():
        done[key] = _store(session, stored.pop(key, None), contract)
    for key, row in stored.items() if complete else ():
        if not is_own(row):
            session.delete(row)
            done[key] = "removed"
    return done


def is_own(row: WireContract) -> bool:
    """Tell whether a row comes from a file of an admin's own."""
    return bool(row.terms.get("own"))


def _store(session: Session, row: WireContract | None, contract: Contract) -> Outcome:
    terms = stored_terms(contract)
    if row is None:
        provider, model, operation = key_of(contract)
        session.add(WireContract(provider=provider, model=model, operation=operation, terms=terms))
        return "created"
    if row.terms == terms or row.terms | {"own": True} == terms:
        return "unchanged"
    if is_own(row) and not contract.own and row.terms != terms | {"own": True}:
        return "kept"
    row.terms = terms
    return "changed"
