"""Finds the words of a prompt of which the painters know nothing, as they are written."""

import re
from collections.abc import Callable, Iterator

from app.painter.brief import (
    NAME_LIST,
    NEGATIVE,
    PICTURES,
    QUOTED,
    QUOTED_AT_ALL,
    READ_AT_MOST,
    STEP,
    STEP_NUMBER,
    Brief,
    denial_at,
    words_of,
)
from app.painter.colour import NAMED
from app.painter.lexicon import noun_at, relation_at
from app.painter.scenes.backdrops import backdrop_named, words_for
from app.painter.vocabulary import ARTICLES, BEARING, COUNTS, DEFINITE, GROUPS, NO_DENIALS, NOUNS, SIZES

TOKEN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[.,;:!?()\[\]{}|\n]")
BLUE_SKY = re.compile(r"\bblue sk(?:y|ies)\b", re.IGNORECASE)
"""What every place outside has by day."""
WORD_CUT = re.compile(r"\w+$")
SMALL = frozenset([
    "a", "an", "the", "this", "that", "these", "those", "some", "any", "and", "or", "but", "with", "without",
    "of", "in", "on", "at", "by", "to", "into", "onto", "from", "for", "as", "is", "are", "be", "was", "were",
    "being", "been", "has", "have", "having", "it", "its", "it's", "his", "her", "hers", "their", "they",
    "them", "he", "she", "him", "my", "your", "our", "i", "we", "you", "who", "which", "where", "while",
    "there", "here", "all", "both", "each", "every", "other", "another", "more", "most", "very", "much", "so",
    "too", "also", "then", "only", "just", "near", "next", "behind", "front", "between", "among", "around",
    "above", "below", "under", "over", "upon", "inside", "one", "ones", "s", "up", "out", "off", "like", "if",
    "not", "no", "yes", "can", "could", "would", "should", "will", "please", "want", "need", "made",
])  # fmt: skip
"""Words that ask for nothing by themselves."""
ASKING = frozenset([
    "imagine", "draw", "paint", "make", "create", "generate", "show", "shows", "showing", "depict", "depicts",
    "depicting", "render", "design", "produce", "give", "me", "us", "picture", "pictures", "photo", "photos",
    "photograph", "image", "images", "drawing", "painting", "illustration", "artwork", "art", "shot", "view",
    "scene", "portrait", "picture's", "style", "background", "backdrop", "sky", "light", "left", "right",
    "side", "full", "whole", "containing", "featuring", "see", "seen", "visible", "placed", "sitting",
    "standing", "sits", "stands", "holding", "holds", "carrying", "together", "called", "named", "titled",
    "labeled", "labelled", "says", "saying", "reads", "reading", "written", "text", "sign", "word", "words",
    "letters", "beautiful", "pretty", "lovely", "nice", "good", "great", "best", "amazing", "stunning",
    "gorgeous", "perfect", "high", "highly", "quality", "ultra", "super", "extremely", "detail", "details",
    "detailed", "intricate", "resolution", "hd", "uhd", "4k", "8k", "16k", "masterpiece", "award", "winning",
    "professional", "trending", "artstation", "simple", "cute", "colour", "color", "colours", "colors",
    "coloured", "colored",
])  # fmt: skip
"""Words for the picture itself, for praise, and for what every picture of a thing shows."""
JOINS = frozenset(["a", "an", "the", "of", "its", "his", "her", "their", "my", "your"])
"""Words between two that are told together: `playing the piano`."""
ENDS = frozenset(["and", "but", "with", "on", "in", "at", "beside", "near"])
"""Words at which what is denied ends."""


def find_unknown(prompt: str, brief: Brief) -> list[str]:
    """List the parts of a prompt that a picture of its things lacks."""
    place = backdrop_named(brief)
    shown = words_for(place) if place else frozenset()
    given = {want.colour for want in brief.wanted}
    colours = {name for name, colour in NAMED.items() if colour in given}
    known = SMALL | ASKING | PICTURES | colours | COUNTS.keys() | SIZES.keys() | GROUPS | BEARING | ARTICLES
    known |= NO_DENIALS | shown | frozenset(["neon", "glowing"] if brief.quotes else [])
    told = {want.noun for want in brief.wanted} | {NOUNS[written] for written in brief.beyond}
    text = prompt if len(prompt) <= READ_AT_MOST else WORD_CUT.sub("", prompt[:READ_AT_MOST])
    patterns = [BLUE_SKY, NEGATIVE, QUOTED_AT_ALL, QUOTED, STEP_NUMBER]
    patterns += [STEP] if brief.steps else []
    patterns += [NAME_LIST] if brief.names else []
    for pattern in patterns:
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    return list(dict.fromkeys(unknown_parts(text, known, lambda noun: noun in told)))


def unknown_parts(
    text: str, known: frozenset[str], accepts: Callable[[str], bool], *, passes_known: bool = False
) -> Iterator[str]:
    """
    Yield runs of words that are not known; of nouns those are known that `accepts` takes.

    With `passes_known` what a text speaks of as being there, as `the lamppost`, is nothing to tell of.
    """
    tokens = list(TOKEN.finditer(text))
    words = tuple(_word(token[0]) for token in tokens)
    unknown = _unknown_places(words, known, accepts, passes_known=passes_known)
    start = end = -1
    for i in unknown:
        if start >= 0 and not (i - end <= 3 and all(words[j] in JOINS for j in range(end + 1, i))):
            yield text[tokens[start].start() : tokens[end].end()]
            start = -1
        start, end = (i if start < 0 else start), i
    if start >= 0:
        yield text[tokens[start].start() : tokens[end].end()]


def _word(token: str) -> str:
    """Return a token as the vocabulary writes it; letters that are not Latin stand as they are."""
    words = words_of(token)
    return words[0].removesuffix("'s") if words else token


def _unknown_places(
    words: tuple[str, ...], known: frozenset[str], accepts: Callable[[str], bool], *, passes_known: bool
) -> Iterator[int]:
    is_denied = is_there = False
    i = 0
    while i < len(words):
        word = words[i]
        noun, taken, _ = noun_at(words, i)
        _, denied = denial_at(words, i)
        related = relation_at(words, i)[1]
        if denied:
            is_denied = True
        elif word in ENDS or not word[0].isalnum():
            is_denied = False
        if word in DEFINITE:
            is_there = True
        elif word in SMALL or not word[0].isalnum():
            is_there = False
        length = denied or (taken if noun and (is_denied or is_there or accepts(noun)) else 0) or related
        is_known = length or word in known or word.isdecimal() or not word[0].isalnum()
        if not (is_known or is_denied or (is_there and passes_known)):
            yield i
        i += max(1, length)
