"""A voter's request, from page or API alike: whose it is, the arena's rule, and the boards told afterwards."""

from datetime import timedelta
from functools import partial

from flask import Response, request
from sqlalchemy.orm import Session

from app import metrics
from app.arena import errors
from app.arena.people import networks
from app.arena.people.policy import POLICIES
from app.arena.voting import matchups, vote_casting
from app.arena.voting.matchups import Issued, Wish
from app.arena.voting.vote_casting import Answer
from app.database.doors import Database, Shared
from app.database.statements import alone
from app.edge.context import follow_vote, now, parts
from app.edge.identity import decode_id, is_new, voter, voter_or_new
from app.leaderboards.views.reveal import Reveal, asked_of_all, revealed_to_all
from app.settings import Settings

Cast = tuple[Answer, Reveal | None]
"""A vote as it stands, and what it uncovers."""


def own(matchup_id: str) -> tuple[bytes, bytes]:
    """Voter and matchup as the arena knows them. Raises MatchupNotFound for what cannot be this browser's."""
    who, matchup = voter(), decode_id(matchup_id)
    if who is None or matchup is None:
        raise errors.MatchupNotFound("No such matchup of yours.")
    return who, matchup


def issue(wish: Wish) -> Issued:
    """As issuing.issue, for this browser, which becomes a voter by it."""
    issued = matchups.issue(
        parts().database,
        parts().pool,
        voter_or_new(),
        wish,
        now=now(),
        rng=parts().rng,
        matchup_seconds=parts().settings.matchup_seconds,
        network=networks.prefix(request.remote_addr),
        policy=parts().policy,
        is_newcomer=is_new(),
    )
    if issued.is_new:
        metrics.count("matchups_issued_total", issued.mode)
    return issued


def door(database: Database, settings: Settings) -> Shared[vote_casting.Choice, Cast]:
    """For the votes of all who come at the same time: one transaction, and what it uncovers for each."""
    seconds, policy = settings.matchup_seconds, POLICIES[settings.profile]

    def work(session: Session, choices: list[vote_casting.Choice]) -> list[Cast | Exception]:
        with alone(session):
            considered = vote_casting.consider(session, choices, matchup_seconds=seconds, policy=policy)
        answers = [one.result for one in considered]
        settled, (standings,) = vote_casting.settle(session, considered, beside=[asked_of_all(answers)])
        shown = zip(settled, revealed_to_all(answers, standings), strict=True)
        return [(result, reveal) if isinstance(result, Answer) else result for result, reveal in shown]

    return database.shared(work)


def cast(matchup_id: str, outcome: str) -> Cast:
    """As voting.cast, with what the vote uncovers by the run that stands."""
    who, matchup = own(matchup_id)
    found, moment = parts(), now()
    choice = vote_casting.Choice(who, matchup, outcome, moment)
    try:
        answer, shown = found.vote(choice)
    except vote_casting.Uncharged:
        found.database.write(
            lambda session: vote_casting.charge_unseen(session, who, matchup, found.policy, now=moment)
        )
        answer, shown = found.vote(choice)
    if abs(answer.cast_at - moment) < timedelta(milliseconds=1):  # the same vote again is told, not counted
        metrics.count("votes_total", answer.outcome, str(answer.counted).lower(), answer.reason or "")
    return answer, shown


def undo(matchup_id: str) -> str:
    """As voting.undo, under this installation's limits; returns the mode whose boards change."""
    who, matchup = own(matchup_id)
    settings, moment, limit = parts().settings, now(), parts().policy.undone_day

    def work(session: Session) -> str:
        vote_casting.undo(session, who, matchup, now=moment, undo_seconds=settings.undo_seconds, daily_limit=limit)
        return vote_casting.answer(session, who, matchup).mode

    mode = parts().database.write(work)
    metrics.count("undone_total", mode)
    return mode


def refreshing(response: Response, mode: str) -> Response:
    """The boards take a change in once this answer has left: no voter waits for it."""
    response.call_on_close(partial(follow_vote, parts(), mode))
    return response
