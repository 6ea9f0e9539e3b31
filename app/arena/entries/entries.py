"""Entries: adds images to a competition and withdraws them. An entry that was voted on never changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries import near_duplicates, renditions, sheets, traits
from app.arena.entries.alignment import columns_of
from app.arena.entries.competitions import find_competition
from app.arena.entries.renditions import Picture, Renditions, file_bytes
from app.arena.ledger import COMMAND_LINE
from app.arena.tables import Competition, Entry, Matchup, PictureReport, Tally
from app.catalog import loading as catalog
from app.catalog import lookup
from app.catalog.tables import ImageModel, ModelAlias
from app.database.doors import Database, DatabaseBusy, execute
from app.database.statements import PreparedStatement
from app.gateway.storage import Storage, fresh_key

T = TypeVar("T")
_ENTRIES = Entry.__table__.c
_COMPETITIONS = Competition.__table__.c
_SHA256 = PreparedStatement(
    lambda _: select(_ENTRIES.sha256).where(
        _ENTRIES.competition_id == bindparam("competition"),
        _ENTRIES.model_id == bindparam("model"),
        _ENTRIES.sample == bindparam("sample"),
        _ENTRIES.role == bindparam("role"),
    )
)
_TWO = PreparedStatement(
    lambda _: (
        select(_ENTRIES.id)
        .where(_ENTRIES.competition_id == bindparam("competition"), _ENTRIES.withdrawn_at.is_(None))
        .limit(2)
    )
)


def _with_prompt(*conditions: ColumnElement[bool]) -> PreparedStatement:
    """Prepare to find a standing entry with a prompt, under conditions."""
    return PreparedStatement(
        lambda _: (
            select(_ENTRIES.id)
            .select_from(Entry.__table__.join(Competition.__table__, _COMPETITIONS.id == _ENTRIES.competition_id))
            .where(_ENTRIES.withdrawn_at.is_(None), _ENTRIES.prompt == bindparam("prompt"), *conditions)
            .limit(1)
        )
    )


_BLIND_WITH_PROMPT = _with_prompt(_ENTRIES.role == "contestant", _COMPETITIONS.status == "open")
_NAMED_WITH_PROMPT = _with_prompt(or_(_ENTRIES.role == "showcase", _COMPETITIONS.showcase))


@dataclass(frozen=True)
class EntryKey:
    """The key of an entry: there is one image per competition, model, sample and role."""

    competition: str
    model: str
    sample: int = 0
    role: Literal["contestant", "showcase"] = "contestant"


@dataclass(frozen=True)
class EntryDetails:
    """The known facts of how an image was made: prompt, provider, seconds, cost, licence and source."""

    prompt: str | None = None
    provider: str | None = None
    seconds: float | None = None
    cost_micros: int | None = None
    licence: str | None = None
    source: dict[str, Any] = field(default_factory=dict)


def describe_exception(no_visible_mark: str | None) -> dict[str, str]:
    """Return the part of a source that says why a picture was entered although it looks blank or marked."""
    return {"no_visible_mark": no_visible_mark} if no_visible_mark else {}


@dataclass(frozen=True)
class StoredPicture:
    """A picture whose two files are in storage; only its row is missing."""

    picture: Picture
    original_key: str
    rendition_key: str


def store(storage: Storage, picture: Picture) -> StoredPicture:
    """Store the original and the rendition under random keys, so that a key says nothing about the picture."""
    stored = StoredPicture(picture, fresh_key("originals", "img"), fresh_key("renditions", "webp"))
    storage.put(stored.original_key, picture.original)
    renditions.store(storage, stored.rendition_key, picture.renditions)
    return stored


def store_for(database: Database, storage: Storage, picture: Picture, enter: Callable[[StoredPicture], T]) -> T:
    """Store a picture and `enter` it; where that raises or says that it was not entered, its files are deleted."""
    stored = store(storage, picture)
    with keep_if_entered(database, storage, stored):
        return enter(stored)


@contextmanager
def keep_if_entered(database: Database, storage: Storage, stored: StoredPicture) -> Iterator[None]:
    """
    Delete the files of a picture whose row was not stored within the block.

    A stop may come while the row is committed, so the database is asked. Where it can't tell, the files stay.
    """
    try:
        yield
    except DatabaseBusy:
        raise
    except BaseException:
        _delete_unused(database, storage, stored)
        raise
    _delete_unused(database, storage, stored)


def _delete_unused(database: Database, storage: Storage, stored: StoredPicture) -> None:
    with database.reading() as session:
        is_entered = session.scalars(select(exists().where(Entry.original_key == stored.original_key))).one()
    if not is_entered:
        storage.delete(stored.original_key)
        renditions.delete(storage, stored.rendition_key)


def read_hashes(session: Session, competition: str) -> dict[tuple[str, int, str], str]:
    """Read the SHA-256 of every image of a competition, withdrawn or not, by slug or alias, sample and role."""
    rows = session.execute(
        select(ImageModel.slug, ModelAlias.alias, Entry.sample, Entry.role, Entry.sha256)
        .select_from(Entry)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .outerjoin(ModelAlias, ModelAlias.model_id == Entry.model_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.slug == competition)
    )
    return {
        (name, sample, role): sha256
        for slug, alias, sample, role, sha256 in rows
        for name in (slug, alias)
        if name is not None
    }


def add(session: Session, place: EntryKey, stored: StoredPicture, facts: EntryDetails, *, now: datetime) -> bool:
    """
    Add a stored picture as an entry; False when this very image is entered already.

    An unknown model becomes a stub of the catalogue. Raises UnknownCompetition, EntryRefused.
    """
    competition = find_competition(session, place.competition, locks=True)
    model_id = catalog.stub(session, place.model)
    sha256 = _read_sha256(session, competition, model_id, place)
    if sha256 == stored.picture.sha256:
        return False
    if sha256 is not None:
        raise errors.EntryRefused(
            f"{place.model} already has another image as sample {place.sample} of {place.competition}"
        )
    near_duplicates.refuse_newcomer(session, competition, place.role, stored.picture.perceptual_hash)
    _refuse_shared_prompt(session, competition, place, facts.prompt or competition.prompt)
    row = _row(place, stored, facts, now)
    row.competition_id, row.model_id = competition.id, model_id
    row.prompt = facts.prompt or competition.prompt
    session.add(row)
    _widen_budgets(session, competition, stored.picture.renditions)
    reason = facts.source.get("no_visible_mark")
    ledger.note(session, "entry.added", _name(place), now=now, reason=reason, sha256=stored.picture.sha256)
    return True


def withdraw(session: Session, place: EntryKey, *, reason: str, now: datetime, actor: str = COMMAND_LINE) -> bool:
    """
    Withdraw an entry, so that nobody is shown it again; its votes stay. False when it was withdrawn already.

    Every open pair of its competition ends with it. Raises UnknownCompetition, UnknownEntry.
    """
    find_competition(session, place.competition, locks=True)
    row = session.scalars(
        select(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(*_matches_key(session, place))
    ).one_or_none()
    if row is None:
        raise errors.UnknownEntry(f"{place.model} has no sample {place.sample} in {place.competition}.")
    if row.withdrawn_at is not None:
        return False
    row.withdrawn_at = now
    session.flush()
    sheets.take_off_sheet(session, row)
    close_open_matchups(session, row, now=now)
    reported = (PictureReport.entry_id == row.id) & (PictureReport.status == "new")
    decided = {"status": "withdrawn", "decided_at": now, "decided_by": actor}
    execute(session, update(PictureReport).where(reported).values(decided))
    ledger.note(session, "entry.withdrawn", _name(place), now=now, actor=actor, reason=reason)
    return True


def close_open_matchups(session: Session, entry: Entry, *, now: datetime) -> None:
    """Close every open matchup of an entry's competition, without a vote, as the entry is shown no more."""
    # Not only those that show it: whose pair lived on would know a model that it does not show.
    waiting = and_(Matchup.competition_id == entry.competition_id, Matchup.closed_at.is_(None))
    execute(session, update(Matchup).where(waiting).values(closed_at=now))


def entered_models(session: Session) -> frozenset[int]:
    """Read the ids of models with an entry in a public competition: only there do demo models show themselves."""
    query = (
        select(Entry.model_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Entry.withdrawn_at.is_(None), Competition.status != "draft")
    )
    return frozenset(session.scalars(query.distinct()))


def _read_sha256(session: Session, competition: Competition, model_id: int, place: EntryKey) -> str | None:
    """Read the hash of the image entered under this key, withdrawn or not; None where there is none."""
    found = _SHA256.first(
        session, competition=competition.id, model=model_id, sample=place.sample, role=place.role
    )
    return None if found is None else str(found.sha256)


def _widen_budgets(session: Session, competition: Competition, made: Renditions) -> None:
    """Let the competition's files be as long as the newcomer's; other sizes wait for `align_renditions`."""
    session.flush()
    if len(_TWO.all(session, competition=competition.id)) == 1:
        competition.rendition_side = made.side
    if _is_judged(session, competition):
        # Longer files by as much as the newcomer needs would tell which of the pictures it is.
        competition.file_bytes, competition.small_file_bytes = renditions.LARGEST_BUDGETS
    elif competition.rendition_side == made.side:
        competition.file_bytes = max(competition.file_bytes, file_bytes(len(made.large.data)))
        competition.small_file_bytes = max(competition.small_file_bytes, file_bytes(len(made.small.data)))


def _is_judged(session: Session, competition: Competition) -> bool:
    """Tell whether votes count, or pictures were withdrawn, in a field that is judged without names."""
    if competition.status != "open" or competition.open_gallery:
        return False
    # Not by open pairs: a field that is imported into a busy arena is looked at before it is complete.
    signs = (
        exists().where(Tally.competition_id == competition.id),
        exists().where(Entry.competition_id == competition.id, Entry.withdrawn_at.is_not(None)),
    )
    return bool(session.scalar(select(or_(*signs))))


def _matches_key(session: Session, place: EntryKey) -> tuple[Any, ...]:
    return (
        Competition.slug == place.competition,
        Entry.model_id == lookup.ids(session, [place.model]).get(place.model),
        Entry.sample == place.sample,
        Entry.role == place.role,
    )


def _row(place: EntryKey, stored: StoredPicture, facts: EntryDetails, now: datetime) -> Entry:
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
        source=traits.describe_source(facts.source, picture.renditions.traits),
        **columns_of(picture.renditions),
        licence=facts.licence,
        created_at=now,
    )


def _refuse_shared_prompt(session: Session, competition: Competition, place: EntryKey, prompt: str) -> None:
    """Refuse a named picture with the prompt of a blind one: it shows how its model answers. And the reverse."""
    is_named = competition.showcase or place.role == "showcase"
    if (_BLIND_WITH_PROMPT if is_named else _NAMED_WITH_PROMPT).first(session, prompt=prompt) is not None:
        raise errors.EntryRefused(
            f"a {'contestant' if is_named else 'showcase'} has the same prompt: beside it, the named picture "
            "would give away the blind one"
        )


def _name(place: EntryKey) -> str:
    return f"entry:{place.competition}/{place.model}/{place.role}/{place.sample}"
