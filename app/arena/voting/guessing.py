"""
Limits what a voter can guess of a pair before the vote, however much they remember.

A voter knows which models stand in a competition and which of their names they have seen there. The fewer pairs
are left, and the likelier one of them is, the better a guess at both models. So a competition is left while
several pairs remain, and no pair of models is likelier than a limit. docs/integrity.md has the figures.
"""

from math import comb

import numpy as np

from app.arena.voting.lanes import CandidatePairs, Floats, Ints, Mask

MANY_MODELS = 12
"""Models of a competition from which on the lower limit holds."""
BEST_GUESS, BEST_GUESS_OF_MANY = 0.35, 0.15
"""The largest chance of any two models, given the competition."""
FEWEST_PAIRS, FEWEST_PAIRS_OF_MANY = 6, 7
"""Pairs of models that must be left; four models whose names the voter has not seen make six."""
CLIP_ROUNDS = 20


def without_guessable(of: CandidatePairs, allowed: Mask) -> Mask:
    """
    Take out of the (pairs,) allowed ones those of competitions in which too few are left to guess among.

    A competition that never had so many pairs is served while all of them are left: once, to each voter.
    """
    if allowed.all():
        return allowed
    fewest = np.minimum(np.where(of.crowd >= MANY_MODELS, FEWEST_PAIRS_OF_MANY, FEWEST_PAIRS), of.model_pairs())
    return np.asarray(allowed & (of.model_pairs(allowed) >= fewest)[of.competition])


def count_pairs_served(models: int) -> int:
    """Count the pairs that a voter who judges all they are given gets from a competition of so many models."""
    fewest = min(FEWEST_PAIRS_OF_MANY if models >= MANY_MODELS else FEWEST_PAIRS, comb(models, 2))
    return sum(comb(unnamed, 2) >= fewest for unnamed in range(models, 1, -2))


def best_guess(models: int) -> float:
    """Give the limit for any two models of a competition of so many."""
    return BEST_GUESS_OF_MANY if models >= MANY_MODELS else BEST_GUESS


def limit_chances(chances: Floats, model_pair: Ints, most: float) -> Floats:
    """
    Lower the chances of one competition's pairs so that no two models have more than `most` of them.

    `model_pair` names the two models of each pair by a number. What is taken off goes to the others in proportion;
    where there are fewer pairs of models than `most` allows, all become as likely. The sum stays as it was.
    """
    whole = chances.sum()
    _, place = np.unique(model_pair, return_inverse=True)
    likely = np.bincount(place, chances / whole).astype(np.float64)
    possible = likely > 0
    limited = _clip(likely, max(most, 1.0 / possible.sum()))
    scale = np.divide(limited, likely, out=np.zeros_like(likely), where=possible)
    return np.asarray(chances * scale[place])


def _clip(likely: Floats, most: float) -> Floats:
    """Cut what is above `most` and scale the rest up, until nothing is; the sum stays 1."""
    limited = likely.copy()
    full = np.zeros(likely.size, dtype=bool)
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
