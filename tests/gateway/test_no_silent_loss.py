"""
What a caller asks for changes the request to the provider, or is told of, for every offering and operation.

No schema is needed for that: the request is planned with and without the parameter. One that leaves no trace on
the wire and none in the adjustments was lost; with `strict` it is on the wire or refused by name.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from app.catalog import lookup
from app.database.doors import Database
from app.gateway.errors import InvalidParameter, UnsupportedMode
from app.gateway.normalize import RequestPlan, plan
from app.gateway.offers import Offer
from app.gateway.providers.base import ImageProvider
from app.gateway.request import read_request
from app.gateway.routing import Target, route
from tests.gateway.oracle import values_of
from tests.gateway.test_wire_contracts import MASK, PICTURE, offers, picture, provider_of
from tests.gateway.world import World

__all__ = ["offers"]
ASKED: dict[str, Any] = {
    "style": "vivid",
    "user": "u-1",
    "seed": 7,
    "negative_prompt": "blur",
    "background": "transparent",
    "moderation": "low",
    "input_fidelity": "high",
    "quality": "low",
    "guidance_scale": 4,
    "unheard_of": "x",
    "size": "1216x832",
    "aspect_ratio": "16:9",
    "resolution": "2K",
}
"""OpenAI's documented parameters that reach a provider, those other providers share, and one that nobody knows."""
PLANNED = Iterator[tuple[lookup.ModelPage, Offer, str]]


def planned(page: lookup.ModelPage, offer: Offer, operation: Any, **values: Any) -> RequestPlan:
    contract = offer.contracts[operation]
    images = () if operation == "generation" else (PICTURE,)
    mask = MASK if contract.mask and contract.mask.required else None
    request = read_request(operation, {"prompt": "a fox", **values}, images=images, mask=mask)
    return plan(request, page, offer.offering, provider_of(offer.offering.provider), contract)


def wire(made: RequestPlan, n: int = 1) -> dict[str, Any]:
    """The request as it is sent, without what differs from call to call."""
    found = values_of(made.provider.build(replace(made.job, n=n)))  # type: ignore[attr-defined]
    return {
        path: value for path, value in found.items() if path != "taskUUID" and not isinstance(value, dict | list)
    }


def every(offers: list[tuple[lookup.ModelPage, Offer]]) -> PLANNED:
    for page, offer in offers:
        for operation in offer.contracts if offer.offering.provider != "painter" else ():
            yield page, offer, operation


def is_lost(name: str, value: Any, before: dict[str, Any], asked: RequestPlan) -> bool:
    """Whether a parameter leaves no trace in a request, which was `before` without it."""
    if any(change.parameter == name for change in asked.adjustments):
        return False
    size = asked.job.size
    if name == "resolution" and size and 1 / 2 < size[0] * size[1] / 2048**2 < 2:
        return False  # a call that must name a size names the same one for the nearest scale
    after = wire(asked)
    return before == after and str(value) not in map(str, after.values())


def test_no_parameter_is_lost_at_any_offering(offers: list[tuple[lookup.ModelPage, Offer]]) -> None:
    met: Counter[str] = Counter()
    lost = []
    for page, offer, operation in every(offers):
        before = wire(planned(page, offer, operation))
        for name, value in ASKED.items():
            met[name] += 1
            if is_lost(name, value, before, planned(page, offer, operation, **{name: value})):
                lost.append(f"{offer.offering.key} {operation}: {name}={value!r}")
    print(f"\nevery offering: {sum(met.values())} combinations held")
    assert sum(met.values()) > 5_000
    assert lost == []


def test_every_image_and_every_mask_is_sent_or_refused(offers: list[tuple[lookup.ModelPage, Offer]]) -> None:
    """As many inputs as were given stand in the request, the mask among them."""
    wrong = []
    for page, offer, operation in every(offers):
        if operation == "generation":
            continue
        contract = offer.contracts[operation]
        for count, masked in ((1, False), (2, False), (1, True)):
            images = tuple(picture((512, 384 + 64 * number)) for number in range(count))
            mask = MASK if masked or (contract.mask and contract.mask.required) else None
            try:
                request = read_request(operation, {"prompt": "a fox"}, images=images, mask=mask)  # type: ignore[arg-type]
                made = plan(request, page, offer.offering, provider_of(offer.offering.provider), contract)
            except InvalidParameter as error:
                if error.param not in {"image", "mask"}:
                    wrong.append(f"{offer.offering.key} {operation}: {error}")
                continue
            if files_in(made) < count + (mask is not None):
                wrong.append(f"{offer.offering.key} {operation}: {count} images, mask={mask is not None}")
    assert wrong == []


def files_in(made: RequestPlan) -> int:
    """How many files a request carries: parts of a form, or long texts of base64."""
    request = made.provider.build(made.job)  # type: ignore[attr-defined]
    content = request.read()
    if request.headers["content-type"].startswith("multipart/"):
        return int(content.count(b"filename="))
    return sum(isinstance(value, str) and len(value) > 500 for value in values_of(request).values())


def test_several_images_are_several_calls_where_one_makes_fewer(
    offers: list[tuple[lookup.ModelPage, Offer]],
) -> None:
    """A call asks for as many as it is expected to bring, and never for more than the contract allows."""
    for page, offer, operation in every(offers):
        made = planned(page, offer, operation, n=10)
        field = offer.contracts[operation].n
        assert 1 <= made.job.n <= 10
        if field is None:
            assert made.job.n == 1, offer.offering.key
        elif made.job.n != field.default:
            assert str(made.job.n) in map(str, wire(made, made.job.n).values()), offer.offering.key


@pytest.mark.parametrize("name", ["style", "seed", "unheard_of", "size", "aspect_ratio"])
def test_strict_means_on_the_wire_or_refused_by_name(
    seeded_world: World, offers: list[tuple[lookup.ModelPage, Offer]], name: str
) -> None:
    database: Database = seeded_world.database
    seen: set[tuple[str, str]] = set()
    refused: list[tuple[str, str | None]] = []
    with database.reading() as session:
        for page, offer, operation in every(offers):
            slug = offer.offering.provider
            if operation != "generation" or (slug, name) in seen or page.status == "retired":
                continue
            seen.add((slug, name))
            request = read_request("generation", {"prompt": "a fox", name: ASKED[name], "strict": True})
            try:
                providers: dict[str, ImageProvider] = {slug: provider_of(slug)}
                (made,) = route(
                    session, Target(page, slug), request, providers, now=datetime.now(UTC), natural=Fraction(1)
                )
            except InvalidParameter as error:
                refused.append((slug, error.param))
            except UnsupportedMode:
                continue
            else:
                assert made.adjustments == ()
                assert wire(made) != wire(planned(page, offer, operation)), f"{slug} {name}: lost"
    assert len(seen) > 20
    assert [one for one in refused if one[1] != name] == []
