"""Suspicion: known numbers, honest groups left alone, attackers found."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ratings import suspicion, suspicion_days
from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit, logistic
from app.ratings.groups import OVERDISPERSION, TASTE, two_sided
from app.ratings.suspicion import ALPHA, exposure, likelihood
from app.ratings.tallies import LEFT, RIGHT, TIE, Array, Index, Log, Tallies

from .boards import tallies_of

MODELS = 12
TARGET = 5


def matchups(count: int, rng: np.random.Generator, models: int = MODELS) -> tuple[Index, Index]:
    left = rng.integers(0, models, count)
    return left, (left + rng.integers(1, models, count)) % models


def board(by_group: Tallies) -> Fit:
    return fit(Design(by_group.pairs(), by_group.models, side=False), VirtualGames())


def crowd(
    rng: np.random.Generator, groups: int = 400, each: int = 40, ties: float = 0.0
) -> tuple[Index, Index, Index, Index, Array]:
    """Group, left, right and outcome of honest votes; and the strengths."""
    strength = rng.normal(0, 0.55, MODELS)
    strength[TARGET] = 0
    group = np.repeat(np.arange(groups), each)
    left, right = matchups(group.size, rng)
    won = rng.random(group.size) < logistic(strength[left] - strength[right])
    outcome = np.where(rng.random(group.size) < ties, TIE, np.where(won, LEFT, RIGHT))
    return group, left, right, outcome, strength


def concentration(shown: list[tuple[int, int, int]]) -> suspicion.Exposure:
    """Of one group; rows are left, right, answered."""
    left, right, answered = np.array(shown).T
    zero = np.zeros(left.size, dtype=np.intp)
    return exposure(zero, left, right, np.ones(left.size), answered, groups=1, models=MODELS)


def test_five_votes_after_seventy_skips_give_the_number_one_can_work_out() -> None:
    others = [model for model in range(MODELS) if model != TARGET]
    skipped = [(others[i % 11], others[(i + 1) % 11], 0) for i in range(70)]
    found = concentration([*skipped, *[(TARGET, others[i], 1) for i in range(5)]])
    assert found.p[0] == pytest.approx(MODELS / math.comb(75, 5), rel=1e-9)
    assert (found.model[0], found.issued[0], found.answered[0]) == (TARGET, 75, 5)
    assert (found.issued_there[0], found.answered_there[0]) == (5, 5)


@given(st.integers(1, 60), st.data())
def test_exposure_is_fishers_exact_test(issued: int, data: st.DataObject) -> None:
    marked = data.draw(st.integers(0, issued))
    taken = data.draw(st.integers(0, issued))
    hits = data.draw(st.integers(max(0, taken - (issued - marked)), min(marked, taken)))
    tail = suspicion._hypergeometric_tail(*(np.array([float(n)]) for n in (hits, marked, taken, issued)))
    if hits * issued > marked * taken:
        ways = range(hits, min(marked, taken) + 1)
        exact = sum(math.comb(marked, x) * math.comb(issued - marked, taken - x) for x in ways)
        assert tail[0] == pytest.approx(exact / math.comb(issued, taken), rel=1e-9)
    else:
        assert tail[0] == 1


def test_answering_everything_is_never_suspicious(rng: np.random.Generator) -> None:
    left, right = matchups(300, rng)
    everything = concentration([*zip(left.tolist(), right.tolist(), [1] * 300, strict=True)])
    assert (everything.p[0], everything.model[0]) == (1, -1)


def test_random_skipping_is_seldom_suspicious_and_rows_may_be_added_up(rng: np.random.Generator) -> None:
    groups, each = 2000, 30
    group = np.repeat(np.arange(groups), each)
    left, right = matchups(group.size, rng)
    answered = (rng.random(group.size) < rng.beta(2, 2, groups)[group]).astype(float)
    one = np.ones(group.size)
    by_row = exposure(group, left, right, one, answered, groups=groups, models=MODELS)
    assert (by_row.p < ALPHA).sum() <= 6  # 2 expected at most; more than 6 once in 200 runs
    key, row = np.unique((group * MODELS + left) * MODELS + right, return_inverse=True)
    places = np.unravel_index(key, (groups, MODELS, MODELS))
    issued, voted = np.bincount(row).astype(float), np.bincount(row, answered)
    added = exposure(*places, issued, voted, groups=groups, models=MODELS)
    np.testing.assert_array_equal(added.p, by_row.p)


@pytest.mark.parametrize("votes", [5, 10, 40])
def test_those_who_skip_until_one_model_comes_are_found_by_five_votes(
    votes: int, rng: np.random.Generator
) -> None:
    left, right = matchups(votes * MODELS, rng)
    shows = (left == TARGET) | (right == TARGET)
    answered = shows & (np.cumsum(shows) <= votes)
    found = concentration([*zip(left.tolist(), right.tolist(), answered.tolist(), strict=True)])
    assert found.p[0] < ALPHA
    assert found.model[0] == TARGET


def test_one_step_back_is_nearly_the_board_of_the_others(rng: np.random.Generator) -> None:
    group, left, right, outcome, _ = crowd(rng, groups=60, each=60)
    by_group = Log(MODELS, group, left, right, outcome).tallies()
    found, others = likelihood(by_group, board(by_group)), board(by_group.without(7))
    own = by_group.only(by_group.competition == 7)
    x = others.strength[own.left] - others.strength[own.right]
    p = logistic(x)
    spread = OVERDISPERSION * (x**2 * own.played * p * (1 - p)).sum()
    pull = own.per_model(x * own.played * p * (1 - p), -x * own.played * p * (1 - p))
    spread += TASTE**2 * (pull**2).sum()
    assert found.z[7] == pytest.approx((x * (own.left_wins - own.played * p)).sum() / np.sqrt(spread), abs=0.02)
    assert found.votes[7] == 60


@pytest.mark.parametrize("ties", [0.0, 0.3])
def test_honest_groups_have_their_variance_and_are_seldom_suspicious(
    ties: float, rng: np.random.Generator
) -> None:
    group, left, right, outcome, _ = crowd(rng, groups=1500, ties=ties)
    by_group = Log(MODELS, group, left, right, outcome).tallies()
    found = likelihood(by_group, board(by_group))
    assert 0.55 < found.z.std() ** 2 * OVERDISPERSION < 1
    assert abs(found.z.mean()) < 0.1
    assert (found.p < ALPHA).sum() <= 3


def test_people_with_tastes_may_vote_for_years(rng: np.random.Generator) -> None:
    group, left, right, outcome, strength = crowd(rng, groups=300, each=60)
    people, each = 30, 2000
    liking = strength + rng.normal(0, TASTE, (people, MODELS))
    who = np.repeat(np.arange(people), each)
    one, other = matchups(who.size, rng)
    won = np.where(rng.random(who.size) < logistic(liking[who, one] - liking[who, other]), LEFT, RIGHT)
    columns = [(group, who + 300), (left, one), (right, other), (outcome, won)]
    group, left, right, outcome = (np.append(few, many) for few, many in columns)
    within = (suspicion.earlier(group) < suspicion.VOTER_CAP).astype(float)
    counted = Log(MODELS, group, left, right, outcome).tallies()
    rows = np.zeros((3, group.size), dtype=np.int64)
    rows[0] = outcome == LEFT
    votes = Tallies(MODELS, group, left, right, rows[0], 1 - rows[0], rows[1], rows[2])
    kept = votes.only(within > 0)
    assert (likelihood(votes, board(kept), within).p < ALPHA).sum() <= 1
    assert (likelihood(counted, board(counted)).p < ALPHA).sum() <= 1


@given(st.integers(1, 30), st.floats(0, 80))
def test_chi_squared_tail_by_its_closed_form(half_freedom: int, value: float) -> None:
    terms = (
        math.exp(-value / 2 + k * math.log(value / 2 or 1e-300) - math.lgamma(k + 1)) for k in range(half_freedom)
    )
    freedom = 2.0 * half_freedom
    found = suspicion._chi_squared_tail(np.array([value]), np.array([freedom]), np.array([2 * freedom]))
    assert found[0] == pytest.approx(sum(terms), abs=0.0125)  # the cube root is that far off at two degrees


def test_votes_against_the_board_and_for_one_model_are_found(rng: np.random.Generator) -> None:
    group, left, right, outcome, strength = crowd(rng, groups=200, each=240)
    contrary, fan, burier = group == 3, group == 4, group == 5
    outcome = np.where(contrary, np.where(strength[left] < strength[right], LEFT, RIGHT), outcome)
    for who, on_left, on_right in ((fan, LEFT, RIGHT), (burier, RIGHT, LEFT)):
        outcome = np.where(who & (left == TARGET), on_left, outcome)
        outcome = np.where(who & (right == TARGET), on_right, outcome)
    by_group = Log(MODELS, group, left, right, outcome).tallies()
    found = likelihood(by_group, board(by_group))
    assert (found.p[[3, 4, 5]] < ALPHA).all()
    assert found.z[3] < -5
    assert found.model[[4, 5]].tolist() == [TARGET, TARGET]
    assert found.model_z[4] > 0 > found.model_z[5]


def test_a_slip_on_a_clear_pair_accuses_nobody() -> None:
    sure = [(0, 0, 1, 2000, 1, 0, 0), (0, 1, 2, 500, 500, 0, 0), (0, 0, 2, 2000, 1, 0, 0)]
    slips = [(1, 0, 1, 0, 1, 0, 0), (2, 0, 1, 0, 1, 0, 0), (2, 1, 2, 2, 2, 0, 0)]
    by_group = tallies_of(3, [*sure, *slips])
    found = likelihood(by_group, board(by_group))
    assert found.p[1] == 1  # too few votes
    assert found.p[2] > ALPHA


def test_five_votes_of_one_kind_are_weighed_as_by_hand() -> None:
    """Give one of two equal models two and a half points too many, beside a board that is sure."""
    by_group = tallies_of(2, [(0, 0, 1, 2000, 2000, 0, 0), (1, 0, 1, 5, 0, 0, 0), (2, 0, 1, 4, 0, 0, 0)])
    found = likelihood(by_group, board(by_group))
    noise, taste = OVERDISPERSION * 5 / 4, TASTE * 5 / 4
    variance = noise + taste**2
    squares, spread = 2 * 2.5**2 / variance, 2 * (2 + 2 * (noise / variance) ** 2)
    expected = suspicion._chi_squared_tail(np.array([squares]), np.array([2.0]), np.array([spread]))
    assert found.pattern[1] == pytest.approx(expected[0], rel=0.02)
    assert found.p[1] < 1
    assert found.p[2] == 1  # too few votes


def test_capped_counts_the_first_of_each_voter_and_network() -> None:
    voter = np.array([0, 0, 0, 1, 1, 2, 0, 2])
    network = np.array([9, 9, 9, 9, 9, 9, 8, 7])
    counted = suspicion.capped(voter, network, per_voter=2, per_network=4)
    assert counted.tolist() == [True, True, False, True, False, False, False, True]


@given(st.lists(st.integers(0, 4), max_size=40))
def test_earlier_counts_what_stood_before(keys: list[int]) -> None:
    expected = [keys[:at].count(key) for at, key in enumerate(keys)]
    assert suspicion.earlier(np.array(keys, dtype=np.intp)).tolist() == expected


def test_skip_share() -> None:
    found = suspicion.skip_share(np.array([19, 20, 20, 100]), np.array([19, 12, 13, 60]))
    assert found.tolist() == [False, False, True, False]


def test_two_sided_is_the_normal_tail() -> None:
    np.testing.assert_allclose(two_sided(np.array([0.0, -1.959964, 3.290527])), [1, 0.05, 0.001], 1e-5)


def test_a_day_of_votes_for_one_model_sets_off_an_alarm(rng: np.random.Generator) -> None:
    _, left, right, outcome, _ = crowd(rng, groups=500)
    day = np.sort(rng.integers(0, 30, left.size))
    clean = Log(MODELS, day, left, right, outcome).tallies()
    quiet = suspicion_days.day_monitor(clean, board(clean))
    assert quiet.alarm_day.size == 0
    assert not quiet.volume_alarm.any()
    one, other = matchups(1000, rng)
    won = np.where(one == TARGET, LEFT, np.where(other == TARGET, RIGHT, rng.integers(0, 2, 1000)))
    columns = [(day, 20), (left, one), (right, other), (outcome, won)]
    pushed = Log(MODELS, *(np.append(old, np.broadcast_to(new, 1000)) for old, new in columns)).tallies()
    found = suspicion_days.day_monitor(pushed, board(pushed))
    assert (20, TARGET) in zip(found.alarm_day.tolist(), found.alarm_model.tolist(), strict=True)
    assert np.flatnonzero(found.volume_alarm).tolist() == [20]


def test_nothing_cast_is_nothing_suspicious() -> None:
    nothing = tallies_of(MODELS, [])
    none = np.zeros(0, dtype=np.intp)
    assert likelihood(nothing, board(nothing)).p.size == 0
    assert exposure(none, none, none, none, none, groups=2, models=MODELS).p.tolist() == [1, 1]
    assert suspicion_days.day_monitor(nothing, board(nothing)).volume_alarm.size == 0
    assert suspicion.capped(none, none).size == 0


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)
