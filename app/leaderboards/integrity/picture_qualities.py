"""Measures what sides, margins, pixels, light, sharpness and sittings are worth: what ratings owe to them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select, true
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, select_battles
from app.arena.entries import traits
from app.arena.entries.framing import MOST_CUT
from app.arena.entries.named_pictures import IS_NAMED_FIELD
from app.arena.tables import Competition, Entry, Matchup, Vote
from app.elo_scale import Z_95
from app.leaderboards.runs.snapshot import BoardTallies, Snapshot
from app.ratings.bradley_terry import Design
from app.ratings.confounders import FEWEST_CLUSTERS, QualityEffects, QualityVotes, compare_equals
from app.ratings.model import fit_with_prior
from app.ratings.tallies import Array
from app.words import BETTER, JUDGEMENTS, Outcome

QUALITIES = ("side", "margins", "pixels", "brightness", "sharpness", "order")
"""
The left side; a tenth of the frame left empty; twice the pixels; a tenth of all levels brighter; finest detail
twice as strong beside coarser; the left side late in a sitting.
"""
OF_SEATS = ("side", "order")
"""Qualities that no picture has; what others are worth can't be told from what few prompts do to their models."""
LEVELS = 25.5
"""Levels of the luma that are a tenth of all."""
MOST_VOTES = 200_000
"""Votes that are looked at: the newest."""
PAUSE_SECONDS = 30 * 60
"""A voter who rested longer begins a new sitting."""
LEAST_SHIFT = 10.0
"""Elo points from which a model's page tells what equal pictures would be rated."""
POINTS = np.array([{Outcome.A: 1.0, Outcome.B: 0.0}.get(kind, 0.5) for kind in JUDGEMENTS])
Rows = npt.NDArray[np.int64]
"""(votes, 6): competition, left entry, right entry, voter, second, place of the outcome in JUDGEMENTS."""


@dataclass(frozen=True)
class QualityWorth:
    """
    The Elo points that a quality is worth, with their error, of which 1.96 on either side hold 95 %.

    `models` has by slug the points that a model would gain if all pictures were equal in it, and their error.
    """

    quality: str
    effect: float
    error: float
    models: Mapping[str, tuple[float, float]]

    @property
    def most_moved(self) -> str:
        """Return the slug of the model whose rating would move most."""
        return max(self.models, key=lambda slug: abs(self.models[slug][0]))


@dataclass(frozen=True)
class EqualRating:
    """The points that a model would gain with pictures equal in a quality, and the bounds of 95 %."""

    quality: str
    shift: float
    low: float
    high: float


def audit_qualities(
    session: Session, seen: Snapshot, board: BoardTallies, *, named_only: bool = False
) -> dict[str, Any]:
    """
    Judge a mode's newest votes, ready for JSON: by quality its worth, its error, and the models' shifts.

    With `named_only`, votes of closed competitions and open galleries alone are judged. What is told of a model
    otherwise follows from its pictures in open fields, which who measures those could tell apart by it.
    """
    spread = fit_with_prior(Design(board.tallies.pairs(), board.model_ids.size, side=False)).spread
    rows = _read_rows(session, seen.mode, board, named_only=named_only)
    if spread is None or not rows.size:
        return {}
    effects = compare_equals(_with_differences(session, rows, board), spread)
    slugs = [seen.slugs[model] for model in board.model_ids.tolist()]
    known = QUALITIES if np.unique(rows[:, 0]).size >= FEWEST_CLUSTERS else OF_SEATS
    return {
        name: _described(effects, at, slugs)
        for at, name in enumerate(QUALITIES)
        if name in known and np.isfinite(effects.effect[at])
    }


def read_public_qualities(numbers: Mapping[str, Any]) -> tuple[QualityWorth, ...]:
    """Read from an audit's numbers what named pictures tell; nothing from audits that told of all alike."""
    return _read(numbers.get("named_qualities", {}))


def read_qualities(numbers: Mapping[str, Any]) -> tuple[QualityWorth, ...]:
    """Read from an audit's numbers what all pictures tell, for admins alone."""
    return _read(numbers.get("qualities", {}))


def _read(stored: Mapping[str, Any]) -> tuple[QualityWorth, ...]:
    return tuple(
        QualityWorth(
            name, one["effect"], one["error"], {slug: (by[0], by[1]) for slug, by in one["models"].items()}
        )
        for name, one in stored.items()
    )


def find_equal_ratings(numbers: Mapping[str, Any], slug: str) -> tuple[EqualRating, ...]:
    """
    Find in an audit's numbers what equal named pictures would change of a model's rating, the largest first.

    Left out is what is small (LEAST_SHIFT) or within its error.
    """
    found = []
    for one in read_public_qualities(numbers):
        shift, error = one.models.get(slug, (0.0, 0.0))
        if abs(shift) >= LEAST_SHIFT and abs(shift) > Z_95 * error:
            found.append(EqualRating(one.quality, shift, shift - Z_95 * error, shift + Z_95 * error))
    return tuple(sorted(found, key=lambda each: -abs(each.shift)))


def _described(effects: QualityEffects, at: int, slugs: list[str]) -> dict[str, Any]:
    pairs = np.stack([effects.shift[at], effects.shift_error[at]], axis=1).tolist()
    worth = float(effects.effect[at]), float(effects.error[at])
    return {"effect": worth[0], "error": worth[1], "models": dict(zip(slugs, pairs, strict=True))}


def _read_rows(session: Session, mode: str, board: BoardTallies, *, named_only: bool) -> Rows:
    """Read the newest counted votes on which picture is better, the oldest of them first."""
    place = Matchup.competition_id, Matchup.left_entry_id, Matchup.right_entry_id
    known = board.model_ids.tolist()
    statement = (
        select_battles(*place, Vote.voter_id, Vote.cast_at, Vote.outcome)
        .where(Competition.mode == mode, Matchup.question == BETTER, Vote.counted)
        .where(LEFT.model_id.in_(known), RIGHT.model_id.in_(known), IS_NAMED_FIELD if named_only else true())
        .order_by(Vote.id.desc())
        .limit(MOST_VOTES)
        .execution_options(yield_per=10_000)
    )
    rows = [
        (*ids, int(at.timestamp()), JUDGEMENTS.index(outcome)) for *ids, at, outcome in session.execute(statement)
    ]
    return np.array(rows[::-1], dtype=np.int64).reshape(-1, 6)


def _with_differences(session: Session, rows: Rows, board: BoardTallies) -> QualityVotes:
    """Put by each vote how its two pictures differ."""
    competition, left, right, voter, second, outcome = rows.T
    ids, models, qualities = _read_pictures(session, competition)
    at = np.searchsorted(ids, left), np.searchsorted(ids, right)
    order = np.log2(_places(voter, second))
    sided = np.ones(len(rows)), order - order.mean()
    # Beside a picture that nobody has measured yet, another counts as its equal.
    apart = np.nan_to_num(qualities[at[0]] - qualities[at[1]])
    differences = np.stack([sided[0], *apart.T, sided[1]], axis=1)
    seats = [np.searchsorted(board.model_ids, models[side]) for side in at]
    cluster = np.unique(competition, return_inverse=True)[1]
    return QualityVotes(board.model_ids.size, cluster, seats[0], seats[1], POINTS[outcome], differences)


def _read_pictures(session: Session, competitions: Rows) -> tuple[Rows, Rows, Array]:
    """Read the pictures of these competitions: ids, ascending, models, and four qualities, (pictures, 4)."""
    columns = (
        Entry.id,
        Entry.model_id,
        Entry.width,
        Entry.height,
        Competition.frame_width,
        Competition.frame_height,
        Competition.input_key.is_not(None),
        Entry.source,
    )
    pictures = session.execute(
        select(*columns)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.id.in_(np.unique(competitions).tolist()))
        .order_by(Entry.id)
    )
    rows = [(numbers, _read_light(source)) for *numbers, source in pictures]
    table = np.array([numbers for numbers, _ in rows], dtype=np.int64).reshape(-1, 7)
    light = np.array([both for _, both in rows]).reshape(-1, 2)
    ids, models, width, height, frame_width, frame_height, is_edit = table.T
    # The narrower of two proportions is what a picture fills of the other side, or keeps where it is cut.
    shape, frame = width / height, frame_width / frame_height
    outside = 1 - np.minimum(shape, frame) / np.maximum(shape, frame)
    empty = np.where((outside > MOST_CUT) | (is_edit == 1), outside, 0)
    return ids, models, np.column_stack([10 * empty, np.log2(width * height), light])


def _read_light(source: Mapping[str, Any]) -> tuple[float, float]:
    """Read a picture's brightness and sharpness in their units; NaN where its rendition was never measured."""
    measured = traits.read_source(source)
    if measured is None:
        return math.nan, math.nan
    by_name = dict(zip((trait.name for trait in traits.TRAITS), measured, strict=True))
    return by_name["brightness"] / LEVELS, by_name["finest_detail"] / math.log(2)


def _places(voter: Rows, second: Rows) -> Rows:
    """Count, from 1, the votes of each voter's sitting up to each vote; votes stand in their order."""
    order = np.lexsort((np.arange(voter.size), voter))
    begins = np.ones(voter.size, dtype=bool)
    begins[1:] = (np.diff(voter[order]) != 0) | (np.diff(second[order]) > PAUSE_SECONDS)
    starts = np.flatnonzero(begins)
    places = np.zeros(voter.size, dtype=np.int64)
    places[order] = np.arange(voter.size) - starts[np.cumsum(begins) - 1] + 1
    return places
