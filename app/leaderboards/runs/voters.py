"""
Who cast a mode's votes: read from the log while that is small, and from the newest aggregate where it is not.

Tallies hold no voter, so a vote writes nothing for this. Under AT_ONCE votes every run reads them anew, and is
exact. Above, an aggregate is renewed when the votes have grown by a tenth, up to MOST votes by the run itself, and
by each sweep; the run tells its age.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Text, case, cast, delete, func, select
from sqlalchemy.orm import Session, aliased

from app.arena.tables import Competition, Entry, Matchup, Vote
from app.leaderboards.tables import VoterSums
from app.ratings import voters as ratings_voters
from app.ratings.bradley_terry import Design
from app.ratings.components import VarianceComponent
from app.ratings.model import believed, components
from app.ratings.tallies import Tallies
from app.ratings.voters import Ballots, Voters
from app.words import BETTER, JUDGEMENTS, Outcome

AT_ONCE = 10_000
MOST = 50_000
"""A scan of a quarter of a million held all of a worker's threads up for half a minute."""
GROWN = 1.1
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class VoterRows:
    """(rows, 8): competition, voter, left model, right model, left wins, right wins, ties, both bad."""

    rows: npt.NDArray[np.int64]

    def ballots(self, competitions: Ids, model_ids: Ids) -> Ballots | None:
        """Pick the votes of some competitions by voter, over a board's models; None where nobody is known."""
        rows = self.rows[
            np.isin(self.rows[:, 0], competitions) & np.isin(self.rows[:, 2:4], model_ids).all(axis=1)
        ]
        if not rows.size:
            return None
        voter = np.unique(rows[:, 1], return_inverse=True)[1]
        left, right = (np.searchsorted(model_ids, rows[:, side]) for side in (2, 3))
        prompt = np.unique(rows[:, 0], return_inverse=True)[1]
        return Ballots(Tallies(model_ids.size, voter, left, right, *rows[:, 4:].T), prompt)


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


def read_rows(session: Session, mode: str, question: str = BETTER) -> VoterRows:
    """Read counted votes of the log on a question by competition, voter and ordered pair of models: a scan."""
    left, right = aliased(Entry), aliased(Entry)
    place = (Matchup.competition_id, Vote.voter_id, left.model_id, right.model_id)
    statement = (
        select(*place, *(func.sum(case((Vote.outcome == kind, 1), else_=0)) for kind in JUDGEMENTS))
        .select_from(Vote)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(left, left.id == Matchup.left_entry_id)
        .join(right, right.id == Matchup.right_entry_id)
        .where(Competition.mode == mode, Matchup.question == question)
        .where(Vote.counted, Vote.undone_at.is_(None), Vote.outcome != Outcome.SKIP)
        .group_by(*place)
        .order_by(*place)
        .execution_options(yield_per=10_000)
    )
    # By the connection: the session would take as long again to hand on rows that are no objects of its own.
    flat = np.fromiter(chain.from_iterable(session.connection().execute(statement)), np.int64)
    return VoterRows(flat.reshape(-1, 8))


def read_sums(session: Session, mode: str, question: str = BETTER) -> VoterTotals | None:
    """Read the newest aggregate of a question; None before the first."""
    of_both = (VoterSums.mode == mode, VoterSums.question == question)
    numbers = cast(VoterSums.numbers, Text).label("numbers")
    row = session.execute(select(VoterSums.at, VoterSums.votes, numbers).where(*of_both)).one_or_none()
    if row is None:
        return None
    parsed = _parse(row.numbers)
    return VoterTotals(row.at, row.votes, VarianceComponent(*parsed["taste"]), parsed["boards"])


@lru_cache(maxsize=4)
def _parse(numbers: str) -> dict[str, Any]:
    """Parse an aggregate's numbers, which are the same at many runs; nobody may change them."""
    parsed: dict[str, Any] = json.loads(numbers)
    return parsed


def is_due(found: VoterTotals | None, votes: int) -> bool:
    """Tell whether a run renews it: it is missing or outgrown, and the log is not yet a sweep's work."""
    return votes <= MOST and (found is None or votes > GROWN * found.votes)


def sum_up(found: VoterRows, boards: dict[str, tuple[Ids, Ids]], overall: Tallies, at: datetime) -> VoterTotals:
    """Sum up by board key, of each its competitions and models; `overall` are the mode's tallies."""
    fitted = believed(Design(overall.pairs(), overall.models, side=False), None)
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
