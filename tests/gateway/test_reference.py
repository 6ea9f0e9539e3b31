"""A page prints nothing that the contracts refuse: every value of every page, held against the planner."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.catalog import lookup
from app.catalog.contracts import ANY_MODEL, Contract
from app.catalog.lookup import ModelPage, ModelSummary
from app.catalog.parameters import ParameterRow
from app.database.doors import Database
from app.gateway.adjustments import shape_adjustments
from app.gateway.normalize import kind_of, merge_limits
from app.gateway.offers import MODES, Offer, read_offers
from app.gateway.providers import PROVIDERS
from app.gateway.reference import HISTORIC, read_model, read_models
from app.gateway.request import OURS, read_request
from app.gateway.shapes import shape_of
from app.gateway.values import pass_values
from app.web.snippets import example_size

TODAY = datetime(2026, 11, 29, tzinfo=UTC).date()
PICTURE = (b"x",)
Shown = tuple[ModelPage, ModelPage, list[Offer]]
"""What the maker says of a model, what its page says, and its offerings that have a contract."""


@pytest.fixture(scope="module")
def shown(seeded_template: Path) -> Iterator[list[Shown]]:
    database = Database(f"sqlite:///{seeded_template}")
    with database.reading() as session:
        found = []
        for model in lookup.models(session, TODAY):
            if model.slug in HISTORIC:
                continue
            offerings = [one for one in model.offerings if one.provider in PROVIDERS]
            offers = [in_modes(model, offer) for offer in read_offers(session, offerings)]
            offers = [offer for offer in offers if offer.contracts]
            made = lookup.model(session, model.slug, TODAY)
            found += [(made, read_model(session, model.slug, TODAY), offers)] if offers else []
    yield found
    database.close()


def in_modes(model: ModelSummary, offer: Offer) -> Offer:
    """The offering with its contracts of the model's modes: a page has no column for others."""
    kept = {name: one for name, one in offer.contracts.items() if MODES[name] in model.modes}  # type: ignore[index]
    if not offer.offering.variations and "variation" in kept and kept["variation"].model == ANY_MODEL:
        del kept["variation"]
    return Offer(offer.offering, kept)


def takes(made: ModelPage, offer: Offer, contract: Contract, **values: Any) -> bool:
    """Whether the contract can be asked for exactly this; a size also where a ratio and a tier make it."""
    images = () if contract.operation == "generation" else PICTURE
    request = read_request(contract.operation, {"prompt": "a fox", **values}, images=images)  # type: ignore[arg-type]
    known = merge_limits(made.limits, offer.offering.limits)
    shape = shape_of(request.wish, contract, known, Fraction(1))
    changed = [*pass_values(request.extra, contract).adjustments, *shape_adjustments(request, shape, "x")]
    return not changed or (not request.extra and request.wish.size is not None and shape.size == request.wish.size)


def can(made: ModelPage, offers: list[Offer], **values: Any) -> bool:
    return any(takes(made, offer, contract, **values) for offer in offers for contract in offer.contracts.values())


def test_every_printed_size_ratio_and_tier_can_be_asked_for(shown: list[Shown]) -> None:
    refused = []
    asked = 0
    for made, page, offers in shown:
        sizes = [*page.limits.sizes, *(s for listed in page.limits.resolutions.values() for s in listed)]
        values = [
            ("size", size) for size in dict.fromkeys((*sizes, example_size(page))) if size not in {None, "auto"}
        ]
        values += [("aspect_ratio", ratio) for ratio in page.limits.aspect_ratios]
        values += [("resolution", tier) for tier in page.limits.resolutions]
        asked += len(values)
        refused += [(page.slug, *one) for one in values if not can(made, offers, **dict([one]))]
    assert refused == []
    assert asked > 1000


def rows_of(page: ModelPage) -> list[ParameterRow]:
    return [row for row in page.parameters if row.name not in OURS]


def test_every_printed_parameter_is_accepted_by_the_provider_it_names(shown: list[Shown]) -> None:
    refused = []
    asked = 0
    for made, page, offers in shown:
        for row in rows_of(page):
            ours = [offer for offer in offers if row.provider in {None, offer.offering.provider}]
            if not ours and row.provider is not None:
                continue
            for value in row.values or [None]:
                asked += 1
                refused += [
                    (page.slug, offer.offering.provider, row.name, value)
                    for offer in ours
                    if not is_accepted(made, offer, row, value)
                ]
    assert refused == []
    assert asked > 1500


def is_accepted(made: ModelPage, offer: Offer, row: ParameterRow, value: Any) -> bool:
    for operation, contract in offer.contracts.items():
        is_shown = row.modes.get(MODES[operation]) not in {None, "unavailable"}  # type: ignore[index]
        field = contract.accepts.get(row.name)
        if is_shown and (
            contract.open or (field and (value is None or takes(made, offer, contract, **{row.name: value})))
        ):
            return True
    return False


def test_nothing_that_a_contract_accepts_is_missing(shown: list[Shown]) -> None:
    missing = [
        (page.slug, offer.offering.provider, name)
        for _, page, offers in shown
        for offer in offers
        for contract in offer.contracts.values()
        for name in contract.accepts
        if name not in OURS
        if not any(r.name == name and r.provider in {None, offer.offering.provider} for r in page.parameters)
    ]
    assert missing == []


def test_counts_masks_and_formats_are_those_of_a_contract(shown: list[Shown]) -> None:
    for made, page, offers in shown:
        contracts = [contract for offer in offers for contract in offer.contracts.values()]
        limits = page.limits
        edits = [contract for contract in contracts if contract.operation == "edit"]
        assert not edits or limits.mask == any(one.mask for one in edits) or made.limits.mask is False, page.slug
        assert not limits.mask or not edits or any(row.name == "mask" for row in page.parameters), page.slug
        counts = [one.n.max if one.n else 1 for one in contracts]
        assert (limits.max_images or 1) >= max(count or 0 for count in counts), page.slug
        assert not all(counts) or limits.max_images == max(count or 0 for count in counts), page.slug
        longest = [one.prompt.max_chars for one in contracts if one.prompt.max_chars]
        assert not longest or (limits.prompt_max_chars or 0) >= max(longest), page.slug
        kinds = {kind_of(word) for one in contracts if one.output_format for word in one.output_format.words}
        assert not kinds or set(limits.output_formats) == kinds, page.slug


def test_ranges_are_printed(shown: list[Shown]) -> None:
    rows = [row for _, page, _ in shown for row in rows_of(page)]
    assert sum(row.minimum is not None for row in rows) > 100
    assert all(row.minimum is None or row.maximum is None or row.minimum <= row.maximum for row in rows)


def test_lists_print_the_limits_of_pages(seeded_template: Path) -> None:
    database = Database(f"sqlite:///{seeded_template}")
    with database.reading() as session:
        listed = read_models(session, TODAY)
        pages = [read_model(session, model.slug, TODAY) for model in listed]
        stated = lookup.models(session, TODAY)
    database.close()
    for name in ("slug", "limits", "max_resolution", "max_images", "price_from"):
        assert [getattr(one, name) for one in listed] == [getattr(page, name) for page in pages], name
    assert sum(one.limits != other.limits for one, other in zip(listed, stated, strict=True)) > 30
