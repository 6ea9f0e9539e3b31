"""
Sheets: the field of an open competition as thumbnails without names, in an order of chance.

A reader may compare a sheet with what the arena tells of entries that come and go. So pictures of four models or
more come onto a sheet together, as a batch, one of each; of a batch at least four leave together, and at least
four or none stay. All files of a size have one length.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from app.arena.entries import renditions
from app.arena.entries.renditions import Size
from app.arena.tables import Competition, Entry
from app.database.doors import Database, execute
from app.gateway import images
from app.gateway.storage import Storage, fresh_key

TOGETHER = 4
"""Pictures of a batch that come or go at the same time, at least, each of another model."""
TILE = Size(320, 12 * 1024)
SMALL_TILE = Size(160, 4 * 1024)
ATTEMPTS = ((80, 1), (65, 1), (50, 1), (35, 1), (20, 1), (5, 1), (1, 1), (1, 2), (1, 4), (1, 16))
"""WebP qualities, and by how much the detail of a picture of noise is taken away, until it is short enough."""
_STANDS = (Entry.role == "contestant", Entry.withdrawn_at.is_(None), Entry.rested_at.is_(None))
_IS_BLIND = (Competition.status != "closed", ~Competition.open_gallery, ~Competition.showcase)
_IS_SHOWN = (*_STANDS, Entry.sheet_batch > 0, Competition.status == "open", *_IS_BLIND)
_PLACED = (
    select(
        Competition.slug,
        Entry.sheet_key,
        # By a random key: an order of chance that stays the same.
        func.row_number().over(partition_by=Entry.competition_id, order_by=Entry.sheet_key).label("place"),
    )
    .join(Competition, Competition.id == Entry.competition_id)
    .where(*_IS_SHOWN, Competition.slug.in_(bindparam("slugs", expanding=True)))
    .subquery()
)
# Written once: building a statement costs several times what the query does.
_FIRST = select(_PLACED.c.slug, _PLACED.c.sheet_key).where(_PLACED.c.place <= bindparam("most")).order_by("place")


@dataclass(frozen=True)
class SheetFile:
    """The small blind rendition of a picture on a sheet, and the length it is sent with."""

    rendition_key: str
    length: int


def read_sheets(session: Session, slugs: Iterable[str], most: int = 1_000) -> dict[str, tuple[str, ...]]:
    """Read the addresses on the sheets of these competitions, at most so many of each; open blind ones alone."""
    sheets: defaultdict[str, list[str]] = defaultdict(list)
    for slug, key in session.execute(_FIRST, {"slugs": list(slugs), "most": most}):
        sheets[slug].append(f"/{key}")
    return {slug: tuple(addresses) for slug, addresses in sheets.items()}


def find_sheet_file(session: Session, sheet_key: str) -> SheetFile | None:
    """Find the picture that stands on a sheet under this key; None for whatever does not stand on one now."""
    query = select(Entry.rendition_key, Competition.small_file_bytes).join(
        Competition, Competition.id == Entry.competition_id
    )
    row = session.execute(query.where(Entry.sheet_key == sheet_key, *_IS_SHOWN)).one_or_none()
    return None if row is None else SheetFile(renditions.small_key(row.rendition_key), row.small_file_bytes)


def print_sheet(database: Database, storage: Storage, slug: str) -> int:
    """
    Put a picture of each model that has one which was never on its competition's sheet there, once they are four.

    Returns how many came. Made from the small blind renditions, which must be aligned.
    """
    with database.reading() as session:
        waiting = _list_waiting(session, slug)
    if len(waiting) < TOGETHER:
        return 0
    keys = {row.id: store_tiles(storage, row.rendition_key) for row in waiting}
    is_printed = database.write(lambda session: _place(session, slug, keys))
    if not is_printed:
        for key in keys.values():
            renditions.delete(storage, key)
    return len(keys) if is_printed else 0


def take_off_sheet(session: Session, entry: Entry) -> None:
    """
    Take a picture off its sheet for good, and three others of its batch with it, chosen by lot.

    Where fewer than four of the batch would stay, all of them go. Does nothing for a picture that is on no sheet.
    """
    if not entry.sheet_batch:
        return
    batch = (Entry.competition_id == entry.competition_id, Entry.sheet_batch == entry.sheet_batch)
    others = sorted(set(session.scalars(select(Entry.id).where(*batch))) - {entry.id})
    gone = [entry.id, *others]
    if len(gone) >= 2 * TOGETHER:
        gone[1:] = random.SystemRandom().sample(others, TOGETHER - 1)
    execute(session, update(Entry).where(Entry.id.in_(gone)).values(sheet_batch=0))


def _list_waiting(session: Session, slug: str) -> list[Any]:
    """List a picture of each model that was never on the sheet: of two, a reader would know too much."""
    rows = session.execute(
        select(Entry.id, Entry.model_id, Entry.rendition_key)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.slug == slug, *_STANDS, *_IS_BLIND, Entry.sheet_key.is_(None))
        .order_by(Entry.id.desc())
    )
    return list({row.model_id: row for row in rows}.values())


def _place(session: Session, slug: str, keys: dict[int, str]) -> bool:
    """Store the keys as a batch; False when an entry came or went meanwhile: the next print takes them all."""
    competition = session.scalars(select(Competition.id).where(Competition.slug == slug).with_for_update()).one()
    if {row.id for row in _list_waiting(session, slug)} != keys.keys():
        return False
    latest = session.scalar(select(func.count(Entry.sheet_key)).where(Entry.competition_id == competition)) or 0
    for number, key in keys.items():
        execute(session, update(Entry).where(Entry.id == number).values(sheet_key=key, sheet_batch=latest + 1))
    return True


def store_tiles(storage: Storage, rendition_key: str) -> str:
    """Store both tiles of a picture under a fresh key, which names the larger one; returns the key."""
    key = fresh_key("sheets", "webp")
    blind = storage.get(renditions.small_key(rendition_key))
    storage.put(key, _make_tile(blind, storage.get(renditions.thumbnail_key(rendition_key)), TILE))
    tiny = renditions.tiny_key
    storage.put(tiny(key), _make_tile(blind, storage.get(tiny(rendition_key)), SMALL_TILE))
    return key


def _make_tile(blind: bytes, thumbnail: bytes, size: Size) -> bytes:
    """Pad a picture's thumbnail where it has the tile's shape and is short enough; else encode the tile anew."""
    whole = images.header_size(blind)
    frame = renditions.scale(whole, min(size.side, max(whole)))
    is_short = len(thumbnail) <= renditions.most_content(size.most_bytes)
    if is_short and images.header_size(thumbnail) == frame:
        return renditions.padded(thumbnail, size.most_bytes)
    with Image.open(BytesIO(blind)) as small:
        return renditions.padded(_encode_tile(small.convert("RGB"), frame, size), size.most_bytes)


def _encode_tile(blind: Image.Image, frame: tuple[int, int], size: Size) -> bytes:
    """Encode a blind rendition in this frame (pixels) with the highest quality that the size's bytes hold."""
    tile = blind.resize(frame, Image.Resampling.LANCZOS)
    for quality, blur in ATTEMPTS:
        attempt = tile.reduce(blur).resize(frame) if blur > 1 else tile
        data = images.encode_webp(attempt, quality=quality, method=renditions.METHOD)
        if len(data) <= renditions.most_content(size.most_bytes):
            break
    return data
