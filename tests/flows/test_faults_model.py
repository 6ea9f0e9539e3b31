"""The model of a matchup: the rooms behave like it, and the checker built on it sees a wrong history."""

import random
import shutil
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.arena import errors
from app.arena.tables import Tally, Voter
from app.arena.voting import vote_casting, vote_storage
from app.arena.voting.pool import Pool
from app.database.doors import Database
from app.words import OUTCOMES
from scripts.faults.model import Operation, State, is_possible, step
from tests import factories

VOTERS = [bytes([n]) * 16 for n in range(2)]
FIRST = Operation("vote", "a", 0, 1, (200, "a"))


class Arena(RuleBasedStateMachine):
    """Two voters who do anything in any order."""

    world: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        copy = self.world.with_name("copy.sqlite3")
        shutil.copy(self.world, copy)
        self.database = Database(f"sqlite:///{copy}")
        self.pool, self.rng = Pool(), random.Random(1)
        self.states: dict[bytes, tuple[bytes, State]] = {}
        self.now = factories.NOW

    @rule(voter=st.sampled_from(VOTERS))
    def issue(self, voter: bytes) -> None:
        self.now += timedelta(seconds=1)
        known = len(self.states)
        try:
            issued = factories.issue(self.database, voter, now=self.now, rng=self.rng, pool=self.pool)
        except errors.NothingLeft:
            return
        self.states.setdefault(issued.public_id, (voter, State()))
        assert issued.is_new == (len(self.states) > known)

    @precondition(lambda self: self.states)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES), voter=st.sampled_from([None, *VOTERS]))
    def vote(self, data: st.DataObject, outcome: str, voter: bytes | None) -> None:
        self._do(data, "vote", outcome, voter)

    @precondition(lambda self: self.states)
    @rule(data=st.data(), kind=st.sampled_from(["undo", "read"]), voter=st.sampled_from([None, *VOTERS]))
    def ask(self, data: st.DataObject, kind: str, voter: bytes | None) -> None:
        self._do(data, kind, "", voter)

    def _do(self, data: st.DataObject, kind: str, outcome: str, voter: bytes | None) -> None:
        matchup = data.draw(st.sampled_from(sorted(self.states)))
        owner, state = self.states[matchup]
        then, (_, said) = step(state, kind, outcome)
        if voter not in {None, owner}:
            then, said = state, "matchup_not_found"
        self.now += timedelta(seconds=1)
        assert self._told(kind, matchup, outcome, voter or owner) == said
        self.states[matchup] = (owner, then)

    def _told(self, kind: str, matchup: bytes, outcome: str, voter: bytes) -> str:
        try:
            if kind == "vote":
                return factories.cast(self.database, matchup, outcome, voter, now=self.now).outcome
            if kind == "undo":
                factories.undo(self.database, matchup, voter, now=self.now)
                return ""
            with self.database.reading() as session:
                return vote_casting.read_vote(session, voter, matchup).outcome
        except errors.ArenaError as error:
            return error.code

    @invariant()
    def the_tallies_are_the_standing_votes(self) -> None:
        standing = [
            (voter, state.outcome)
            for voter, state in self.states.values()
            if state.outcome not in {None, "skip"} and not state.undone
        ]
        names = sorted(vote_storage.TALLY_COLUMN.items())
        with self.database.reading() as session:
            counts = session.execute(select(*(func.sum(getattr(Tally, name)) for _, name in names))).one()
            votes = dict(session.execute(select(Voter.token, Voter.votes)).all())
        for (outcome, _), count in zip(names, counts, strict=True):
            assert (count or 0) == sum(given == outcome for _, given in standing)
        for voter in VOTERS:
            assert votes.get(voter, 0) == sum(owner == voter for owner, _ in standing)

    def teardown(self) -> None:
        self.database.close()


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two competitions of four models."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(sqlite_template, folder / "world.sqlite3")
    database = Database(f"sqlite:///{folder / 'world.sqlite3'}")
    factories.make_arena(database, folder, models=4)
    database.close()
    return folder / "world.sqlite3"


def test_the_rooms_behave_like_the_model(world: Path) -> None:
    Arena.world = world
    quick = settings(
        max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Arena, settings=quick)


@pytest.mark.parametrize(
    ("history", "final"),
    [
        ([FIRST], State("a")),
        ([Operation("vote", "a", 0)], State("a")),
        ([Operation("vote", "a", 0)], State()),
        ([FIRST, Operation("vote", "b", 0.5, 2, (409, "already_voted"))], State("a")),
        ([Operation("undo", "", 0, inf), FIRST], State("a", undone=True)),
        ([FIRST, Operation("undo", "", 2, 3, (200, "")), Operation("vote", "a", 4, 5, (409, "undone"))],
         State("a", undone=True)),
    ],
)  # fmt: skip
def test_what_can_be_is_allowed(history: list[Operation], final: State) -> None:
    assert is_possible(history, final)


@pytest.mark.parametrize(
    ("history", "final"),
    [
        ([FIRST], State()),
        ([FIRST], State("b")),
        ([FIRST, Operation("vote", "b", 0.5, 2, (200, "b"))], State("a")),
        ([FIRST, Operation("read", "", 2, 3, (404, "matchup_not_found"))], State("a")),
        ([Operation("vote", "a", 2), Operation("read", "", 0, 1, (200, "a"))], State("a")),
        ([Operation("vote", "a", 0, 1, (409, "not_voted"))], State("a")),
        ([FIRST, Operation("undo", "", 2, 3, (200, ""))], State("a")),
    ],
    ids=["lost", "changed", "two winners", "stale read", "read before", "refused yet stored", "undo lost"],
)
def test_what_cannot_be_is_seen(history: list[Operation], final: State) -> None:
    assert not is_possible(history, final)
