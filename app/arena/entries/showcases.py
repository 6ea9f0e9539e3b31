"""A model's pictures that every reader may see with its name: showcases, and what competitions no longer hide."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry
from app.database.statements import Prepared

# Written once: building a statement costs several times what running it does.
_COMPETITIONS = Competition.__table__.c
_ENTRIES = Entry.__table__.c
_STATES = Prepared(
    lambda _: select(
        *(_COMPETITIONS[name] for name in ("id", "status", "open_gallery", "title", "target"))
    ).order_by(_COMPETITIONS.id)
)
_SHOWN = Prepared(
    lambda _: (
        select(
            *(_ENTRIES[name] for name in ("model_id", "competition_id", "role", "media_key", "prompt")),
            *(_COMPETITIONS[name] for name in ("slug", "title", "frame_width", "frame_height")),
        )
        .join(Competition.__table__, _COMPETITIONS.id == _ENTRIES.competition_id)
        .where(_ENTRIES.model_id == bindparam("model"), _ENTRIES.withdrawn_at.is_(None))
        .where(_COMPETITIONS.status != "draft")
        .where(or_(_ENTRIES.role == "showcase", _COMPETITIONS.status == "closed", _COMPETITIONS.open_gallery))
        .order_by(_ENTRIES.role.desc(), _COMPETITIONS.id.desc(), _ENTRIES.sample)
    )
)
_COUNTS = Prepared(
    lambda _: select(func.count(_ENTRIES.id), func.max(_ENTRIES.id), func.count(_ENTRIES.withdrawn_at))
)


@dataclass(frozen=True)
class Showcase:
    """A picture of one model; `url` answers to everybody. Competition by slug and title."""

    model_id: int
    url: str
    prompt: str
    competition: str
    title: str
    width: int
    height: int
    is_showcase: bool


def showcases(session: Session, model_ids: Iterable[int]) -> tuple[Showcase, ...]:
    """Of each: showcases, then entries of closed or open-gallery competitions, newest first; first samples."""
    found: dict[tuple[int, int, str], Showcase] = {}
    for row in (row for model in model_ids for row in _SHOWN.all(session, model=model)):
        found.setdefault((row.model_id, row.competition_id, row.role), _showcase(row))
    return tuple(found.values())


def arena_state(session: Session) -> tuple[object, ...]:
    """Differs once a competition was opened or closed, or an entry came or went: for the keys of kept pages."""
    return (*_STATES.all(session), _COUNTS.first(session))


def _showcase(row: Any) -> Showcase:
    return Showcase(
        model_id=row.model_id,
        url=f"/{row.media_key}",
        prompt=row.prompt,
        competition=row.slug,
        title=row.title,
        width=row.frame_width,
        height=row.frame_height,
        is_showcase=row.role == "showcase",
    )
