"""Takes votes and takes them back, exactly once each. The statements are prepared: this is the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import LargeBinary, and_, any_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.arena import errors, ledger
from app.arena.errors import ArenaError
from app.arena.people.policy import FREE, Policy
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.arena.voting.charges import charge
from app.arena.voting.vote_storage import Ballot, recount, store
from app.database.doors import execute, milliseconds, moment_of
from app.database.group_commit import Overtaken
from app.database.statements import Asked, Prepared

OUTCOMES = ("a", "b", "tie", "both_bad", "skip")


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
        Matchup.charged_at,
        Voter.token,
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
_THESE = Prepared(lambda _: _VOTED.where(Matchup.public_id == any_(bindparam("ids", type_=ARRAY(LargeBinary)))))
_OF_VOTE = Prepared(lambda _: _VOTED.where(Vote.id == bindparam("vote")))
_RAISE_VOTES = Prepared(
    lambda _: update(Voter).where(Voter.id == bindparam("voter")).values(votes=Voter.votes + bindparam("by"))
)


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


@dataclass(frozen=True)
class Choice:
    """What a voter says of a matchup, both by the 16 bytes of their public ids."""

    voter: bytes
    matchup: bytes
    outcome: str
    now: datetime


@dataclass(frozen=True)
class Considered:
    """What a choice comes to: an error, or the answer, once the ballot is stored that it may take."""

    result: Answer | Exception
    ballot: Ballot | None = None


class Uncharged(Exception):
    """Nobody fetched a picture of this matchup, so it was not charged yet: `charge_unseen`, then vote."""


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
    """One vote by itself, charged if need be. Raises what `consider` and `settle` give."""
    consider_it = partial(
        consider, session, [Choice(voter, matchup, outcome, now)], matchup_seconds=matchup_seconds, policy=policy
    )
    considered = consider_it()
    if isinstance(considered[0].result, Uncharged):
        charge_unseen(session, voter, matchup, policy, now=now)
        considered = consider_it()
    [result], _ = settle(session, considered)
    if isinstance(result, Exception):
        raise result
    return result


def charge_unseen(session: Session, voter: bytes, matchup: bytes, policy: Policy, *, now: datetime) -> None:
    """Charge a matchup that is answered before a picture of it left the server. Raises MatchupNotFound."""
    row = _matchup(session, voter, matchup)
    if _is_uncharged(row, policy):
        charge(session, row.id, row.voter_id, row.network_key, policy, now=now)


def consider(
    session: Session, choices: Sequence[Choice], *, matchup_seconds: int, policy: Policy = FREE
) -> list[Considered]:
    """
    What each comes to. A vote that the policy does not count has a reason; the same again is the one that stands.

    Errors are MatchupNotFound, MatchupExpired, MatchupClosed, OutcomeStands, VoteUndone and Uncharged.
    """
    rows = zip(_own(session, choices), choices, strict=True)
    return [_considered(row, choice, matchup_seconds, policy) for row, choice in rows]


def settle(
    session: Session, considered: Sequence[Considered], beside: Sequence[Asked] = ()
) -> tuple[list[Answer | Exception], list[list[Any]]]:
    """
    Store the ballots among them; the answers are final then. Also the rows of what is asked for `beside` it.

    Overtaken for one whose matchup or voter changed at this moment, by another ballot too: to be considered again.
    """
    first: dict[int, Ballot] = {}
    for one in considered:
        if one.ballot:
            first.setdefault(one.ballot.voter, one.ballot)
    stored, rows = store(session, list(first.values()), beside)
    results = [
        one.result
        if one.ballot is None or (first[one.ballot.voter] is one.ballot and one.ballot.matchup in stored)
        else Overtaken()
        for one in considered
    ]
    return results, rows


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
        cell = (row.competition_id, row.left_model_id, row.right_model_id)
        recount(session, *cell, row.outcome, 1 if counted else -1)
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


def _own(session: Session, choices: Sequence[Choice]) -> list[Any]:
    """A row for each, None where it is no matchup of this voter."""
    if session.get_bind().dialect.name == "sqlite":
        return [_OWN.first(session, voter=choice.voter, matchup=choice.matchup) for choice in choices]
    found = {row.public_id: row for row in _THESE.all(session, ids=[choice.matchup for choice in choices])}
    rows = (found.get(choice.matchup) for choice in choices)
    return [row if row and row.token == choice.voter else None for row, choice in zip(rows, choices, strict=True)]


def _considered(row: Any, choice: Choice, matchup_seconds: int, policy: Policy) -> Considered:
    try:
        _found(row)
        if row.outcome is not None:
            return Considered(_replayed(row, choice.outcome))
        _check_votable(row, choice.now)
    except ArenaError as error:
        return Considered(error)
    if _is_uncharged(row, policy):
        return Considered(Uncharged())
    dwell_ms = _dwell_ms(row, choice.now)
    skips = choice.outcome == "skip"
    reason = "skip" if skips else row.quarantine or row.cap or too_fast(dwell_ms, policy)
    standing = row._replace(
        outcome=choice.outcome,
        counted=reason is None,
        reason=reason,
        cast_at=milliseconds(choice.now),
        votes=row.votes + (not skips),
    )
    return Considered(_answer(standing), _ballot(standing, dwell_ms, matchup_seconds))


def _is_uncharged(row: Any, policy: Policy) -> bool:
    return policy.voter_counted is not None and row.charged_at is None


def _ballot(row: Any, dwell_ms: int | None, matchup_seconds: int) -> Ballot:
    return Ballot(
        matchup=row.id,
        voter=row.voter_id,
        competition=row.competition_id,
        left_model=row.left_model_id,
        right_model=row.right_model_id,
        outcome=row.outcome,
        cast_at=row.cast_at,
        dwell_ms=dwell_ms,
        counted=row.counted,
        reason=row.reason,
        others_until=row.cast_at + 1000 * matchup_seconds,
    )


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


def _dwell_ms(row: Any, now: datetime) -> int | None:
    if row.left_served_at is None or row.right_served_at is None:
        return None
    starts = (row.left_served_at, row.right_served_at, row.previous_vote_at or 0)
    return max(0, milliseconds(now) - int(max(starts)))


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
