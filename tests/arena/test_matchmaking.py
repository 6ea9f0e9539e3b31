"""Which pairs may be drawn, how often, and that the stored probability is the true one."""

import random
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.arena.entries import renditions
from app.arena.entries.renditions import NEAR_BITS
from app.arena.voting import guessing, lanes
from app.arena.voting.field import Contestant, Floats, Ints, Mask, make_field, pair_keys
from app.arena.voting.lanes import StrengthEstimate
from app.arena.voting.matchmaking import (
    EXPOSURE_CAP,
    UNIFORM_SHARE,
    Exclusions,
    PairingState,
    choose_pair,
    find_competitions,
    shares,
    weigh_pairs,
)
from scripts.bench.every_pair import everything, lane_chances, list_pairs, probabilities

QUICK = settings(max_examples=40, deadline=None)


def weigh(
    contestants: Iterable[Contestant],
    votes: dict[int, int],
    battles: dict[int, int],
    known: StrengthEstimate | None = None,
) -> PairingState:
    return weigh_pairs(make_field(contestants), votes, battles, known)


@st.composite
def states(draw: st.DrawFn) -> PairingState:
    """Up to five competitions of some of nine models, up to two samples each, with any votes so far."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    entered = draw(
        st.lists(st.sets(st.integers(1, 9), min_size=2, max_size=9), min_size=1, max_size=5).map(
            lambda found: [(c, model) for c, models in enumerate(found, 1) for model in sorted(models)]
        )
    )
    samples = draw(st.integers(1, 2))
    contestants = [
        Contestant(100 * n + s + 1, c, model, rng.getrandbits(63))
        for n, (c, model) in enumerate(entered)
        for s in range(samples)
    ]
    rows = []
    for _ in range(draw(st.integers(0, 30))):
        competition, left = rng.choice(entered)
        right = rng.choice([m for _, m in entered if m != left])
        rows.append([competition, left, right, *(rng.choice([0, 1, 9, 5000]) for _ in range(4))])
    table = np.array(rows, dtype=np.int64).reshape(-1, 7)
    votes = {c: int(table[table[:, 0] == c, 3:].sum()) for c in range(1, 6)}
    battles = {m: int(table[(table[:, 1:3] == m).any(axis=1), 3:].sum()) for m in range(1, 10)}
    models = np.unique([model for _, model in entered])
    return weigh(contestants, votes, battles, lanes.estimate_strengths(models, table))


def some(state: PairingState, seed: int, part: float) -> Mask:
    return np.random.default_rng(seed).random(everything(state).size) < part


def keys(pairs: Ints) -> frozenset[int]:
    return frozenset(pair_keys(pairs).tolist())


def arena(
    models: int = 6, competitions: int = 3, *, known: StrengthEstimate | None = None, **more: dict[int, int]
) -> PairingState:
    """Every model once in every competition; entry ids are 100 x competition + model."""
    rng = random.Random(5)
    contestants = [
        Contestant(100 * c + m, c, m, rng.getrandbits(63))
        for c in range(1, competitions + 1)
        for m in range(1, models + 1)
    ]
    return weigh(contestants, more.get("votes", {}), more.get("battles", {}), known)


def exposures(state: PairingState, allowed: Mask) -> dict[int, float]:
    shown = list_pairs(state.field).exposure(probabilities(state, allowed))
    return dict(zip(state.field.model_ids.tolist(), shown.tolist(), strict=True))


@QUICK
@given(states(), st.integers(0, 999), st.sampled_from([0.02, 0.3, 1.0]))
def test_probabilities_sum_to_one_over_what_is_allowed(state: PairingState, seed: int, part: float) -> None:
    allowed = some(state, seed, part)
    chances = probabilities(state, allowed)
    assert chances.sum() == pytest.approx(1.0 if allowed.any() else 0.0)
    assert (chances[~allowed] == 0).all()
    assert (chances[allowed] > 0).all()


@QUICK
@given(states(), st.integers(0, 999), st.sampled_from([0.1, 0.5, 1.0]))
def test_no_model_is_shown_over_three_times_its_uniform_share(state: PairingState, seed: int, part: float) -> None:
    allowed = some(state, seed, part)
    of = list_pairs(state.field)
    fair, shown = of.exposure(lane_chances(state, 0, allowed)), of.exposure(probabilities(state, allowed))
    assert (shown <= EXPOSURE_CAP * fair * (1 + 1e-9)).all()


@QUICK
@given(states(), st.integers(0, 999), st.sampled_from([0.1, 0.5, 1.0]))
def test_every_pair_keeps_its_share_of_the_uniform_lane(state: PairingState, seed: int, part: float) -> None:
    allowed = some(state, seed, part)
    even = lane_chances(state, 0, allowed)
    assert (probabilities(state, allowed) >= UNIFORM_SHARE * even * (1 - 1e-9)).all()
    assert UNIFORM_SHARE >= 0.2


@QUICK
@given(states())
def test_two_samples_of_one_model_never_meet(state: PairingState) -> None:
    of = list_pairs(state.field)
    assert (of.models[:, 0] != of.models[:, 1]).all()
    assert (of.entries[:, 0] < of.entries[:, 1]).all()


@QUICK
@given(states(), st.randoms(use_true_random=False), st.data())
def test_a_choice_respects_every_exclusion(state: PairingState, rng: random.Random, data: st.DataObject) -> None:
    of = list_pairs(state.field)
    seen = some(state, data.draw(st.integers(0, 99)), 0.5)
    models = frozenset(data.draw(st.sets(st.sampled_from(state.field.model_ids.tolist()), max_size=2)))
    entries = frozenset(data.draw(st.sets(st.sampled_from(np.unique(of.entries).tolist()), max_size=6)))
    within = frozenset(data.draw(st.sets(st.sampled_from(state.competitions))))
    left = {
        tuple(pair)
        for n, pair in enumerate(of.entries.tolist())
        if not seen[n]
        and not models & set(state.field.model_ids[of.models[n]].tolist())
        and state.competitions[of.competition[n]] in within
    }
    exclusions = Exclusions(keys(of.entries[seen]), models, entries)
    pair = choose_pair(state, exclusions, rng, within)
    if pair is None:
        assert not left
        return
    drawn = (min(pair.left_entry_id, pair.right_entry_id), max(pair.left_entry_id, pair.right_entry_id))
    assert drawn in left
    assert pair.competition_id in within
    assert pair.seen_before == bool(entries & set(drawn))
    assert not pair.seen_before or all(entries & set(other) for other in left)


def test_the_stored_probability_is_how_often_a_pair_comes() -> None:
    state = arena(4, 2, votes={1: 50}, battles={1: 90, 2: 3})
    seen = list_pairs(state.field).entries[:3]
    exclusions = Exclusions(keys(seen), frozenset({4}), frozenset({201}))
    rng = random.Random(1)
    draws = 20_000
    drawn = [choose_pair(state, exclusions, rng) for _ in range(draws)]
    counts = Counter((min(p.left_entry_id, p.right_entry_id), p.probability) for p in drawn if p)
    assert sum(chance for _, chance in counts) == pytest.approx(1.0)
    for (_, chance), count in counts.items():
        assert abs(count - draws * chance) < 4 * np.sqrt(draws * chance * (1 - chance)) + 1


@pytest.mark.parametrize("seed", [22, 100, 216])
def test_the_chance_of_the_last_pair_is_one_and_no_more(seed: int) -> None:
    """Rounding made it 1.0000000000000002 with these seeds."""
    rng = np.random.default_rng(seed)
    models = np.arange(1, int(rng.integers(3, 9)) + 1)
    rows = [[1, a, b, *rng.integers(0, 60, 4)] for a in models for b in models if a != b]
    table = np.array(rows, dtype=np.int64)
    battles = {m: int(table[(table[:, 1:3] == m).any(axis=1), 3:].sum()) for m in models.tolist()}
    known = lanes.estimate_strengths(models, table)
    competitions = int(rng.integers(1, 3))
    state = arena(len(models), competitions, known=known, votes={1: int(table[:, 3:].sum())}, battles=battles)
    pairs = list_pairs(state.field).entries
    for last in range(len(pairs)):
        pair = choose_pair(state, Exclusions(keys(np.delete(pairs, last, axis=0))), random.Random(last))
        assert pair is not None
        assert 1 - 1e-12 < pair.probability <= 1.0


def test_both_sides_are_as_likely() -> None:
    state, rng = arena(), random.Random(2)
    lower_left = sum(
        pair.left_entry_id < pair.right_entry_id
        for pair in (choose_pair(state, Exclusions(), rng) for _ in range(10_000))
        if pair
    )
    assert abs(lower_left - 5000) < 250


def test_which_side_won_changes_nothing() -> None:
    """A tally's win on the left teaches what the mirrored one does."""
    models = np.arange(1, 5)
    row = np.array([[1, 1, 2, 30, 10, 4, 2], [1, 3, 2, 5, 0, 0, 0]], dtype=np.int64)
    mirrored = row[:, [0, 2, 1, 4, 3, 5, 6]]
    one, other = (arena(4, 1, known=lanes.estimate_strengths(models, rows)) for rows in (row, mirrored))
    assert probabilities(one, everything(one)) == pytest.approx(probabilities(other, everything(other)))


def test_pictures_that_look_the_same_never_meet() -> None:
    base = random.Random(3).getrandbits(62)
    hashes = (base, base ^ (2**NEAR_BITS - 1), base ^ (2 ** (NEAR_BITS + 1) - 1), ~base)
    contestants = [Contestant(n, 1, n, h) for n, h in enumerate(hashes)]
    met = {tuple(pair) for pair in list_pairs(make_field(contestants)).entries.tolist()}
    near = {(a, b) for a in range(4) for b in renditions.alike(hashes[a], renditions.hashes(hashes)).tolist()}
    far = {(a, b) for a in range(4) for b in range(a + 1, 4)} - near
    assert met == far == {(0, 2), (0, 3), (1, 3), (2, 3)}


def test_competitions_and_models_with_few_votes_come_more_often_but_never_alone() -> None:
    state = arena(votes={1: 400, 2: 400, 3: 0}, battles={1: 0, 2: 300, 3: 300, 4: 300, 5: 300, 6: 300})
    chances = probabilities(state, everything(state))
    of_competition = np.bincount(list_pairs(state.field).competition, chances)
    assert of_competition[2] > 2 * of_competition[0] > 0.1
    shown = exposures(state, everything(state))
    assert shown[1] > 1.1 * shown[2]


def test_information_prefers_the_open_question() -> None:
    """Models 1 and 2 are close, 3 is far below: one more vote on 1 and 2 decides more."""
    rows = np.array([[1, 1, 2, 20, 20, 0, 0], [1, 1, 3, 39, 1, 0, 0], [1, 2, 3, 39, 1, 0, 0]], dtype=np.int64)
    rows[:, 3:] *= 5
    gain = lanes.gain(lanes.estimate_strengths(np.arange(1, 4), rows))
    assert gain == pytest.approx(gain.T)
    assert gain[0, 1] == pytest.approx(1.0)
    assert gain[0, 2] < 0.01
    assert (np.diagonal(gain) == 0).all()


def test_a_first_impression_settles_nothing() -> None:
    """After one win a pair is nearly as good a question as after one tie; after 250 wins of 300 it is not."""

    def gain(*counts: int) -> float:
        rows = np.array([[1, 1, 2, *counts], [1, 2, 3, 15, 15, 0, 0], [1, 1, 3, 0, 0, 1, 0]], dtype=np.int64)
        return float(lanes.gain(lanes.estimate_strengths(np.arange(1, 4), rows))[0, 1])

    assert gain(1, 0, 0, 0) > 0.7 * gain(0, 0, 1, 0)
    assert gain(250, 50, 0, 0) < 0.1 * gain(150, 150, 0, 0)


def test_the_gain_is_what_a_vote_takes_off_the_variances() -> None:
    """Against inverting the information matrix anew; pairs of equal strength leave the openness at 1."""
    rows = np.array([[1, 1, 2, 5, 5, 0, 0], [1, 2, 3, 9, 9, 0, 0], [1, 3, 4, 2, 2, 0, 0]], dtype=np.int64)
    known = lanes.estimate_strengths(np.arange(1, 5), rows)
    found = []
    for i, j in ((0, 1), (0, 3), (2, 3)):
        x = np.zeros(4)
        x[[i, j]] = 1, -1
        away = known.covariance @ x
        after = known.covariance - np.outer(away, away) * 0.25 / (1 + 0.25 * x @ away)
        found.append(np.trace(known.covariance) - np.trace(after))
    gain = lanes.gain(known)
    assert [gain[0, 1], gain[0, 3], gain[2, 3]] / gain[0, 3] == pytest.approx(np.array(found) / found[1])


def test_a_newcomer_is_not_everywhere() -> None:
    rng = np.random.default_rng(4)
    pairs = [(a, b) for a in range(1, 24) for b in range(a + 1, 24)]
    rows = np.array([[1, a, b, *rng.multinomial(200, [0.4, 0.4, 0.1, 0.1])] for a, b in pairs], dtype=np.int64)
    battles = dict.fromkeys(range(1, 24), 22 * 200)
    state = arena(24, 1, known=lanes.estimate_strengths(np.arange(1, 25), rows), battles=battles)
    shown = exposures(state, everything(state))
    assert 2.0 * 2 / 24 < shown[24] <= EXPOSURE_CAP * 2 / 24 * (1 + 1e-9)


def test_shares_are_what_is_drawn() -> None:
    state = arena(9, 2, votes={1: 10}, battles={1: 100})
    told = shares(state)
    assert sum(told.lanes.values()) == pytest.approx(1.0)
    assert told.lanes["uniform"] >= 0.2
    assert sum(one.share for one in told.exposures) == pytest.approx(2.0)
    assert {one.model_id: one.share for one in told.exposures} == pytest.approx(
        exposures(state, everything(state))
    )
    assert all(one.share <= EXPOSURE_CAP * one.uniform_share * (1 + 1e-9) for one in told.exposures)


def test_a_pool_is_of_crowded_competitions() -> None:
    rng = random.Random(6)
    entered = [(c, m) for c, models in ((1, 3), (2, 9)) for m in range(models)]
    state = weigh([Contestant(100 * c + m, c, m, rng.getrandbits(63)) for c, m in entered], {}, {})
    assert find_competitions(state) == {1, 2}
    assert find_competitions(state, fewest_models=8) == {2}
    assert find_competitions(state, fewest_models=10) == frozenset()


def test_nothing_to_draw_from() -> None:
    alone = weigh([Contestant(1, 1, 1, 0)], {}, {})
    assert alone.competitions == (1,)
    for state in (alone, weigh([], {}, {})):
        assert choose_pair(state, Exclusions(), random.Random(1)) is None
        assert shares(state).lanes["uniform"] >= 0.2


@QUICK
@given(states(), st.booleans(), st.data())
def test_every_pair_is_drawn_with_the_chance_that_listing_all_pairs_gives(
    state: PairingState, limits_guesses: bool, data: st.DataObject
) -> None:
    """Points from 0 to 1 reach every pair that may be drawn, each as often as its stored probability says."""
    of = list_pairs(state.field)
    seen = some(state, data.draw(st.integers(0, 99)), data.draw(st.sampled_from([0.0, 0.1, 0.9])))
    models = frozenset(data.draw(st.sets(st.sampled_from(state.field.model_ids.tolist()), max_size=1)))
    entries = frozenset(data.draw(st.sets(st.sampled_from(state.field.entry_ids.tolist()), max_size=4)))
    shown = np.isin(of.entries, sorted(entries)) | np.isin(state.field.model_ids[of.models], sorted(models))
    allowed = ~seen & ~shown.any(axis=1)
    left = state.field.without(keys(of.entries[seen]), models, entries)
    assert left.count_pairs() == pytest.approx(of.gathered(allowed.astype(float)))
    chances = limited(state, allowed) if limits_guesses else probabilities(state, allowed)
    exclusions = Exclusions(keys(of.entries[seen]), models, entries, limits_guesses=limits_guesses)
    drawn: Counter[tuple[int, int]] = Counter()
    expected = dict(zip(map(tuple, of.entries.tolist()), chances.tolist(), strict=True))
    for point in (np.arange(400) + 0.5) / 400:
        pair = choose_pair(state, exclusions, Fixed(float(point)))
        if pair is None or pair.seen_before:
            assert not chances.any()
            return
        low, high = sorted((pair.left_entry_id, pair.right_entry_id))
        assert pair.probability == pytest.approx(expected[low, high], rel=1e-12, abs=1e-15)
        drawn[low, high] += 1
    for both, chance in expected.items():
        # Its chance is in two places, one for each model; each place's ends fall between two points.
        assert abs(drawn[both] - 400 * chance) < 3


def limited(state: PairingState, allowed: Mask) -> Floats:
    """Give the (pairs,) chances where guesses are limited, pair by pair."""
    of, names = list_pairs(state.field), np.sort(list_pairs(state.field).models, axis=1)
    kinds = np.unique(np.column_stack([of.competition, names]), axis=0, return_inverse=True)[1].ravel()

    def count_model_pairs(there: Mask) -> Floats:
        return of.gathered(np.where(there, 1 / np.bincount(kinds, there).clip(1)[kinds], 0.0)).round()

    fewest = np.where(
        state.field.crowd >= guessing.MANY_MODELS, guessing.FEWEST_PAIRS_OF_MANY, guessing.FEWEST_PAIRS
    )
    is_served = count_model_pairs(allowed) >= np.minimum(fewest, count_model_pairs(everything(state)))
    chances = probabilities(state, allowed & is_served[of.competition])
    for place, crowd in enumerate(state.field.crowd.tolist()):
        here = of.competition == place
        if chances[here].any():
            likely = np.bincount(kinds[here], chances[here])
            scaled = guessing.limit_chances(likely, guessing.best_guess(crowd))
            chances[here] *= (scaled / np.maximum(likely, 1e-300))[kinds[here]]
    return chances


class Fixed(random.Random):
    """Gives one point."""

    def __init__(self, point: float) -> None:
        super().__init__()
        self.point = point

    def random(self) -> float:
        return self.point
