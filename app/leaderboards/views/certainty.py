"""Ranks in words that say how sure they are: a decided rank as one place, an undecided one as its range."""

from typing import Protocol


class Ranked(Protocol):
    """A place on a board: a rank with the range of ranks that the votes allow, of so many ranked models."""

    @property
    def rank(self) -> int | None: ...
    @property
    def rank_low(self) -> int | None: ...
    @property
    def rank_high(self) -> int | None: ...
    @property
    def of(self) -> int: ...
    @property
    def votes(self) -> int: ...


def is_decided(place: Ranked) -> bool:
    """Tell whether the votes leave one rank only."""
    return place.rank is not None and place.rank_low == place.rank_high


def describe_ranks(place: Ranked) -> str:
    """Say which ranks the votes allow: `1st of 6` where one is left, else `1st to 6th of 6`."""
    if place.rank is None:
        return "not ranked yet"
    low, high = place.rank_low or place.rank, place.rank_high or place.rank
    span = ordinal(low) if low == high else f"{ordinal(low)} to {ordinal(high)}"
    return f"{span} of {place.of}"


def describe_place(place: Ranked) -> str:
    """Say which ranks the votes allow, and how many votes: `1st to 6th of 6, 7 votes`."""
    return f"{describe_ranks(place)}, {place.votes:,} vote{'' if place.votes == 1 else 's'}"


def ordinal(number: int) -> str:
    """Write a rank: `1st`, `2nd`, `11th`, `22nd`."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
