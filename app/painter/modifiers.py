"""Reads what a prompt says of a thing before and after its name: how many, how large, in which colours."""

import re
from dataclasses import dataclass, replace

from app.painter.colour import NAMED, RGB
from app.painter.lexicon import noun_at, number_at
from app.painter.vocabulary import COUNTS, DEFINITE, GROUPS, SIZES

MOST_OF_A_KIND = 9
COLOURS = "|".join(NAMED)
IS = "(?:is|are|was|were)"
AFTER = re.compile(rf"(?:in|(?:that|which|who) {IS}|{IS}|painted|coloured|colored) ({COLOURS})\b")
ONE_IN = rf"(?: is| was| in)? (?:{COLOURS})"
EACH = re.compile(rf"(?:[,:] )?one{ONE_IN}(?:(?: ,)?(?: and)? (?:one|another|the other){ONE_IN})+\b")
"""The colours of several things, one by one: `one black and one white`."""
SAME_IN_PLURAL = frozenset(["sheep", "fish", "scissors", "skis", "sunglasses", "headphones"])
JOINING = frozenset(["and", ",", "or"])
ARTICLES = frozenset(["a", "an"])
TURNS = frozenset(["with", "by", "from", "at", "into", "to", "through", "wearing", "holding"])
"""Words after which a text speaks of something else."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    One kind of thing: `noun` is a key of `NOUNS`, `colour` is None where the prompt gives none; `size` is
    relative to what such a thing has usually.
    """

    noun: str
    count: int = 1
    colour: RGB | None = None
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Modifiers:
    """
    Hold what a prompt says of a thing before it names it.

    `capped` names the thing with its number, as `20 balloon`, where that is more than are drawn.
    """

    count: int | None = None
    colours: tuple[RGB, ...] = ()
    size: float = 1.0
    capped: str = ""

    def of_a_kind(self, noun: str, written: str, *, many: bool) -> "Modifiers":
        """Return it as this noun can mean it: at most nine, and `route 66 car` is one car."""
        if (self.count or 0) <= MOST_OF_A_KIND:
            return self
        if not many and noun not in SAME_IN_PLURAL:
            return replace(self, count=None)
        return replace(self, count=MOST_OF_A_KIND, capped=f"{self.count} {written}")

    def kinds(self, noun: str, *, many: bool) -> list[Wanted]:
        """Make a kind of each colour where several things are meant; a single one has the last colour."""
        if self.count == 0:
            return []
        count = self.count or (max(2, len(self.colours)) if many else 1)
        shades: list[RGB | None] = [*(self.colours[:count] if count > 1 else self.colours[-1:])]
        return [Wanted(noun, count // max(1, len(shades)), shade, self.size) for shade in shades or [None]]


def hear(said: list[Modifiers], words: tuple[str, ...], i: int) -> list[Modifiers]:
    """
    Take in a word that is no noun: a colour, a number, a size, or the `and` of `one red and one blue balloon`.

    What was said of a thing that nobody here knows, as of `a white wall and two dogs`, is forgotten.
    """
    word, last = words[i], said[-1]
    number = number_at(words, i)
    if word in NAMED:
        before = last.colours if _is_joined(words, i) else ()
        return [*said[:-1], replace(last, colours=(*before, NAMED[word]))]
    if number is not None:
        return [*said[:-1], replace(last, count=number)]
    if word in SIZES:
        return [*said[:-1], replace(last, size=SIZES[word])]
    if word in JOINING:
        return _join(said, words, i)
    if word in ARTICLES | DEFINITE and words[max(0, i - 1) : i] != ("of",):
        goes_on = i >= 2 and words[i - 1] in JOINING and words[i - 2] in NAMED
        return [*said[:-1], replace(last, count=None)] if goes_on else [Modifiers()]
    return [Modifiers()] if word in TURNS else said


def _join(said: list[Modifiers], words: tuple[str, ...], i: int) -> list[Modifiers]:
    """Go on to what follows a comma or `and`: another colour or adjective, another of the kind, another thing."""
    after = words[i + 1 : i + 2]
    counts = bool(after) and (after[0] in COUNTS or after[0] in ARTICLES or after[0].isdecimal())
    is_told = bool(said[-1].colours) and words[i - 1] in NAMED
    if is_told and counts:
        return [*said, Modifiers()] if words[i] != "or" else said
    is_adjective = i == 0 or words[i - 1] in NAMED or words[i - 1] in SIZES or words[i - 1] in COUNTS
    is_other = counts or (bool(after) and (after[0] in GROUPS or bool(noun_at(words, i + 1)[0])))
    return [Modifiers()] if is_other and not is_adjective else said


def _is_joined(words: tuple[str, ...], i: int) -> bool:
    """Tell whether the colour at `i` goes on with the one before: blue in `red and blue balloons`."""
    return i >= 2 and words[i - 1] in JOINING and words[i - 2] in NAMED


def colours_after(words: tuple[str, ...], i: int, *, several: bool) -> tuple[tuple[RGB, ...], int]:
    """Return the colours of things where they follow, as in `a car in red`, and how many words say them."""
    text = " ".join(words[i : i + 30])
    found = (EACH.match(text) if several else None) or AFTER.match(text)
    length = len(found[0].split()) if found else 0
    if not found or (i + length < len(words) and noun_at(words, i + length)[0]):
        return (), 0
    return tuple(NAMED[word] for word in found[0].split() if word in NAMED), length
