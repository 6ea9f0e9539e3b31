"""Which votes of a simulated log count, with nothing done, with the caps, and with the sweep's tests too."""

from dataclasses import dataclass

import numpy as np

from app.ratings import suspicion
from app.ratings.bradley_terry import Design, Fit, VirtualGames, fit
from app.ratings.suspicion_rings import ring
from app.ratings.tallies import Index, Mask
from scripts.attacks.world import SKIPPED, Ballots

DEFENCES = ("none", "caps", "all")
"""Nothing; 40 matchups per voter and 120 per network; these and the tests E, L, C, R and the skip share."""


@dataclass(frozen=True, eq=False)
class Counted:
    """The board and the votes behind it: ``clipped`` by the caps, ``excluded`` by the tests."""

    board: Fit
    clipped: Mask
    excluded: Mask


def count(log: Ballots, models: int, defence: str) -> Counted:
    """Count the log as an arena with this defence does. Masks are over its rows, votes only."""
    nobody = np.zeros(log.voter.size, dtype=bool)
    if defence == "none":
        return Counted(_board(log, models), nobody, nobody)
    within = suspicion.capped(log.voter, log.network)
    clipped, kept = log.cast & ~within, log.only(within)
    board = _board(kept, models)
    if defence == "caps":
        return Counted(board, clipped, nobody)
    excluded = within & log.cast & suspects(log, within, board, models)
    return Counted(_board(log.only(within & ~excluded), models), clipped, excluded)


def suspects(log: Ballots, counted: Mask, board: Fit, models: int) -> Mask:
    """Mark the (rows,) of the voters and networks that a test finds. Evidence is all they cast, counted or not."""
    votes, flagged = log.only(log.cast), np.zeros(log.voter.size, dtype=bool)
    within = counted[log.cast].astype(float)
    for group in (log.voter, log.network):
        size = int(group.max(initial=-1)) + 1
        found = _eager(log, group, size, models)
        rows = votes.rows(models, group[log.cast])
        likely, together = suspicion.likelihood(rows, board, within), ring(rows, board, within)
        found[: likely.p.size] |= likely.p < suspicion.ALPHA
        found[together.members] |= together.p < suspicion.ALPHA
        flagged |= found[group]
    return flagged | _skippers(log)[log.voter]


def _eager(log: Ballots, group: Index, size: int, models: int) -> Mask:
    issued = np.ones(group.size)
    answered = log.cast.astype(float)
    found = suspicion.exposure(group, log.left, log.right, issued, answered, groups=size, models=models)
    return np.asarray(found.p < suspicion.ALPHA)


def _skippers(log: Ballots) -> Mask:
    size = int(log.voter.max(initial=-1)) + 1
    skipped = np.bincount(log.voter, log.outcome == SKIPPED, size)
    return suspicion.skip_share(np.bincount(log.voter, minlength=size), skipped)


def _board(log: Ballots, models: int) -> Fit:
    return fit(Design(log.tallies(models).pairs(), models, side=False), VirtualGames())
