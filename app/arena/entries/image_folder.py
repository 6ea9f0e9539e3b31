"""Tells the folder of the arena's images from an empty one, such as that of a volume that is not mounted."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.tables import Entry
from app.errors import Refusal
from app.gateway.storage import Storage

SAMPLE = 5
"""Images that are looked for where the folder has no mark."""
GONE = "the folder of the images is not the arena's: is it mounted?"


class ImagesElsewhere(Refusal, code="images_elsewhere"):
    """The folder of the images holds none of them."""


def is_missing(session: Session, storage: Storage) -> bool:
    """
    Tell whether the images lie elsewhere: the place has no mark, and no image that a row names is there.

    One image that somebody deleted proves nothing, and an arena without images has them anywhere.
    """
    if storage.is_marked():
        return False
    keys = session.scalars(select(Entry.rendition_key).order_by(Entry.id.desc()).limit(SAMPLE)).all()
    return bool(keys) and not any(storage.has(key) for key in keys)


def claim(session: Session, storage: Storage) -> None:
    """Mark the place of the images, where it is theirs. Raises ImagesElsewhere."""
    if is_missing(session, storage):
        raise ImagesElsewhere(
            "The folder of the images holds none of them. Mount its volume, or correct DATA_DIR; "
            "if they are lost, restore a backup."
        )
    storage.mark()
