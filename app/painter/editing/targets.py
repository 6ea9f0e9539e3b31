"""Finds in a clause what is spoken of as being there, where a thing goes, and which colour or part is meant."""

import re
from functools import lru_cache

from app.painter.colour import NAMED, RGB
from app.painter.editing.phrases import (
    AREAS,
    INTO,
    NO_TARGET,
    NOT_BETWEEN,
    PLACES,
    SIZES,
    SPOTS,
    SURFACES,
    TONE_WORDS,
    WORN,
    Place,
)
from app.painter.modifiers import Wanted
from app.painter.vocabulary import NOUNS


def new_colour(text: str, thing: Wanted | None = None) -> RGB | None:
    """Return the colour that a thing is to have: blue in `make the red car blue`."""
    parts = INTO.split(text, maxsplit=1)
    named = [NAMED[word] for word in parts[-1].split() if word in NAMED]
    others = [colour for colour in named if thing is None or colour != thing.colour]
    return next(iter(others or named), None)


@lru_cache(maxsize=256)
def _spoken_of(noun: str) -> re.Pattern[str]:
    """Match a thing by any word for it, and the words before it that may say that it is there already."""
    forms = "|".join(re.escape(form) for form, key in NOUNS.items() if key == noun)
    return re.compile(rf"\b(?:the|this|that|its|his|her|their|my|your) ((?:\w+ ){{0,2}})(?:{forms})\b")


def is_there(text: str, noun: str) -> bool:
    """Tell whether the text speaks of a thing as one that is in the picture: `the small kitten`."""
    between = [found[1].split() for found in _spoken_of(noun).finditer(text)]
    return any(not any(word in NOUNS or word in NOT_BETWEEN for word in words) for words in between)


def is_part_meant(text: str, noun: str) -> bool:
    """Tell whether a part of a thing is to have a colour: `make the car wheels red`."""
    forms = "|".join(re.escape(form) for form, key in NOUNS.items() if key == noun)
    found = re.search(rf"\b(?:{forms}) (\w+) (?:(?:to|into) )?(?:{'|'.join(NAMED)})\b", text)
    words = NO_TARGET | SURFACES | set(" ".join(TONE_WORDS).split()) | NAMED.keys() | NOT_BETWEEN
    return found is not None and found[1] not in words


def is_backdrop_there(text: str, word: str) -> bool:
    """Tell whether a place is spoken of as what the picture shows: `the grass`, but not `on the grass`."""
    return re.search(rf"(?<!\bat )(?<!\bin )(?<!\bon )(?<!\bto )\b(the|this|its) {word}\b", text) is not None


def place_in(text: str) -> Place | None:
    text = re.sub(r"\btop hats?\b|\bon top of\b", " ", text)
    for words, place in PLACES.items():
        if re.search(rf"\b{words}\b", text):
            return place
    return None


def size_in(text: str) -> float | None:
    return next((size for word, size in SIZES.items() if re.search(rf"\b{word}\b", text)), None)


def area_in(text: str) -> str:
    """Return the part of the picture that a tone or colour is for; "" for the whole."""
    return first_of(AREAS, text)


def without_shades(text: str) -> str:
    """Leave out what only says more of a colour or thing, as in `a bright red balloon`: that is no tone."""
    words = text.split()
    is_said = [word in NAMED or word in NOUNS for word in words[1:]] + [False]
    return " ".join(word for word, more in zip(words, is_said, strict=False) if not (more and word in TONE_WORDS))


def first_of(table: dict[str, str], text: str) -> str:
    """Look up the longest phrase of the table that the text holds; return "" where there is none."""
    padded = f" {text} "
    matching = [phrase for phrase in table if f" {phrase} " in padded]
    return table[max(matching, key=len)] if matching else ""


def without(table: dict[str, str], text: str) -> str:
    for phrase in sorted(table, key=len, reverse=True):
        text = text.replace(f" {phrase} ", " ")
    return text


def spot_of(text: str, want: Wanted, host: Wanted | None) -> str:
    if (
        want.noun in WORN
        and (host is not None or first_of(SPOTS, text) in ("", "head"))
        and place_in(text) is None
    ):
        return "head"
    return first_of(SPOTS, text)
