"""What a voter who remembers everything can guess of the next pair, where guesses are limited."""

import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.arena import errors
from app.arena.people.policy import PUBLIC, Policy
from app.arena.tables import Competition, Entry, Matchup
from app.arena.voting import guessing, lanes, matchups, vote_casting
from app.arena.voting.field import Contestant, make_field
from app.arena.voting.matchmaking import Exclusions, PairingState, choose_pair, weigh_pairs
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot
from app.catalog.tables import ImageModel
from app.database.doors import Database
from tests.factories import NOW, make_arena

BLIND = Policy(limits_guesses=True)
VOTER = b"v" * 16


def field(models: int, *, samples: int = 1, newcomer: bool = False) -> PairingState:
    """One competition; with a newcomer, all others have met 200 times and it never has."""
    rng = random.Random(5)
    contestants = [
        Contestant(100 * m + s, 1, m, rng.getrandbits(63)) for m in range(1, models + 1) for s in range(samples)
    ]
    old = [(a, b) for a in range(1, models) for b in range(a + 1, models)] if newcomer else []
    rows = np.array([[1, a, b, 80, 80, 20, 20] for a, b in old], dtype=np.int64).reshape(-1, 7)
    battles = dict.fromkeys(range(1, models), 200 * (models - 2)) if newcomer else {}
    known = lanes.estimate_strengths(np.arange(1, models + 1), rows)
    return weigh_pairs(make_field(contestants), {}, battles, known)


def guess(state: PairingState, exclusions: Exclusions, draws: int = 4000) -> float:
    """Measure the share of the likeliest two models in what is drawn."""
    rng = random.Random(3)
    drawn = [choose_pair(state, exclusions, rng) for _ in range(draws)]
    models = Counter(frozenset((p.left_entry_id // 100, p.right_entry_id // 100)) for p in drawn if p)
    return models.most_common(1)[0][1] / draws


@pytest.mark.parametrize(("models", "most"), [(8, 0.35), (12, 0.15), (40, 0.15)])
@pytest.mark.parametrize("samples", [1, 2])
def test_no_two_models_are_likelier_than_the_limit(models: int, most: float, samples: int) -> None:
    state = field(models, samples=samples, newcomer=True)
    assert guess(state, Exclusions(limits_guesses=True)) <= most + 0.02


def test_a_newcomer_beside_few_is_guessed_where_nothing_limits_it() -> None:
    """The limit has something to limit: three models are left, one of them new."""
    seen = frozenset(100 * m for m in range(1, 6))
    assert guess(field(8, newcomer=True), Exclusions(entries=seen)) > 0.4


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.just(0.0) | st.floats(1e-6, 1), min_size=1, max_size=30).filter(lambda chances: sum(chances) > 0),
    st.sampled_from([0.15, 0.35]),
)
def test_limited_chances_keep_their_sum_and_the_limit(chances: list[float], most: float) -> None:
    given_chances = np.array(chances) / sum(chances) * 0.7
    limited = guessing.limit_chances(given_chances, most)
    assert limited.sum() == pytest.approx(0.7)
    assert (limited[given_chances == 0] == 0).all()
    assert limited.max() <= 0.7 * max(most, 1 / np.count_nonzero(given_chances)) * (1 + 1e-9)


@pytest.mark.parametrize(("models", "pairs"), [(2, 1), (3, 1), (4, 1), (6, 2), (8, 3), (12, 4), (14, 5)])
def test_a_voter_leaves_a_competition_before_it_can_be_guessed(
    database: Database, tmp_path: Path, models: int, pairs: int
) -> None:
    make_arena(database, tmp_path, competitions=1, models=models)
    assert len(judge_all(database)) == pairs


def test_who_has_judged_enough_is_told_so(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=4)
    judge(database, ask(database))
    with pytest.raises(errors.JudgedEnough, match="judged enough"):
        ask(database)


def test_the_second_open_pair_is_of_another_competition_and_may_share_a_model(
    database: Database, tmp_path: Path
) -> None:
    """A pair drawn without the models of the first would tell, once judged, what the first does not show."""
    make_arena(database, tmp_path, competitions=2, models=5)
    shared = 0
    for n in range(12):
        first, second = ask(database, bytes([n]) * 16), ask(database, bytes([n]) * 16)
        assert {first.slug, second.slug} == {"c0", "c1"}
        shared += bool(names(database, first) & names(database, second))
    assert shared


def test_no_second_pair_of_the_one_competition_is_handed_out(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=8)
    assert ask(database).public_id == ask(database).public_id


def test_names_are_never_forgotten(database: Database, tmp_path: Path) -> None:
    """Sixty votes elsewhere do not bring back a picture whose name was seen."""
    make_arena(database, tmp_path, competitions=30, models=6)
    pictures = [(pair.slug, name) for pair in judge_all(database) for name in names(database, pair)]
    assert len(set(pictures)) == len(pictures) == 30 * 4


def test_the_public_profile_limits_guesses() -> None:
    assert PUBLIC.limits_guesses


def ask(database: Database, voter: bytes = VOTER) -> BlindMatchup:
    return matchups.issue(
        database,
        Pool(),
        voter,
        MatchupFilter(),
        now=NOW,
        rng=random.Random(),
        matchup_seconds=1800,
        policy=BLIND,
    )


def judge_all(database: Database) -> list[BlindMatchup]:
    """Judge until nothing is left; the pairs that were judged."""
    judged: list[BlindMatchup] = []
    with suppress(errors.NothingLeft):
        while len(judged) < 1000:
            judged.append(ask(database))
            judge(database, judged[-1])
    return judged


def judge(database: Database, issued: BlindMatchup) -> None:
    ballot = Ballot(VOTER, issued.public_id, "a", NOW, 1800, BLIND)
    database.write(lambda session: vote_casting.cast_vote(session, ballot))


def names(database: Database, issued: BlindMatchup) -> set[str]:
    query = (
        select(ImageModel.slug)
        .join(Entry, Entry.model_id == ImageModel.id)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(Matchup, (Matchup.left_entry_id == Entry.id) | (Matchup.right_entry_id == Entry.id))
        .where(Matchup.public_id == issued.public_id)
    )
    with database.reading() as session:
        return set(session.scalars(query))
