"""
One picture in two places: whoever reads its maker's name in one knows it in the other.

A picture that is or will be judged blind stands in one competition only and is no showcase; two samples of one
competition are the pairing's business. What was withdrawn stands nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import renditions
from app.arena.entries.renditions import Hashes
from app.arena.tables import Competition, Entry
from app.catalog.tables import ImageModel

HERE: BindParameter[int] = bindparam("here", type_=Integer)
STANDS = Entry.withdrawn_at.is_(None)
BLIND = and_(Entry.role == "contestant", Competition.status != "closed", ~Competition.open_gallery)
PUBLIC = and_(Competition.status != "draft", ~BLIND)
TURN = 0x70_69_63_74
"""Any number that nothing else in the database locks."""
WAY_OUT = "withdraw one of the two (arena entry withdraw)"


@dataclass(frozen=True)
class Pictures:
    """A selection of the pictures that stand, seen from the competition `here`."""

    which: ColumnElement[bool]
    hashes: Select[str]
    """Written once, and one row: thousands take several times as long on their way through the driver."""


@dataclass(frozen=True)
class Twins:
    """Two standing pictures that look the same, each as "sample N of MODEL in COMPETITION"."""

    blind: str
    other: str
    is_public: bool
    """True where anybody may see the other one with its name, without a vote."""


def _pictures(which: ColumnElement[bool]) -> Pictures:
    joined = func.aggregate_strings(cast(Entry.perceptual_hash, String), ",")
    hashes = select(joined).join(Competition, Competition.id == Entry.competition_id).where(which, STANDS)
    return Pictures(which, hashes)


JUDGED_BLIND = _pictures(BLIND)
ELSEWHERE = _pictures(or_(Entry.competition_id != HERE, Entry.role == "showcase"))
OWN = {
    role: _pictures(and_(Entry.competition_id == HERE, Entry.role == role)) for role in ("contestant", "showcase")
}


def refuse_newcomer(session: Session, competition: Competition, role: str, perceptual_hash: int) -> None:
    """Raise EntryRefused for a picture that would tell a judged model's name, or whose own name would be told."""
    _in_turn(session)
    others = _tellers(competition, role)
    near = _near(session, competition, others, [perceptual_hash]).get(perceptual_hash)
    if near:
        place = _place(session, competition, others, near)
        raise errors.EntryRefused(f"it looks like {place}: a picture judged blind stands in one place only")


def refuse_twins(session: Session, competition: Competition) -> None:
    """
    Check a competition whose status or gallery has changed. Raises StandsElsewhere where a name would be told.

    Only databases older than this rule have what it finds.
    """
    _in_turn(session)
    for role, own in OWN.items():
        others = _tellers(competition, role)
        found = _near(session, competition, others, _hashes(session, competition, own).tolist())
        for one, near in found.items():
            here, there = _place(session, competition, own, [one]), _place(session, competition, others, near)
            more = f", and {len(found) - 1} more like that" if len(found) > 1 else ""
            raise errors.StandsElsewhere(f"{here} looks like {there}{more}: it would tell who made it; {WAY_OUT}")


def twins(session: Session) -> list[Twins]:
    """List every picture of an open blind contest with each other place it stands in, drafts too."""
    rows = session.execute(
        select(
            *(Competition.slug, ImageModel.slug, Entry.sample, Entry.role, Entry.perceptual_hash),
            and_(BLIND, Competition.status == "open").label("is_blind"),
            PUBLIC.label("is_public"),
        )
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(STANDS)
        .order_by(Entry.id)
    ).all()
    hashes = renditions.hashes(row.perceptual_hash for row in rows)
    found: list[Twins] = []
    for number, row in enumerate(rows):
        for place in renditions.alike(row.perceptual_hash, hashes) if row.is_blind else ():
            other = rows[place]
            is_apart = other[0] != row[0] or other.role == "showcase"
            if is_apart and not (other.is_blind and place < number):
                found.append(Twins(_words(*row[:4]), _words(*other[:4]), bool(other.is_public)))
    return found


def _in_turn(session: Session) -> None:
    """Let in one entry at a time on PostgreSQL: two at once would not see each other. SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(TURN)))


def _tellers(competition: Competition, role: str) -> Pictures:
    """Select the pictures that a picture in this role of this competition must not look like."""
    is_blind = role == "contestant" and competition.status != "closed" and not competition.open_gallery
    return ELSEWHERE if is_blind else JUDGED_BLIND


def _near(
    session: Session, competition: Competition, others: Pictures, hashes: Sequence[int]
) -> dict[int, list[int]]:
    """
    Return for each of `hashes` that resembles one of the `others` the hashes that it resembles;
    the rest are left out.
    """
    if not hashes:
        return {}
    known = _hashes(session, competition, others)
    found = {one: known[renditions.alike(one, known)].tolist() for one in hashes}
    return {one: near for one, near in found.items() if near}


def _hashes(session: Session, competition: Competition, of: Pictures) -> Hashes:
    text = session.scalar(of.hashes, {"here": competition.id})
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _place(session: Session, competition: Competition, of: Pictures, hashes: Sequence[int]) -> str:
    """Name where the first picture with one of these hashes is entered."""
    query = (
        select(Competition.slug, ImageModel.slug, Entry.sample, Entry.role)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(of.which, STANDS, Entry.perceptual_hash.in_(hashes))
        .order_by(Entry.id)
    )
    return _words(*session.execute(query.limit(1), {"here": competition.id}).one())


def _words(competition: str, model: str, sample: int, role: str) -> str:
    what = "showcase" if role == "showcase" else "sample"
    return f"{what} {sample} of {model} in {competition}"
