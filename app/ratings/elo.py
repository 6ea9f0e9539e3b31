"""Sequential Elo (Elo 1978): one vote after the other, each moving two models. For comparison only."""

from app.elo_scale import expected_score
from app.ratings.tallies import BOTH_BAD, LEFT, RIGHT, TIE, Log

K = 4.0
START = 1000.0
SCORE = {LEFT: 1.0, RIGHT: 0.0, TIE: 0.5, BOTH_BAD: 0.5}


def sequential(log: Log, *, k: float = K) -> list[float]:
    """Return Elo points per model after the last vote. The votes' order matters: that is the method's flaw."""
    rating = [START] * log.models
    votes = zip(log.left.tolist(), log.right.tolist(), log.outcome.tolist(), strict=True)
    for left, right, outcome in votes:
        change = k * (SCORE[outcome] - expected_score(rating[left], rating[right]))
        rating[left] += change
        rating[right] -= change
    return rating
