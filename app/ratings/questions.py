"""
Boards of questions other than `better`: each strength lies about where `better` puts it.

The variance of that difference is learnt from the votes by its marginal likelihood, with Laplace's approximation
(MacKay 1992, Neural Computation 4), under an exponential prior of its root. So a question with few votes
borrows, and one with many stands alone (docs/ratings.md 7).
"""

from dataclasses import replace

import numpy as np

from app.elo_scale import ELO_PER_LOGIT
from app.ratings import model
from app.ratings.board import RatingEstimate, Ratings, finish_board
from app.ratings.bradley_terry import Design, NormalPrior, fit_normal, strengths
from app.ratings.components import VarianceComponent
from app.ratings.model import Components, IntervalParts
from app.ratings.scale import Anchor
from app.ratings.spread import dispersion, spread_of_scores
from app.ratings.tallies import Array, Tallies
from app.ratings.voters import Ballots, Voters, learn_voters

DIFFERENCES = np.exp(np.linspace(np.log(5.0), np.log(500.0), 15)) / ELO_PER_LOGIT
"""Standard deviations of the difference looked at, in logits: 5 to 500 Elo points."""
PRIOR_SD = 80.0 / ELO_PER_LOGIT
"""The mean of the difference's standard deviation before any vote, in logits."""


def learn_difference(tallies: Tallies, mean: Array, variance: Array) -> VarianceComponent:
    """
    Learn the variance of the difference of two questions' strengths, in squared logits.

    ``mean`` and ``variance`` (n,) are what `better` says of the models, in logits. It is averaged over what
    the votes leave open; how far it may be from that, its standard error, widens the intervals (``rate_asked``).
    """
    dispersed = estimate_dispersion(tallies, NormalPrior(mean, 1 / (variance + PRIOR_SD**2)))
    design = Design(tallies.pairs(), tallies.models, side=False).divided(dispersed)
    evidence = np.array(
        [_evidence(design, NormalPrior(mean, 1 / (variance + sd**2))) for sd in DIFFERENCES.tolist()]
    )
    logarithm = evidence - DIFFERENCES / PRIOR_SD + np.log(DIFFERENCES)
    weights = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    found = float(weights @ DIFFERENCES**2)
    error = float(np.sqrt(weights @ (DIFFERENCES**2 - found) ** 2))
    return VarianceComponent(found, error, tallies.models)


def rate_asked(
    tallies: Tallies,
    mean: Array,
    variance: Array,
    *,
    error: float = 0.0,
    voters: Ballots | Voters | None = None,
    anchor: Anchor,
    is_one_prompt: bool = False,
    draws: int | None = None,
) -> Ratings:
    """
    Rate a question's votes with what `better` says of its models, in logits from the anchor.

    ``variance`` includes that of the difference of the two questions, whose standard error is ``error``, in
    squared logits. Its mean is that of ``mean``, so only the anchor's value counts. ``is_one_prompt`` is for a
    competition's own board, whose interval is about this prompt.
    """
    prior, n = NormalPrior(mean, 1 / variance), tallies.models
    dispersed = estimate_dispersion(tallies, prior)
    found = fit_normal(Design(tallies.pairs(), n, side=False), prior, dispersed)
    fitted = model.Fitted(found, dispersed, None)
    known = _voters_alone(fitted, voters) if is_one_prompt else model.components(tallies, fitted, voters=voters)
    # Votes tell distances only: the level is where the two questions' strengths are equal on average.
    gauge = np.full(n, 1 / max(n, 1))
    borrowed = prior.precision / found.information.diagonal()
    strength = found.strength - gauge @ (found.strength - mean)
    alone, published, parts = model.covariance(tallies, fitted, known, gauge)
    published, parts = _widen(published, parts, borrowed, (strength - mean) / variance, error)
    estimate = RatingEstimate(
        strength=strength,
        covariance=alone,
        published=published,
        parts=parts,
        interval="vote" if known.prompts is None else "prompt",
        part=np.zeros(n, dtype=np.intp),
        borrowed=borrowed,
        known=known,
    )
    return finish_board(tallies, estimate, anchor, draws)


def _widen(
    published: Array, parts: IntervalParts, borrowed: Array, pull: Array, error: float
) -> tuple[Array, IntervalParts]:
    """
    Add what the error of the difference's variance leaves open: how far a rating borrows, and how sure it is.

    ``pull`` (n,) is a model's distance from what it borrows, divided by the variance of that. For each unit
    of the difference's variance the rating moves by ``borrowed`` times the pull, its variance by ``borrowed``².
    """
    moved = (borrowed * pull * error) ** 2
    votes = parts.votes + moved
    total = votes + parts.prompts + parts.voters + parts.pairs
    doubt = (borrowed**2 * error / np.where(total > 0, total, 1.0)) ** 2
    return published + np.diag(moved), replace(parts, votes=votes, variation=parts.variation + doubt)


def _voters_alone(fitted: model.Fitted, voters: Ballots | Voters | None) -> Components:
    if isinstance(voters, Ballots):
        voters = learn_voters(voters, fitted.fit, fitted.dispersion, None)
    return Components(voters=voters)


def estimate_dispersion(tallies: Tallies, prior: NormalPrior) -> float:
    """Estimate the dispersion of a board's scores around the strengths that this prior and its votes give."""
    cells = tallies.pairs()
    design = Design(cells, tallies.models, side=False)
    return dispersion(cells.tied.sum(), spread_of_scores(design, strengths(design, prior)))


def _evidence(design: Design, prior: NormalPrior) -> float:
    """Log of the chance of these votes under this prior, by Laplace's approximation, up to a constant."""
    strength = strengths(design, prior)
    away, root = strength - prior.mean, 1 / np.sqrt(prior.precision)
    gain = np.eye(design.models) + root[:, None] * design.slope(strength)[1] * root
    volume = np.linalg.slogdet(gain)[1]
    return float(design.log_likelihood(strength) - (prior.precision @ away**2 + volume) / 2)
