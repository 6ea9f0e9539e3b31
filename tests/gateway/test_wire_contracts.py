"""
Nothing a caller asks for is lost in silence, for every offering, operation and documented parameter.

The oracle is not the catalogue's own rows but the providers' schemas (`oracle`). Each combination must stand on
the wire in the provider's own word, or among the adjustments; with `strict` that is the wire or a 400.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from app.catalog import lookup
from app.database.doors import Database
from app.gateway.errors import InvalidParameter
from app.gateway.normalize import RequestPlan, plan
from app.gateway.offers import Offer, read_offers
from app.gateway.providers import ADDRESS, COMPATIBLE, OWN, OpenAI
from app.gateway.providers.http import HttpProvider
from app.gateway.request import read_request
from tests.factories import hole
from tests.gateway import oracle
from tests.gateway.oracle import Case, cases, find_entry, is_sent, values_of
from tests.gateway.world import CANARY, NOW, World

GENERAL = (
    "any image model",
    "loaded checkpoint",
    "configured model",
    "served model",
    "loaded model",
    "seedream-*",
)
"""Ids of entries that hold for every model of their provider."""
LEAST = 2_000
"""Combinations below which the collection was not read as a whole."""


@cache
def picture(size: tuple[int, int] = (512, 384)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "teal").save(buffer, "PNG")
    return buffer.getvalue()


PICTURE, MASK = picture(), hole((512, 384))


@pytest.fixture(scope="module")
def offers(seeded_template: Path) -> list[tuple[lookup.ModelPage, Offer]]:
    """Every offering of every model that a provider with an adapter has."""
    database = Database(f"sqlite:///{seeded_template}")
    with database.reading() as session:
        pages = [lookup.model(session, one.slug, NOW.date()) for one in lookup.models(session, NOW.date())]
        found = [(page, offer) for page in pages for offer in read_offers(session, page.offerings)]
    database.close()
    return found


def provider_of(slug: str) -> HttpProvider:
    kind = next((one for one in OWN if one.slug == slug), OpenAI)
    return kind(SecretStr(CANARY), ADDRESS.get(slug) or "https://server.example", slug)


def planned(page: lookup.ModelPage, offer: Offer, operation: Any, case: Case | None, **more: Any) -> RequestPlan:
    values = {"prompt": "a fox", **({case.name: case.value} if case else {}), **more}
    images = () if operation == "generation" else (PICTURE,)
    contract = offer.contracts[operation]
    mask = MASK if contract.mask and contract.mask.required else None
    request = read_request(operation, values, images=images, mask=mask)
    return plan(request, page, offer.offering, provider_of(offer.offering.provider), contract)


def sent(made: RequestPlan, n: int = 1) -> dict[str, Any]:
    provider = made.provider
    assert isinstance(provider, HttpProvider)
    return values_of(provider.build(replace(made.job, n=n)))


def entry_of(entries: list[dict[str, Any]], offer: Offer, operation: str) -> dict[str, Any] | None:
    """Of the path where an operation has one of its own, else of the model, else the provider's general one."""
    slug, contract = offer.offering.provider, offer.contracts[operation]
    model = offer.offering.provider_model_id or ""
    slug = {"azure-ai": "azurefoundry", "azure": "openai", "byteplus": "bytedance"}.get(slug, slug)
    names = [contract.path, model, model.removeprefix("stable-image-")]
    found = find_entry(entries, slug, names, operation)
    if found or contract.model != "*":
        return found
    wanted = [e for e in entries if e["provider"] == slug and e["operation"] == oracle.OPERATIONS[operation]]
    return next((e for e in wanted if str(e["id"]).startswith((*GENERAL, "OpenAI-like route"))), None)


def check(page: lookup.ModelPage, offer: Offer, operation: str, case: Case) -> str:
    """How the combination was met: `sent`, `told` or `refused`. Fails for what was lost."""
    where = f"{offer.offering.key} {operation} {case.name}={case.value!r}"
    try:
        made = planned(page, offer, operation, case)
    except InvalidParameter as error:
        if case.is_native or error.param != case.name:
            pytest.fail(f"{where}: refused: {error}")
        return "refused"
    told = {change.parameter for change in made.adjustments}
    if case.field is None:
        assert case.name in told or carries(made, case), f"{where}: lost"
        return "told" if case.name in told else "sent"
    arrived = is_sent(sent(made), case.field, case.word)
    if case.is_native:
        assert arrived or (case.name == "size" and carries(made, case)), f"{where}: {sent(made)}"
        assert case.name not in told, f"{where}: native, but told as {made.adjustments}"
        return "sent"
    assert arrived or case.name in told, f"{where}: lost in {sent(made)}"
    return "sent" if arrived else "told"


def carries(made: RequestPlan, case: Case) -> bool:
    """Whether shape and scale stand on the wire, in another field than the one asked by."""
    wire = {str(value) for value in sent(made).values()}
    if case.name == "size":
        width, height = str(case.value).split("x")
        return {width, height} <= wire or any(f"{width}{mark}{height}" in wire for mark in "x*")
    if case.name in {"aspect_ratio", "resolution"}:
        return bool(made.job.values)
    return str(case.value) in wire


def combinations(entries: list[dict[str, Any]], offers: list[tuple[lookup.ModelPage, Offer]]) -> Iterator[Any]:
    for page, offer in offers:
        for operation in offer.contracts if offer.offering.provider != "painter" else ():
            entry = entry_of(entries, offer, operation)
            if entry is not None:
                yield from ((page, offer, operation, entry, case) for case in cases(entry))


def hold(entries: list[dict[str, Any]], offers: list[tuple[lookup.ModelPage, Offer]]) -> Counter[str]:
    """Every combination; what fails is listed together."""
    met: Counter[str] = Counter()
    lost: list[str] = []
    for page, offer, operation, _, case in combinations(entries, offers):
        try:
            met[check(page, offer, operation, case)] += 1
        except (AssertionError, pytest.fail.Exception) as error:
            lost.append(str(error).splitlines()[0])
    assert lost == [], f"{len(lost)} of {sum(met.values()) + len(lost)}:\n" + "\n".join(lost)
    return met


def test_nothing_is_lost_against_the_recorded_schemas(offers: list[tuple[lookup.ModelPage, Offer]]) -> None:
    met = hold(oracle.recorded(), offers)
    assert sum(met.values()) > 200
    print(f"\nrecorded schemas: {sum(met.values())} combinations held {dict(met)}")


def test_nothing_is_lost_against_the_whole_collection(offers: list[tuple[lookup.ModelPage, Offer]]) -> None:
    if not oracle.whole():
        pytest.skip("the collection of schemas is not at hand")
    met = hold(oracle.whole(), offers)
    assert sum(met.values()) > LEAST
    print(f"\nwhole collection: {sum(met.values())} combinations held {dict(met)}")


def test_nothing_is_sent_that_a_schema_does_not_know(offers: list[tuple[lookup.ModelPage, Offer]]) -> None:
    entries = oracle.whole() or oracle.recorded()
    strange = []
    for page, offer in offers:
        for operation in offer.contracts if offer.offering.provider != "painter" else ():
            entry = entry_of(entries, offer, operation)
            if entry is not None:
                made = planned(page, offer, operation, None, size="1024x768", style="vivid", unheard_of=1)
                strange += [
                    f"{offer.offering.key} {operation}: {name}" for name in sent(made) if unknown(entry, name)
                ]
    assert strange == []


def unknown(entry: dict[str, Any], path: str) -> bool:
    """Whether a top-level name or a leaf stands nowhere in the entry, nor among the words of its protocol."""
    leaf = path.rpartition(".")[2].removesuffix("[]")
    if not leaf or leaf.isdigit() or leaf in PROTOCOL:
        return False
    known = str(entry) + ("size" if entry["shape"] == "as generate" else "")
    return leaf not in known


PROTOCOL = frozenset(
    (
        *(
            "input",
            "version",
            "role",
            "parts",
            "text",
            "contents",
            "generationConfig",
            "responseModalities",
            "model",
        ),
        *(
            "instances",
            "parameters",
            "taskType",
            "taskUUID",
            "outputType",
            "includeCost",
            "none",
            "response_format",
        ),
        *("messages", "content", "inlineData", "mimeType", "data", "url", "type", "image_url", "mask"),
        *(
            "override_settings",
            "sd_model_checkpoint",
            "watermark",
            "several",
            "mediaType",
            "width",
            "height",
            "image",
        ),
    )
)
"""Names that stand in the providers' shared parts of the collection and not in each entry."""


def test_every_added_server_has_the_general_contract(seeded_world: World) -> None:
    with seeded_world.database.reading() as session:
        page = lookup.model(session, "flux.1-dev", NOW.date())
        added = replace(page.offerings[0], provider="my-server", provider_model_id="flux-q8")
        contracts = read_offers(session, [added])[0].contracts
    assert set(contracts) == {"generation", "edit"}
    assert contracts["edit"].mask is None, "servers disagree on what a mask means"
    assert COMPATIBLE == "openai-compatible"
