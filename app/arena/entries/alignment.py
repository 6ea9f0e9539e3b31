"""
Keeps the renditions of a competition alike: all of the same pixels, each size padded to one length.

An entry whose renditions have another size than its competition's is not shown to voters until they are aligned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.entries import renditions, traits
from app.arena.entries.competitions import find_competition
from app.arena.entries.renditions import Renditions, file_bytes
from app.arena.entries.sheets import print_sheet
from app.arena.tables import Competition, Entry
from app.database.doors import Database
from app.gateway import images
from app.gateway.storage import Storage, fresh_key

Rendered = dict[int, tuple[str, Renditions]]
"""By entry: the key of its new renditions, and what they are."""
Measured = dict[int, tuple[float, ...]]
"""By entry: the traits of its renditions."""


@dataclass(frozen=True)
class Alignment:
    """A competition's renditions: entries, how many were rendered, long side, lengths, least likeness."""

    competition: str
    entries: int
    rendered: int
    side: int
    large_bytes: int
    small_bytes: int
    likeness: float | None


def align_renditions(database: Database, storage: Storage, slug: str) -> Alignment:
    """
    Render anew what differs from the size that shows the competition's largest original, and set the budgets.

    Pictures that an older version left in bars are rendered anew too, and traits that were never measured are
    measured. Then pictures that waited for it come onto the competition's sheet. Can be stopped and run again:
    voters see the old renditions until all new ones are stored. Raises UnknownCompetition, InvalidImage.
    """
    while True:
        with database.reading() as session:
            competition, entries = _read(session, slug)
        side = max((_side(competition, entry) for entry in entries), default=0)
        measured = _measure_new(storage, entries)
        barred = {number for number, found in measured.items() if traits.is_in_bars(found)}
        differing = [entry for entry in entries if entry.rendition_side != side or entry.id in barred]
        rendered = {entry.id: _render(storage, competition, entry, side) for entry in differing}
        _render_input(storage, competition)
        _render_tiny(storage, [entry for entry in entries if entry.id not in rendered])
        alignment = database.write(lambda session: _store(session, slug, entries, rendered, side, measured))  # noqa: B023
        if alignment is not None:
            _delete_replaced(storage, entries, rendered)
            print_sheet(database, storage, slug)
            return alignment
        _delete_unused(storage, rendered)


def list_competitions(session: Session) -> list[str]:
    """List the slugs of all competitions that have entries, oldest first."""
    query = select(Competition.slug).join(Entry, Entry.competition_id == Competition.id)
    return list(session.scalars(query.group_by(Competition.id, Competition.slug).order_by(Competition.id)))


def _read(session: Session, slug: str) -> tuple[Competition, Sequence[Any]]:
    competition = find_competition(session, slug)
    session.expunge(competition)
    return competition, session.execute(
        select(
            Entry.id,
            Entry.width,
            Entry.height,
            Entry.original_key,
            Entry.rendition_key,
            Entry.rendition_side,
            Entry.large_bytes,
            Entry.small_bytes,
            Entry.likeness,
            Entry.source,
        )
        .where(Entry.competition_id == competition.id, Entry.withdrawn_at.is_(None))
        .order_by(Entry.id)
    ).all()


def _side(competition: Competition, entry: Any) -> int:
    frame = (competition.frame_width, competition.frame_height)
    return renditions.side_for((entry.width, entry.height), frame, is_edit=competition.input_key is not None)


def _render(storage: Storage, competition: Competition, entry: Any, side: int) -> tuple[str, Renditions]:
    decoded = images.decode(storage.get(entry.original_key))
    frame = (competition.frame_width, competition.frame_height)
    rendered = renditions.render(decoded, frame, side, is_edit=competition.input_key is not None)
    key = fresh_key("renditions", "webp")
    renditions.store(storage, key, rendered)
    return key, rendered


def _render_input(storage: Storage, competition: Competition) -> None:
    """Render the small input image where an older version stored the large one alone."""
    key = competition.input_key
    if key is None or storage.has(renditions.small_key(key)):
        return
    frame = (competition.frame_width, competition.frame_height)
    renditions.store(storage, key, renditions.render_input(storage.get(key), frame))


def _render_tiny(storage: Storage, entries: Sequence[Any]) -> None:
    """Render the smallest thumbnails where an older version stored none."""
    for key in (entry.rendition_key for entry in entries):
        if not storage.has(renditions.tiny_key(key)):
            thumbnail = images.decode(storage.get(renditions.thumbnail_key(key)))
            storage.put(renditions.tiny_key(key), renditions.encode_thumbnail(thumbnail, renditions.TINY))


def _measure_new(storage: Storage, entries: Sequence[Any]) -> Measured:
    """Measure the renditions of pictures that older versions entered, which is done once."""
    unmeasured = [entry for entry in entries if traits.read_source(entry.source) is None]
    return {
        entry.id: traits.measure_file(storage.get(renditions.small_key(entry.rendition_key)))
        for entry in unmeasured
        if storage.has(renditions.small_key(entry.rendition_key))
    }


def _store(
    session: Session, slug: str, entries: Sequence[Any], rendered: Rendered, side: int, measured: Measured
) -> Alignment | None:
    """Point the rows at the new files; None when an entry came or went meanwhile: then all is read again."""
    competition = find_competition(session, slug, locks=True)
    ours = select(Entry.id).where(Entry.competition_id == competition.id, Entry.withdrawn_at.is_(None))
    if set(session.scalars(ours)) != {entry.id for entry in entries}:
        return None
    for number, (key, made) in rendered.items():
        session.execute(update(Entry).where(Entry.id == number).values(rendition_key=key, **columns_of(made)))
    sources = {entry.id: entry.source for entry in entries}
    for number, found in (measured | {number: made.traits for number, (_, made) in rendered.items()}).items():
        described = traits.describe_source(sources[number], found)
        session.execute(update(Entry).where(Entry.id == number).values(source=described))
    sizes = [(made.large.data, made.small.data) for _, made in rendered.values()]
    lengths = [(len(large), len(small)) for large, small in sizes]
    lengths += [(entry.large_bytes, entry.small_bytes) for entry in entries if entry.id not in rendered]
    if lengths:
        competition.rendition_side = side
        # The largest budgets stay, as they hide which picture came late, and how long it is.
        if (competition.file_bytes, competition.small_file_bytes) != renditions.LARGEST_BUDGETS:
            competition.file_bytes = file_bytes(max(large for large, _ in lengths))
            competition.small_file_bytes = file_bytes(max(small for _, small in lengths))
    return _alignment(competition, entries, rendered)


def columns_of(made: Renditions) -> dict[str, float]:
    """Return the columns of an entry that describe its renditions."""
    return {
        "rendition_side": made.side,
        "large_bytes": len(made.large.data),
        "small_bytes": len(made.small.data),
        "likeness": min(made.large.likeness, made.small.likeness),
    }


def _alignment(competition: Competition, entries: Sequence[Any], rendered: Rendered) -> Alignment:
    kept = [entry.likeness for entry in entries if entry.id not in rendered and entry.likeness is not None]
    likeness = [min(made.large.likeness, made.small.likeness) for _, made in rendered.values()] + kept
    return Alignment(
        competition.slug,
        len(entries),
        len(rendered),
        competition.rendition_side,
        competition.file_bytes,
        competition.small_file_bytes,
        round(min(likeness), 4) if likeness else None,
    )


def _delete_replaced(storage: Storage, entries: Sequence[Any], rendered: Rendered) -> None:
    for entry in entries:
        if entry.id in rendered:
            renditions.delete(storage, entry.rendition_key)


def _delete_unused(storage: Storage, rendered: Rendered) -> None:
    for key, _ in rendered.values():
        renditions.delete(storage, key)
