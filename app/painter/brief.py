"""Reads a prompt: words, quoted texts, numbered steps, names, and things with their counts, colours and places."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from app.painter.colour import NAMED, RGB
from app.painter.vocabulary import (
    ARTICLES,
    COUNTS,
    DENIALS,
    NO_DENIALS,
    NOUNS,
    PLURALS,
    RELATIONS,
    WORDS_OF_LONGEST_NOUN,
)

READ_AT_MOST = 4000  # characters; what follows cannot change the picture
MOST_OF_A_KIND = 9
MOST_KINDS = 6
EDGES = {"first", "last"}
STOPS = {".", ";", ":"}
MARKS = '"\u201c\u201d\u201e\u00ab\u00bb'
SINGLE = "'\u2018\u2019"
LONGEST_QUOTE = 80
QUOTED_AT_ALL = re.compile(rf"[{MARKS}]([^{MARKS}\n]+)[{MARKS}]")
QUOTED = re.compile(
    rf"[{MARKS}]([^{MARKS}\n]{{1,{LONGEST_QUOTE}}})[{MARKS}]|(?<!\w)[{SINGLE}]([^{SINGLE}\n]{{1,{LONGEST_QUOTE}}})[{SINGLE}](?!\w)"
)
STEP = re.compile(r"(?<![\w.,])(\d{1,2})[.)]\s+([^\W\d][^.;:()\d\n]{1,60})")
STEP_NUMBER = re.compile(r"(?<![\w.,])\d{1,2}[.)]\s")
NAME_LIST = re.compile(r"\bnames?\b[^:\n]{0,20}:\s*([^.\n\u2022;]{2,120})")
NEGATIVE = re.compile(r"--no\b.*?(?=\s--|$)|\bnegative[ _]prompt\s*:.*", re.IGNORECASE | re.DOTALL)
"""What other programs read as a list of things to leave out."""
AFTER = re.compile(rf"(?:in|(?:that|which) (?:is|are)|is|are|painted|coloured|colored) ({'|'.join(NAMED)})\b")
FREE = re.compile(r"free\b(?! (of|from|to|as|on|in)\b)")
PICTURES = frozenset(["photo", "photograph", "picture", "image", "drawing", "film", "movie"])
"""Words whose colour is that of the whole: a black and white photo of two dogs."""
SAME_IN_PLURAL = frozenset(["sheep", "fish", "scissors", "skis", "sunglasses", "headphones"])
CAPITAL = re.compile(r"[^\W\d_][\w'\u2019-]{1,24}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One kind of thing: `noun` is a key of `NOUNS`, `colour` is None where the prompt gives none."""

    noun: str
    count: int = 1
    colour: RGB | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """
    The thing at index `one` lies `side` (left, right, above, below, on, near) of the one at `other`; first and
    last put it at that end of the row.
    """

    one: int
    side: str
    other: int


@dataclass(frozen=True, slots=True)
class Brief:
    """The reading of a prompt; `light` is -1 from the left, 1 from the right, 0 where the prompt does not say."""

    prompt: str
    words: tuple[str, ...]
    word_set: frozenset[str]
    quotes: tuple[str, ...]
    steps: tuple[str, ...]
    names: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    relations: tuple[Relation, ...]
    capped: tuple[str, ...] = ()
    """What is asked for in larger numbers than are drawn, as `20 balloon`."""

    def has(self, *words: str) -> bool:
        return not self.word_set.isdisjoint(words)

    @property
    def sided(self) -> bool:
        return self.has("left", "right")

    @property
    def light(self) -> int:
        text = " ".join(self.words)
        if re.search(r"light\w* (coming )?from the left|left light", text):
            return -1
        return 1 if re.search(r"light\w* (coming )?from the right|right light", text) else 0

    def colour_of(self, *nouns: str) -> RGB | None:
        """Return the colour word that comes at most three words before one of the nouns, if any."""
        for i, word in enumerate(self.words):
            if word in nouns:
                for before in self.words[max(0, i - 3) : i][::-1]:
                    if before in NAMED:
                        return NAMED[before]
        return None


def words_of(text: str) -> tuple[str, ...]:
    """Lower case, without accents; a stop or a comma is a word of its own, so that phrases do not cross it."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(re.findall(r"[a-z0-9]+(?:'s)?|[.,;:]", bare.replace("\u2019", "'")))


@lru_cache(maxsize=64)
def read(prompt: str) -> Brief:
    text = NEGATIVE.sub(" ", prompt[:READ_AT_MOST])
    words = words_of(text)
    capped: list[str] = []
    wanted, relations = _things(words_of(STEP_NUMBER.sub(" ", QUOTED.sub(" ", text))), capped)
    return Brief(
        prompt=prompt,
        words=words,
        word_set=frozenset(words),
        quotes=tuple(filter(None, (_tidy(one or other) for one, other in QUOTED.findall(text))))[:6],
        steps=_steps(text),
        names=_names(text),
        wanted=wanted,
        relations=relations,
        capped=tuple(capped),
    )


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip(" ,;:")


def _steps(text: str) -> tuple[str, ...]:
    """List numbered items in order, as long as the numbers count up from 1."""
    out: list[str] = []
    for number, label in STEP.findall(text):
        if int(number) == len(out) + 1:
            out.append(_tidy(label))
    return tuple(out[:9]) if len(out) > 1 else ()


def _names(text: str) -> tuple[str, ...]:
    found = NAME_LIST.search(text)
    if not found:
        return ()
    parts = [part.strip() for part in re.split(r",|\band\b|&", found[1])]
    return tuple(part for part in parts if part[:1].isupper() and CAPITAL.match(part))[:6]


def _things(words: tuple[str, ...], capped: list[str]) -> tuple[tuple[Wanted, ...], tuple[Relation, ...]]:
    """
    Read the words once into things and relations: colours, counts and relations wait for the next noun.

    Things that are denied, as in `no people` and `without a hat`, are left out; `capped` gets those that are too
    many.
    """
    wanted: list[Wanted] = []
    relations: list[Relation] = []
    said: list[Modifiers] = [Modifiers()]
    denied, side, i = _denied(words), "", 0
    while i < len(words):
        noun, taken, many = _noun_at(words, i)
        phrase, length = _relation_at(words, i)
        if noun:
            after, more = _colour_after(words, i + taken)
            told = [replace(said[-1], colours=said[-1].colours or after)]
            told = [one.of_a_kind(noun, " ".join(words[i : i + taken]), many=many) for one in (*said[:-1], *told)]
            if i not in denied:
                capped += [one.capped for one in told if one.capped]
                _add(wanted, relations, [kind for one in told for kind in one.kinds(noun, many=many)], side)
            said, side, taken = [Modifiers()], "", taken + more
        elif phrase in EDGES and wanted:
            relations.append(Relation(len(wanted) - 1, phrase, len(wanted) - 1))
            taken = length
        elif length and wanted:
            side, taken = phrase, length
        elif words[i] in STOPS or words[i] in PICTURES:
            said, side = [Modifiers()], ""
        else:
            said = _hear(said, words, i)
        i += max(1, taken)
    return tuple(wanted), tuple(relations)


@dataclass(frozen=True, slots=True)
class Modifiers:
    """
    Hold what a prompt says of a thing before it names it: how many, and in which colours.

    `capped` names the thing with its number, as `20 balloon`, where that is more than are drawn.
    """

    count: int | None = None
    colours: tuple[RGB, ...] = ()
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
        return [Wanted(noun, count // max(1, len(shades)), shade) for shade in shades or [None]]


def _hear(said: list[Modifiers], words: tuple[str, ...], i: int) -> list[Modifiers]:
    """Take in a word that is no noun: a colour, a count, or the `and` of `one red and one blue balloon`."""
    word, last = words[i], said[-1]
    if word in NAMED:
        before = last.colours if _is_joined(words, i) else ()
        return [*said[:-1], replace(last, colours=(*before, NAMED[word]))]
    if word in COUNTS or word.isdecimal():
        return [*said[:-1], replace(last, count=COUNTS[word] if word in COUNTS else int(word[:9]))]
    if word in {"a", "an"}:
        return [*said[:-1], replace(last, count=None)]
    after = words[i + 1 : i + 2]
    is_next = bool(after) and (after[0] in COUNTS or after[0] in {"a", "an"} or after[0].isdecimal())
    is_told = bool(last.colours) and words[i - 1] in NAMED
    return [*said, Modifiers()] if word == "and" and is_told and is_next else said


def _is_joined(words: tuple[str, ...], i: int) -> bool:
    """Tell whether the colour at `i` goes on with the one before: blue in `red and blue balloons`."""
    return i >= 2 and words[i - 1] in {"and", ",", "or"} and words[i - 2] in NAMED


def _colour_after(words: tuple[str, ...], i: int) -> tuple[tuple[RGB, ...], int]:
    """Return the colour of a thing where it follows, as in `a car in red`, and how many words say it."""
    found = AFTER.match(" ".join(words[i : i + 5]))
    length = len(found[0].split()) if found else 0
    if not found or (i + length < len(words) and _noun_at(words, i + length)[0]):
        return (), 0
    return (NAMED[found[1]],), length


def _denied(words: tuple[str, ...]) -> frozenset[int]:
    """Find where the nouns begin that a denial goes before: both in `no cats or dogs`, one in `not a big hat`."""
    denied: set[int] = set()
    left, is_far, i = -1, False, 0  # `left` words may stand before the noun; -1 where nothing is denied
    while i < len(words):
        phrase, length = _denial_at(words, i)
        noun, taken, _ = _noun_at(words, i)
        if length:
            left, is_far, taken = DENIALS[phrase], False, length
        elif noun and FREE.match(" ".join(words[i + taken : i + taken + 2])):  # a cat-free room
            denied.add(i)
        elif noun and left >= 0:
            denied.add(i)
            left = 2 if _goes_on(words, i + taken) else -1
            taken += left >= 0
        elif words[i] in ARTICLES:
            left = -1 if is_far else left
        elif words[i] in STOPS or words[i] == "," or words[i].endswith("ing") or _relation_at(words, i)[1]:
            left = -1
        elif left >= 0 and words[i] not in NAMED and words[i] not in COUNTS:
            left, is_far = left - 1, True
        i += max(1, taken)
    return frozenset(denied)


def _denial_at(words: tuple[str, ...], i: int) -> tuple[str, int]:
    for length in (3, 2, 1):
        phrase = " ".join(words[i : i + length])
        if phrase in DENIALS and not NO_DENIALS.intersection(words[i + length : i + length + 1]):
            return phrase, length
    return "", 0


def _goes_on(words: tuple[str, ...], i: int) -> bool:
    """Tell whether a denial goes on to the next noun: `or dogs`, `nor a dog`, `and dogs`, not `and a dog`."""
    if i + 1 >= len(words) or words[i] not in {"or", "nor", "and"}:
        return False
    return words[i] != "and" or words[i + 1] == "any" or bool(_noun_at(words, i + 1)[0])


def _add(wanted: list[Wanted], relations: list[Relation], kinds: list[Wanted], side: str) -> None:
    """
    Add things, or take them for the earlier one of their noun: the cat, after a cat, is the same,
    unless colour or count differ.
    """
    before = len(wanted) - 1
    for new in kinds:
        same = [i for i, old in enumerate(wanted) if old.noun == new.noun and new.colour in (None, old.colour)]
        place = same[0] if same and new.count == 1 else len(wanted)
        if place == len(wanted):
            if len(wanted) >= MOST_KINDS:
                return
            wanted.append(new)
        if side and before >= 0 and before != place:
            relations.append(Relation(before, side, place))


def _noun_at(words: tuple[str, ...], i: int) -> tuple[str, int, bool]:
    """
    Return the noun that starts here, how many words it takes, and whether it is a plural.
    The word orange is a colour where a noun follows and a fruit elsewhere.
    """
    if (
        words[i : i + 1] == ("orange",)
        and i + 1 < len(words)
        and words[i + 1] != "orange"
        and _noun_at(words, i + 1)[0]
    ):
        return "", 0, False
    for length in range(min(WORDS_OF_LONGEST_NOUN, len(words) - i), 0, -1):
        phrase = " ".join(words[i : i + length])
        if phrase in NOUNS:
            return NOUNS[phrase], length, phrase in PLURALS
    return "", 0, False


def _relation_at(words: tuple[str, ...], i: int) -> tuple[str, int]:
    for length in range(5, 0, -1):
        phrase = " ".join(words[i : i + length])
        if phrase in RELATIONS:
            return RELATIONS[phrase], length
    return "", 0
