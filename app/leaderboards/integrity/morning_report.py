"""The admin's report of a morning: who voted, how settled the boards are, and what to run next. It only reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.entries import competitions
from app.arena.entries.competitions import CompetitionSummary
from app.arena.tables import Competition, Entry, Suggestion, Vote, Voter
from app.catalog.tables import ImageModel
from app.database.columns import DAY_MS, date_of, day_number
from app.leaderboards.integrity.support import add_up_parts
from app.leaderboards.tables import Board, RatingRun, Standing
from app.words import Outcome

_STANDING = (
    select(Competition.mode, ImageModel.id, ImageModel.slug, Competition.slug)
    .select_from(Entry)
    .join(Competition, Competition.id == Entry.competition_id)
    .join(ImageModel, ImageModel.id == Entry.model_id)
    .where(Entry.role == "contestant", Entry.withdrawn_at.is_(None), Competition.status == "open")
)
Limit = Literal["prompts", "voters", "pairs"]
LIMITS: tuple[Limit, ...] = ("prompts", "voters", "pairs")
"""The parts of an interval that more votes spread as before do not narrow."""
NAMED = 5
"""Competitions and models named as the ones that need most."""


@dataclass(frozen=True)
class VotingDay:
    """Votes of one UTC day by whether they count, and who cast them."""

    day: date
    counted: int
    excluded: int
    voters: int


@dataclass(frozen=True)
class BoardPrecision:
    """
    The precision of a board; half-widths in Elo points.

    `separated` is the share of neighbouring ranks whose intervals do not overlap. `votes_to_halve` are the votes
    that would, spread as they have been, halve the median half-width; None where votes alone cannot, because of
    what `limit` names, or where no model is ranked.
    """

    key: str
    votes: int
    models: int
    provisional: int
    half_width: float | None
    separated: float | None
    votes_to_halve: int | None
    limit: Limit | None


@dataclass(frozen=True)
class TargetProgress:
    """A competition on its way to its target."""

    slug: str
    status: str
    votes: int
    target: int


@dataclass(frozen=True)
class UndervotedModel:
    """A model that has met few others, and competitions of its mode in which it has no image."""

    slug: str
    mode: str
    votes: int
    absent: tuple[str, ...]


@dataclass(frozen=True)
class MorningReport:
    """The report at one instant; `widest` and `fewest` are of open competitions, those that need most first."""

    days: tuple[VotingDay, ...]
    voters: int
    new_voters: int
    boards: tuple[BoardPrecision, ...]
    votes: Mapping[str, int]
    """Counted votes of each open competition, by slug, on whatever question: what a target counts."""
    targets: tuple[TargetProgress, ...]
    widest: tuple[BoardPrecision, ...]
    fewest: tuple[UndervotedModel, ...]
    drafts: tuple[CompetitionSummary, ...]
    waiting: int
    """Suggestions nobody has read yet."""


def report(session: Session, *, now: datetime, days: int) -> MorningReport:
    """Report on the last so many UTC days, today included, and on the boards' current runs."""
    since = datetime.combine(now.astimezone(UTC).date() - timedelta(days=days - 1), datetime.min.time(), UTC)
    voters = select(func.count(Vote.voter_id.distinct())).where(
        Vote.cast_at >= since, Vote.outcome != Outcome.SKIP
    )
    fresh = voters.join(Voter, Voter.id == Vote.voter_id).where(Voter.first_seen >= since)
    waiting = select(func.count()).select_from(Suggestion).where(Suggestion.status == "new")
    listed = competitions.list_competitions(session, drafts=True)
    boards = _boards(session)
    votes = {one.slug: one.votes for one in listed if one.status == "open"}
    of_open = {f"competition:{slug}" for slug in votes}
    wide = [board for board in boards if board.key in of_open and board.half_width is not None]
    targets = [TargetProgress(c.slug, c.status, c.votes, c.target) for c in listed if c.target is not None]
    return MorningReport(
        days=tuple(_days(session, since, days)),
        voters=session.scalars(voters).one(),
        new_voters=session.scalars(fresh).one(),
        boards=tuple(boards),
        votes=votes,
        targets=tuple(sorted(targets, key=lambda one: one.votes / one.target)),
        widest=tuple(sorted(wide, key=lambda board: -(board.half_width or 0))[:NAMED]),
        fewest=tuple(_fewest(session, [one for one in listed if one.status == "open"])),
        drafts=tuple(one for one in listed if one.status == "draft"),
        waiting=session.scalars(waiting).one(),
    )


def _days(session: Session, since: datetime, days: int) -> Iterator[VotingDay]:
    number = day_number(Vote.cast_at)
    rows = session.execute(
        select(number, Vote.counted, func.count())
        .where(Vote.cast_at >= since, Vote.outcome != Outcome.SKIP)
        .group_by(number, Vote.counted)
    )
    votes = {(day, counted): count for day, counted, count in rows}
    people = select(number, func.count(Vote.voter_id.distinct())).where(
        Vote.cast_at >= since, Vote.outcome != Outcome.SKIP
    )
    voters = dict(session.execute(people.group_by(number)).all())
    first = int(since.timestamp()) * 1000 // DAY_MS
    for day in range(first, first + days):
        yield VotingDay(date_of(day), votes.get((day, True), 0), votes.get((day, False), 0), voters.get(day, 0))


def _boards(session: Session) -> list[BoardPrecision]:
    runs = session.execute(
        select(Board.key, RatingRun.id, RatingRun.votes, RatingRun.parts).join(
            RatingRun, RatingRun.id == Board.current_run_id
        )
    ).all()
    standings: dict[int, list[Standing]] = {run: [] for _, run, *_ in runs}
    query = select(Standing).where(Standing.run_id.in_(list(standings))).order_by(Standing.rank)
    for row in session.scalars(query):
        standings[row.run_id].append(row)
    order = sorted(runs, key=lambda row: (row.key.startswith("competition:"), row.key))
    return [convergence(key, votes, standings[run], parts) for key, run, votes, parts in order]


def convergence(
    key: str, votes: int, standings: Iterable[Standing], parts: Mapping[str, Any] | None = None
) -> BoardPrecision:
    """Measure how settled a board is by its standings, and by the parts of its intervals where a run has them."""
    rows = list(standings)
    ranked = sorted((row for row in rows if row.rank is not None), key=lambda row: -row.rating)
    apart = [upper.rating_low > lower.rating_high for upper, lower in pairwise(ranked)]
    widths = [(_half(row.rating_low, row.rating_high), _half(row.vote_low, row.vote_high)) for row in ranked]
    middle = median(half for half, _ in widths) if widths else None
    halving = _votes_to_halve(votes, widths)
    return BoardPrecision(
        key=key,
        votes=votes,
        models=len(rows),
        provisional=sum(row.provisional for row in rows),
        half_width=middle,
        separated=sum(apart) / len(apart) if apart else None,
        votes_to_halve=halving,
        limit=_find_limit(parts) if widths and halving is None else None,
    )


def _find_limit(parts: Mapping[str, Any] | None) -> Limit:
    """Find what makes intervals widest beside the votes; runs of method version 1 know of prompts alone."""
    sums = add_up_parts(parts)
    return max(LIMITS, key=lambda part: sums.get(part, 0.0))


def _half(low: float, high: float) -> float:
    return (high - low) / 2


def _votes_to_halve(votes: int, widths: Sequence[tuple[float, float]]) -> int | None:
    """Estimate the votes that would halve the half-width: theirs shrinks, that of the prompts stays."""
    if not widths:
        return None
    published, of_votes = (median(column) for column in zip(*widths, strict=True))
    # The variance of the votes falls as one over their number, that of the prompts does not (docs/ratings.md 4).
    room = published**2 / 4 - max(0.0, published**2 - of_votes**2)
    return ceil(votes * (of_votes**2 / room - 1)) if room > 0 else None


def _fewest(session: Session, listed: Sequence[CompetitionSummary]) -> list[UndervotedModel]:
    """List the models with images in these competitions that have met the fewest others."""
    battles = select(Board.mode, Standing.model_id, Standing.votes).join(
        Board, Board.current_run_id == Standing.run_id
    )
    met = {(mode, model): votes for mode, model, votes in session.execute(battles.where(Board.key == Board.mode))}
    slugs: dict[str, set[str]] = {}
    for one in listed:
        slugs.setdefault(one.mode, set()).add(one.slug)
    stands: dict[tuple[str, int, str], set[str]] = {}
    for mode, model, name, competition in session.execute(_STANDING):
        stands.setdefault((mode, model, name), set()).add(competition)
    models = [
        UndervotedModel(name, mode, met.get((mode, model), 0), tuple(sorted(slugs[mode] - present)))
        for (mode, model, name), present in stands.items()
    ]
    return sorted(models, key=lambda model: (model.votes, model.slug))[:NAMED]
