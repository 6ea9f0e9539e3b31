"""Tells prompts of other languages, in which English words mean something else: `sea` is `be` in Spanish."""

import re

SURE = frozenset([
    "senza", "kein", "keine", "una", "haz", "por", "sobre", "que", "unos", "unas", "une", "du", "avec",
    "dans", "qui", "fais", "ajoute", "ein", "eine", "einen", "einem", "einer", "der", "dem", "und", "auf",
    "ist", "zur", "ohne", "mach", "lo", "gli", "della", "nel", "sul", "um", "uma", "sem", "een", "het",
    "zonder",
])  # fmt: skip
"""Small words of other languages that no English text has."""
LIKELY = frozenset([
    "van", "den", "op", "com", "mit", "un", "est", "sans", "sin", "la", "le", "el", "de", "en", "y", "es",
    "con", "del", "die", "das", "im", "zu", "et", "au", "sur", "par", "e", "o", "os", "as", "na", "da", "do",
    "che", "los", "las", "uno", "les", "des", "aux", "di", "il", "para",
])  # fmt: skip
"""Small words that stand in English names, too."""
ENGLISH = frozenset([
    "the", "a", "an", "of", "with", "and", "in", "on", "at", "is", "are", "to", "by", "from", "for", "his",
    "her", "its", "it", "my", "make", "add", "remove",
])  # fmt: skip
DENYING = frozenset(["sin", "sans", "ohne", "senza", "sem", "zonder", "kein", "keine", "keinen", "sen", "bez"])
FALSE_FRIENDS = frozenset([
    "sea", "hat", "car", "red", "bat", "mist", "chair", "mug", "room", "pink", "lime", "ten", "no", "not",
])  # fmt: skip
"""English words that the painters know and that mean something else elsewhere."""
WORD = re.compile(r"[^\W\d_]+")


def is_foreign(text: str) -> bool:
    """Tell whether a text has more small words of another language than of English."""
    words = WORD.findall(text.lower())
    sure, likely = (sum(word in known for word in words) for known in (SURE, LIKELY))
    english = sum(word in ENGLISH for word in words)
    return sure + likely > english and (sure >= 1 or likely >= 2)


def blank_false_friends(text: str) -> str:
    """Return a text of another language, as long as it was, without what the painters would take for English."""
    if not is_foreign(text):
        return text
    kept: list[str] = []
    is_denied = False
    for part in re.split(r"([^\W\d_]+)", text):
        is_denied = (is_denied and not set(part) & set(".,;:\n")) or part.lower() in DENYING
        kept.append(" " * len(part) if is_denied or part.lower() in FALSE_FRIENDS else part)
    return "".join(kept)
