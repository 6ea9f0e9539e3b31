"""Images enter a competition and leave it. What was voted on is never changed, only withdrawn."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries import near_duplicates
from app.arena.entries.renditions import Picture, file_bytes
from app.arena.tables import Competition, Entry, Matchup
from app.catalog import loading as catalog
from app.catalog import lookup
from app.database.doors import execute
from app.gateway.storage import Storage, fresh_key


@dataclass(frozen=True)
class Place:
    """Where an entry stands: one image per competition, model, sample and role."""

    competition: str
    model: str
    sample: int = 0
    role: Literal["contestant", "showcase"] = "contestant"


@dataclass(frozen=True)
class Facts:
    """What is known of how an image came about."""

    prompt: str | None = None
    provider: str | None = None
    seconds: float | None = None
    cost_micros: int | None = None
    licence: str | None = None
    source: dict[str, Any] = field(default_factory=dict)


def vouched(no_visible_mark: str | None) -> dict[str, str]:
    """What of a source says why a picture that looks blank or marked was entered all the same."""
    return {"no_visible_mark": no_visible_mark} if no_visible_mark else {}


@dataclass(frozen=True)
class Stored:
    """A picture whose files are in storage; only its row is missing."""

    picture: Picture
    original_key: str
    rendition_key: str


def store(storage: Storage, picture: Picture) -> Stored:
    """Both files under keys that say nothing, before any row names them."""
    stored = Stored(picture, fresh_key("originals", "img"), fresh_key("renditions", "webp"))
    storage.put(stored.original_key, picture.original)
    storage.put(stored.rendition_key, picture.rendition)
    return stored


def standing(session: Session, place: Place) -> str | None:
    """The sha256 of the image that stands in this place, withdrawn or not."""
    query = select(Entry.sha256).join(Competition, Competition.id == Entry.competition_id)
    return session.scalars(query.where(*_in_place(session, place))).one_or_none()


def add(session: Session, place: Place, stored: Stored, facts: Facts, *, now: datetime) -> bool:
    """
    Enter a stored picture; False when this very image stands there already.

    An unknown model becomes a stub of the catalogue. Raises UnknownCompetition, EntryRefused.
    """
    competition = _locked(session, place.competition)
    known = standing(session, place)
    if known == stored.picture.sha256:
        return False
    if known is not None:
        raise errors.EntryRefused(
            f"{place.model} already has another image as sample {place.sample} of {place.competition}"
        )
    near_duplicates.refuse_newcomer(session, competition, place.role, stored.picture.perceptual_hash)
    _refuse_shared_prompt(session, place, facts.prompt or competition.prompt)
    row = _row(place, stored, facts, now)
    row.competition_id, row.model_id = competition.id, catalog.stub(session, place.model)
    row.prompt = facts.prompt or competition.prompt
    session.add(row)
    competition.file_bytes = max(competition.file_bytes, file_bytes(len(stored.picture.rendition)))
    reason = facts.source.get("no_visible_mark")
    ledger.note(session, "entry.added", _name(place), now=now, reason=reason, sha256=stored.picture.sha256)
    return True


def withdraw(session: Session, place: Place, *, reason: str, now: datetime, actor: str = "command line") -> bool:
    """
    Take an entry out of the pool; its votes stay. False when it was withdrawn already.

    Raises UnknownCompetition, UnknownEntry.
    """
    competition = _locked(session, place.competition)
    row = session.scalars(
        select(Entry).join(Competition, Competition.id == Entry.competition_id).where(*_in_place(session, place))
    ).one_or_none()
    if row is None:
        raise errors.UnknownEntry(f"{place.model} has no sample {place.sample} in {place.competition}.")
    if row.withdrawn_at is not None:
        return False
    row.withdrawn_at = now
    session.flush()
    shown = or_(Matchup.left_entry_id == row.id, Matchup.right_entry_id == row.id)
    waiting = and_(Matchup.competition_id == competition.id, Matchup.closed_at.is_(None), shown)
    execute(session, update(Matchup).where(waiting).values(closed_at=now))
    ledger.note(session, "entry.withdrawn", _name(place), now=now, actor=actor, reason=reason)
    return True


def entered_models(session: Session) -> frozenset[int]:
    """Ids of models with an image in an arena people can see: where demo models show themselves."""
    query = (
        select(Entry.model_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Entry.withdrawn_at.is_(None), Competition.status != "draft")
    )
    return frozenset(session.scalars(query.distinct()))


def _locked(session: Session, slug: str) -> Competition:
    """Held to the end of the transaction, so that no vote on it slips in between."""
    query = select(Competition).where(Competition.slug == slug).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise errors.UnknownCompetition(f"No competition {slug}.")
    return row


def _in_place(session: Session, place: Place) -> tuple[Any, ...]:
    return (
        Competition.slug == place.competition,
        Entry.model_id == lookup.ids(session, [place.model]).get(place.model),
        Entry.sample == place.sample,
        Entry.role == place.role,
    )


def _row(place: Place, stored: Stored, facts: Facts, now: datetime) -> Entry:
    picture = stored.picture
    return Entry(
        sample=place.sample,
        role=place.role,
        rendition_key=stored.rendition_key,
        original_key=stored.original_key,
        media_key=fresh_key("media", "webp"),
        width=picture.width,
        height=picture.height,
        sha256=picture.sha256,
        perceptual_hash=picture.perceptual_hash,
        provider=facts.provider,
        seconds=facts.seconds,
        cost_micros=facts.cost_micros,
        source=facts.source,
        licence=facts.licence,
        created_at=now,
    )


def _refuse_shared_prompt(session: Session, place: Place, prompt: str) -> None:
    """A named picture of the same prompt shows how its model would answer."""
    opposite = "showcase" if place.role == "contestant" else "contestant"
    query = (
        select(Entry.id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Entry.role == opposite, Entry.withdrawn_at.is_(None), Entry.prompt == prompt)
    )
    if place.role == "showcase":
        query = query.where(Competition.status == "open")
    if session.scalars(select(exists(query))).one():
        raise errors.EntryRefused(f"its prompt is that of a {opposite}: it would tell a name")


def _name(place: Place) -> str:
    return f"entry:{place.competition}/{place.model}/{place.role}/{place.sample}"
