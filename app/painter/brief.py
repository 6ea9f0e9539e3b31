"""Reads a prompt: words, quoted texts, numbered steps, names, and things with their counts, colours and places."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import lru_cache

from app.painter.colour import NAMED, RGB
from app.painter.languages import blank_false_friends
from app.painter.lexicon import noun_at, relation_at
from app.painter.modifiers import Modifiers, Wanted, colours_after, hear
from app.painter.vocabulary import ARTICLES, BEARING, COUNTS, DEFINITE, DENIALS, NO_DENIALS

READ_AT_MOST = 4000
"""Characters; what follows cannot change the picture."""
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
FREE = re.compile(r"free\b(?! (of|from|to|as|on|in)\b)")
PICTURES = frozenset(["photo", "photograph", "picture", "image", "drawing", "film", "movie"])
"""Words whose colour is that of the whole: a black and white photo of two dogs."""
WORN = frozenset(["hat", "crown"])
WEARERS = frozenset(["cat", "dog", "fox", "rabbit", "person", "robot", "teddy bear"])
"""What is drawn from the front, with its head in the middle."""
ANYBODY = frozenset(["person", "human"])
"""Words for a person who was named otherwise before."""
CAPITAL = re.compile(r"[^\W\d_][\w'\u2019-]{1,24}")


@dataclass(frozen=True, slots=True)
class Relation:
    """
    The thing at index `one` lies `side` (left, right, above, below, on, near) of the one at `other`, or is worn by
    it; first and last put it at that end of the row.
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
    beyond: tuple[str, ...] = ()
    """What comes after the last kind of thing that is drawn."""

    def has(self, *words: str) -> bool:
        return not self.word_set.isdisjoint(words)

    @property
    def names_side(self) -> bool:
        return self.has("left", "right")

    @property
    def light(self) -> int:
        text = " ".join(self.words)
        if re.search(r"light\w* (coming )?from the left|left light", text):
            return -1
        return 1 if re.search(r"light\w* (coming )?from the right|right light", text) else 0

    def colour_of(self, *nouns: str) -> RGB | None:
        """Return the colour word that comes at most three words before one of the nouns, if any."""
        places = [i for i, word in enumerate(self.words) if word in nouns]
        before = (word for i in places for word in reversed(self.words[max(0, i - 3) : i]))
        return next((NAMED[word] for word in before if word in NAMED), None)


def words_of(text: str) -> tuple[str, ...]:
    """Lower case, without accents; a stop or a comma is a word of its own, so that phrases do not cross it."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(re.findall(r"[a-z0-9]+(?:'s)?|[.,;:]", bare.replace("\u2019", "'")))


@lru_cache(maxsize=64)
def read(prompt: str) -> Brief:
    text = blank_false_friends(NEGATIVE.sub(" ", prompt[:READ_AT_MOST]))
    words = words_of(text)
    things = Things()
    things.read(words_of(STEP_NUMBER.sub(" ", QUOTED.sub(" ", text))))
    return Brief(
        prompt=prompt,
        words=words,
        word_set=frozenset(words),
        quotes=tuple(filter(None, (_tidy(one or other) for one, other in QUOTED.findall(text))))[:6],
        steps=_steps(text),
        names=_names(text),
        wanted=tuple(things.wanted),
        relations=tuple(things.relations),
        capped=tuple(things.capped),
        beyond=tuple(things.beyond),
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


@dataclass(slots=True)
class Things:
    """Collect the things that a prompt names, their relations, and what of them is more than is drawn."""

    wanted: list[Wanted] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    capped: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    """By which words each thing was named."""

    def read(self, words: tuple[str, ...]) -> None:
        """
        Read the words once: colours, counts, sizes and relations wait for the next noun.

        Things that are denied, as in `no people` and `without a hat`, are left out.
        """
        said: list[Modifiers] = [Modifiers()]
        denied, side, i = _denied(words), "", 0
        before, end = "", 0
        while i < len(words):
            noun, taken, many = noun_at(words, i)
            phrase, length = relation_at(words, i)
            if noun:
                several = many or (said[-1].count or 1) > 1
                after, more = colours_after(words, i + taken, several=several and not said[-1].colours)
                written = " ".join(words[i : i + taken])
                told = [replace(said[-1], colours=said[-1].colours or after)]
                told = [one.of_a_kind(noun, written, many=many) for one in (*said[:-1], *told)]
                is_one_name = noun == before and i == end  # a retriever puppy
                before, end = noun, i + taken
                if is_one_name and many and self.wanted and self.wanted[-1].noun == noun and i not in denied:
                    self.wanted[-1] = replace(self.wanted[-1], count=max(2, self.wanted[-1].count))
                elif i not in denied and not is_one_name:
                    self.capped += [one.capped for one in told if one.capped]
                    kinds = [kind for one in told for kind in one.kinds(noun, many=many)]
                    self._add(kinds, written, side, is_known=_is_known(words, i), is_told_of=bool(after))
                said, side, taken = [Modifiers()], "", taken + more
            elif phrase in EDGES and self.wanted:
                self.relations.append(Relation(len(self.wanted) - 1, phrase, len(self.wanted) - 1))
                taken = length
            elif length and self.wanted:
                said, side, taken = [Modifiers()], "in" if words[i] == "in" and length == 1 else phrase, length
            elif words[i] in STOPS or words[i] in PICTURES:
                said, side = [Modifiers()], ""
            else:
                side = "worn" if self.wanted and (words[i] in BEARING or words[i] == "with") else side
                said = hear(said, words, i)
            i += max(1, taken)

    def _add(self, kinds: list[Wanted], written: str, side: str, *, is_known: bool, is_told_of: bool) -> None:
        """
        Add things, or take them for the earlier one of their noun: the cat, after a cat, is the same,
        unless colour or count differ. Of an earlier one it may be told which colour it has: `the cat is black`.
        """
        before = len(self.wanted) - 1
        for new in kinds:
            plain = replace(new, colour=None) if is_known and is_told_of else new
            place = self._find(plain, written, is_known=is_known)
            if place < len(self.wanted) and new.colour:
                self.wanted[place] = replace(self.wanted[place], colour=new.colour)
            if place == len(self.wanted):
                if len(self.wanted) >= MOST_KINDS:
                    self.beyond.append(written)
                    continue
                self.wanted.append(new)
                self.spoken.append(written)
            if side and before >= 0 and before != place:
                self._relate(before, side, place)

    def _find(self, new: Wanted, written: str, *, is_known: bool) -> int:
        """Find the earlier thing that is meant, else where a new one goes: a man and a woman are two."""
        for i, old in enumerate(self.wanted):
            is_named = written == self.spoken[i] or written in ANYBODY or (is_known and new.noun != "person")
            is_counted = new.count == 1 or (is_known and new.count <= old.count)
            if old.noun == new.noun and new.colour in (None, old.colour) and is_named and is_counted:
                return i
        return len(self.wanted)

    def _relate(self, before: int, side: str, place: int) -> None:
        """Note where the newer thing lies, or that the other wears it."""
        can_wear = self.wanted[place].noun in WORN and self.wanted[before].noun in WEARERS
        if side in {"worn", "in"} and can_wear:
            self.relations.append(Relation(place, "worn", before))
        elif side != "worn":
            self.relations.append(Relation(before, "near" if side == "in" else side, place))


def _is_known(words: tuple[str, ...], i: int) -> bool:
    """Tell whether the noun at `i` is spoken of as one that was named before: `the little dog`."""
    return not DEFINITE.isdisjoint(words[max(0, i - 3) : i]) and words[i - 1] not in {"a", "an"}


def _denied(words: tuple[str, ...]) -> frozenset[int]:
    """Find where the nouns begin that a denial goes before: both in `no cats or dogs`, one in `not a big hat`."""
    denied: set[int] = set()
    left, is_far, i = -1, False, 0  # `left` words may stand before the noun; -1 where nothing is denied
    while i < len(words):
        phrase, length = denial_at(words, i)
        noun, taken, _ = noun_at(words, i)
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
        elif words[i] in STOPS or words[i] == "," or words[i].endswith("ing") or relation_at(words, i)[1]:
            left = -1
        elif left >= 0 and words[i] not in NAMED and words[i] not in COUNTS:
            left, is_far = left - 1, True
        i += max(1, taken)
    return frozenset(denied)


def denial_at(words: tuple[str, ...], i: int) -> tuple[str, int]:
    """Return the words that start here and say that something is not there, and how many they are."""
    for length in (3, 2, 1):
        phrase = " ".join(words[i : i + length])
        if phrase in DENIALS and not NO_DENIALS.intersection(words[i + length : i + length + 1]):
            return phrase, length
    return "", 0


def _goes_on(words: tuple[str, ...], i: int) -> bool:
    """Tell whether a denial goes on to the next noun: `or dogs`, `nor a dog`, `and dogs`, not `and a dog`."""
    if i + 1 >= len(words) or words[i] not in {"or", "nor", "and"}:
        return False
    return words[i] != "and" or words[i + 1] == "any" or bool(noun_at(words, i + 1)[0])
