"""Finds files of the arena in storage that no row names, as an import that was killed leaves them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.entries import inputs, renditions
from app.arena.tables import Competition, Entry
from app.gateway.storage import Storage

FOLDERS = ("originals/", "renditions/", "inputs/", "sheets/")
"""What entries and competitions store; images of the gateway are not theirs."""


def find_orphans(session: Session, storage: Storage) -> list[str]:
    """List the keys, sorted. A file that is being entered at this moment is among them."""
    named = set(session.scalars(select(Entry.original_key)))
    for key in session.scalars(select(Competition.input_key).where(Competition.input_key.is_not(None))):
        named.update(inputs.list_keys(key or ""))
    sheets = session.scalars(select(Entry.sheet_key).where(Entry.sheet_key.is_not(None)))
    for key in (*session.scalars(select(Entry.rendition_key)), *filter(None, sheets)):
        named.update(renditions.list_keys(key))
    return sorted(key for key in storage.every_key() if key.startswith(FOLDERS) and key not in named)
