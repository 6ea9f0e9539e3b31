"""
Reads who cast a mode's votes: from the log while that is small, from the newest aggregate where it is not.

Tallies hold no voter, so a vote writes nothing for this. Under AT_ONCE votes every run knows them all, and is
exact. Above, an aggregate is renewed when the votes have grown by a tenth, up to MOST votes by the run itself, and
by each sweep; the run tells its age.
"""

import json
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Text, bindparam, case, cast, delete, func, literal_column, select
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, select_battles
from app.arena.questions import read_versions
from app.arena.tables import Competition, Matchup, Vote
from app.database.columns import moment_of
from app.database.statements import PreparedStatement, PreparedTable
from app.leaderboards.tables import VoterSums
from app.ratings import voters as ratings_voters
from app.ratings.bradley_terry import Design
from app.ratings.components import VarianceComponent
from app.ratings.model import components, fit_with_prior
from app.ratings.tallies import Tallies, distinct
from app.ratings.voters import Ballots, Voters
from app.words import BETTER, JUDGEMENTS, Outcome

AT_ONCE = 10_000
MOST = 50_000
"""A scan of a quarter of a million held all of a worker's threads up for half a minute."""
GROWN = 1.1
Ids = npt.NDArray[np.int64]
NO_ROWS = np.empty((0, 8), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class VoterRows:
    """(rows, 8), by competition: it, voter, left model, right model, left wins, right wins, ties, both bad."""

    rows: npt.NDArray[np.int64]

    def ballots(self, competitions: Ids, model_ids: Ids) -> Ballots | None:
        """Pick the votes of some competitions by voter, over a board's models; None where nobody is known."""
        starts, ends = (np.searchsorted(self.rows[:, 0], competitions, side) for side in ("left", "right"))
        rows = np.concatenate([NO_ROWS, *(self.rows[slice(*at)] for at in zip(starts, ends, strict=True))])
        if not rows.size or not model_ids.size:
            return None
        seats = np.searchsorted(model_ids, rows.T[2:4])
        is_here = (model_ids.take(seats, mode="clip") == rows.T[2:4]).all(axis=0)
        if not is_here.all():
            rows, seats = rows[is_here], seats[:, is_here]
        if not rows.size:
            return None
        voter, prompt = (distinct(rows[:, column], int(rows[:, column].max()) + 1)[1] for column in (1, 0))
        return Ballots(Tallies(model_ids.size, voter, *seats, *rows[:, 4:].T), prompt)


@dataclass(frozen=True, eq=False)
class VoterTotals:
    """
    Sums over a mode's voters, as of `votes` counted votes.

    The variance of tastes, and by board key each model's votes and the sum of their squares by voter.
    """

    at: datetime
    votes: int
    taste: VarianceComponent
    boards: dict[str, dict[str, Any]]

    def of(self, key: str, model_ids: Ids) -> Voters | None:
        """Weigh a board's voters; None if it had no votes then."""
        board = self.boards.get(key)
        if board is None:
            return None
        sums = [board["models"].get(str(model), (0.0, 0.0)) for model in model_ids.tolist()]
        votes, squares = np.array(sums, dtype=float).reshape(-1, 2).T
        return Voters(self.taste, ratings_voters.weights_of_sums(votes, squares), board["count"])


def read_rows(
    session: Session, mode: str, question: str = BETTER, only: Collection[int] | None = None
) -> VoterRows:
    """
    Read counted votes of the log on a question by competition, voter and ordered pair of models: a scan.

    `only` names competitions to read, None all of the mode.
    """
    where = [Competition.mode == mode] if only is None else [Matchup.competition_id.in_(only)]
    place = (Matchup.competition_id, Vote.voter_id, LEFT.model_id, RIGHT.model_id)
    statement = (
        select_battles(*place, *(func.sum(case((Vote.outcome == kind, 1), else_=0)) for kind in JUDGEMENTS))
        .where(*where, Matchup.question == question)
        .where(Vote.counted, Vote.undone_at.is_(None), Vote.outcome != Outcome.SKIP)
        .group_by(*place)
        .order_by(*place)
        .execution_options(yield_per=10_000)
    )
    # By the connection: the session would take as long again to hand on rows that are no objects of its own.
    return VoterRows(_as_table(session.connection().execute(statement)))


def recall_rows(session: Session, mode: str, question: str, votes: Mapping[int, int]) -> VoterRows:
    """
    Read the same as `read_rows`, by what this process read before and the votes that came since.

    `votes` are the tallies' numbers of votes by competition. A competition is read anew where its version did not
    move on by as many as votes came, or where its votes are not as many as tallied: old ones were taken back,
    excluded or counted again, imported, or committed after newer ones. A pair that a voter judged twice may have
    two rows.
    """
    # A transaction that writes brings no memory: what it reads may never be committed.
    memory: dict[Hashable, Any] = session.info.get("memory", {})
    name = ("voters", mode, question)
    before: _ReadVoters = memory.get(name) or _ReadVoters({}, {}, 0)
    versions, latest = read_versions(session, mode, question), _LATEST.first(session).id or 0
    rows = {one: known for one, known in before.rows.items() if one in versions}
    if before.rows:
        came = _as_table(_SINCE.all(session, after=before.latest, question=question))
        for one in np.intersect1d(came[:, 0], list(rows)).tolist():
            rows[one] = np.concatenate([rows[one], came[came[:, 0] == one]])
    changed = [one for one in versions if not _follows(rows.get(one), one, versions, before, votes)]
    if changed:
        anew = read_rows(session, mode, question, changed).rows
        rows |= {one: anew[anew[:, 0] == one] for one in changed}
    memory[name] = _ReadVoters(versions, rows, latest)
    return VoterRows(np.concatenate([NO_ROWS, *(rows[one] for one in sorted(rows))]))


@dataclass(frozen=True, eq=False)
class _ReadVoters:
    """The rows of each competition as they were read, its version then, and the newest vote's id."""

    versions: Mapping[int, int]
    rows: Mapping[int, npt.NDArray[np.int64]]
    latest: int


def _follows(
    rows: npt.NDArray[np.int64] | None,
    competition: int,
    versions: Mapping[int, int],
    before: _ReadVoters,
    votes: Mapping[int, int],
) -> bool:
    """Tell whether a competition's rows are those of before and the votes that came since, and nothing else."""
    if rows is None:
        return False
    came = len(rows) - len(before.rows[competition])
    moved = versions[competition] - before.versions[competition]
    return came == moved and int(rows[:, 4:].sum()) == votes.get(competition, 0)


def _as_table(rows: Iterable[Any]) -> npt.NDArray[np.int64]:
    return np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, 8)


_AGGREGATE = PreparedStatement(
    lambda _: select(VoterSums.at, VoterSums.votes).where(
        VoterSums.mode == bindparam("mode"), VoterSums.question == bindparam("question")
    )
)
_NUMBERS = PreparedStatement(
    lambda _: select(cast(VoterSums.numbers, Text).label("numbers")).where(
        VoterSums.mode == bindparam("mode"), VoterSums.question == bindparam("question")
    )
)
_LATEST = PreparedStatement(lambda _: select(func.max(Vote.id).label("id")))
# Competitions are not joined: SQLite would begin with theirs, and read every vote of theirs.
_SINCE = PreparedTable(
    lambda _: (
        select(
            Matchup.competition_id,
            Vote.voter_id,
            LEFT.model_id.label("left_model"),
            RIGHT.model_id.label("right_model"),
            *(case((Vote.outcome == kind, 1), else_=0).label(kind.value) for kind in JUDGEMENTS),
        )
        .select_from(Vote)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(LEFT, LEFT.id == Matchup.left_entry_id)
        .join(RIGHT, RIGHT.id == Matchup.right_entry_id)
        .where(Vote.id > bindparam("after"), Matchup.question == bindparam("question"))
        .where(Vote.counted, Vote.undone_at.is_(None), Vote.outcome != literal_column(f"'{Outcome.SKIP.value}'"))
    )
)


def read_sums(session: Session, mode: str, question: str = BETTER) -> VoterTotals | None:
    """Read the newest aggregate of a question; None before the first."""
    row = _AGGREGATE.first(session, mode=mode, question=question)
    if row is None:
        return None
    # Its numbers are the same at many runs, and long.
    memory: dict[Hashable, Any] = session.info.get("memory", {})
    name = ("voter sums", mode, question)
    if memory.get(name, (None,))[0] != row:
        numbers = json.loads(_NUMBERS.first(session, mode=mode, question=question).numbers)
        taste = VarianceComponent(*numbers["taste"])
        memory[name] = row, VoterTotals(moment_of(row.at), row.votes, taste, numbers["boards"])
    found: VoterTotals = memory[name][1]
    return found


def is_due(found: VoterTotals | None, votes: int) -> bool:
    """Tell whether a run renews it: it is missing or outgrown, and the log is not yet a sweep's work."""
    return votes <= MOST and (found is None or votes > GROWN * found.votes)


def sum_up(found: VoterRows, boards: dict[str, tuple[Ids, Ids]], overall: Tallies, at: datetime) -> VoterTotals:
    """Sum up by board key, of each its competitions and models; `overall` are the mode's tallies."""
    fitted = fit_with_prior(Design(overall.pairs(), overall.models, side=False))
    sums: dict[str, dict[str, Any]] = {}
    taste = VarianceComponent(0.0, 0.0, 0)
    for key, (competitions, model_ids) in boards.items():
        ballots = found.ballots(competitions, model_ids)
        if ballots is None:
            continue
        votes, squares = ratings_voters.vote_sums(ballots.by_voter)
        pairs = map(list, zip(votes.tolist(), squares.tolist(), strict=True))
        models = dict(zip(map(str, model_ids.tolist()), pairs, strict=True))
        sums[key] = {"count": ballots.by_voter.competitions, "models": models}
        if not taste.clusters:
            prompts = components(overall, fitted).prompts
            variance = None if prompts is None else prompts.variance
            taste = ratings_voters.voter_effect(ballots, fitted.fit, fitted.dispersion, variance)
    return VoterTotals(at, int(found.rows[:, 4:].sum()), taste, sums)


def store(session: Session, mode: str, found: VoterTotals, question: str = BETTER) -> None:
    """Store an aggregate in the place of the one before."""
    session.execute(delete(VoterSums).where(VoterSums.mode == mode, VoterSums.question == question))
    taste = [found.taste.variance, found.taste.error, found.taste.clusters]
    numbers = {"taste": taste, "boards": found.boards}
    session.add(VoterSums(mode=mode, question=question, at=found.at, votes=found.votes, numbers=numbers))
