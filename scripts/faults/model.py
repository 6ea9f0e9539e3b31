"""
What a matchup does, in a few lines, and whether a history of it can have happened.

A history is linearisable when its operations can be put in one order, each between its beginning and its end, in
which the model gives every reply that was given (Herlihy and Wing 1990). An operation that nobody saw the end of
may stand anywhere after its beginning, or nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

Reply = tuple[int, str]
"""Status, and the outcome of a vote or the code of a refusal."""


@dataclass(frozen=True)
class State:
    """Of one matchup."""

    outcome: str | None = None
    undone: bool = False


@dataclass(frozen=True)
class Operation:
    """One request about one matchup: `kind` is vote, undo or read. Without a reply nobody knows."""

    kind: str
    outcome: str
    began: float
    ended: float = inf
    reply: Reply | None = None


def step(state: State, kind: str, outcome: str = "") -> tuple[State, Reply]:
    """Apply one operation to a state; return the new state and the reply."""
    if kind == "read":
        return state, (200, state.outcome) if state.outcome else (404, "matchup_not_found")
    if kind == "undo":
        if state.outcome in {None, "skip"}:
            return state, (409, "not_voted")
        return State(state.outcome, undone=True), (200, "")
    if state.undone:
        return state, (409, "undone")
    if state.outcome is None:
        return State(outcome), (200, outcome)
    return state, (200, outcome) if state.outcome == outcome else (409, "already_voted")


def is_possible(history: Sequence[Operation], final: State) -> bool:
    """Whether some order of them gives these replies and leaves this."""
    return _possible(frozenset(range(len(history))), State(), history, final, set())


def _possible(
    left: frozenset[int],
    state: State,
    history: Sequence[Operation],
    final: State,
    seen: set[tuple[frozenset[int], State]],
) -> bool:
    if (left, state) in seen:
        return False
    seen.add((left, state))
    if state == final and all(history[place].reply is None for place in left):
        return True
    first_end = min(history[place].ended for place in left) if left else inf
    for place in left:
        operation = history[place]
        if operation.began > first_end:
            continue
        then, reply = step(state, operation.kind, operation.outcome)
        fits = operation.reply in {None, reply}
        if fits and _possible(left - {place}, then, history, final, seen):
            return True
    return False
