"""A better image in place of an entry: the old one goes with its votes, the new one starts as the next sample."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries import entries
from app.arena.entries.entries import EntryDetails, EntryKey, StoredPicture
from app.arena.entries.renditions import Picture
from app.arena.ledger import COMMAND_LINE
from app.arena.tables import Competition, Entry, Matchup, Vote
from app.arena.voting import vote_casting
from app.catalog import lookup
from app.database.doors import Database
from app.gateway.storage import Storage
from app.words import Reason

VOTES = 100
"""Votes of one write: each changes its own row, a tally, its competition and the ledger."""


@dataclass(frozen=True)
class Replacement:
    """A replacement that was made: both samples, and how many votes on the old one no longer count."""

    old: int
    new: int
    excluded: int
    is_new: bool
    """False when a run before this one made it."""


@dataclass(frozen=True)
class ReplacementOrder:
    """An order to replace an entry by a file, and why; without `sample` the only one there is."""

    competition: str
    model: str
    sample: int | None
    file: str
    reason: str
    keep_votes: bool = False
    no_visible_mark: str | None = None


def replace(
    database: Database, storage: Storage, order: ReplacementOrder, picture: Picture, *, now: Callable[[], datetime]
) -> Replacement:
    """
    Withdraw the old sample and enter the new one, in one transaction; then take the votes on the old one out.

    Stopped half-way, or run twice, a second call goes on. Raises UnknownCompetition, UnknownEntry, EntryRefused.
    """
    with database.reading() as session:
        done = _done(session, order, picture.sha256)
    is_new = done is None
    if done is None:

        def swap(stored: StoredPicture) -> tuple[int, int]:
            return database.write(lambda session: _swap(session, order, stored, now()))

        done = entries.store_for(database, storage, picture, swap)
    old, new = done
    excluded = 0
    if not order.keep_votes:
        while count := database.write(partial(_exclude, order=order, sample=old, now=now())):
            excluded += count
    return Replacement(old, new, excluded, is_new)


def _swap(session: Session, order: ReplacementOrder, stored: StoredPicture, now: datetime) -> tuple[int, int]:
    samples = _samples(session, order)
    old = _old(order, samples)
    new = max(row.sample for row in samples) + 1
    facts = EntryDetails(
        source={"file": order.file, "replaces": old} | entries.describe_exception(order.no_visible_mark)
    )
    entries.withdraw(session, EntryKey(order.competition, order.model, old), reason=order.reason, now=now)
    entries.add(session, EntryKey(order.competition, order.model, new), stored, facts, now=now)
    name = f"entry:{order.competition}/{order.model}/contestant/{old}"
    fate = "kept" if order.keep_votes else "excluded"
    ledger.note(session, "entry.replaced", name, now=now, reason=order.reason, by=new, votes=fate)
    return old, new


def _old(order: ReplacementOrder, samples: list[Entry]) -> int:
    standing = [row.sample for row in samples if row.withdrawn_at is None]
    if order.sample is not None:
        if order.sample not in {row.sample for row in samples}:
            raise errors.UnknownEntry(f"{order.model} has no sample {order.sample} in {order.competition}.")
        return order.sample
    if not standing:
        raise errors.UnknownEntry(f"{order.model} has no image in {order.competition}.")
    if len(standing) > 1:
        names = ", ".join(map(str, standing))
        raise errors.EntryRefused(f"{order.model} has the samples {names} in {order.competition}: say which one")
    return standing[0]


def _done(session: Session, order: ReplacementOrder, sha256: str) -> tuple[int, int] | None:
    """Return the old and new sample where this image replaced one already. Raises EntryRefused if elsewhere."""
    for row in _samples(session, order):
        if row.sha256 != sha256:
            continue
        old = row.source.get("replaces")
        if row.withdrawn_at is None and old is not None and order.sample in {None, old}:
            return int(old), row.sample
        raise errors.EntryRefused(f"this very image is sample {row.sample} of {order.model} already")
    return None


def _samples(session: Session, order: ReplacementOrder) -> list[Entry]:
    model = lookup.ids(session, [order.model]).get(order.model)
    query = (
        select(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.slug == order.competition, Entry.model_id == model, Entry.role == "contestant")
    )
    return list(session.scalars(query.order_by(Entry.sample)))


def _exclude(session: Session, *, order: ReplacementOrder, sample: int, now: datetime) -> int:
    """Take some of the counted votes on that sample out; returns how many."""
    old = [row.id for row in _samples(session, order) if row.sample == sample]
    votes = session.scalars(
        select(Vote.id)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .where(Vote.counted, Vote.undone_at.is_(None))
        .where(or_(Matchup.left_entry_id.in_(old), Matchup.right_entry_id.in_(old)))
        .order_by(Vote.id)
        .limit(VOTES)
    ).all()
    for vote in votes:
        vote_casting.annotate(session, vote, now=now, reason=Reason.REPLACED, actor=COMMAND_LINE)
    return len(votes)
