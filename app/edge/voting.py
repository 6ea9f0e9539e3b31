"""A voter's requests, for pages and API alike: ask for a pair, vote, take a vote back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from flask import Response, request
from sqlalchemy.orm import Session

from app import metrics
from app.arena import errors
from app.arena.people import networks
from app.arena.voting import matchups, vote_casting
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.picture_reports import TakenReport, report_picture
from app.arena.voting.unloadable import UnloadablePair, close_unloadable
from app.arena.voting.vote_casting import Ballot, VoteRecord, VoteResult
from app.database.doors import Database
from app.database.statements import Call
from app.edge.after_commit import tell_anyway
from app.edge.context import Parts, follow_vote, now, parts
from app.edge.identity import brought_foreign_cookie, decode_id, is_new, voter, voter_or_new
from app.leaderboards.views import crowd, reveal
from app.leaderboards.views.crowd import Crowd
from app.leaderboards.views.reveal import Reveal
from app.words import ReportReason

NO_COOKIE = (
    "Your browser sent no cookie of this site, and only by that cookie does the site know which pairs are yours. "
    "Allow cookies here, then ask for a new pair."
)
OTHER_COOKIE = (
    "Your browser sent a cookie that this site did not give, or gave before its key was changed, so it does not "
    "know which pairs are yours. Ask for a new pair."
)


def own(matchup_id: str) -> tuple[bytes, bytes]:
    """Return voter and matchup by their public ids. Raises MatchupNotFound for what can't be this browser's."""
    who, matchup = voter(), decode_id(matchup_id)
    if who is None:
        raise errors.MatchupNotFound(OTHER_COOKIE if brought_foreign_cookie() else NO_COOKIE)
    if matchup is None:
        raise errors.MatchupNotFound
    return who, matchup


def issue(wish: MatchupFilter) -> BlindMatchup:
    """Issue a matchup to this browser, which becomes a voter by it. Raises what matchups.issue does."""
    who = voter_or_new()
    return issue_to(parts(), who, wish, now=now(), address=request.remote_addr, is_newcomer=is_new())


def issue_to(
    wired: Parts, who: bytes, wish: MatchupFilter, *, now: datetime, address: str | None, is_newcomer: bool = False
) -> BlindMatchup:
    """Issue a matchup to a voter who asks from this address, and count it. Raises what matchups.issue does."""
    issued = matchups.issue(
        wired.database,
        wired.pool,
        who,
        wish,
        now=now,
        rng=wired.rng,
        matchup_seconds=wired.settings.matchup_seconds,
        network=networks.prefix(address),
        address=networks.single(address),
        policy=wired.policy,
        is_newcomer=is_newcomer,
        expected=wired.expected,
    )
    if issued.is_new:
        metrics.count("matchups_issued_total", issued.mode)
    return issued


RevealedVote = tuple[VoteRecord, Reveal | None, Crowd | None]
"""A vote, who made its images, and how others judged them."""


class StoredVote(NamedTuple):
    """A vote as it was stored, and what was read with it and with others of its transaction to reveal it by."""

    vote: VoteRecord
    standings: Mapping[reveal.Side, Any]
    tallies: Mapping[crowd.Cell, Any]


def cast_vote(matchup_id: str, outcome: str, *, tell: Callable[[VoteRecord], Response]) -> RevealedVote:
    """
    Cast this browser's vote; returns it with what it reveals. Raises what `vote_casting.cast_votes` gives.

    `tell` makes an answer of the stored vote alone, for the case that something after the commit fails.
    """
    who, matchup = own(matchup_id)
    ballot = make_ballot(parts(), who, matchup, outcome, now=now())
    stored = cast_ballot(parts().database, ballot)
    tell_anyway(partial(tell, stored.vote))
    count_vote(stored.vote, ballot)
    return reveal_vote(stored)


def make_ballot(wired: Parts, who: bytes, matchup: bytes, outcome: str, *, now: datetime) -> Ballot:
    """Make the ballot that a voter hands in now, under the rules of this installation."""
    return Ballot(who, matchup, outcome, now, wired.settings.matchup_seconds, wired.policy)


def cast_ballot(database: Database, ballot: Ballot) -> StoredVote:
    """Cast a vote and read what it reveals. Raises what `vote_casting.cast_votes` gives."""
    # Votes that other threads bring at this moment share the transaction: `cast_and_read` is given all of them.
    try:
        return database.write_batched(cast_and_read, ballot)
    except vote_casting.UnchargedMatchup:
        database.write(partial(vote_casting.charge_unseen, ballot=ballot))
        return database.write_batched(cast_and_read, ballot)


def reveal_vote(stored: StoredVote) -> RevealedVote:
    """Reveal a vote. It is done by who cast it: while one thread stores the votes of many, all others wait."""
    shown = reveal.reveal_vote(stored.vote, stored.standings)
    return stored.vote, shown, crowd.compare_vote(stored.vote, shown, stored.tallies)


def count_vote(vote: VoteRecord, ballot: Ballot) -> None:
    """Count a vote, but not one that was stored before and is told again."""
    if abs(vote.cast_at - ballot.now) < timedelta(milliseconds=1):
        metrics.count("votes_total", vote.outcome, str(vote.counted).lower(), vote.reason or "")


def give_back(matchup_id: str) -> UnloadablePair:
    """Give back a pair whose pictures can't be loaded. Raises what `close_unloadable` does."""
    who, matchup = own(matchup_id)
    moment, policy = now(), parts().policy
    return parts().database.write(
        lambda session: close_unloadable(session, who, matchup, now=moment, policy=policy)
    )


def report(matchup_id: str, side: str, reason: ReportReason) -> TakenReport:
    """Report a picture of this browser's pair. Raises what `report_picture` does."""
    who, matchup = own(matchup_id)
    moment, policy, network = now(), parts().policy, networks.prefix(request.remote_addr)
    return parts().database.write(
        lambda session: report_picture(
            session, who, matchup, side, reason, now=moment, policy=policy, network=network
        )
    )


def cast_and_read(session: Session, ballots: list[Ballot]) -> list[StoredVote | Exception]:
    """Cast the votes of all who come at the same time, and read what each reveals, in one transaction."""
    results, (models, pairs) = vote_casting.cast_votes(session, ballots, _ask_reveals)
    standings, tallies = reveal.index_standings(models), crowd.index_tallies(pairs)
    return [vote if isinstance(vote, Exception) else StoredVote(vote, standings, tallies) for vote in results]


def _ask_reveals(results: Sequence[VoteResult]) -> list[Call]:
    return [reveal.ask_standings(results), crowd.ask_tallies(results)]


def undo(matchup_id: str, *, tell: Callable[[], Response]) -> str:
    """
    Take this browser's vote back; returns the mode whose boards change. Raises what vote_casting.undo does.

    `tell` makes the answer, for the case that something after the commit fails.
    """
    who, matchup = own(matchup_id)
    settings, moment, limit = parts().settings, now(), parts().policy.undone_day

    def work(session: Session) -> str:
        vote_casting.undo(session, who, matchup, now=moment, undo_seconds=settings.undo_seconds, daily_limit=limit)
        return vote_casting.read_vote(session, who, matchup).mode

    mode = parts().database.write(work)
    tell_anyway(tell)
    metrics.count("undone_total", mode)
    return mode


def refreshing(response: Response, mode: str) -> Response:
    """Bring the boards up to date once this response has left: no voter waits for it."""
    response.call_on_close(partial(follow_vote, parts(), mode))
    return response
