"""Parts an edit's prompt into clauses, and tells which of them ask for something."""

from collections.abc import Iterator

from app.painter.brief import QUOTED, words_of
from app.painter.editing.phrases import (
    BEHIND,
    CLAUSES,
    KEPT,
    PAINTED,
    REMOVING,
    SMALL_WORDS,
    WHOLE,
    WRITING,
)
from app.painter.languages import blank_false_friends


def split_clauses(prompt: str) -> Iterator[tuple[str, str]]:
    """Yield each clause as it is written, and its words without a quoted text that is to be written."""
    bare = blank_false_friends(prompt)
    bare = QUOTED.sub(lambda quoted: " " * len(quoted[0]), bare) if WRITING.search(prompt.casefold()) else bare
    start = 0
    for mark in [*CLAUSES.finditer(bare.lower() if len(bare.lower()) == len(bare) else bare), None]:
        end = mark.start() if mark else len(bare)
        if clause := prompt[start:end].strip():
            yield clause, " ".join(words_of(bare[start:end]))
        start = mark.end() if mark else end


def says_something(clause: str, text: str) -> bool:
    """Tell whether a clause that led to nothing asked for something."""
    if KEPT.match(text):
        return False
    words = set(text.split()) if text else set(clause)
    return any(not word.isdigit() and word not in SMALL_WORDS | WHOLE and _is_word(word) for word in words)


def _is_word(word: str) -> bool:
    return word.isalnum() or not word.isascii()


def begin_list(text: str) -> str:
    """Return the word that a list begins with, which the next clause may go on with."""
    if KEPT.match(text):
        return "keep"
    if PAINTED.search(text):
        return "make"
    return "remove" if REMOVING & set(text.split()) and not BEHIND & set(text.split()) else ""
