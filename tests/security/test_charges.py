"""A skip costs a matchup even of those who never asked for its pictures: a script may know them in other ways."""

import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.arena.people.policy import Policy
from app.arena.voting import matchups, pictures, vote_casting
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot
from app.database.doors import Database
from tests.factories import later, make_arena

WHO = b"v" * 16


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "charges.sqlite3")
    opened = Database(f"sqlite:///{tmp_path / 'charges.sqlite3'}")
    make_arena(opened, tmp_path, competitions=2, models=4)
    yield opened
    opened.close()


@pytest.mark.parametrize("looks", [True, False])
def test_a_skip_costs_with_and_without_looking(database: Database, looks: bool) -> None:
    policy, pool, reasons = Policy(voter_counted=2), Pool(), []
    for number, outcome in enumerate(("skip", "skip", "a")):
        now = later(seconds=30 * number)
        issued = matchups.issue(
            database,
            pool,
            WHO,
            matchups.MatchupFilter(),
            now=now,
            rng=random.Random(number),
            matchup_seconds=600,
            policy=policy,
        )
        for side in "ab" if looks or outcome == "a" else "":
            database.write(lambda s: pictures.mark_served(s, issued.public_id, side, now=now, policy=policy))  # noqa: B023
        made = later(seconds=30 * number + 9)
        answer = database.write(
            partial(
                vote_casting.cast_vote,
                ballot=Ballot(WHO, issued.public_id, outcome, made, 600, policy),
            )
        )
        reasons.append(answer.reason)
    assert reasons == ["skip", "skip", "voter_cap"]
