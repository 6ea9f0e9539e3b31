"""The check of `arena doctor` that opens images, as a file that exists may be damaged."""

import random
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.entries.inputs import mask_key, outline_key
from app.arena.entries.renditions import list_keys, tiny_key
from app.arena.tables import Competition, Entry
from app.cli.doctor_context import CheckResult, DoctorContext
from app.gateway import images as pictures
from app.gateway.tables import StoredImage

SAMPLE = 200
OPENED = 20
"""Images that are decoded without --deep."""


def images(context: DoctorContext) -> CheckResult:
    """Check that the files named by rows exist and can be decoded: a sample of them, or all with --deep."""
    with context.database.reading() as session:
        named = read_keys(session, context.now)
    sample = named if context.deep else random.sample(named, min(SAMPLE, len(named)))
    absent = {key for key in sample if not context.storage.has(key)}
    needed = [key for key in sample if not has_substitute(key)]
    missing = [key for key in needed if key in absent]
    if missing:
        return CheckResult("fail", _describe_missing(context, missing, len(needed)))
    sample = [key for key in sample if key not in absent]
    opened = sample if context.deep else sample[:OPENED]
    damaged = [key for key in opened if not _is_whole(context, key)]
    if damaged:
        return CheckResult(
            "fail",
            f"{len(damaged)} of {len(opened)} can't be decoded, {damaged[0]} first: restore a backup, or make "
            "renditions anew with `arena renditions` where the originals are whole",
        )
    spare = f"; {_count_spare(context, named)} files that no row names take room" if context.deep else ""
    return CheckResult("ok", f"{len(sample)} of {len(named)} are there, {len(opened)} decoded{spare}")


def read_keys(session: Session, now: datetime) -> list[str]:
    """Read the key of every picture that a row names, the smaller renditions included."""
    keys = list(session.scalars(select(Entry.original_key)))
    for key, side in session.execute(select(Entry.rendition_key, Entry.rendition_side)):
        keys += list_keys(key) if side else [key]
    tiles = [key for key in session.scalars(select(Entry.sheet_key)) if key]
    keys += [key for one in tiles for key in (one, tiny_key(one))]
    inputs = [key for key in session.scalars(select(Competition.input_key)) if key]
    keys += [key for one in inputs for key in (one, mask_key(one), outline_key(one)) if key]
    keys += session.scalars(select(StoredImage.key).where(StoredImage.expires_at > now))
    return sorted(set(keys))


def has_substitute(key: str) -> bool:
    """Tell whether another rendition stands in: entries of older versions have no thumbnail of 160 pixels."""
    return key.startswith("renditions/") and key.endswith(tiny_key(".webp"))


def _describe_missing(context: DoctorContext, missing: list[str], looked_at: int) -> str:
    """Describe what is missing; where it is all of it, the place is more likely wrong than the files gone."""
    if len(missing) == looked_at:
        place = context.settings.storage_url or f"the folder {context.settings.data_dir / 'files'}"
        remedy = "correct STORAGE_URL" if context.settings.storage_url else "mount it, or correct DATA_DIR"
        return f"none of the {looked_at} looked for is in {place}: {remedy}; if it is right, restore a backup"
    return f"{len(missing)} of {looked_at} are missing, {missing[0]} first: restore a backup"


def _is_whole(context: DoctorContext, key: str) -> bool:
    try:
        pictures.decode(context.storage.get(key))
    except (pictures.InvalidImage, FileNotFoundError):
        return False
    return True


def _count_spare(context: DoctorContext, named: list[str]) -> int:
    known = set(named)
    return sum(key not in known for key in context.storage.every_key())
