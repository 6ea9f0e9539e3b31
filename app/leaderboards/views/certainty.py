"""Ranks in words that say how sure they are: a decided rank as one place, an undecided one as its range."""

from typing import Protocol

from app.elo_scale import SETTLED_FROM, SETTLED_WITHIN


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
    """Tell whether the votes leave one rank only of several: that of a model alone on its board says nothing."""
    return place.rank is not None and place.of > 1 and place.rank_low == place.rank_high


def describe_ranks(place: Ranked) -> str:
    """Say which ranks the votes allow: `1st of 6` where one is left, else `1st to 6th of 6`."""
    if place.rank is None:
        return "not ranked yet"
    low, high = place.rank_low or place.rank, place.rank_high or place.rank
    span = ordinal(low) if low == high else f"{ordinal(low)} to {ordinal(high)}"
    return f"{span} of {place.of}"


def rank_span(place: Ranked) -> str:
    """Write the ranks that the votes allow for a table: `1`, `1\N{EN DASH}6`, or a dash where there is no rank."""
    if place.rank is None:
        return "\N{EN DASH}"
    low, high = place.rank_low or place.rank, place.rank_high or place.rank
    return str(low) if low == high else f"{low}\N{EN DASH}{high}"


def describe_place(place: Ranked) -> str:
    """Say which ranks the votes allow, and how many votes: `1st to 6th of 6, 7 votes`."""
    return f"{describe_ranks(place)}, {place.votes:,} vote{'' if place.votes == 1 else 's'}"


class Rated(Protocol):
    """A rating with its interval, in Elo points, and the votes behind it."""

    @property
    def rating_low(self) -> float | None: ...
    @property
    def rating_high(self) -> float | None: ...
    @property
    def votes(self) -> int: ...
    @property
    def provisional(self) -> bool: ...


def explain_doubt(row: Rated) -> str | None:
    """Say why a rating is provisional, such as `7 of the 100 votes that a rating takes`; None where it is not."""
    if not row.provisional or row.rating_low is None or row.rating_high is None:
        return None
    half = (row.rating_high - row.rating_low) / 2
    if half > SETTLED_WITHIN:
        return f"known to \N{PLUS-MINUS SIGN}{half:.0f} Elo only"
    if row.votes < SETTLED_FROM:
        return f"{row.votes} of the {SETTLED_FROM} votes that a rating takes"
    return "no chain of votes joins it to the models that fix the level"


def ordinal(number: int) -> str:
    """Write a rank: `1st`, `2nd`, `11th`, `22nd`."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
