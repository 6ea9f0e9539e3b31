"""
Limits what a voter can guess of a pair before the vote, however much they remember.

A voter knows which models stand in a competition and which of their names they have seen there. The fewer pairs
are left, and the likelier one of them is, the better a guess at both models. So a competition is served only
while enough pairs of it are left, and no pair of models is likelier than a limit. The figures are in
docs/integrity.md.
"""

from math import comb

import numpy as np

from app.arena.voting.field import Floats, RemainingField

MANY_MODELS = 12
"""Models of a competition from which on the lower limit holds."""
BEST_GUESS, BEST_GUESS_OF_MANY = 0.35, 0.15
"""The largest chance of any two models, given the competition."""
FEWEST_PAIRS, FEWEST_PAIRS_OF_MANY = 6, 7
"""Pairs of models that must be left; four models whose names the voter has not seen make six."""
CLIP_ROUNDS = 20


def drop_guessable(remaining: RemainingField) -> RemainingField:
    """
    Drop the competitions of which too few pairs are left: those that a voter could guess.

    A competition that never had so many pairs is served while all of them are left: once, to each voter.
    """
    field, pairs = remaining.field, remaining.count_model_pairs()
    fewest = np.where(field.crowd >= MANY_MODELS, FEWEST_PAIRS_OF_MANY, FEWEST_PAIRS)
    enough = pairs >= np.minimum(fewest, field.model_pairs)
    return remaining if enough.all() else remaining.within(enough)


def count_pairs_served(models: int) -> int:
    """Count the pairs that a voter who judges all they are given gets from a competition of so many models."""
    fewest = min(FEWEST_PAIRS_OF_MANY if models >= MANY_MODELS else FEWEST_PAIRS, comb(models, 2))
    return sum(comb(unnamed, 2) >= fewest for unnamed in range(models, 1, -2))


def best_guess(models: int) -> float:
    """Give the limit for any two models of a competition of so many."""
    return BEST_GUESS_OF_MANY if models >= MANY_MODELS else BEST_GUESS


def limit_chances(chances: Floats, most: float) -> Floats:
    """
    Lower the chances of one competition's pairs of models so that none has more than `most` of them.

    What is taken off goes to the others in proportion; where there are fewer pairs than `most` allows, all become
    as likely. The sum stays as it was.
    """
    whole = chances.sum()
    limit = max(most, 1.0 / np.count_nonzero(chances))
    if chances.max() <= limit * whole:
        return chances
    return np.asarray(_clip(chances / whole, limit) * whole)


def _clip(likely: Floats, most: float) -> Floats:
    """Cut what is above `most` and scale the rest up, until nothing is; the sum stays 1."""
    limited = likely.copy()
    full = np.zeros(likely.shape, dtype=bool)
    for _ in range(CLIP_ROUNDS):
        full |= limited > most
        if not full.any() or full[likely > 0].all():
            break
        rest = likely * ~full
        scaled = rest * (1.0 - most * full.sum()) / rest.sum()
        limited = np.where(full, most, scaled)
        if (limited <= most).all():
            break
    return np.minimum(limited, most) if full.any() else limited
