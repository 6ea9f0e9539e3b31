"""Showcases: a model's pictures that every reader may see with its name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.arena.entries.named_pictures import IS_NAMED
from app.arena.tables import Competition, Entry
from app.database.statements import PreparedStatement

# Asked at every request for a page that shows entries, so that a kept page is known to be of today.
_COMPETITIONS = Competition.__table__.c
_ENTRIES = Entry.__table__.c
_STATES = PreparedStatement(
    lambda _: select(
        *(_COMPETITIONS[name] for name in ("id", "status", "open_gallery", "title", "target"))
    ).order_by(_COMPETITIONS.id)
)
_COUNTED = ("withdrawn_at", "rested_at", "sheet_key")
_COUNTS = PreparedStatement(
    lambda _: select(
        *(func.max(_ENTRIES.id), func.count(_ENTRIES.id)),
        *(func.count(_ENTRIES[name]).label(name) for name in _COUNTED),
    )
)
_SHOWN = (
    select(
        *(Entry.model_id, Entry.competition_id, Entry.role, Entry.media_key, Entry.prompt),
        *(Competition.slug, Competition.title, Competition.frame_width, Competition.frame_height),
        Competition.input_key,
    )
    .join(Competition, Competition.id == Entry.competition_id)
    .where(Entry.withdrawn_at.is_(None))
    .where(
        Entry.rested_at.is_(None),
        Competition.status != "draft",
        IS_NAMED,
    )
    .order_by(
        Entry.model_id,
        *(Entry.role.desc(), Competition.showcase.desc(), Competition.id.desc(), Entry.sample),
    )
)
# Both written once: building a statement costs several times what the query does.
_SHOWN_OF_ONE = PreparedStatement(lambda _: _SHOWN.where(Entry.model_id == bindparam("model")))
_SHOWN_OF_THESE = _SHOWN.where(Entry.model_id.in_(bindparam("models", expanding=True)))


@dataclass(frozen=True)
class Showcase:
    """A picture of one model with its competition's slug and title; anybody may open `url`."""

    model_id: int
    url: str
    prompt: str
    competition: str
    title: str
    width: int
    height: int
    is_showcase: bool
    input_url: str | None
    """The picture it was made from; None for one made from text alone."""


def showcases(session: Session, model_ids: Iterable[int]) -> tuple[Showcase, ...]:
    """
    Read the named pictures of these models: showcases first, then entries of closed or open-gallery competitions.

    The newest competition comes first; of several samples in one competition only the first is returned.
    """
    found: dict[tuple[int, int, str], Showcase] = {}
    models = list(model_ids)
    rows: Iterable[Any] = (
        _SHOWN_OF_ONE.all(session, model=models[0])
        if len(models) == 1
        else session.execute(_SHOWN_OF_THESE, {"models": models})
    )
    for row in rows:
        found.setdefault((row.model_id, row.competition_id, row.role), _showcase(row))
    return tuple(found.values())


def arena_state(session: Session) -> tuple[object, ...]:
    """Return a value that changes when a competition opens or closes or an entry comes or goes: a cache key."""
    if "memory" not in session.info:
        return _read_state(session)
    # One snapshot has one state.
    if "arena state" not in session.info:
        session.info["arena state"] = _read_state(session)
    state: tuple[object, ...] = session.info["arena state"]
    return state


def _read_state(session: Session) -> tuple[object, ...]:
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
        input_url=f"/competitions/{row.slug}/input.webp" if row.input_key else None,
    )
