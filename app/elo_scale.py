"""The Elo scale, its 95 % intervals and when a rating counts: what pages and ratings share, without numpy."""

import math

ELO_PER_LOGIT = 400 / math.log(10)
"""Elo points of one natural log-odds: 400 points are odds of ten to one (Elo 1978, The Rating of Chessplayers)."""
Z_95 = 1.96
"""Standard errors from the middle of a 95 % interval to its ends."""
RANKED_FROM = 4
"""Counted votes from which a model has a rank (docs/ratings.md 6)."""
SETTLED_FROM, SETTLED_WITHIN = 100, 50.0
"""From so many votes on, and within so many Elo points either way, a rating is no longer provisional."""
REMEDIES = {
    "votes": "more votes",
    "prompts": "more prompts",
    "voters": "more voters",
    "pairs": "more even pairing",
}
"""What makes an interval wide, in the order in which widths are stored, and what narrows it."""
PARTS = tuple(REMEDIES)
FEW_VOTERS, FEW_PROMPTS = 5, 2
"""A board that rests on so few says so."""


def expected_score(rating: float, opponent: float) -> float:
    """Compute the share of points, 0 to 1, that a rating in Elo points promises against another."""
    return 1 / (1 + math.pow(10, (opponent - rating) / 400))


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """
    Compute the 95 % interval of a share of `n` > 0 trials (Wilson 1927, JASA 22).

    It stays inside 0 to 1 and is honest for three trials, where the usual one is not.
    """
    z2 = Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)
