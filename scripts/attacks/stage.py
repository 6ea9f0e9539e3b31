"""A real arena to attack: entries without pictures in a database of its own, everything else as in production."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.people.policy import MONTH_SECONDS, Policy
from app.arena.tables import Competition, Entry, Matchup
from app.arena.voting import matchups, pictures, vote_casting
from app.arena.voting.matchups import MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.leaderboards.runs import refresh, scopes
from app.leaderboards.tables import Board, Standing
from app.ratings.scale import Anchor
from app.ratings.tallies import LEFT, Array

MODE = "text-to-image"
COMPETITIONS = 7
FRAME = 64
MATCHUP_SECONDS = 1800
LOOK = timedelta(seconds=6)
START = datetime.fromtimestamp(700 * MONTH_SECONDS, UTC)
"""Of one of the policy's windows of 30 days; everything happens within it."""

Opinion = Callable[[int, int], str]
"""What somebody says to a left and a right model, by their numbers from 0."""


@dataclass
class Stage:
    """An arena with models numbered from 0, and the time there."""

    database: Database
    policy: Policy
    rng: random.Random
    now: datetime = START
    model_ids: list[int] = field(default_factory=list)
    seats: dict[int, int] = field(default_factory=dict)
    """Entry id to the number of its model."""
    pool: Pool = field(default_factory=Pool)

    def vote(self, voter: bytes, network: str, say: Opinion) -> str:
        """
        Ask for one matchup, look at it and answer; returns the answer.

        Raises what issuing and voting raise: TooMany, NothingLeft and their kin.
        """
        issued = matchups.issue(
            self.database,
            self.pool,
            voter,
            MatchupFilter(MODE),
            now=self.now,
            rng=self.rng,
            matchup_seconds=MATCHUP_SECONDS,
            network=network,
            policy=self.policy,
        )
        sides = select(Matchup.left_entry_id, Matchup.right_entry_id).where(Matchup.public_id == issued.public_id)
        with self.database.reading() as session:
            left, right = session.execute(sides).one()
        outcome = say(self.seats[left], self.seats[right])
        self.database.write(partial(self._answer, voter=voter, matchup=issued.public_id, outcome=outcome))
        return outcome

    def _answer(self, session: Session, *, voter: bytes, matchup: bytes, outcome: str) -> None:
        for side in ("a", "b"):
            pictures.mark_served(session, matchup, side, now=self.now, policy=self.policy)
        ballot = Ballot(voter, matchup, outcome, self.now + LOOK, MATCHUP_SECONDS, self.policy)
        vote_casting.cast_vote(session, ballot)

    def board(self) -> Array:
        """Return ratings by model number, of a board made now; a model without a battle has the mean."""
        refresh.rebuild(self.database, MODE, now=self.now)
        said = select(Standing.model_id, Standing.rating)
        said = said.join(Board, Board.current_run_id == Standing.run_id).where(Board.key == scopes.key(MODE))
        ratings = np.full(len(self.model_ids), Anchor().value)
        with self.database.reading() as session:
            for row in session.execute(said):
                ratings[self.model_ids.index(row.model_id)] = row.rating
        return ratings


def build(database: Database, policy: Policy, models: int, seed: int) -> Stage:
    """Store models and competitions in an empty database."""
    database.migrate()
    stage = Stage(database, policy, random.Random(seed))
    stage.model_ids, entries = database.write(partial(_fill, models=models, rng=stage.rng))
    numbers = {model_id: number for number, model_id in enumerate(stage.model_ids)}
    stage.seats = {entry: numbers[model] for entry, model in entries}
    return stage


def token(kind: str, number: int) -> bytes:
    """Return the cookie value of a voter."""
    return hashlib.sha256(f"{kind} {number}".encode()).digest()[:16]


def outcome_name(outcome: int) -> str:
    """Return the outcome as it is cast: LEFT is a."""
    return "a" if outcome == LEFT else "b"


def _fill(session: Session, *, models: int, rng: random.Random) -> tuple[list[int], list[tuple[int, int]]]:
    made = [_model(number) for number in range(models)]
    arenas = [_competition(number) for number in range(COMPETITIONS)]
    session.add_all([*made, *arenas])
    session.flush()
    entries = [_entry(arena, model, rng) for arena in arenas for model in made]
    session.add_all(entries)
    session.flush()
    return [model.id for model in made], [(entry.id, entry.model_id) for entry in entries]


def _model(number: int) -> ImageModel:
    return ImageModel(
        slug=f"model-{number}",
        name=f"Model {number}",
        creator="Attack benchmark",
        tags=[],
        modes=[MODE],
        limits={},
        prose={},
        sources=[],
        demo=False,
        stub=False,
    )


def _competition(number: int) -> Competition:
    return Competition(
        slug=f"prompt-{number}",
        title=f"Prompt {number}",
        mode=MODE,
        prompt=f"The prompt of competition {number}",
        frame_width=FRAME,
        frame_height=FRAME,
        status="open",
        created_at=START,
    )


def _entry(arena: Competition, model: ImageModel, rng: random.Random) -> Entry:
    name = rng.randbytes(16).hex()
    return Entry(
        competition_id=arena.id,
        model_id=model.id,
        rendition_key=name,
        original_key=name,
        media_key=name,
        width=FRAME,
        height=FRAME,
        sha256=name,
        perceptual_hash=rng.getrandbits(64) - (1 << 63),
        prompt=arena.prompt,
        created_at=START,
    )
