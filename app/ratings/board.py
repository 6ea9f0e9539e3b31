"""Tallies to a board: strengths, intervals, ranks and status, for the leaderboards and for ``arena rate``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.elo_scale import ELO_PER_LOGIT, RANKED_FROM, SETTLED_FROM, SETTLED_WITHIN, Z_95
from app.ratings import connections, model, ranks, scale
from app.ratings.bradley_terry import Design, Fit, NormalPrior, fit_many
from app.ratings.elo import sequential
from app.ratings.matrices import diagonal
from app.ratings.model import PROMPTS_FROM, Components, IntervalParts, Prior, Wanted
from app.ratings.odds import PairBattles
from app.ratings.prompts import PromptEffect
from app.ratings.scale import Anchor
from app.ratings.spread import Spread, centred_prior, expected_doubt
from app.ratings.tallies import Array, Cells, Index, Log, Mask, Tallies
from app.ratings.voters import Ballots, Voters

__all__ = [
    "PROMPTS_FROM",
    "BorrowingBoard",
    "NoFiniteRating",
    "Ratings",
    "fit_without_each",
    "rate",
    "rate_competitions",
    "rate_log",
]
SEED = 0
"""Of the draws for rank ranges: the same votes give the same board."""
ALL = Anchor()
NOTHING = Components()

Interval = Literal["prompt", "vote", "none"]


class NoFiniteRating(Exception):
    """The votes fix no finite rating: too one-sided, or too few, for what was asked."""

    code = "no_finite_rating"


@dataclass(frozen=True)
class SideTerm:
    """The advantage of being shown on the left, and its standard error, in Elo points."""

    advantage: float
    error: float


@dataclass(frozen=True, eq=False)
class RatingEstimate:
    """
    The result of a method, before it is put on the board; strengths and variances in logits.

    ``covariance`` is that of the votes, ``published`` that of all parts.
    """

    strength: Array
    covariance: Array
    published: Array
    parts: IntervalParts
    interval: Interval
    part: Index
    borrowed: Array
    known: Components = NOTHING
    spread: Spread | None = None
    side: SideTerm | None = None


@dataclass(frozen=True, eq=False)
class Ratings:
    """
    A board: arrays over its models in the order of the tallies.

    Strengths and covariance (votes only) are in logits, counted from the anchor; ratings and bounds in Elo
    points. ``low`` and ``high`` are the published bounds, of the kind ``interval`` names; ``vote_low`` and
    ``vote_high`` take votes as independent. ``parts`` says what the published bounds are made of, ``known`` what
    was estimated for them, ``spread`` the learnt prior (None where it was given in virtual games). Ranks are 0
    where a model is not ranked, rank ranges also where the method knows no interval. ``of`` is the number of
    ranked models. ``part`` numbers the connected parts, 0 being the anchor's. ``borrowed`` is the share of a
    model's precision that other competitions lend.
    """

    strength: Array
    covariance: Array
    rating: Array
    low: Array
    high: Array
    vote_low: Array
    vote_high: Array
    interval: Interval
    rank: Index
    of: int
    rank_low: Index
    rank_high: Index
    rank_ub: Index
    votes: Index
    wins: Index
    losses: Index
    ties: Index
    both_bad: Index
    ranked: Mask
    provisional: Mask
    part: Index
    borrowed: Array
    parts: IntervalParts
    known: Components
    spread: Spread | None
    side: SideTerm | None

    @property
    def tau2(self) -> float | None:
        """Return the variance between prompts that is common to all models, in squared logits."""
        return None if self.known.prompts is None else self.known.prompts.common.variance

    @property
    def half_widths(self) -> Array:
        """Return (n, 4) in Elo points by votes, prompts, voters and pairs; squares add up to the whole one's."""
        found = self.parts
        variances = np.stack([found.votes, found.prompts, found.voters, found.pairs], axis=1)
        return np.asarray(ELO_PER_LOGIT * found.quantile[:, None] * np.sqrt(np.maximum(variances, 0.0)))


def rate(
    tallies: Tallies,
    *,
    prior: Prior = None,
    anchor: Anchor = ALL,
    prompts: PromptEffect | None = None,
    voters: Ballots | Voters | None = None,
    interval: Wanted = "prompt",
    side_term: bool = False,
    draws: int | None = None,
) -> Ratings:
    """
    Rate a board whose models have a battle each (docs/ratings.md).

    ``prior`` is learnt unless it is given as virtual games or as a spread. Without ``prompts`` their effect is
    estimated here, from three competitions on; given, it counts from two. ``voters`` are the same votes by
    voter, or what is known of them. The interval "vote" leaves out prompts, voters
    and pairs. ``draws`` is for the rank ranges (None: as many as fit into a refresh).

    Raises NoFiniteRating when ``prior`` is 0 and the votes alone do not fix every strength, or the side term.
    """
    if prior == 0 and not connections.has_maximum(tallies.wins + tallies.tied):
        raise NoFiniteRating("without a prior every model must have scored, through others, against every other")
    n, cells = tallies.models, sided_pairs(tallies) if side_term else tallies.pairs()
    fitted = model.fit_with_prior(Design(cells, n, side_term), prior)
    by_votes = interval == "vote"
    known = NOTHING if by_votes else model.components(tallies, fitted, prompts=prompts, voters=voters)
    alone, published, parts = model.covariance(tallies, fitted, known, scale.gauge(anchor, n))
    estimate = RatingEstimate(
        strength=fitted.fit.strength - scale.shares(anchor, n) @ fitted.fit.strength,
        covariance=alone,
        published=published,
        parts=parts,
        interval="vote" if known.prompts is None else "prompt",
        part=_from_anchor(connections.parts(tallies.games), anchor),
        borrowed=np.zeros(n),
        known=known,
        spread=fitted.spread,
        side=elo_side(fitted.fit) if side_term else None,
    )
    return finish_board(tallies, estimate, anchor, draws)


def fit_without_each(
    tallies: Tallies,
    competitions: Index,
    *,
    prompts: PromptEffect,
    spread: Spread,
    anchor: Anchor = ALL,
    start: Array | None = None,
) -> tuple[Array, Array]:
    """
    Return strengths and variances, in logits from the anchor, as all other competitions than each of these tell.

    Both are (competitions, n): the fits that leave one out each are found together. The variances include what the
    finite number of prompts leaves open, and the spread, which is the mode's. ``start``, (n,), are strengths that
    are near: those by all competitions.
    """
    n, gauge = tallies.models, scale.gauge(anchor, tallies.models)
    whole, (numbers, battles, points) = PairBattles.of([tallies]), tallies.of_each(competitions)
    prior = centred_prior((numbers.size, n), spread.sd)
    near = np.zeros(n) if start is None else start
    others = PairBattles(whole.games - battles, whole.points - points)
    found = fit_many(others, prior, spread.dispersion, np.tile(near, (numbers.size, 1)))
    fitted = model.Fitted(found, spread.dispersion, spread)
    variance = model.variances_without(tallies, numbers, fitted, prompts, gauge)
    variance += expected_doubt(found, spread, gauge)
    return found.strength - (found.strength @ scale.shares(anchor, n))[:, None], variance


@dataclass(frozen=True, eq=False)
class BorrowingBoard:
    """
    A competition's votes, with what is known of its voters and, from the other competitions, of its models.

    ``mean`` and ``variance`` are those of the models' strengths, (n,), in logits.
    """

    tallies: Tallies
    mean: Array
    variance: Array
    voters: Voters | None = None


def rate_competitions(
    boards: Sequence[BorrowingBoard],
    *,
    dispersion: float = 1.0,
    anchor: Anchor = ALL,
    draws: int | None = None,
) -> list[Ratings]:
    """
    Rate competitions of as many models, each by its votes and what is known from the others (docs/ratings.md 5).

    ``mean`` and ``variance`` are what ``fit_without_each`` returns for a board's models, with the variance of a
    prompt of its own added; the level is that of ``mean``, so only the anchor's value counts. The interval is
    about this prompt alone. ``dispersion`` is the mode's.
    """
    mean = np.array([each.mean for each in boards])
    precision = 1 / np.array([each.variance for each in boards])
    battles = PairBattles.of([each.tallies for each in boards])
    found = fit_many(battles, NormalPrior(mean, precision), dispersion, mean)
    borrowed = precision / diagonal(found.information)
    ratings = []
    covariances = model.covariances_with_voters(found, [each.voters for each in boards])
    for number, (board, (alone, published, parts)) in enumerate(zip(boards, covariances, strict=True)):
        estimate = RatingEstimate(
            strength=found.strength[number],
            covariance=alone,
            published=published,
            parts=parts,
            interval="vote",
            part=np.zeros(board.tallies.models, dtype=np.intp),
            borrowed=borrowed[number],
            known=Components(voters=board.voters),
        )
        ratings.append(finish_board(board.tallies, estimate, anchor, draws))
    return ratings


def rate_log(log: Log, *, anchor: Anchor = ALL) -> Ratings:
    """Rate votes in their order by sequential Elo, on the anchor's level; without intervals and rank ranges."""
    tallies, n = log.tallies(), log.models
    strength, unknown = np.array(sequential(log)) / ELO_PER_LOGIT, np.full(log.models, np.nan)
    estimate = RatingEstimate(
        strength=strength - scale.shares(anchor, n) @ strength,
        covariance=np.full((n, n), np.nan),
        published=np.full((n, n), np.nan),
        parts=IntervalParts(*[unknown] * 5),
        interval="none",
        part=_from_anchor(connections.parts(tallies.games), anchor),
        borrowed=np.zeros(n),
    )
    return finish_board(tallies, estimate, anchor, 0)


def finish_board(tallies: Tallies, estimate: RatingEstimate, anchor: Anchor, draws: int | None) -> Ratings:
    """Put an estimate on the board: bounds, ranks, status (docs/ratings.md 4 and 6)."""
    rating = scale.to_elo(estimate.strength, anchor)
    by_votes, half = (
        ELO_PER_LOGIT * times * np.sqrt(np.maximum(found.diagonal(), 0.0))
        for times, found in ((Z_95, estimate.covariance), (estimate.parts.quantile, estimate.published))
    )
    votes = _whole(tallies.games.sum(axis=1))
    both_bad = tallies.per_model(tallies.both_bad, tallies.both_bad)
    at = np.flatnonzero(votes >= RANKED_FROM)
    place, lowest, highest, upper = np.zeros((4, tallies.models), dtype=np.intp)
    place[at] = ranks.ranks(rating[at])
    if estimate.interval != "none":
        published = estimate.published[np.ix_(at, at)]
        count = ranks.default_draws(at.size) if draws is None else draws
        lowest[at], highest[at] = ranks.rank_ranges(estimate.strength[at], published, count, SEED)
        upper[at] = ranks.upper_bound_ranks(rating[at] - half[at], rating[at] + half[at])
    return Ratings(
        strength=estimate.strength,
        covariance=estimate.covariance,
        rating=rating,
        low=rating - half,
        high=rating + half,
        vote_low=rating - by_votes,
        vote_high=rating + by_votes,
        interval=estimate.interval,
        rank=place,
        of=at.size,
        rank_low=lowest,
        rank_high=highest,
        rank_ub=upper,
        votes=votes,
        wins=_whole(tallies.wins.sum(axis=1)),
        losses=_whole(tallies.wins.sum(axis=0)),
        ties=_whole(tallies.tied.sum(axis=1) - both_bad),
        both_bad=_whole(both_bad),
        ranked=votes >= RANKED_FROM,
        provisional=(votes < SETTLED_FROM) | (half > SETTLED_WITHIN) | (estimate.part > 0),
        part=estimate.part,
        borrowed=estimate.borrowed,
        parts=estimate.parts,
        known=estimate.known,
        spread=estimate.spread,
        side=estimate.side,
    )


def sided_pairs(tallies: Tallies) -> Cells:
    """Tally ordered pairs for a side term; raises NoFiniteRating when one side has all the points."""
    cells = tallies.ordered_pairs()
    if not 0 < cells.score.sum() < cells.played.sum():
        raise NoFiniteRating("a side term needs points on both sides")
    return cells


def elo_side(fitted: Fit) -> SideTerm:
    """Convert the side term of a fit that has one from logits to Elo points."""
    return SideTerm(ELO_PER_LOGIT * fitted.side, ELO_PER_LOGIT * fitted.side_error())


def _whole(counts: Array) -> Index:
    return counts.astype(np.intp)


def _from_anchor(part: Index, anchor: Anchor) -> Index:
    """Renumber parts so that 0 is the one with most of the anchor's models."""
    main = np.bincount(part[list(anchor.models) or slice(None)], minlength=1).argmax()
    return np.where(part == main, 0, part + (part < main))
