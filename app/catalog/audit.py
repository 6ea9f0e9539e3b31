"""The catalogue's audit: it finds where entries contradict each other and where facts have grown old."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.orm import Session

from app.catalog import lookup
from app.catalog.contracts import ANY_MODEL, Contract, read_contracts
from app.catalog.limits import Limits
from app.catalog.lookup import ModelPage
from app.catalog.model_checks import CHECKS, OWN_SERVICES
from app.catalog.spellings import compact
from app.words import Mode

MODE_OF = {"generation": Mode.TEXT_TO_IMAGE, "edit": Mode.IMAGE_EDIT}
"""The mode that a contract's operation serves; a variation is no mode of its own."""


@dataclass(frozen=True)
class AuditFinding:
    """One thing wrong (`error`) or doubtful (`warning`) about a model; `check` is a stable name to filter by."""

    level: Literal["error", "warning"]
    check: str
    model: str
    message: str


def audit(session: Session, today: date, on_boards: Collection[int] = ()) -> list[AuditFinding]:
    """
    Check every model that is neither a demo nor a stub; errors first, then by model.

    `on_boards` are the ids of models that stand on a board: of them readers expect a price, a licence and a date.
    """
    summaries = [model for model in lookup.models(session, today) if not model.demo]
    pages = [lookup.model(session, model.slug, today) for model in summaries if not model.stub]
    findings = [
        AuditFinding(level, check, page.slug, message)
        for page in pages
        for run in CHECKS
        for level, check, message in run(page, today)
    ]
    findings += _shared_names(pages)
    findings += _shared_ids(pages)
    findings += _weak_successors(pages)
    findings += _loose_contracts(session, pages)
    findings += _hidden_modes(session, pages)
    findings += [
        AuditFinding("warning", "board_facts", model.slug, f"stands on a board without {', '.join(missing)}")
        for model in summaries
        if model.id in on_boards and (missing := _missing_facts(model))
    ]
    return sorted(findings, key=lambda one: (one.level, one.model, one.check))


def _shared_names(pages: Iterable[ModelPage]) -> Iterator[AuditFinding]:
    """Find names that lead to two models, however they are spelt."""
    owners: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        for name in (page.slug, page.name, *page.aliases, *page.known_as):
            owners[compact(name)].add(page.slug)
    for name, slugs in owners.items():
        if len(slugs) > 1:
            yield AuditFinding("error", "alias", min(slugs), f"{name!r} names {' and '.join(sorted(slugs))}")


def _shared_ids(pages: Iterable[ModelPage]) -> Iterator[AuditFinding]:
    """Find ids of a provider under which two models are said to be served."""
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for page in pages:
        for offering in (*page.offerings, *page.past_offerings):
            if offering.provider_model_id is not None:
                owners[offering.provider, offering.provider_model_id].add(page.slug)
    for (provider, name), slugs in owners.items():
        if len(slugs) > 1:
            message = f"{name} at {provider} is said to be {' and '.join(sorted(slugs))}"
            yield AuditFinding("error", "provider_id", min(slugs), message)


def _weak_successors(pages: Iterable[ModelPage]) -> Iterator[AuditFinding]:
    """Find successors that nobody knows, that came out before the model they follow, or that ended themselves."""
    pages = tuple(pages)
    known = {name: page for page in pages for name in (page.slug, *page.aliases)}
    for page in pages:
        heir = known.get(page.successor or "")
        if page.successor is not None and (heir is None or heir is page):
            yield AuditFinding(
                "error", "successor", page.slug, f"its successor {page.successor} is no other model"
            )
        elif heir is not None and _is_older(heir.released, page.released):
            message = f"its successor {heir.slug} came out on {heir.released}, it itself on {page.released}"
            yield AuditFinding("error", "successor", page.slug, message)
        elif heir is not None and heir.status == "retired":
            yield AuditFinding(
                "warning", "successor_ended", page.slug, f"its successor {heir.slug} is retired itself"
            )


def _loose_contracts(session: Session, pages: Iterable[ModelPage]) -> Iterator[AuditFinding]:
    """Find contracts of makers' own services that allow more than their models are said to do."""
    own = {
        (offering.provider, offering.provider_model_id or ""): page
        for page in pages
        for offering in page.offerings
        if offering.provider in OWN_SERVICES.get(page.creator or "", set())
    }
    for (provider, model, operation), contract in sorted(read_contracts(session, own).items()):
        page = own[provider, model]
        for name, asked, known in _asked_and_known(contract, page.limits):
            if asked is not None and known is not None and asked > known:
                message = f"{name} is {known:,}, but the contract of {provider} for {operation} allows {asked:,}"
                yield AuditFinding("error", "contract", page.slug, message)


def _hidden_modes(session: Session, pages: Iterable[ModelPage]) -> Iterator[AuditFinding]:
    """Find offerings that do not say a mode which the model has and in which a contract serves it."""
    offered = {
        (offering.provider, offering.provider_model_id or ""): (page, offering)
        for page in pages
        for offering in page.offerings
    }
    for (provider, name, operation), contract in sorted(read_contracts(session, offered).items()):
        page, offering = offered[provider, name]
        mode = MODE_OF.get(operation)
        if contract.model != ANY_MODEL and mode in page.modes and mode not in offering.modes:
            message = f"{provider} has a contract for {operation} of {name}, and is listed without {mode}"
            yield AuditFinding("error", "offering_modes", page.slug, message)


def _asked_and_known(contract: Contract, limits: Limits) -> tuple[tuple[str, int | None, int | None], ...]:
    """Pair what a contract allows at most with what the model does, by name."""
    size, side = contract.size, limits.side_px
    return (
        ("max_images", contract.n.max if contract.n else None, limits.max_images),
        ("max_input_images", contract.image.max if contract.image else None, limits.max_input_images),
        ("prompt_max_chars", contract.prompt.max_chars, limits.prompt_max_chars),
        ("side_px", size.max if size else None, side.max if side else None),
        ("max_pixels", size.max_pixels if size else None, limits.max_pixels),
    )


def _is_older(one: str | None, other: str | None) -> bool:
    """Tell whether a date, such as `2026` or `2026-04`, lies before another, as far as both are exact."""
    exact = min(len(one or ""), len(other or ""))
    return (one or "")[:exact] < (other or "")[:exact]


def _missing_facts(model: lookup.ModelSummary) -> list[str]:
    facts = {
        "a price": model.price_from is not None,
        "a licence": model.licence is not None,
        "a date": model.released is not None,
    }
    return [name for name, known in facts.items() if not known]
