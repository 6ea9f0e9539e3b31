"""A mode's boards from its snapshot: the overall board first, because components and level come from it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.database.columns import milliseconds
from app.elo_scale import ELO_PER_LOGIT
from app.leaderboards.runs.anchors import SETTLED_MODELS, AnchorSet
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.runs.shared import describe_parts
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.leaderboards.runs.voters import VoterRows, VoterTotals
from app.ratings.board import BorrowingBoard, Ratings, fit_without_each, rate, rate_competitions
from app.ratings.bradley_terry import Design
from app.ratings.components import VarianceComponent, residuals
from app.ratings.model import fit_with_prior
from app.ratings.prompts import PromptEffect, prompt_effect
from app.ratings.questions import rate_asked
from app.ratings.scale import Anchor
from app.ratings.tallies import Array, Index
from app.ratings.threads import find_thread, mending_pairs
from app.ratings.voters import Ballots, Voters, voter_weights
from app.words import BETTER

METHOD = "bradley_terry"
FEWEST_PROMPTS = 2
AT_ONCE = 40_000
"""Pairs of models of competitions that are rated together: so many numbers stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class BorrowedStrength:
    """
    Strengths and variances of a board's models as other votes tell them, in logits.

    A question's board borrows from `better`, with the ``error`` of the variance between the two; a competition's
    from the rest of its mode.
    """

    mean: Array
    variance: Array
    error: float = 0.0


@dataclass(frozen=True, eq=False)
class RatedBoard:
    """One board, computed. `standings` are its rows by column, without the run's id."""

    scope: Scope
    votes: int
    ranked: int
    tallies_sha256: str
    anchor: AnchorSet
    interval: str
    tau2: float | None
    components: list[list[str]]
    parts: dict[str, Any]
    standings: dict[str, list[Any]]
    seconds: float


def rate_overall(snapshot: Snapshot) -> tuple[RatedBoard, AnchorSet]:
    """Rate the mode's own board and return its anchor, frozen here once five models are not provisional."""
    started, scope = time.perf_counter(), snapshot.scopes[0]
    board, anchor = snapshot.board(scope), snapshot.anchor
    voters = read_board_voters(snapshot, scope, board)
    ratings = rate(board.tallies, voters=voters, anchor=anchor_on(anchor, board))
    is_better = snapshot.question == BETTER
    if is_better and anchor.version == 0 and (settled := settled_models(board, ratings)):
        anchor = AnchorSet(1, settled)
        ratings = rate(board.tallies, voters=voters, anchor=anchor_on(anchor, board))
    anchored = replace(snapshot, anchor=anchor, shared=None)
    return describe_board(anchored, scope, board, ratings, None, started), anchor


def rate_others(snapshot: Snapshot, scopes: Iterable[Scope], *, until: float) -> Iterator[RatedBoard]:
    """Rate category and competition boards by the snapshot's components and anchor, the last begun by `until`."""
    whole = snapshot.board(snapshot.scopes[0])
    size = max(1, AT_ONCE // max(whole.model_ids.size, 1) ** 2)
    # Categories come first.
    left = list(scopes)
    while left and time.perf_counter() <= until:
        together = 1 if left[0].kind == "category" else size
        some, left = left[:together], left[together:]
        yield from _rate_several(snapshot, whole, some)


def _rate_several(snapshot: Snapshot, whole: BoardTallies, scopes: Sequence[Scope]) -> Iterator[RatedBoard]:
    """Rate a category, or some competitions, whose boards of as many models are fitted together."""
    started = time.perf_counter()
    boards = [snapshot.board(scope) for scope in scopes]
    known = borrow_strength(snapshot, whole, boards) if scopes[0].kind == "competition" else [None]
    voters = [read_board_voters(snapshot, *each) for each in zip(scopes, boards, strict=True)]
    ratings = rate_scopes(snapshot, boards, known, voters)
    spent = (time.perf_counter() - started) / len(boards)
    for each in zip(scopes, boards, ratings, known, strict=True):
        yield describe_board(snapshot, *each, time.perf_counter() - spent)


def rate_again(
    snapshot: Snapshot, scope: Scope, board: BoardTallies, known: BorrowedStrength | None, given: Voters | None
) -> RatedBoard:
    """
    Rate a board with what its run borrowed; the overall board makes its own components whatever the snapshot's.

    `given` is what the run knew of its voters, used where the log does not tell it at once.
    """
    started = time.perf_counter()
    voters = read_board_voters(snapshot, scope, board) if isinstance(snapshot.voters, VoterRows) else given
    if snapshot.question != BETTER and known is not None:
        ratings = rate_question(snapshot, scope, board, known, voters)
    elif scope.kind == "overall":
        ratings = rate(board.tallies, voters=voters, anchor=anchor_on(snapshot.anchor, board))
    else:
        ratings = rate_scopes(snapshot, [board], [known], [voters])[0]
    return describe_board(snapshot, scope, board, ratings, known, started)


def rate_scopes(
    snapshot: Snapshot,
    boards: Sequence[BoardTallies],
    known: Sequence[BorrowedStrength | None],
    voted: Sequence[Ballots | Voters | None],
) -> list[Ratings]:
    """Rate boards by the snapshot's components and anchor, those together that borrow and have as many models."""
    shared, found = snapshot.shared, {}
    together: dict[int, list[tuple[int, BorrowingBoard]]] = {}
    for number, (board, lent, who) in enumerate(zip(boards, known, voted, strict=True)):
        voters = _with_taste(who, None if shared is None else shared.taste)
        if lent is not None and shared is not None:
            one = BorrowingBoard(board.tallies, lent.mean, lent.variance, voters)
            together.setdefault(board.model_ids.size, []).append((number, one))
            continue
        prompts = None if shared is None else shared.prompts_of(board.model_ids, within=True)
        anchor = anchor_on(snapshot.anchor, board)
        found[number] = rate(board.tallies, anchor=anchor, prompts=prompts, voters=voters)
    level, dispersion = Anchor(value=snapshot.anchor.value), 1.0 if shared is None else shared.dispersion
    for alike in together.values():
        numbers, several = zip(*alike, strict=True)
        found |= zip(numbers, rate_competitions(several, dispersion=dispersion, anchor=level), strict=True)
    return [found[number] for number in range(len(boards))]


def rate_question(
    snapshot: Snapshot, scope: Scope, board: BoardTallies, known: BorrowedStrength, voters: Ballots | Voters | None
) -> Ratings:
    """Rate one board of another question by what it borrows from `better`."""
    one = scope.kind == "competition"
    level = Anchor(value=snapshot.anchor.value)
    lent = known.mean, known.variance
    return rate_asked(board.tallies, *lent, error=known.error, voters=voters, anchor=level, is_one_prompt=one)


def borrow_strength(
    snapshot: Snapshot, whole: BoardTallies, boards: Sequence[BoardTallies]
) -> list[BorrowedStrength | None]:
    """
    Ask of each of some competitions the mode's others about its models, its own prompt included in the variance.

    How far strengths spread is taken from the mode. None where the mode does not know what a prompt does.
    """
    shared, found = snapshot.shared, dict.fromkeys(range(len(boards)))
    prompts = None if shared is None else shared.prompts_of(whole.model_ids)
    voted = [number for number, board in enumerate(boards) if board.model_ids.size]
    if shared is None or shared.spread is None or prompts is None or not voted:
        return [None for _ in boards]
    first = [(whole.rows[:, 0] == boards[number].rows[0, 0]).argmax() for number in voted]
    competitions = whole.tallies.competition[first]
    anchor = anchor_on(snapshot.anchor, whole)
    lent = fit_without_each(
        whole.tallies, competitions, prompts=prompts, spread=shared.spread, anchor=anchor, start=snapshot.near
    )
    for number, mean, variance in zip(voted, *lent, strict=True):
        at = np.searchsorted(whole.model_ids, boards[number].model_ids)
        found[number] = BorrowedStrength(mean[at], (variance + prompts.variance)[at])
    return list(found.values())


def estimate_within_categories(snapshot: Snapshot, whole: BoardTallies) -> PromptEffect | None:
    """Estimate the prompts' effect about each category's strengths; None where none has two competitions."""
    rows, clusters = [], 0
    for scope in snapshot.scopes:
        if scope.kind != "category" or (board := snapshot.board(scope)).tallies.competitions < FEWEST_PROMPTS:
            continue
        fitted = fit_with_prior(Design(board.tallies.pairs(), board.model_ids.size, side=False))
        found = residuals(board.tallies, fitted.fit, fitted.dispersion)
        rows.append(replace(found, model=np.searchsorted(whole.model_ids, board.model_ids)[found.model]))
        clusters += board.tallies.competitions
    return prompt_effect(rows, whole.model_ids.size, clusters) if rows else None


def _with_taste(voted: Ballots | Voters | None, taste: VarianceComponent | None) -> Voters | None:
    """Join a board's own voters with the taste of the mode; None while that is unknown."""
    if not isinstance(voted, Ballots):
        return voted
    return None if taste is None else Voters(taste, voter_weights(voted.by_voter), voted.by_voter.competitions)


def read_board_voters(snapshot: Snapshot, scope: Scope, board: BoardTallies) -> Ballots | Voters | None:
    """Pick who cast a board's votes; None where nobody is known."""
    if isinstance(snapshot.voters, VoterRows):
        return snapshot.voters.ballots(np.unique(board.rows[:, 0]), board.model_ids)
    return None if snapshot.voters is None else snapshot.voters.of(scope.key, board.model_ids)


def anchor_on(anchor: AnchorSet, board: BoardTallies) -> Anchor:
    """Find the anchor's models on this board, as its indices; all of its models where none is there."""
    members = set(anchor.model_ids)
    present = (place for place, model in enumerate(board.model_ids.tolist()) if model in members)
    return Anchor(tuple(present), anchor.value)


def read_strengths(board: RatedBoard) -> Array:
    """Read (n,) a board's strengths in logits, whose mean is 0, as it is where they are normal around 0."""
    rating = np.array(board.standings["rating"], dtype=float)
    return np.asarray((rating - rating.mean()) / ELO_PER_LOGIT if rating.size else rating)


def settled_models(board: BoardTallies, ratings: Ratings) -> tuple[int, ...]:
    """List the ids of the models that are no longer provisional, once there are five."""
    settled = board.model_ids[~ratings.provisional]
    return tuple(settled.tolist()) if settled.size >= SETTLED_MODELS else ()


def describe_board(
    snapshot: Snapshot,
    scope: Scope,
    board: BoardTallies,
    ratings: Ratings,
    known: BorrowedStrength | None,
    started: float,
) -> RatedBoard:
    """Put a board's ratings into the columns of its run; `started` is when its computing began."""
    return RatedBoard(
        scope=scope,
        votes=board.votes,
        ranked=ratings.of,
        tallies_sha256=snapshot.sha256(board.rows),
        anchor=snapshot.anchor,
        interval=ratings.interval,
        tau2=ratings.tau2,
        components=_components(snapshot, board, ratings.part),
        standings=_standings(board, ratings, known),
        parts=_parts(snapshot, scope, board, ratings),
        seconds=time.perf_counter() - started,
    )


def _parts(snapshot: Snapshot, scope: Scope, board: BoardTallies, ratings: Ratings) -> dict[str, Any]:
    voters, is_overall = snapshot.voters, scope.kind == "overall"
    within = (
        estimate_within_categories(snapshot, board) if is_overall and ratings.known.prompts is not None else None
    )
    as_of = {"votes": voters.votes, "at": milliseconds(voters.at)} if isinstance(voters, VoterTotals) else None
    spread, shared = ratings.spread, snapshot.shared
    dispersion = spread.dispersion if spread is not None else shared.dispersion if shared is not None else 1.0
    described = describe_parts(ratings, board.model_ids, dispersion, within, as_of)
    return described | {"thread": _thread(snapshot, scope, board, ratings)}


def _thread(snapshot: Snapshot, scope: Scope, board: BoardTallies, ratings: Ratings) -> dict[str, Any] | None:
    """Describe two groups that few votes join, by slugs; a competition's board leans on its mode's instead."""
    games = board.tallies.games
    found = None if scope.kind == "competition" else find_thread(games)
    if found is None:
        return None
    slugs = [snapshot.slugs[model] for model in board.model_ids.tolist()]
    pairs = mending_pairs(games, ratings.strength, found.group)
    return {
        "group": [slug for slug, is_in in zip(slugs, found.group.tolist(), strict=True) if is_in],
        "votes": found.votes,
        "pairs": [[slugs[one], slugs[other]] for one, other in pairs],
    }


def _components(snapshot: Snapshot, board: BoardTallies, part: Index) -> list[list[str]]:
    if not part.any():
        return []
    members = [board.model_ids[part == number].tolist() for number in range(int(part.max()) + 1)]
    return [sorted(snapshot.slugs[model] for model in ids) for ids in members]


def _standings(board: BoardTallies, ratings: Ratings, known: BorrowedStrength | None) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "model_id": board.model_ids.tolist(),
        "rating": ratings.rating.tolist(),
        "rating_low": ratings.low.tolist(),
        "rating_high": ratings.high.tolist(),
        "vote_low": ratings.vote_low.tolist(),
        "vote_high": ratings.vote_high.tolist(),
        "votes": ratings.votes.tolist(),
        "wins": ratings.wins.tolist(),
        "losses": ratings.losses.tolist(),
        "ties": (ratings.ties + ratings.both_bad).tolist(),
        "both_bad": ratings.both_bad.tolist(),
        "provisional": ratings.provisional.tolist(),
    }
    for name in ("rank", "rank_low", "rank_high", "rank_ub"):
        columns[name] = [place or None for place in getattr(ratings, name).tolist()]
    nothing = [None] * board.model_ids.size
    columns["borrowed"] = ratings.borrowed.tolist() if known else nothing
    columns["known_mean"] = known.mean.tolist() if known else nothing
    columns["known_variance"] = known.variance.tolist() if known else nothing
    return columns
