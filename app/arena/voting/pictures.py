"""Which file a viewer may see under which address."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.arena import errors
from app.arena.people.policy import FREE, Policy
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.arena.voting.charges import charge
from app.database.doors import execute, milliseconds
from app.database.statements import Prepared
from app.words import Outcome

SERVED = {"a": Matchup.left_served_at, "b": Matchup.right_served_at}
_LEFT, _RIGHT = aliased(Entry), aliased(Entry)
_FILE = Prepared(
    lambda _: (
        select(
            Matchup.left_served_at.label("a_served_at"),
            Matchup.right_served_at.label("b_served_at"),
            _LEFT.rendition_key.label("a_key"),
            _RIGHT.rendition_key.label("b_key"),
            Competition.input_key,
            Competition.file_bytes,
        )
        .select_from(Matchup)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .join(_LEFT, _LEFT.id == Matchup.left_entry_id)
        .join(_RIGHT, _RIGHT.id == Matchup.right_entry_id)
        .where(
            Matchup.public_id == bindparam("matchup"),
            Voter.token == bindparam("voter"),
            Matchup.expires_at > bindparam("now"),
            Competition.status == "open",
        )
    )
)


@dataclass(frozen=True)
class BlindFile:
    """A nameless file: the stored rendition and the length it is sent with."""

    key: str
    length: int
    is_first_time: bool


@dataclass(frozen=True)
class MediaFile:
    """A picture whose maker readers may know."""

    key: str
    is_public: bool


def blind_file(session: Session, voter: bytes, matchup: bytes, side: str, *, now: datetime) -> BlindFile:
    """
    Side `a`, `b` or `input` of an own matchup until it expires or its competition closes.

    Raises MatchupNotFound for everything else, told apart by nothing.
    """
    found = _FILE.first(session, matchup=matchup, voter=voter, now=milliseconds(now))
    if found is None:
        raise errors.MatchupNotFound("No such matchup of yours.")
    if side == "input":
        if found.input_key is None:
            raise errors.MatchupNotFound("This competition has no input image.")
        return BlindFile(found.input_key, found.file_bytes, is_first_time=False)
    key, served_at = (found.a_key, found.a_served_at) if side == "a" else (found.b_key, found.b_served_at)
    return BlindFile(key, found.file_bytes, is_first_time=served_at is None)


def mark_served(session: Session, matchup: bytes, side: str, *, now: datetime, policy: Policy = FREE) -> None:
    """The first time a side leaves the server: dwell is measured from the later one, the charge is due now."""
    column = SERVED[side]
    unseen = update(Matchup).where(Matchup.public_id == matchup, column.is_(None))
    if not execute(session, unseen.values({column: now})) or policy.voter_counted is None:
        return
    row = session.execute(
        select(Matchup.id, Matchup.voter_id, Matchup.network_key).where(Matchup.public_id == matchup)
    ).one()
    charge(session, row.id, row.voter_id, row.network_key, policy, now=now)


def media_file(session: Session, media_key: str, voter: bytes | None) -> MediaFile | None:
    """
    What a reader may see with its maker's name: showcases, and entries of closed or open-gallery competitions.

    A voter also sees what they judged themselves. None for everything else.
    """
    query = (
        select(Entry.id, Entry.rendition_key, Entry.role, Competition.status, Competition.open_gallery)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Entry.media_key == media_key, Entry.withdrawn_at.is_(None), Competition.status != "draft")
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    if row.role == "showcase" or row.status == "closed" or row.open_gallery:
        return MediaFile(row.rendition_key, is_public=True)
    if voter is not None and _has_judged(session, voter, row.id):
        return MediaFile(row.rendition_key, is_public=False)
    return None


def _has_judged(session: Session, voter: bytes, entry_id: int) -> bool:
    shown = or_(Matchup.left_entry_id == entry_id, Matchup.right_entry_id == entry_id)
    query = (
        select(Vote.id)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .where(Voter.token == voter, shown, Vote.outcome != Outcome.SKIP)
        .limit(1)
    )
    return session.execute(query).first() is not None
