"""Everything one mode's boards are computed from, read in one snapshot of the database."""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, AnySelect, select_battles
from app.arena.tables import Competition, Matchup, Tally, Vote
from app.arena.tallies import TALLY_COLUMNS, TallyRows, read_changed
from app.catalog.tables import ImageModel
from app.database.statements import PreparedStatement, read_json
from app.leaderboards.runs import voters
from app.leaderboards.runs.anchors import AnchorSet, read_anchor
from app.leaderboards.runs.scopes import Scope, key, read_scopes
from app.leaderboards.runs.shared import SharedComponents, read_difference, read_shared
from app.leaderboards.runs.voters import VoterRows, VoterTotals
from app.leaderboards.tables import Board, RatingRun, Standing
from app.ratings.components import VarianceComponent
from app.ratings.tallies import Array, Index, Tallies, distinct
from app.words import BETTER, JUDGEMENTS, Outcome

Rows = TallyRows
"""None of them is empty."""

Names = tuple[tuple[int, str], ...]
"""The slugs of models by id."""
Count = tuple[int, int, int, int, int, int, int]
LentRatings = Mapping[str, Mapping[int, tuple[float, float]]]
"""By the board's key, each model's rating for `better` and half of its interval, in Elo points."""
_lines: dict[tuple[str, str], tuple[tuple[bytes, Names], bytes]] = {}
"""The lines of the last hash, by question and competition, and what they were spelled from."""


@dataclass(frozen=True, eq=False)
class BoardTallies:
    """One board's part of the rows, and the same with its models and competitions numbered from 0."""

    rows: Rows
    model_ids: npt.NDArray[np.int64]
    tallies: Tallies

    @property
    def votes(self) -> int:
        """Count the battles that enter the ratings."""
        return int(self.tallies.played.sum())


@dataclass(frozen=True, eq=False)
class Snapshot:
    """
    A question of a mode at one instant; `overall_run` and `shared` are of the overall board's current run, if any.

    `voters` are its votes by voter or, of a large mode, the newest aggregate; None where there is none.
    """

    mode: str
    scopes: tuple[Scope, ...]
    rows: Rows
    slugs: dict[int, str]
    competition_slugs: dict[int, str]
    anchor: AnchorSet
    overall_run: int | None
    shared: SharedComponents | None
    voters: VoterRows | VoterTotals | None
    question: str = BETTER
    lent: LentRatings = field(default_factory=dict)
    """The current runs of `better`, which another question borrows from."""
    difference: VarianceComponent | None = None
    """By how much ratings of another question differ from those of `better`, as the current overall run has it."""
    near: Array | None = None
    """Strengths of the overall board's models, at which a search for those of fewer competitions begins."""
    _boards: dict[str, BoardTallies] = field(default_factory=dict)
    """The boards that were summed up, by key: several others borrow from the overall one."""

    @cached_property
    def votes(self) -> int:
        """Count the mode's votes that count."""
        return _count_votes(self.rows)

    def board(self, scope: Scope) -> BoardTallies:
        """Sum up a board: its tallies, and its members, the models with a battle there, by id."""
        if scope.key not in self._boards:
            self._boards[scope.key] = self._sum_up(scope)
        return self._boards[scope.key]

    def _sum_up(self, scope: Scope) -> BoardTallies:
        rows = self.rows
        if scope.kind == "competition":
            rows = rows[rows[:, 0] == scope.competition_id]
        elif scope.kind == "category":
            rows = rows[np.isin(rows[:, 0], list(scope.versions))]
        competition, left, right, *counts = np.ascontiguousarray(rows.T)
        model_ids, seats = _number(np.concatenate([left, right]))
        return BoardTallies(
            rows, model_ids, Tallies(model_ids.size, _number(competition)[1], *np.split(seats, 2), *counts)
        )

    def sha256(self, rows: Rows) -> str:
        """
        Hash lines "competition,left,right,left wins,right wins,ties,both bad", by slugs, sorted as bytes.

        Anybody can make it from the votes' export.
        """
        found, names = hashlib.sha256(), _recall_names(tuple(self.slugs.items()))
        steps = np.diff(rows[:, 0])
        if steps.min(initial=0) < 0:
            rows = rows[np.argsort(rows[:, 0], kind="stable")]
            steps = np.diff(rows[:, 0])
        bounds = [0, *(np.flatnonzero(steps) + 1).tolist(), len(rows)]
        parts = (rows[start:end] for start, end in pairwise(bounds) if end)
        # No slug has a comma, so that lines are in order when their slugs are, each with a comma behind it.
        of_words = {f"{self.competition_slugs[int(own[0, 0])]},": own for own in parts}
        for word, own in sorted(of_words.items()):
            found.update(_recall_lines((self.question, word), own.tobytes(), names))
        return found.hexdigest()


def _count_votes(rows: Rows) -> int:
    """Count the votes of rows column by column: numpy sums four numbers at a time in twice the time."""
    return sum(int(counts.sum()) for counts in rows.T[3:])


def _number(ids: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Index]:
    """Return the ids that occur, ascending, and where each stands among them."""
    return distinct(ids, int(ids.max(initial=-1)) + 1)


@lru_cache(maxsize=1)
def _recall_names(names: Names) -> Names:
    """Return the names as they were given last where they are the same: one object is quick to compare."""
    return names


def _recall_lines(place: tuple[str, str], counts: bytes, names: Names) -> bytes:
    """Return the lines of a question and a competition, spelled anew only where their counts or names changed."""
    # A vote changes the lines of one competition of many. Those of before are nobody's, and are not kept.
    made_from, lines = _lines.get(place, ((b"", ()), b""))
    if made_from != (counts, names):
        lines = _spell_competition(place[1], counts, names)
        _lines[place] = (counts, names), lines
    return lines


def _spell_competition(competition: str, counts: bytes, names: Names) -> bytes:
    """Spell a competition's sorted lines; `counts` are its (rows, 7)."""
    words = {model: f"{slug}," for model, slug in names}
    rows = np.frombuffer(counts, np.int64).reshape(-1, 7)[:, 1:].tolist()
    lines = [f"{competition}{words[one]}{words[other]}{a},{b},{c},{d}\n" for one, other, a, b, c, d in rows]
    return "".join(sorted(lines)).encode()


# Prepared, as a pass is made for every second of votes.
_OVERALL_RUN = PreparedStatement(
    lambda _: (
        select(RatingRun.id, RatingRun.parts)
        .join(Board, Board.current_run_id == RatingRun.id)
        .where(Board.key == bindparam("board"))
    )
)
_MODEL_SLUGS = PreparedStatement(lambda _: select(ImageModel.id, ImageModel.slug))
_COMPETITION_SLUGS = PreparedStatement(
    lambda _: select(Competition.id, Competition.slug).where(Competition.mode == bindparam("mode"))
)


def read(
    session: Session,
    mode: str,
    counts: Sequence[Count] | None = None,
    *,
    question: str = BETTER,
    anew: bool = False,
    shares: bool = True,
) -> Snapshot:
    """
    Read a question's versions, tallies, anchor and overall run; `counts` replaces the stored tallies.

    With those, or `anew`, who voted is read from the log, whatever this process knows of it. Unless the overall
    run `shares`, its components are left out: to parse them takes long where models are many.
    """
    overall = _OVERALL_RUN.first(session, board=key(mode, question=question))
    parts = read_json(overall.parts) if overall and shares else None
    by_memory = counts is None and not anew
    rows = _recall_rows(session, mode, question) if counts is None else as_rows(counts)
    return Snapshot(
        mode=mode,
        scopes=tuple(read_scopes(session, mode, question)),
        rows=rows,
        slugs=dict(_MODEL_SLUGS.all(session)),
        competition_slugs=dict(_COMPETITION_SLUGS.all(session, mode=mode)),
        anchor=read_anchor(session, mode),
        overall_run=overall.id if overall else None,
        shared=read_shared(parts),
        voters=_read_voters(session, mode, question, rows, by_memory=by_memory),
        question=question,
        lent={} if question == BETTER else _read_lent(session, mode),
        difference=read_difference(parts),
    )


def _read_voters(
    session: Session, mode: str, question: str, rows: Rows, *, by_memory: bool
) -> VoterRows | VoterTotals | None:
    if _count_votes(rows) >= voters.AT_ONCE:
        return voters.read_sums(session, mode, question)
    if not by_memory:
        return voters.read_rows(session, mode, question)
    by_competition = np.bincount(rows[:, 0], rows[:, 3:].sum(axis=1)).astype(int)
    return voters.recall_rows(session, mode, question, dict(enumerate(by_competition.tolist())))


def _recall_rows(session: Session, mode: str, question: str) -> Rows:
    """Read a question's tallies, of each competition only if its version moved on since this process did."""
    # A transaction that writes brings no memory: what it says of a version may never be committed.
    memory: dict[Hashable, Any] = session.info.get("memory", {})
    name = ("tallies", mode, question)
    known = memory[name] = read_changed(session, mode, question, memory.get(name, {}))
    rows = np.concatenate([np.empty((0, 7), dtype=np.int64), *(known[one][1] for one in sorted(known))])
    counts = rows[:, 3] | rows[:, 4] | rows[:, 5] | rows[:, 6]
    return rows if counts.all() else rows[counts != 0]


def _read_lent(session: Session, mode: str) -> LentRatings:
    rows = session.execute(
        select(Board.key, Standing.model_id, Standing.rating, Standing.rating_low, Standing.rating_high)
        .join(Standing, Standing.run_id == Board.current_run_id)
        .where(Board.mode == mode, Board.question == BETTER)
    )
    lent: dict[str, dict[int, tuple[float, float]]] = {}
    for board, model, rating, low, high in rows:
        lent.setdefault(board, {})[model] = (rating, (high - low) / 2)
    return lent


def is_outgrown(seen: Snapshot) -> bool:
    """Tell whether a run makes a new aggregate of the voters, because the old one is missing or too old."""
    return not isinstance(seen.voters, VoterRows) and voters.is_due(seen.voters, seen.votes)


def aggregate_voters(session: Session, seen: Snapshot, at: datetime) -> VoterTotals:
    """Read the whole log for a new aggregate of the mode's voters."""
    boards = {scope.key: seen.board(scope) for scope in seen.scopes}
    members = {key: (np.unique(board.rows[:, 0]), board.model_ids) for key, board in boards.items()}
    overall = boards[seen.scopes[0].key].tallies
    return voters.sum_up(voters.read_rows(session, seen.mode, seen.question), members, overall, at)


def drop_empty(counts: Sequence[Count]) -> list[Count]:
    """Drop counts of nothing: a tally whose votes were all undone equals one that was never stored."""
    return [count for count in counts if any(count[3:])]


def as_rows(counts: Sequence[Count]) -> Rows:
    """Make an array of the counts, without those that count nothing."""
    rows = np.fromiter(chain.from_iterable(counts), np.int64, 7 * len(counts)).reshape(-1, 7)
    return rows[rows[:, 3:].any(axis=1)]


def read_tallies(session: Session, mode: str, question: str = BETTER) -> Sequence[Count]:
    """Read a mode's stored tallies of a question, in any order: sums of counts are exact."""
    stored = select(*TALLY_COLUMNS).join(Competition, Competition.id == Tally.competition_id)
    return _counts(session, stored.where(Competition.mode == mode, Tally.question == question))


def count_votes(session: Session, mode: str, question: str = BETTER) -> Sequence[Count]:
    """Count a mode's votes on a question in the log, as its tallies should be."""
    return _counts(session, _select_counts(question).where(Competition.mode == mode))


def count_votes_in(session: Session, competition_id: int, question: str = BETTER) -> Sequence[Count]:
    """Count one competition's votes on a question in the log, as its tallies should be."""
    return _counts(session, _select_counts(question).where(Matchup.competition_id == competition_id))


def list_asked(session: Session, mode: str) -> list[str]:
    """List the questions that a mode ever had votes on, `better` first, which is always among them."""
    return _list_asked(session, Competition.mode == mode)


def list_asked_in(session: Session, competition_id: int) -> list[str]:
    """List the questions that one competition ever had votes on, `better` first, which is always among them."""
    return _list_asked(session, Competition.id == competition_id)


def _list_asked(session: Session, where: ColumnElement[bool]) -> list[str]:
    voted = (
        select(Matchup.question)
        .join(Vote, Vote.matchup_id == Matchup.id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .where(where, Matchup.question != BETTER)
    )
    tallied = select(Tally.question).join(Competition).where(where, Tally.question != BETTER)
    return [BETTER, *sorted(session.scalars(voted.union(tallied)))]


def _select_counts(question: str) -> AnySelect:
    """Select counted votes on a question per competition and ordered pair of models."""
    place = (Matchup.competition_id, LEFT.model_id, RIGHT.model_id)
    outcomes = [func.sum(case((Vote.outcome == kind, 1), else_=0)) for kind in JUDGEMENTS]
    return (
        select_battles(*place, *outcomes)
        .where(Matchup.question == question)
        .where(Vote.counted, Vote.undone_at.is_(None), Vote.outcome != Outcome.SKIP)
        .group_by(*place)
    )


def _counts(session: Session, statement: AnySelect) -> Sequence[Count]:
    return [tuple(row) for row in session.execute(statement)]
