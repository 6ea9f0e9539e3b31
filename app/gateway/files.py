"""Generated images handed out as links: unguessable, for a while, then gone."""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.gateway.formats import EXTENSIONS, media_type
from app.gateway.storage import Storage, fresh_key
from app.gateway.tables import StoredImage

TOKEN_BYTES = 16
NAME = re.compile(r"([A-Za-z0-9_-]{22})\.[a-z]{3,4}")
SWEPT = 50
"""Expired files removed by each request that makes new ones."""


@dataclass(frozen=True)
class LinkedFile:
    """A stored image; `name` is the last part of its link."""

    token: str
    key: str
    media_type: str

    @property
    def name(self) -> str:
        return f"{self.token}.{self.key.rpartition('.')[2]}"


def put(storage: Storage, data: bytes, format_: str) -> LinkedFile:
    """Store a file. It has no link before `link_until` is called."""
    key = fresh_key("generated", EXTENSIONS[format_])
    storage.put(key, data)
    return LinkedFile(secrets.token_urlsafe(TOKEN_BYTES), key, media_type(format_))


def another_link(file: LinkedFile) -> LinkedFile:
    """Return the same file under a new link, which works once `link_until` is called."""
    return replace(file, token=secrets.token_urlsafe(TOKEN_BYTES))


def link_until(session: Session, file: LinkedFile, generation_id: int, until: datetime) -> None:
    """Make the link of a file work until then; the file stays as long as any of its links works."""
    session.add(
        StoredImage(
            token=file.token,
            key=file.key,
            media_type=file.media_type,
            generation_id=generation_id,
            expires_at=until,
        )
    )


def find_linked(session: Session, name: str, *, now: datetime) -> LinkedFile | None:
    """Find the file behind the last part of a link; None when there is none or its time is over."""
    shaped = NAME.fullmatch(name)
    row = session.get(StoredImage, shaped[1]) if shaped else None
    if row is None or row.expires_at <= now:
        return None
    file = LinkedFile(row.token, row.key, row.media_type)
    return file if file.name == name else None


def expire(session: Session, *, now: datetime) -> list[str]:
    """Forget links whose time is over; return the keys of files without any link, to delete after the commit."""
    rows = session.execute(
        select(StoredImage.token, StoredImage.key).where(StoredImage.expires_at <= now).limit(SWEPT)
    ).all()
    session.execute(delete(StoredImage).where(StoredImage.token.in_([token for token, _ in rows])))
    keys = {key for _, key in rows}
    linked = session.scalars(select(StoredImage.key).where(StoredImage.key.in_(keys)))
    return sorted(keys - set(linked))
