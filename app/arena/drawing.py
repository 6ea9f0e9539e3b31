"""Asks the gateway for pictures and enters them: each place of a competition is filled once."""

import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import blind, entries, errors
from app.arena.entries import Facts, Place
from app.arena.tables import Competition, Entry
from app.catalog import lookup
from app.catalog.tables import ImageModel
from app.db import Database
from app.gateway import generate as gateway
from app.gateway.errors import GatewayError
from app.gateway.generate import CostEstimate, Generation, Means
from app.gateway.images import InvalidImage
from app.gateway.request import ImageRequest, read_request
from app.gateway.storage import Storage
from app.gateway.wire import Client

THREADS = 2
"""Pictures on their way at once: a server beside us has to stay quick."""
DEMO_LICENCE = "CC0-1.0"


@dataclass(frozen=True)
class Order:
    """A picture to be made; `prompt` where it is not the competition's own, `provider` where only one will do."""

    place: Place
    prompt: str | None = None
    provider: str | None = None


@dataclass(frozen=True)
class Studio:
    """What drawing takes: the arena's parts and the way to the providers."""

    database: Database
    storage: Storage
    means: Means
    client: Client


@dataclass(frozen=True)
class Drawn:
    """What became of an order; `refusal` says why there is no picture."""

    order: Order
    refusal: str | None = None


@dataclass(frozen=True)
class _Brief:
    """An order with what the database knows of it: `seed` for models of the painter alone."""

    request: ImageRequest
    frame: tuple[int, int]
    prompt: str
    seed: int | None


def orders(
    session: Session, competition: str, models: Iterable[str], samples: int, provider: str | None = None
) -> list[Order]:
    """So many samples of each model (slug or alias), sample by sample. Raises UnknownModel."""
    slugs = dict.fromkeys(_slug(session, model) for model in models)
    return [
        Order(Place(competition, slug, sample), provider=provider) for sample in range(samples) for slug in slugs
    ]


def missing(session: Session, orders: Iterable[Order]) -> list[Order]:
    """Those whose place is still empty; a withdrawn picture keeps its place."""
    rows = session.execute(
        select(Competition.slug, ImageModel.slug, Entry.sample, Entry.role)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
    )
    taken = {(competition, model, sample, role) for competition, model, sample, role in rows}
    return [order for order in orders if _key(order.place) not in taken]


def estimate(studio: Studio, order: Order, *, now: datetime) -> CostEstimate:
    """What one picture would cost. Raises UnknownCompetition or a GatewayError."""
    return gateway.estimate(studio.database, _brief(studio, order).request, studio.means, now=now)


def draw(studio: Studio, order: Order, *, now: Callable[[], datetime]) -> bool:
    """
    Make a picture and enter it with what it took and cost; False when its place was filled meanwhile.

    Raises UnknownCompetition, EntryRefused, InvalidImage or a GatewayError.
    """
    with studio.database.reading() as session:
        if not missing(session, [order]):
            return False
    brief = _brief(studio, order)
    made = gateway.generate(
        studio.database, studio.storage, brief.request, studio.means, now=now(), client=studio.client
    )
    picture = blind.picture(made.drawn[0].picture.data, brief.frame)
    stored = entries.store(studio.storage, picture)
    facts, added = _facts(brief, made), False
    try:
        added = studio.database.write(lambda session: entries.add(session, order.place, stored, facts, now=now()))
    finally:
        if not added:
            studio.storage.delete(stored.original_key)
            studio.storage.delete(stored.rendition_key)
    return added


def draw_all(studio: Studio, orders: Sequence[Order], *, now: Callable[[], datetime]) -> Generator[Drawn]:
    """In this order, two at a time, each as it is done. Stopping drops what has not begun."""
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(_drawn, studio, order, now) for order in orders]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()


def seed_of(place: Place) -> int:
    """The painter's seed for a place: the same for all painters, whose compositions then differ by design."""
    return zlib.crc32(f"{place.competition}/{place.role}/{place.sample}".encode()) % 2**31


def _drawn(studio: Studio, order: Order, now: Callable[[], datetime]) -> Drawn:
    try:
        draw(studio, order, now=now)
    except (GatewayError, errors.ArenaError, InvalidImage) as error:
        return Drawn(order, str(error))
    return Drawn(order)


def _brief(studio: Studio, order: Order) -> _Brief:
    with studio.database.reading() as session:
        query = select(Competition).where(Competition.slug == order.place.competition)
        row = session.scalars(query).one_or_none()
        if row is None:
            raise errors.UnknownCompetition(f"There is no competition {order.place.competition!r}.")
        is_demo = session.scalars(
            select(ImageModel.demo).where(ImageModel.slug == order.place.model)
        ).one_or_none()
    frame, prompt = (row.frame_width, row.frame_height), order.prompt or row.prompt
    seed = seed_of(order.place) if is_demo else None
    images = (studio.storage.get(row.input_key),) if row.input_key else ()
    return _Brief(_request(order, prompt, frame, seed, images), frame, prompt, seed)


def _request(
    order: Order, prompt: str, frame: tuple[int, int], seed: int | None, images: tuple[bytes, ...]
) -> ImageRequest:
    model = order.place.model
    values: dict[str, Any] = {
        "model": f"{order.provider}/{model}" if order.provider else model,
        "prompt": prompt,
        "size": f"{frame[0]}x{frame[1]}",
        "response_format": "b64_json",
    }
    if seed is not None:
        values["seed"] = seed
    return read_request("edit" if images else "generation", values, images=images)


def _facts(brief: _Brief, made: Generation) -> Facts:
    attempt = next(attempt for attempt in made.attempts if attempt.images)
    by_painter = brief.seed is not None
    origin = {"painter": made.model, "seed": brief.seed} if by_painter else {"offering": attempt.offering}
    return Facts(
        prompt=brief.prompt,
        provider=made.provider,
        seconds=attempt.seconds,
        cost_micros=made.cost_micros,
        licence=DEMO_LICENCE if by_painter else None,
        source={**origin, "request": made.request_id},
    )


def _slug(session: Session, name: str) -> str:
    model_id = lookup.ids(session, [name]).get(name)
    if model_id is None:
        raise lookup.UnknownModel(f"There is no model {name!r}.")
    return session.scalars(select(ImageModel.slug).where(ImageModel.id == model_id)).one()


def _key(place: Place) -> tuple[str, str, int, str]:
    return place.competition, place.model, place.sample, place.role
