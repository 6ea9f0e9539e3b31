"""Generates entries: asks the gateway for pictures and adds each to its competition, once per entry key."""

import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import entries, inputs, renditions
from app.arena.entries.alignment import align_renditions
from app.arena.entries.competitions import find_competition
from app.arena.entries.entries import EntryDetails, EntryKey, StoredPicture
from app.arena.tables import Competition, Entry
from app.catalog import lookup
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.gateway import generate as gateway
from app.gateway.errors import GatewayError
from app.gateway.generate import CostEstimate, GatewayConfig, Generation
from app.gateway.images import InvalidImage
from app.gateway.request import ImageRequest, read_request
from app.gateway.storage import Storage
from app.gateway.transport import Client

THREADS = 2
"""Pictures generated at once: a server on the same machine has to stay quick."""
DEMO_LICENCE = "CC0-1.0"


@dataclass(frozen=True)
class GenerationTask:
    """An entry to generate; `prompt` replaces the competition's own, `provider` names the only one to ask."""

    place: EntryKey
    prompt: str | None = None
    provider: str | None = None


@dataclass(frozen=True)
class GenerationContext:
    """The parts that generation needs: database, storage, the configured providers and an HTTP client."""

    database: Database
    storage: Storage
    config: GatewayConfig
    client: Client


@dataclass(frozen=True)
class TaskResult:
    """The result of a task; `refusal` says why there is no picture, and is None where there is one."""

    task: GenerationTask
    refusal: str | None = None


@dataclass(frozen=True)
class _TaskRequest:
    """A task's request to the gateway, with the competition's frame; only models of the painter have a `seed`."""

    request: ImageRequest
    frame: tuple[int, int]
    prompt: str
    seed: int | None


def plan_tasks(
    session: Session, competition: str, models: Iterable[str], samples: int, provider: str | None = None
) -> list[GenerationTask]:
    """Plan so many samples of each model (slug or alias), sample by sample. Raises UnknownModel."""
    slugs = dict.fromkeys(_slug(session, model) for model in models)
    return [
        GenerationTask(EntryKey(competition, slug, sample), provider=provider)
        for sample in range(samples)
        for slug in slugs
    ]


def find_missing(session: Session, tasks: Iterable[GenerationTask]) -> list[GenerationTask]:
    """Return the tasks whose entry does not exist yet; a withdrawn entry exists."""
    rows = session.execute(
        select(Competition.slug, ImageModel.slug, Entry.sample, Entry.role)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
    )
    taken = {(competition, model, sample, role) for competition, model, sample, role in rows}
    return [task for task in tasks if _key(task.place) not in taken]


def estimate_cost(context: GenerationContext, task: GenerationTask, *, now: datetime) -> CostEstimate:
    """Estimate what the picture of a task would cost. Raises UnknownCompetition or a GatewayError."""
    return gateway.estimate(context.database, _prepare_request(context, task).request, context.config, now=now)


def generate_entry(context: GenerationContext, task: GenerationTask, *, now: Callable[[], datetime]) -> bool:
    """
    Generate a picture and add it as an entry with its time and cost; False when somebody added one meanwhile.

    Raises UnknownCompetition, EntryRefused, InvalidImage or a GatewayError.
    """
    with context.database.reading() as session:
        if not find_missing(session, [task]):
            return False
    task_request = _prepare_request(context, task)
    generation = gateway.generate(
        context.database, context.storage, task_request.request, context.config, now=now(), client=context.client
    )
    drawn, is_edit = generation.drawn[0].picture.data, bool(task_request.request.images)
    picture = renditions.picture(drawn, task_request.frame, is_edit=is_edit)
    facts = _entry_details(task_request, generation)

    def enter(stored: StoredPicture) -> bool:
        return context.database.write(lambda session: entries.add(session, task.place, stored, facts, now=now()))

    return entries.store_for(context.database, context.storage, picture, enter)


def generate_entries(
    context: GenerationContext, tasks: Sequence[GenerationTask], *, now: Callable[[], datetime]
) -> Generator[TaskResult]:
    """
    Generate entries in this order, two at a time; yields each result as it comes.

    Closing the generator drops the tasks that have not begun.
    """
    try:
        yield from _generate_in_parallel(context, tasks, now)
    finally:
        for slug in sorted({task.place.competition for task in tasks}):
            with suppress(errors.UnknownCompetition):  # its tasks have said so themselves
                align_renditions(context.database, context.storage, slug)


def _generate_in_parallel(
    context: GenerationContext, tasks: Sequence[GenerationTask], now: Callable[[], datetime]
) -> Generator[TaskResult]:
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(_try_generate, context, task, now) for task in tasks]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()


def painter_seed(place: EntryKey) -> int:
    """Return the painter's seed for an entry: shared by all painters, so that pictures differ by style alone."""
    return zlib.crc32(f"{place.competition}/{place.role}/{place.sample}".encode()) % 2**31


def _try_generate(context: GenerationContext, task: GenerationTask, now: Callable[[], datetime]) -> TaskResult:
    try:
        generate_entry(context, task, now=now)
    except (GatewayError, errors.ArenaError, InvalidImage) as error:
        return TaskResult(task, str(error))
    return TaskResult(task)


def _prepare_request(context: GenerationContext, task: GenerationTask) -> _TaskRequest:
    with context.database.reading() as session:
        row = find_competition(session, task.place.competition)
        is_demo = session.scalars(select(ImageModel.demo).where(ImageModel.slug == task.place.model)).one_or_none()
    frame, prompt = (row.frame_width, row.frame_height), task.prompt or row.prompt
    seed = painter_seed(task.place) if is_demo else None
    return _TaskRequest(
        _build_request(task, prompt, frame, seed, _read_inputs(context.storage, row)), frame, prompt, seed
    )


def _read_inputs(storage: Storage, competition: Competition) -> tuple[bytes, ...]:
    """Read the image to edit, then the mask where there is one; nothing for a text-to-image competition."""
    keys = (competition.input_key, inputs.mask_key(competition.input_key))
    return tuple(storage.get(key) for key in keys if key is not None)


def _build_request(
    task: GenerationTask, prompt: str, frame: tuple[int, int], seed: int | None, given: tuple[bytes, ...]
) -> ImageRequest:
    model = task.place.model
    values: dict[str, Any] = {
        "model": f"{task.provider}/{model}" if task.provider else model,
        "prompt": prompt,
        "size": f"{frame[0]}x{frame[1]}",
        "response_format": "b64_json",
    }
    if seed is not None:
        values["seed"] = seed
    mask = given[1] if len(given) > 1 else None
    return read_request("edit" if given else "generation", values, images=given[:1], mask=mask)


def _entry_details(task_request: _TaskRequest, made: Generation) -> EntryDetails:
    attempt = next(attempt for attempt in made.attempts if attempt.images)
    by_painter = task_request.seed is not None
    origin = {"painter": made.model, "seed": task_request.seed} if by_painter else {"offering": attempt.offering}
    return EntryDetails(
        prompt=task_request.prompt,
        provider=made.provider,
        seconds=attempt.seconds,
        cost_micros=made.cost_micros,
        licence=DEMO_LICENCE if by_painter else None,
        source={**origin, "request": made.request_id},
    )


def _slug(session: Session, name: str) -> str:
    return session.scalars(select(ImageModel.slug).where(ImageModel.id == lookup.find_id(session, name))).one()


def _key(place: EntryKey) -> tuple[str, str, int, str]:
    return place.competition, place.model, place.sample, place.role
