"""Takes votes and takes them back, exactly once each. The statements are prepared: this is the hot path."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.arena import errors, ledger
from app.arena.charging import charge
from app.arena.policy import FREE, Policy
from app.arena.tables import Competition, Entry, Matchup, Tally, Vote, Voter
from app.db import execute, milliseconds, moment_of
from app.prepared import Prepared, Together

OUTCOMES = ("a", "b", "tie", "both_bad", "skip")
TALLY_COLUMN = {"a": "left_wins", "b": "right_wins", "tie": "ties", "both_bad": "both_bad"}


# Literal columns: a bound LIMIT makes SQLite plan the statement anew each time it runs.
_LEFT, _RIGHT = aliased(Entry), aliased(Entry)
_EARLIER = aliased(Vote)
_VOTED = (
    select(
        Matchup.id,
        Matchup.public_id,
        Matchup.voter_id,
        Matchup.competition_id,
        Matchup.left_entry_id,
        Matchup.right_entry_id,
        Matchup.left_served_at,
        Matchup.right_served_at,
        Matchup.expires_at,
        Matchup.closed_at,
        Matchup.network_key,
        Matchup.cap,
        Competition.slug,
        Competition.mode,
        Competition.status,
        _LEFT.model_id.label("left_model_id"),
        _RIGHT.model_id.label("right_model_id"),
        or_(_LEFT.withdrawn_at.is_not(None), _RIGHT.withdrawn_at.is_not(None)).label("withdrawn"),
        Voter.votes,
        Voter.quarantine,
        Vote.id.label("vote_id"),
        Vote.outcome,
        Vote.cast_at,
        Vote.counted,
        Vote.reason,
        Vote.undone_at,
        select(_EARLIER.cast_at)
        .where(_EARLIER.voter_id == Matchup.voter_id)
        .order_by(_EARLIER.id.desc())
        .limit(literal_column("1"))
        .offset(literal_column("0"))
        .scalar_subquery()
        .label("previous_vote_at"),
    )
    .join(Voter, Voter.id == Matchup.voter_id)
    .join(Competition, Competition.id == Matchup.competition_id)
    .join(_LEFT, _LEFT.id == Matchup.left_entry_id)
    .join(_RIGHT, _RIGHT.id == Matchup.right_entry_id)
    .outerjoin(Vote, Vote.matchup_id == Matchup.id)
)
_OWN = Prepared(
    lambda _: _VOTED.where(Matchup.public_id == bindparam("matchup"), Voter.token == bindparam("voter"))
)
_OF_VOTE = Prepared(lambda _: _VOTED.where(Vote.id == bindparam("vote")))
_STORE = Prepared(
    lambda insert: (
        insert(Vote)
        .values(
            matchup_id=bindparam("of"),
            voter_id=bindparam("voter"),
            outcome=bindparam("outcome_"),
            cast_at=bindparam("now"),
            dwell_ms=bindparam("dwell"),
            counted=bindparam("is_counted"),
            reason=bindparam("why"),
        )
        .on_conflict_do_nothing(index_elements=["matchup_id"])
    )
)
_RAISE = Prepared(
    lambda _: (
        update(Competition)
        .where(Competition.id == bindparam("competition"))
        .values(version=Competition.version + 1)
    )
)
_RAISE_OPEN = Prepared(
    lambda _: (
        update(Competition)
        .where(Competition.id == bindparam("competition"), Competition.status == "open")
        .values(version=Competition.version + 1)
    )
)
_TALLY = Prepared(
    lambda insert: (
        insert(Tally)
        .values(
            competition_id=bindparam("competition"),
            left_model_id=bindparam("left"),
            right_model_id=bindparam("right"),
            **{column: bindparam(kind) for kind, column in TALLY_COLUMN.items()},
        )
        .on_conflict_do_update(
            index_elements=["competition_id", "left_model_id", "right_model_id"],
            set_={column: getattr(Tally, column) + bindparam(kind) for kind, column in TALLY_COLUMN.items()},
        )
    )
)
_RAISE_VOTES = Prepared(
    lambda _: update(Voter).where(Voter.id == bindparam("voter")).values(votes=Voter.votes + bindparam("by"))
)
_CLOSE = Prepared(
    lambda _: (
        update(Matchup)
        .where(Matchup.id == bindparam("of"), Matchup.closed_at.is_(None))
        .values(closed_at=bindparam("now"))
    )
)
_AGE = Prepared(
    lambda _: (
        update(Matchup)
        .where(Matchup.voter_id == bindparam("voter"), Matchup.closed_at.is_(None), Matchup.id != bindparam("of"))
        .values(expires_at=bindparam("until"))
    )
)
"""A prefetched matchup starts to age with the vote before it."""
# Competition first, tally second, matchup last: everybody locks in this order, closing and withdrawing too.
_CAST_COUNTED = Together(_RAISE_OPEN, _TALLY, _STORE, _RAISE_VOTES, _CLOSE, freely=[_AGE])
_CAST = Together(_STORE, _RAISE_VOTES, _CLOSE, freely=[_AGE])
_SKIP = Together(_STORE, _CLOSE, freely=[_AGE])
_RECOUNT = Together(_RAISE, _TALLY)


@dataclass(frozen=True)
class Answer:
    """A vote as it stands. The models are for the reveal; a skip reveals nobody."""

    matchup: bytes
    outcome: str
    counted: bool
    reason: str | None
    undone: bool
    cast_at: datetime
    competition_id: int
    competition: str
    mode: str
    left_model_id: int
    right_model_id: int
    voter_votes: int


def cast(
    session: Session,
    voter: bytes,
    matchup: bytes,
    outcome: str,
    *,
    now: datetime,
    matchup_seconds: int,
    policy: Policy = FREE,
) -> Answer:
    """
    Store one vote; the same outcome again returns the vote that stands.

    `voter` and `matchup` are the 16 bytes of their public ids. What the policy does not count is stored with the
    reason. Raises MatchupNotFound, MatchupExpired, MatchupClosed, OutcomeStands, VoteUndone.
    """
    row = _found(_OWN.before(session, voter=voter, matchup=matchup))
    if row.outcome is not None:
        return _replayed(row, outcome)
    _check_votable(row, now)
    dwell_ms = _dwell_ms(row, now)
    cap = row.cap or charge(session, row.id, row.voter_id, row.network_key, policy, now=now)
    reason = "skip" if outcome == "skip" else row.quarantine or cap or too_fast(dwell_ms, policy)
    standing = row._replace(
        outcome=outcome,
        counted=reason is None,
        reason=reason,
        cast_at=milliseconds(now),
        votes=row.votes + (outcome != "skip"),
    )
    _store(session, standing, dwell_ms, until=now + timedelta(seconds=matchup_seconds))
    return _answer(standing)


def undo(
    session: Session,
    voter: bytes,
    matchup: bytes,
    *,
    now: datetime,
    undo_seconds: int,
    daily_limit: int | None = None,
) -> None:
    """
    Take an own vote back as if it had never been counted; again is done already.

    Raises MatchupNotFound, NotVoted, UndoTooLate and, beyond `daily_limit` in 24 hours, UndoLimit.
    """
    row = _matchup(session, voter, matchup)
    if row.outcome is None or row.outcome == "skip":
        raise errors.NotVoted("There is no vote on this matchup.")
    if row.undone_at is not None:
        return
    if now - moment_of(row.cast_at) > timedelta(seconds=undo_seconds):
        raise errors.UndoTooLate(f"A vote can be undone for {undo_seconds // 60} minutes.")
    if daily_limit is not None and _undone_today(session, row.voter_id, now) >= daily_limit:
        raise errors.UndoLimit(f"{daily_limit} votes can be undone in 24 hours.")
    if annotate(session, row.vote_id, now=now, reason="undone", undone=True, actor="voter"):
        _RAISE_VOTES.change(session, voter=row.voter_id, by=-1)


def annotate(
    session: Session,
    vote_id: int,
    *,
    now: datetime,
    reason: str | None,
    actor: str,
    why: str | None = None,
    undone: bool = False,
) -> bool:
    """
    Exclude a vote from the tallies with a reason, or count it again with `reason=None`. Undoing is final.

    `reason` is one of few words and stays with the vote; `why` is what a person says of it, for the ledger alone.
    Returns whether this call changed the vote: of several at once, one does. Ledger line included.
    """
    counted = reason is None
    change: dict[str, Any] = {"counted": counted, "reason": reason} | ({"undone_at": now} if undone else {})
    standing = and_(Vote.id == vote_id, Vote.undone_at.is_(None), Vote.outcome != "skip")
    flipped = execute(session, update(Vote).where(standing, Vote.counted != counted).values(change))
    changed = flipped or (undone and execute(session, update(Vote).where(standing).values(change)))
    if not changed:
        return False
    row = _OF_VOTE.first(session, vote=vote_id)
    if flipped:
        _RECOUNT.change(session, **_cell(row, 1 if counted else -1))
    ledger.note(
        session,
        "vote.undone" if undone else "vote.counted" if counted else "vote.excluded",
        f"vote:{vote_id}",
        now=now,
        actor=actor,
        reason=why or reason,
    )
    return True


def answer(session: Session, voter: bytes, matchup: bytes) -> Answer:
    """One's own vote on a matchup. Raises MatchupNotFound before the vote too."""
    row = _matchup(session, voter, matchup)
    if row.outcome is None:
        raise errors.MatchupNotFound("No vote of yours on such a matchup.")
    return _answer(row)


def _matchup(session: Session, voter: bytes, matchup: bytes) -> Any:
    return _found(_OWN.first(session, voter=voter, matchup=matchup))


def _found(row: Any) -> Any:
    if row is None:
        raise errors.MatchupNotFound("No such matchup of yours.")
    return row


def _replayed(row: Any, outcome: str) -> Answer:
    if row.undone_at is not None:
        raise errors.VoteUndone("This vote was undone; the matchup cannot be voted on again.")
    if row.outcome != outcome:
        raise errors.OutcomeStands(f"Your vote on this matchup stands: {row.outcome}.")
    return _answer(row)


def _check_votable(row: Any, now: datetime) -> None:
    if row.status != "open" or row.withdrawn:
        raise errors.MatchupClosed("This competition closed or one of the images was withdrawn.")
    if row.expires_at <= milliseconds(now) or row.closed_at is not None:
        raise errors.MatchupExpired("This matchup has expired. Ask for a new one.")


def too_fast(dwell_ms: int | None, policy: Policy) -> str | None:
    """A vote on images that never left the server, or that nobody can have looked at."""
    if not policy.shortest_dwell_ms:
        return None
    if dwell_ms is None:
        return "unseen"
    return "too_fast" if dwell_ms < policy.shortest_dwell_ms else None


def _store(session: Session, row: Any, dwell_ms: int | None, *, until: datetime) -> None:
    """Overtaken where the competition or the matchup was closed, or voted on, since it was read."""
    cast = _SKIP if row.outcome == "skip" else _CAST_COUNTED if row.counted else _CAST
    cast.last(
        session,
        of=row.id,
        voter=row.voter_id,
        outcome_=row.outcome,
        now=row.cast_at,
        dwell=dwell_ms,
        is_counted=row.counted,
        why=row.reason,
        until=milliseconds(until),
        by=1,
        **_cell(row, 1),
    )


def _dwell_ms(row: Any, now: datetime) -> int | None:
    if row.left_served_at is None or row.right_served_at is None:
        return None
    starts = (row.left_served_at, row.right_served_at, row.previous_vote_at or 0)
    return max(0, milliseconds(now) - int(max(starts)))


def _cell(row: Any, by: int) -> dict[str, int]:
    """The tally that a vote changes, and by how much."""
    place = {"competition": row.competition_id, "left": row.left_model_id, "right": row.right_model_id}
    return place | {kind: by if kind == row.outcome else 0 for kind in TALLY_COLUMN}


def _undone_today(session: Session, voter_id: int, now: datetime) -> int:
    recent = and_(Vote.voter_id == voter_id, Vote.undone_at > now - timedelta(days=1))
    return session.scalars(select(func.count()).select_from(Vote).where(recent)).one()


def _answer(row: Any) -> Answer:
    return Answer(
        matchup=row.public_id,
        outcome=row.outcome,
        counted=bool(row.counted),
        reason=row.reason,
        undone=row.undone_at is not None,
        cast_at=moment_of(row.cast_at),
        competition_id=row.competition_id,
        competition=row.slug,
        mode=row.mode,
        left_model_id=row.left_model_id,
        right_model_id=row.right_model_id,
        voter_votes=row.votes,
    )
