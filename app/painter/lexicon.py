"""Finds the words of a prompt that the painters know: nouns, relations and numbers, where they begin."""

from app.painter.vocabulary import (
    COUNTS,
    GROUP,
    GROUPS,
    MULTIPLES,
    NOUNS,
    PLURALS,
    RELATIONS,
    WORDS_OF_LONGEST_NOUN,
)

TENS = range(20, 100, 10)


def noun_at(words: tuple[str, ...], i: int) -> tuple[str, int, bool]:
    """
    Return the noun that starts here, how many words it takes, and whether it is a plural.
    The word orange is a colour where a noun follows and a fruit elsewhere.
    """
    if (
        words[i : i + 1] == ("orange",)
        and i + 1 < len(words)
        and words[i + 1] != "orange"
        and noun_at(words, i + 1)[0]
    ):
        return "", 0, False
    for length in range(min(WORDS_OF_LONGEST_NOUN, len(words) - i), 0, -1):
        phrase = " ".join(words[i : i + length])
        if phrase in NOUNS:
            return NOUNS[phrase], length, phrase in PLURALS
    return "", 0, False


def relation_at(words: tuple[str, ...], i: int) -> tuple[str, int]:
    """Return the relation that starts here, and how many words it takes."""
    for length in range(5, 0, -1):
        phrase = " ".join(words[i : i + length])
        if phrase in RELATIONS:
            return RELATIONS[phrase], length
    return "", 0


def number_at(words: tuple[str, ...], i: int, most_words: int = 3) -> int | None:
    """Read the number of which this word is the last so far: 21 at the second word of `twenty one`."""
    word, before = words[i], words[max(0, i - 2) : i]
    if word in GROUPS:
        return GROUP if words[i + 1 : i + 2] == ("of",) else None
    own = COUNTS.get(word, int(word[:9]) if word.isdecimal() else None)
    if own is None:
        return None
    is_later = most_words > 1 and bool(before) and before[-1] not in GROUPS
    earlier = number_at(words, i - 1, most_words - 1) if is_later else None
    if word in MULTIPLES and before == ("half", "a"):
        return own // 2
    if word in MULTIPLES and earlier:
        return earlier * own
    return earlier + own if earlier is not None and earlier in TENS and own < 10 else own
