"""Finds in a clause that is carried out what is left out of it: `a lighthouse` of `add a dog and a lighthouse`."""

import re
from collections.abc import Collection, Sequence
from itertools import takewhile

from app.painter.brief import QUOTED, QUOTED_AT_ALL, words_of
from app.painter.colour import NAMED
from app.painter.editing.phrases import (
    ADDING,
    ALL_BUT,
    AREAS,
    BEHIND,
    EXCEPTION,
    EXTENDING,
    FILLING,
    KEPT,
    PAINTING,
    PLACES,
    RAISING,
    REMOVING,
    REPLACING,
    SIZES,
    SMALL_WORDS,
    SPOTS,
    STYLE_WORDS,
    SUBJECTS,
    SURFACES,
    SWAPPING,
    TONE_WORDS,
    UNTOUCHED,
    WEATHER_WORDS,
    WHERE,
    WHOLE,
)
from app.painter.languages import is_foreign
from app.painter.lexicon import noun_at
from app.painter.scenes.backdrops import words_for
from app.painter.unknown import ASKING, SMALL, unknown_parts
from app.painter.vocabulary import COUNTS, GROUPS

TABLES = (WEATHER_WORDS, STYLE_WORDS, TONE_WORDS, SPOTS, AREAS)
KNOWN = (
    SMALL | ASKING | SMALL_WORDS | WHOLE | RAISING | FILLING | SUBJECTS | BEHIND | SURFACES | SWAPPING | GROUPS
    | ADDING | REPLACING | PAINTING | REMOVING | EXTENDING | NAMED.keys() | COUNTS.keys() | SIZES.keys()
    | {word for table in TABLES for phrase in table for word in phrase.split()}
    | {
        "corner", "half", "area", "part", "edge", "time", "season", "version", "wears", "let", "let's", "looks",
        "looking", "makes", "keeping", "less", "lower", "reduce", "decrease", "percent", "changed",
        "turned", "added", "different", "same", "existing", "current", "original", "redraw", "rid", "zoom",
        "second", "third",
    }
)  # fmt: skip
PLACED = frozenset(word for phrase in PLACES for word in phrase.split())
SIDES = re.compile(r"\b(?:left|right|top|bottom|up|down|upwards?|downwards?|sideways)\b", re.IGNORECASE)
"""Where a picture is to be continued: the painters continue it on all sides."""
HEAVENLY = frozenset(["star", "moon", "sun", "cloud"])
"""Things that a sky brings along."""


def find_unread(clause: str, nouns: Collection[str], does: Sequence[str], places: Sequence[str]) -> list[str]:
    """
    List the parts of a clause that is carried out of which the painters know nothing.

    `nouns` are what it adds, replaces or removes, `does` what its actions do, `places` the backdrops they bring.
    What it speaks of as being there is nothing to tell of, unless that is to go.
    """
    lowered = clause.casefold()
    is_cut_out = "studio" in places and ALL_BUT.search(lowered) is not None
    if KEPT.match(lowered) or EXCEPTION.match(lowered) or is_cut_out or is_foreign(clause):
        return []
    text = UNTOUCHED.sub("", QUOTED.sub(" ", QUOTED_AT_ALL.sub(" ", clause)))
    goes = bool(does) and set(does) <= {"remove"}
    if goes:
        text = re.split(WHERE, text, maxsplit=1)[0]
    sides = SIDES.findall(text) if "extend" in does else []
    known = KNOWN | PLACED
    known |= {word for name in places for word in words_for(name)}
    nouns = {*nouns, *(HEAVENLY if "weather" in does else ())}
    parts = unknown_parts(text, known, lambda noun: noun in nouns, passes_known=not goes)
    return [*sides, *(part for part in parts if not (goes and _describes(text, part, nouns)))]


def _describes(text: str, part: str, nouns: Collection[str]) -> bool:
    """Tell whether words stand before a thing that goes, as in `the ugly old car`."""
    words = list(takewhile(lambda word: word not in SMALL, words_of(text[text.index(part) + len(part) :])))
    return any(noun_at(tuple(words), i)[0] in nouns for i in range(min(3, len(words))))
