"""Takes votes and takes them back, exactly once each. The statements are prepared: this is the hot path."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import LargeBinary, and_, bindparam, func, literal_column, or_, select, true, update
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.errors import ArenaError
from app.arena.people.policy import CLOCK_LEEWAY, FREE, Policy
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.arena.voting.charges import charge
from app.arena.voting.vote_storage import NewVote, recount, store_votes
from app.database.aliases import alias
from app.database.columns import milliseconds, moment_of
from app.database.doors import execute
from app.database.group_commit import LostRace
from app.database.pipelines import has_begun, run_pipelined
from app.database.statements import Call, PackedStatement, PreparedStatement, given_array
from app.words import Outcome, Reason

UNDO_WINDOW = timedelta(days=1)
"""The time in which a voter takes back as many votes as a policy allows for a day."""

# Literal columns: a bound LIMIT makes SQLite plan the statement anew each time it runs.
_LEFT, _RIGHT = alias(Entry), alias(Entry)
_EARLIER = alias(Vote)
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
        Matchup.question,
        Competition.slug,
        Competition.mode,
        Competition.status,
        _LEFT.model_id.label("left_model_id"),
        _RIGHT.model_id.label("right_model_id"),
        or_(
            _LEFT.withdrawn_at.is_not(None),
            _RIGHT.withdrawn_at.is_not(None),
            _LEFT.rested_at.is_not(None),
            _RIGHT.rested_at.is_not(None),
        ).label("is_taken_out"),
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
_OWN = PackedStatement(
    lambda _: _VOTED.where(Matchup.public_id == bindparam("matchup"), Voter.token == bindparam("voter"))
)


def _look_up_each() -> Any:
    """Select a row for each matchup, for PostgreSQL: by look-ups alone, where a join may read whole tables."""
    ids = func.unnest(given_array("ids", LargeBinary), type_=LargeBinary).table_valued("id")
    given = ids.render_derived(name="given")
    one = _VOTED.where(Matchup.public_id == given.c.id).limit(literal_column("1")).lateral("one")
    return select(*one.c).select_from(given.join(one, true()))


_THESE = PreparedStatement(lambda _: _look_up_each())


class VoteRecord(NamedTuple):
    """A vote as the log has it. The models are for the reveal; a skip reveals nobody."""

    matchup: bytes
    outcome: str
    counted: bool
    reason: str | None
    undone: bool
    cast_at: datetime
    competition_id: int
    competition: str
    mode: str
    question: str
    left_model_id: int
    right_model_id: int
    voter_votes: int


class Ballot(NamedTuple):
    """A voter's outcome for a matchup, as it is handed in. Both are named by the 16 bytes of their public ids."""

    voter: bytes
    matchup: bytes
    outcome: str
    now: datetime
    matchup_seconds: int
    """Seconds that the voter's other open matchup may wait from now on."""
    policy: Policy = FREE


class UnchargedMatchup(Exception):
    """Nobody fetched a picture of this matchup, so it was not charged yet: `charge_unseen`, then vote."""


VoteResult = VoteRecord | Exception
"""What a ballot comes to: a vote, or the error to raise."""

AskBeside = Callable[[Sequence[VoteResult]], list[Call]]


def ask_nothing(_votes: Sequence[VoteResult]) -> list[Call]:
    """Name no statement to read beside the votes."""
    return []


def cast_votes(
    session: Session,
    ballots: Sequence[Ballot],
    ask_beside: AskBeside = ask_nothing,
) -> tuple[list[VoteResult], list[list[Any]]]:
    """
    Read the ballots' matchups, decide what each ballot comes to, and store the new votes: a result for each.

    The same outcome again gives the vote that is stored. An error stands in the place of a vote: MatchupNotFound,
    MatchupExpired, MatchupClosed, OutcomeStands, VoteUndone, UnchargedMatchup (`charge_unseen`, then try again) or
    LostRace (the matchup or its voter changed at this moment, by another of these ballots too: try again).

    `ask_beside` names statements about these results; their rows, read after the votes were stored, are returned
    too. On PostgreSQL all of that is two trips, COMMIT included: nothing may follow in the transaction.
    """
    rows = _read_matchups(session, ballots)
    decisions = [_decide(row, ballot) for row, ballot in zip(rows, ballots, strict=True)]
    results: list[VoteResult] = [_vote(one.row) if isinstance(one, NewVote) else one for one in decisions]
    new: dict[int, NewVote] = {}
    for decision in decisions:
        if isinstance(decision, NewVote):
            # One ballot of a voter at a time: the second one's dwell and count rest on the first one.
            new.setdefault(decision.row.voter_id, decision)
    stored, rows_beside = store_votes(session, list(new.values()), ask_beside(results))
    for n, decision in enumerate(decisions):
        if isinstance(decision, NewVote) and decision not in stored:
            results[n] = LostRace()
    return results, rows_beside


def cast_vote(session: Session, ballot: Ballot) -> VoteRecord:
    """Cast one vote in a transaction of its own, charged where nobody looked. Raises what `cast_votes` gives."""
    [result], _ = cast_votes(session, [ballot])
    if isinstance(result, UnchargedMatchup):
        charge_unseen(session, ballot)
        [result], _ = cast_votes(session, [ballot])
    if isinstance(result, Exception):
        raise result
    return result


def charge_unseen(session: Session, ballot: Ballot) -> None:
    """Charge a matchup that is answered before a picture of it left the server. Raises MatchupNotFound."""
    row = _read_matchup(session, ballot.voter, ballot.matchup)
    if _is_uncharged(row, ballot.policy):
        charge(session, row.id, row.voter_id, row.network_key, ballot.policy, now=ballot.now)


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
    row = _read_matchup(session, voter, matchup)
    if row.outcome is None or row.outcome == Outcome.SKIP:
        raise errors.NotVoted("There is no vote of yours on this pair.")
    if row.undone_at is not None:
        return
    if now - moment_of(row.cast_at) > timedelta(seconds=undo_seconds):
        raise errors.UndoTooLate(f"A vote can be undone for {undo_seconds // 60} minutes.")
    if daily_limit is not None and (wait := _wait_to_undo(session, row.voter_id, now, daily_limit)):
        raise errors.UndoLimit(f"{daily_limit} votes can be undone in 24 hours.", retry_after=wait)
    if annotate(session, row.vote_id, now=now, reason=Reason.UNDONE, undone=True, actor="voter"):
        session.execute(update(Voter).where(Voter.id == row.voter_id).values(votes=Voter.votes - 1))


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
    standing = and_(Vote.id == vote_id, Vote.undone_at.is_(None), Vote.outcome != Outcome.SKIP)
    flipped = execute(session, update(Vote).where(standing, Vote.counted != counted).values(change))
    changed = flipped or (undone and execute(session, update(Vote).where(standing).values(change)))
    if not changed:
        return False
    if flipped:
        row = session.execute(_VOTED.where(Vote.id == vote_id)).one()
        recount(session, row, 1 if counted else -1)
    ledger.note(
        session,
        "vote.undone" if undone else "vote.counted" if counted else "vote.excluded",
        f"vote:{vote_id}",
        now=now,
        actor=actor,
        reason=why or reason,
    )
    return True


def read_vote(session: Session, voter: bytes, matchup: bytes) -> VoteRecord:
    """Read one's own vote on a matchup. Raises MatchupNotFound before the vote too."""
    row = _read_matchup(session, voter, matchup)
    if row.outcome is None:
        raise errors.MatchupNotFound("There is no vote of yours on such a pair.")
    return _vote(row)


def check_votable(session: Session, voter: bytes, matchup: bytes, *, now: datetime) -> None:
    """Check that a vote on one's own matchup is taken. Raises MatchupNotFound, MatchupExpired, MatchupClosed."""
    _check_votable(_read_matchup(session, voter, matchup), now)


def _read_matchups(session: Session, ballots: Sequence[Ballot]) -> list[Any]:
    """Read a row for each ballot; None where it is no matchup of this voter."""
    rows: list[Any] = []
    if session.get_bind().dialect.name == "sqlite":
        # SQLite has no arrays, and is no trip away either.
        for ballot in ballots:
            rows.append(_OWN.first(session, voter=ballot.voter, matchup=ballot.matchup))  # noqa: PERF401 (a frame less)
        return rows
    # By itself unless something was changed before: no lock is held, and storing decides what came in between.
    ids = [ballot.matchup for ballot in ballots]
    [found] = run_pipelined(session, (_THESE, {"ids": ids}), ends=not has_begun(session))
    by_id = {row.public_id: row for row in found}
    for ballot in ballots:
        row = by_id.get(ballot.matchup)
        rows.append(row if row and row.token == ballot.voter else None)
    return rows


def _decide(row: Any, ballot: Ballot) -> NewVote | VoteRecord | ArenaError | UnchargedMatchup:
    """Decide what a ballot comes to: a new vote to be stored, the vote that is stored already, or an error."""
    try:
        _check_own(row)
        if row.outcome is not None:
            return _repeat(row, ballot.outcome)
        _check_votable(row, ballot.now)
    except ArenaError as error:
        return error
    return UnchargedMatchup() if _is_uncharged(row, ballot.policy) else _new_vote(row, ballot)


def _new_vote(row: Any, ballot: Ballot) -> NewVote:
    cast_at = milliseconds(ballot.now)
    dwell_ms = _dwell_ms(row, ballot.now)
    skips = ballot.outcome == Outcome.SKIP
    reason = Reason.SKIP.value if skips else row.quarantine or row.cap or too_fast(dwell_ms, ballot.policy)
    decided = row._replace(
        outcome=ballot.outcome,
        counted=reason is None,
        reason=reason,
        cast_at=cast_at,
        votes=row.votes + (not skips),
    )
    return NewVote(decided, dwell_ms, others_until=cast_at + 1000 * ballot.matchup_seconds)


def _is_uncharged(row: Any, policy: Policy) -> bool:
    return policy.voter_counted is not None and row.charged_at is None


def _read_matchup(session: Session, voter: bytes, matchup: bytes) -> Any:
    row = _OWN.first(session, voter=voter, matchup=matchup)
    _check_own(row)
    return row


def _check_own(row: Any) -> None:
    if row is None:
        raise errors.MatchupNotFound


def _repeat(row: Any, outcome: str) -> VoteRecord:
    if row.undone_at is not None:
        raise errors.VoteUndone("You took this vote back; a pair can be judged once.")
    if row.outcome != outcome:
        raise errors.OutcomeStands(f"You have judged this pair already: {Outcome(row.outcome).sentence}")
    return _vote(row)


def _check_votable(row: Any, now: datetime) -> None:
    is_over = row.status != "open" or row.is_taken_out
    if not is_over and row.expires_at <= milliseconds(now):
        raise errors.MatchupExpired("This pair was shown too long ago. Ask for a new one.")
    if is_over or row.closed_at is not None:  # told alike, whichever pair of its competition a withdrawal ended
        raise errors.MatchupClosed(
            "This pair is over: it was given back, its competition closed, or a picture was taken out of it."
        )


def too_fast(dwell_ms: int | None, policy: Policy) -> str | None:
    """Give the reason not to count a vote on images that were never sent, or that nobody can have looked at."""
    if not policy.shortest_dwell_ms:
        return None
    if dwell_ms is None:
        return Reason.UNSEEN
    return Reason.TOO_FAST if dwell_ms < policy.shortest_dwell_ms else None


def _dwell_ms(row: Any, now: datetime) -> int | None:
    if row.left_served_at is None or row.right_served_at is None:
        return None
    previous = row.previous_vote_at or 0
    # A vote of the future was cast while the clock was ahead; it says nothing of how long this pair was looked at.
    previous = previous if previous <= milliseconds(now + CLOCK_LEEWAY) else 0
    starts = (row.left_served_at, row.right_served_at, previous)
    return max(0, milliseconds(now) - int(max(starts)))


def _wait_to_undo(session: Session, voter_id: int, now: datetime, daily_limit: int) -> int:
    """Return in how many seconds this voter may take another vote back; 0 for now."""
    recent = and_(Vote.voter_id == voter_id, Vote.undone_at.between(now - UNDO_WINDOW, now + CLOCK_LEEWAY))
    newest_first = select(Vote.undone_at).where(recent).order_by(Vote.undone_at.desc())
    last = session.scalar(newest_first.offset(daily_limit - 1).limit(1))
    return 0 if last is None else max(1, math.ceil((last + UNDO_WINDOW - now).total_seconds()))


def _vote(row: Any) -> VoteRecord:
    return VoteRecord(
        matchup=row.public_id,
        outcome=row.outcome,
        counted=bool(row.counted),
        reason=row.reason,
        undone=row.undone_at is not None,
        cast_at=moment_of(row.cast_at),
        competition_id=row.competition_id,
        competition=row.slug,
        mode=row.mode,
        question=row.question,
        left_model_id=row.left_model_id,
        right_model_id=row.right_model_id,
        voter_votes=row.votes,
    )
