"""The same boards from the log of votes: what must be equal, and how to make it so again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.tables import Competition, Tally
from app.arena.tallies import TALLY_COLUMNS
from app.arena.voting.vote_storage import raise_version
from app.database.doors import Database
from app.leaderboards.runs import compute, refresh, snapshot
from app.leaderboards.runs.anchors import read_anchor
from app.leaderboards.runs.compute import BorrowedStrength
from app.leaderboards.runs.scopes import Scope, list_modes
from app.leaderboards.runs.shared import read_difference, read_shared, read_voters
from app.leaderboards.runs.snapshot import BoardTallies, Count, Snapshot
from app.leaderboards.tables import Board, RatingRun, Standing
from app.words import BETTER

SAME_RATING = 1e-6
"""Elo points; below this two ratings are one."""
RANKS = ("rank", "rank_low", "rank_high", "rank_ub")
EXACT = (*RANKS, "votes", "wins", "losses", "ties", "both_bad", "provisional")
CLOSE = ("rating", "rating_low", "rating_high", "vote_low", "vote_high", "borrowed")


@dataclass(frozen=True)
class Difference:
    """A difference between the stored and the log; `subject` names a tally or a board's model by slugs."""

    kind: str
    subject: str
    stored: str
    from_log: str


@dataclass(frozen=True)
class Verification:
    """The comparison of log, tallies and boards; `stale` boards wait for a refresh and were not compared."""

    votes: int
    tallies: int
    boards: int
    stale: int
    differences: tuple[Difference, ...]

    @property
    def is_exact(self) -> bool:
        """Tell whether log, tallies and boards agree."""
        return not self.differences


@dataclass(frozen=True)
class Recomputation:
    """Competitions whose tallies had to be repaired, and boards computed anew."""

    repaired: tuple[str, ...]
    boards: tuple[str, ...]


def verify(database: Database) -> Verification:
    """Compare log, tallies and current runs in one snapshot. Writes nothing."""
    with database.reading() as session:
        found = [_verify_question(session, mode, question) for mode, question in _asked(session)]
    return Verification(
        votes=sum(one.votes for one in found),
        tallies=sum(one.tallies for one in found),
        boards=sum(one.boards for one in found),
        stale=sum(one.stale for one in found),
        differences=tuple(difference for one in found for difference in one.differences),
    )


def _verify_question(session: Session, mode: str, question: str) -> Verification:
    stored = snapshot.read_tallies(session, mode, question)
    logged = snapshot.count_votes(session, mode, question)
    seen = snapshot.read(session, mode, logged, question=question)
    every = {board.scope.key for board in refresh.find_stale(session, mode)}
    waiting = every & {scope.key for scope in seen.scopes}
    differences = [*_tally_differences(seen, stored, logged)]
    for scope in seen.scopes:
        if scope.key not in waiting:
            differences += _board_differences(session, seen, scope)
    votes = int(seen.rows[:, 3:].sum())
    return Verification(votes, len(stored), len(seen.scopes), len(waiting), tuple(differences))


def recompute(database: Database, *, now: datetime) -> Recomputation:
    """Make the tallies what the log says, competition by competition, and compute every board anew."""
    repaired: list[str] = []
    boards: list[str] = []
    with database.reading() as session:
        modes = list_modes(session)
        wrong = {mode: _wrong_competitions(session, mode) for mode in modes}
    for mode in modes:
        for competition, slug in wrong[mode].items():
            database.write(partial(_repair, competition_id=competition, slug=slug, now=now))
            repaired.append(slug)
        boards += refresh.rebuild(database, mode, now=now)
    return Recomputation(tuple(repaired), tuple(boards))


def _asked(session: Session) -> Iterator[tuple[str, str]]:
    """List each mode with every question that has votes there."""
    for mode in list_modes(session):
        for question in snapshot.list_asked(session, mode):
            yield mode, question


def _wrong_competitions(session: Session, mode: str) -> dict[int, str]:
    wrong: set[int] = set()
    for question in snapshot.list_asked(session, mode):
        stored = set(snapshot.drop_empty(snapshot.read_tallies(session, mode, question)))
        wrong |= {count[0] for count in stored ^ set(snapshot.count_votes(session, mode, question))}
    named = select(Competition.id, Competition.slug).where(Competition.id.in_(wrong)).order_by(Competition.slug)
    return dict(session.execute(named).all())


def rebuild_tallies(session: Session, competition_id: int) -> None:
    """
    Rebuild one competition's tallies from the log.

    Votes raise their competition's version before they touch a tally: raised here, they wait for us.
    """
    # First of all: it takes the lock that votes take first too, so that none is added between count and tally.
    raise_version(session, competition_id)
    columns = [column.key for column in TALLY_COLUMNS]
    asked = snapshot.list_asked_in(session, competition_id)
    session.execute(delete(Tally).where(Tally.competition_id == competition_id))
    for question in asked:
        if question != BETTER:
            raise_version(session, competition_id, question)
        counts = snapshot.count_votes_in(session, competition_id, question)
        if counts:
            rows = [dict(zip(columns, count, strict=True)) | {"question": question} for count in counts]
            session.execute(insert(Tally), rows)


def _repair(session: Session, *, competition_id: int, slug: str, now: datetime) -> None:
    rebuild_tallies(session, competition_id)
    ledger.note(session, "tallies.repaired", f"competition:{slug}", now=now, reason="differed from the votes")


def _tally_differences(seen: Snapshot, stored: Sequence[Count], logged: Sequence[Count]) -> Iterator[Difference]:
    ours = {count[:3]: count[3:] for count in snapshot.drop_empty(stored)}
    theirs = {count[:3]: count[3:] for count in logged}
    for place in sorted(ours.keys() | theirs.keys()):
        kept, cast = ours.get(place, (0, 0, 0, 0)), theirs.get(place, (0, 0, 0, 0))
        if kept != cast:
            competition, left, right = place
            about = "" if seen.question == BETTER else f" ({seen.question})"
            subject = f"{seen.competition_slugs[competition]}{about}: {seen.slugs[left]} | {seen.slugs[right]}"
            yield Difference("tally", subject, _counted(kept), _counted(cast))


def _counted(counts: tuple[int, ...]) -> str:
    return "left {}, right {}, tie {}, both bad {}".format(*counts)


def _board_differences(session: Session, seen: Snapshot, scope: Scope) -> Iterator[Difference]:
    run = session.scalars(
        select(RatingRun).join(Board, Board.current_run_id == RatingRun.id).where(Board.key == scope.key)
    ).one()
    stored = {row.model_id: row for row in session.scalars(select(Standing).where(Standing.run_id == run.id))}
    board = seen.board(scope)
    again = compute.rate_again(
        _as_then(session, seen, scope, run),
        scope,
        board,
        _borrowed_strength(board, stored, run),
        read_voters(run.parts and run.parts["voters"], board.model_ids),
    )
    for name in ("votes", "ranked", "tallies_sha256", "interval", "components"):
        if getattr(run, name) != getattr(again, name):
            yield Difference("run", f"{scope.key}: {name}", str(getattr(run, name)), str(getattr(again, name)))
    if not _same(run.tau2, again.tau2):
        yield Difference("run", f"{scope.key}: tau2", str(run.tau2), str(again.tau2))
    rows = zip(*again.standings.values(), strict=True)
    fresh = {row["model_id"]: row for row in (dict(zip(again.standings, row, strict=True)) for row in rows)}
    for model in sorted(stored.keys() | fresh.keys()):
        subject = f"{scope.key}: {seen.slugs[model]}"
        yield from _standing_differences(subject, stored.get(model), fresh.get(model))


def _as_then(session: Session, seen: Snapshot, scope: Scope, run: RatingRun) -> Snapshot:
    """Give a snapshot the anchor of a run and, but for the overall board, the components the run was given."""
    anchor = read_anchor(session, seen.mode, run.anchor_version)
    return replace(seen, anchor=anchor, shared=None if scope.kind == "overall" else read_shared(run.parts))


def _borrowed_strength(
    board: BoardTallies, stored: dict[int, Standing], run: RatingRun
) -> BorrowedStrength | None:
    """Read what a board borrowed as stored with it: the other competitions may have moved on since."""
    rows = [stored.get(model) for model in board.model_ids.tolist()]
    known = [(row.known_mean, row.known_variance) for row in rows if row and row.known_mean is not None]
    if not known or len(known) != len(rows):
        return None
    mean, variance = np.array(known, dtype=float).T
    difference = read_difference(run.parts)
    return BorrowedStrength(mean, variance, difference.error if difference else 0.0)


def _standing_differences(
    subject: str, stored: Standing | None, fresh: dict[str, Any] | None
) -> Iterator[Difference]:
    if stored is None or fresh is None:
        there = ("missing", "on the board")
        yield Difference("standing", subject, there[stored is not None], there[fresh is not None])
        return
    for name in EXACT + CLOSE:
        kept, now = getattr(stored, name), fresh[name]
        if kept != now and not (name in CLOSE and _same(kept, now)):
            yield Difference("standing", f"{subject}: {name}", str(kept), str(now))


def _same(stored: float | None, fresh: float | None) -> bool:
    return stored == fresh or (stored is not None and fresh is not None and abs(stored - fresh) <= SAME_RATING)
