"""The whole board: what holds for any votes, and the rules of anchor, interval and status."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.elo_scale import ELO_PER_LOGIT
from app.ratings import METHODS
from app.ratings.board import BorrowingBoard, NoFiniteRating, fit_without_each, rate, rate_competitions, rate_log
from app.ratings.prompts import prompt_weights
from app.ratings.scale import Anchor
from app.ratings.spread import Spread
from app.ratings.tallies import Array, Tallies
from tests.ratings.boards import Row, boards, rows_of, same_bits, simulate, tallies_of, uniform

DRAWS = 50


def half(low: Array, high: Array) -> Array:
    return (high - low) / 2


@given(boards())
def test_any_board_is_finite_and_consistent(tallies: Tallies) -> None:
    board = rate(tallies, draws=DRAWS)
    assert np.isfinite([board.rating, board.low, board.high, board.vote_low, board.vote_high]).all()
    assert (board.low <= board.vote_low + 1e-9).all()
    assert (board.high + 1e-9 >= board.vote_high).all()
    assert np.mean(board.rating) == pytest.approx(1000, abs=1e-6)
    assert board.rating == pytest.approx(1000 + ELO_PER_LOGIT * board.strength, abs=1e-9)
    assert np.linalg.eigvalsh(board.covariance).min() >= -1e-9 * max(1.0, board.covariance.max())
    assert (board.votes == board.wins + board.losses + board.ties + board.both_bad).all()
    assert board.wins.sum() == board.losses.sum()
    ranked = board.ranked
    assert (ranked == (board.votes >= 4)).all()
    assert board.of == ranked.sum()
    for bounds in (board.rank, board.rank_low, board.rank_high, board.rank_ub):
        assert (bounds[~ranked] == 0).all()
    assert (board.rank_low[ranked] <= board.rank[ranked]).all()
    assert (board.rank[ranked] <= board.rank_high[ranked]).all()
    assert (board.rank_ub[ranked] <= board.rank[ranked]).all()
    assert set(board.rank[ranked].tolist()) <= set(range(1, board.of + 1))


@given(boards(), st.randoms(use_true_random=False))
def test_rows_in_any_order_and_split_give_the_same_bits(tallies: Tallies, shuffler: object) -> None:
    halves = [
        (g, left, right, *(count // 2 + part * (count % 2) for count in counts))
        for g, left, right, *counts in rows_of(tallies)
        for part in (0, 1)
    ]
    shuffler.shuffle(halves)  # type: ignore[attr-defined]
    assert same_bits(rate(tallies_of(tallies.models, halves), draws=DRAWS), rate(tallies, draws=DRAWS))


@given(boards(), st.data())
def test_voided_votes_leave_no_trace(tallies: Tallies, data: st.DataObject) -> None:
    """Counting rows and taking them back equals never having had them, a whole competition's too."""
    rows = rows_of(tallies)
    voided = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    emptied: list[Row] = [(*row[:3], 0, 0, 0, 0) if void else row for row, void in zip(rows, voided, strict=True)]
    never = [row for row, void in zip(rows, voided, strict=True) if not void]
    assert same_bits(
        rate(tallies_of(tallies.models, emptied), draws=DRAWS),
        rate(tallies_of(tallies.models, never), draws=DRAWS),
    )


@given(boards(), st.randoms(use_true_random=False))
def test_names_do_not_matter(tallies: Tallies, shuffler: object) -> None:
    new = list(range(tallies.models))
    shuffler.shuffle(new)  # type: ignore[attr-defined]
    renamed = [(g, new[left], new[right], *counts) for g, left, right, *counts in rows_of(tallies)]
    one, other = rate(tallies, draws=DRAWS), rate(tallies_of(tallies.models, renamed), draws=DRAWS)
    for name in ("rating", "low", "high"):
        assert getattr(other, name)[new] == pytest.approx(getattr(one, name), abs=1e-6, rel=1e-9)
    assert other.rating[new] == pytest.approx(one.rating, abs=1e-9, rel=0)
    assert np.array_equal(other.rank[new], one.rank)


@given(boards())
def test_sides_do_not_matter_unless_asked_for(tallies: Tallies) -> None:
    turned = tallies_of(
        tallies.models,
        [(g, right, left, lost, won, *ties) for g, left, right, won, lost, *ties in rows_of(tallies)],
    )
    assert same_bits(rate(turned, draws=DRAWS), rate(tallies, draws=DRAWS))
    score = tallies.ordered_pairs().score.sum()
    assume(0 < score < tallies.ordered_pairs().played.sum())
    one, other = rate(tallies, draws=DRAWS, side_term=True).side, rate(turned, draws=DRAWS, side_term=True).side
    assert one is not None
    assert other is not None
    assume(abs(one.advantage) < 2000)
    assert other.advantage == pytest.approx(-one.advantage, abs=1e-4)
    assert other.error == pytest.approx(one.error, rel=1e-5, abs=1e-4)


@given(boards())
def test_both_bad_is_a_tie(tallies: Tallies) -> None:
    as_ties = replace(tallies, ties=tallies.ties + tallies.both_bad, both_bad=0 * tallies.both_bad)
    one, other = rate(tallies, draws=DRAWS), rate(as_ties, draws=DRAWS)
    assert np.array_equal(one.rating, other.rating)
    assert np.array_equal(one.high, other.high)
    assert np.array_equal(one.ties + one.both_bad, other.ties)


@given(boards(), st.data())
def test_a_win_never_hurts(tallies: Tallies, data: st.DataObject) -> None:
    """With a prior that stays; a learnt one may change with the votes."""
    winner = data.draw(st.integers(0, tallies.models - 1))
    loser = (winner + data.draw(st.integers(1, tallies.models - 1))) % tallies.models
    more = [*rows_of(tallies), (0, winner, loser, data.draw(st.integers(1, 40)), 0, 0, 0)]
    anchor = Anchor(tuple(data.draw(st.sets(st.integers(0, tallies.models - 1)))))
    held = data.draw(st.sampled_from([0.5, Spread(0.7, 0.1, 0.75)]))
    before = rate(tallies, draws=DRAWS, prior=held, anchor=anchor).rating
    after = rate(tallies_of(tallies.models, more), draws=DRAWS, prior=held, anchor=anchor).rating
    assert after[winner] >= before[winner] - 1e-6
    assert after[loser] <= before[loser] + 1e-6


@given(boards(), st.floats(-3, 3), st.floats(0.01, 1))
def test_a_competition_follows_the_level_it_is_given(tallies: Tallies, shift: float, tau2: float) -> None:
    mean, variance = np.linspace(-1, 1, tallies.models), np.linspace(0.01, 0.3, tallies.models)
    one, other = rate_competitions(
        [BorrowingBoard(tallies, mean + level, variance + tau2) for level in (0, shift)], draws=DRAWS
    )
    assert other.rating - one.rating == pytest.approx(ELO_PER_LOGIT * shift, abs=1e-5)
    assert half(other.low, other.high) == pytest.approx(half(one.low, one.high), rel=1e-6)
    assert ((one.borrowed > 0) & (one.borrowed <= 1)).all()
    assert one.interval == "vote"


def test_a_competition_without_votes_for_a_model_is_what_the_others_say() -> None:
    mean, variance = np.array([0.4, -0.1, -0.3]), np.array([0.02, 0.03, 0.05])
    (here,) = rate_competitions([BorrowingBoard(tallies_of(3, [(0, 0, 1, 9, 5, 2, 0)]), mean, variance + 0.1)])
    assert here.strength[2] == pytest.approx(-0.3)
    assert half(here.low, here.high)[2] == pytest.approx(1.96 * ELO_PER_LOGIT * np.sqrt(0.15))
    assert here.borrowed[2] == pytest.approx(1)
    assert here.borrowed[0] < 0.8
    assert here.ranked.tolist() == [True, True, False]


def test_elsewhere_leaves_the_competition_out() -> None:
    tallies = simulate(np.array([1.0, 0.0, -1.0]), 900, np.random.default_rng(0), competitions=3).tallies()
    spread = Spread(0.8, 0.0, 0.9)
    means, variances = fit_without_each(tallies, np.array([2, 1]), prompts=uniform(0.0, 3), spread=spread)
    for competition, mean, variance in zip((2, 1), means, variances, strict=True):
        rest = rate(tallies.without(competition), interval="vote", prior=spread)
        assert mean == pytest.approx(rest.strength)
        assert 1.96 * ELO_PER_LOGIT * np.sqrt(variance) == pytest.approx(half(rest.low, rest.high), rel=1e-4)
    wider = fit_without_each(tallies, np.array([2, 1]), prompts=uniform(0.1, 3), spread=spread)[1]
    assert (wider > variances + 0.02).all()
    doubted = fit_without_each(tallies, np.array([2, 1]), prompts=uniform(0.1, 3), spread=Spread(0.8, 0.2, 0.9))[1]
    assert (doubted > wider).all()


def test_elsewhere_says_the_same_wherever_its_search_begins() -> None:
    tallies = simulate(np.linspace(-1, 1, 8), 900, np.random.default_rng(4), competitions=3).tallies()
    known = {"prompts": uniform(0.1, 8), "spread": Spread(0.6, 0.1, 0.9)}
    cold = fit_without_each(tallies, np.arange(3), **known)
    for start in (rate(tallies).strength, np.linspace(9, -9, 8)):
        for one, other in zip(cold, fit_without_each(tallies, np.arange(3), **known, start=start), strict=True):
            assert one == pytest.approx(other, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(boards(), st.data())
def test_competitions_rated_together_have_what_each_has_alone(tallies: Tallies, data: st.DataObject) -> None:
    """However many others are rated with one, and however few votes some have."""
    n, tau2 = tallies.models, data.draw(st.floats(0.01, 1))
    numbers = np.unique(tallies.competition[tallies.played > 0])
    assume(numbers.size > 1)
    known = {"prompts": uniform(tau2, n), "spread": Spread(0.6, 0.1, 0.9)}
    mean, variance = fit_without_each(tallies, numbers, **known)
    lent = [
        BorrowingBoard(tallies.only(tallies.competition == g), at, own + tau2)
        for g, at, own in zip(numbers, mean, variance, strict=True)
    ]
    for place, found in enumerate(rate_competitions(lent, dispersion=0.9, draws=DRAWS)):
        alone = fit_without_each(tallies, numbers[place : place + 1], **known)
        assert (mean[place], variance[place]) == (pytest.approx(alone[0][0]), pytest.approx(alone[1][0]))
        (one,) = rate_competitions(lent[place : place + 1], dispersion=0.9, draws=DRAWS)
        for name in ("rating", "low", "high", "borrowed"):
            assert getattr(found, name) == pytest.approx(getattr(one, name), rel=1e-9, abs=1e-7)


def test_a_board_that_plain_steps_do_not_find_is_found_alone() -> None:
    """A thousand lost votes against 300 Elo points of trust: Newton's first steps are far too long."""
    known, votes = (
        BorrowingBoard(tallies_of(2, [(0, 0, 1, 5, 5, 0, 0)]), np.zeros(2), np.ones(2)),
        (0, 0, 1, 0, 1000, 0, 0),
    )
    far = BorrowingBoard(tallies_of(2, [votes]), np.array([40.0, -40.0]), np.full(2, 1e3))
    together = rate_competitions([known, far, known], draws=DRAWS)
    assert together[1].rating[0] < together[1].rating[1] - 1000
    assert together[0].rating == pytest.approx(together[2].rating)
    assert together[1].rating == pytest.approx(rate_competitions([far], draws=DRAWS)[0].rating)


def test_prompts_widen_as_their_weights_say_where_all_meet_evenly() -> None:
    """Each of many models meets all others on every prompt: the prompts add τ² w, less the mean's share."""
    rows: list[Row] = [(g, i, j, 200, 200, 0, 0) for g in range(4) for i in range(8) for j in range(i + 1, 8)]
    tallies = tallies_of(8, rows)
    board = rate(tallies, prior=0.5, prompts=uniform(0.2, 8))
    assert board.interval == "prompt"
    assert board.parts.prompts == pytest.approx(0.2 * prompt_weights(tallies) * (1 - 1 / 8), rel=0.02)


@pytest.mark.parametrize(
    ("competitions", "tau2", "asked", "got"),
    [
        (1, None, "prompt", "vote"),
        (1, 0.1, "prompt", "vote"),
        (2, None, "prompt", "vote"),
        (2, 0.1, "prompt", "prompt"),
        (3, None, "prompt", "prompt"),
        (3, 0.1, "vote", "vote"),
    ],
)
def test_which_interval_is_published(competitions: int, tau2: float | None, asked: str, got: str) -> None:
    rows: list[Row] = [(g, 0, 1, 5 + g, 5, 1, 0) for g in range(competitions)]
    prompts = None if tau2 is None else uniform(tau2, 2)
    board = rate(tallies_of(2, rows), prompts=prompts, interval="vote" if asked == "vote" else "prompt")
    assert board.interval == got
    assert (board.low == board.vote_low).all() == (got == "vote")


def test_one_named_model_has_its_value_and_keeps_its_width() -> None:
    tallies = tallies_of(3, [(0, 0, 1, 30, 10, 0, 0), (0, 1, 2, 25, 20, 5, 0)])
    free, named = rate(tallies), rate(tallies, anchor=Anchor((2,), 1114.0))
    assert named.rating[2] == pytest.approx(1114.0)
    assert np.diff(named.rating) == pytest.approx(np.diff(free.rating))
    assert half(named.low, named.high) == pytest.approx(half(free.low, free.high))


def test_a_weak_newcomer_moves_nobody() -> None:
    rng = np.random.default_rng(8)
    old = simulate(rng.normal(0, 0.5, 6), 6000, rng).tallies()
    anchor = Anchor(tuple(range(6)))
    more = tallies_of(7, [*rows_of(old), *((0, 6, i, 1, 40, 0, 0) for i in range(6))])
    moved = rate(more, anchor=anchor).rating[:6] - rate(old, anchor=anchor).rating
    assert np.abs(moved).max() < 1.0
    assert np.abs(rate(more).rating[:6] - rate(old).rating).min() > 50


def test_status() -> None:
    rows: list[Row] = [
        (0, 0, 1, 300, 200, 0, 0),
        (0, 1, 2, 2, 1, 0, 0),
        (0, 0, 3, 60, 39, 0, 0),
        (0, 4, 5, 300, 200, 0, 0),
        (0, 0, 6, 120, 0, 0, 0),
    ]
    board = rate(tallies_of(7, rows), anchor=Anchor((0, 1)))
    assert board.ranked.tolist() == [True, True, False, True, True, True, True]
    assert board.part.tolist() == [0, 0, 0, 0, 1, 1, 0]
    assert not board.provisional[:2].any()
    assert board.provisional[2:].all()
    assert rate(tallies_of(7, rows), anchor=Anchor((4, 5, 0))).part.tolist() == [1, 1, 1, 1, 0, 0, 1]


def test_without_prior_a_board_must_hang_together() -> None:
    unbeaten = tallies_of(2, [(0, 0, 1, 5, 0, 0, 0)])
    with pytest.raises(NoFiniteRating) as refused:
        rate(unbeaten, prior=0)
    assert refused.value.code == "no_finite_rating"
    assert np.isfinite(rate(unbeaten).rating).all()
    even = rate(tallies_of(2, [(0, 0, 1, 5, 5, 0, 0)]), prior=0)
    assert even.rating == pytest.approx([1000, 1000])
    only_ties = rate(tallies_of(2, [(0, 0, 1, 0, 0, 8, 0)]), prior=0)
    assert (only_ties.rank_low.tolist(), only_ties.rank_high.tolist()) == ([1, 1], [2, 2])


@pytest.mark.parametrize("rows", [[], [(0, 0, 1, 5, 0, 0, 0), (0, 1, 0, 5, 0, 0, 0)]])
def test_a_side_term_needs_points_on_both_sides(rows: list[Row]) -> None:
    with pytest.raises(NoFiniteRating):
        rate(tallies_of(2, rows), side_term=True)
    assert rate(tallies_of(2, rows)).rating == pytest.approx([1000, 1000])


def test_four_hundred_models() -> None:
    rng = np.random.default_rng(6)
    strength = rng.normal(0, 1, 400)
    board = rate(simulate(strength, 200_000, rng, competitions=5).tallies())
    truth = ELO_PER_LOGIT * (strength - strength.mean()) + 1000
    assert np.mean((board.low <= truth) & (truth <= board.high)) > 0.9
    assert np.corrcoef(board.rating, truth)[0, 1] > 0.99
    assert board.of == 400


def test_an_empty_board_is_empty() -> None:
    board = rate(tallies_of(0, []))
    assert (board.rating.size, board.of, board.interval) == (0, 0, "vote")


def test_sequential_elo_gives_a_board_without_intervals() -> None:
    log = simulate(np.array([1.0, 0.0, -1.0]), 3000, np.random.default_rng(1), ties=0.1)
    board = METHODS["elo"](log, anchor=Anchor((1,), 900.0))
    assert board.rank.tolist() == [1, 2, 3]
    assert board.rating[1] == pytest.approx(900)
    assert board.interval == "none"
    assert np.isnan(board.low).all()
    assert board.rank_high.tolist() == [0, 0, 0]
    assert np.array_equal(board.wins, rate(log.tallies()).wins)
    backwards = replace(log, left=log.left[::-1], right=log.right[::-1], outcome=log.outcome[::-1])
    assert np.abs(rate_log(backwards).rating - rate_log(log).rating).max() > 1


@pytest.mark.parametrize("many", [10**4, 10**6, 10**8, 10**11])
def test_votes_that_contradict_each_other_in_any_number_make_a_board(many: int) -> None:
    """The covariance falls below zero by rounding at 10**6, and no step of Newton is short at 10**11."""
    rows = [(0, 0, 1, many, 1, 0, 0), (0, 1, 2, many, many - 1, 0, 0), (0, 0, 2, 5, 5, 1, 0)]
    contrary, lopsided = tallies_of(3, rows), tallies_of(2, [(0, 1, 0, 1, many, 1, 0)])
    for board in (rate(contrary, draws=DRAWS), rate(lopsided, draws=DRAWS)):
        assert np.isfinite([board.rating, board.low, board.high]).all()
        assert (board.low <= board.rating).all()
        assert board.rank[0] == 1
