"""Reads what an edit's prompt asks for: a list of actions in the order they are carried out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from app.painter.brief import QUOTED, READ_AT_MOST, Wanted, read, words_of
from app.painter.colour import NAMED, RGB
from app.painter.editing.phrases import (
    ADDING,
    ALL_BUT,
    ALONE,
    AREAS,
    BACKDROP_WORDS,
    BEHIND,
    CLAUSES,
    DENIED,
    DENYING,
    EXCEPTION,
    EXTENDING,
    FILLING,
    GONE,
    INTO,
    KEPT,
    LESSENING,
    LISTED,
    NO_TARGET,
    NOT_A_BACKDROP,
    NOT_BETWEEN,
    ONLY_ONES,
    OPPOSITES,
    PAINTING,
    PLACES,
    REMOVING,
    REPLACING,
    SIZES,
    SMALL_WORDS,
    SPOTS,
    STOPPED,
    STYLE_WORDS,
    SUBJECTS,
    SWAPPING,
    TARGET,
    TONE_WORDS,
    UNTOUCHED,
    UNWANTED,
    WEATHER_WORDS,
    WHERE,
    WHOLE,
    WORN,
    WRITING,
    Place,
)
from app.painter.vocabulary import NOUNS

Do = Literal["remove", "extend", "replace", "recolour", "backdrop", "weather", "add", "tint", "tone", "style"]
MOST_ACTIONS = 6
MASKED_ONLY = "thing"
"""The spot of what changes a thing that nobody here finds without a mask."""


@dataclass(frozen=True, slots=True)
class Action:
    """
    `name` is a key of the table that the action draws on: `WEATHERS`, `BACKDROPS`, `TONES` or `MEDIA`. `thing` is
    what to draw. `place` is the middle of where to, as shares of width and height; `spot` names a relation
    instead: head, sky, ground, far or near. A tint or tone with a spot changes the sky, what is far or what is
    near alone. `size` is a share of the shorter side.
    """

    do: Do
    name: str = ""
    thing: Wanted | None = None
    colour: RGB | None = None
    place: Place | None = None
    spot: str = ""
    size: float | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """Hold the actions read from a prompt, and the clauses, as written, that no painter can carry out."""

    actions: tuple[Action, ...]
    unread: tuple[str, ...]


ORDER: tuple[Do, ...] = (
    "remove", "extend", "replace", "recolour", "backdrop", "weather", "add", "tint", "tone", "style",
)  # fmt: skip
VERBS = ADDING | REPLACING | PAINTING | REMOVING | EXTENDING


@lru_cache(maxsize=64)
def read_instruction(prompt: str, *, masked: bool = False) -> Instruction:
    """
    Read at most six actions, without doubles; none where the prompt says nothing that is understood.

    With a mask, a colour or tone of something unknown is one of what is masked.
    """
    read_clauses: list[tuple[str, str, list[Action]]] = []
    before = ""
    for clause, text in _clauses(prompt[:READ_AT_MOST]):
        meant = f"{before} {text}" if before and LISTED.match(text) and not VERBS & set(text.split()) else text
        actions = [one for one in _read_clause(meant) if masked or one.spot != MASKED_ONLY]
        read_clauses.append((clause, meant, actions))
        before = _list_begun(meant)
    wishes = [one for one in read_clauses if not UNWANTED.match(one[1])]
    if any(actions for *_, actions in wishes):  # `no people` beside them removes nothing: it is not to be added
        read_clauses = wishes
    found: list[Action] = []
    unread: list[str] = []
    for clause, text, actions in read_clauses:
        found += [one for one in actions if one not in found]
        if len(found) > MOST_ACTIONS or (not actions and _says_something(clause, text)):
            unread.append(clause)
    found = found[:MOST_ACTIONS]
    return Instruction(tuple(sorted(found, key=lambda action: ORDER.index(action.do))), tuple(unread))


def _clauses(prompt: str) -> Iterator[tuple[str, str]]:
    """Yield each clause as it is written, and its words without a quoted text that is to be written."""
    bare = QUOTED.sub(lambda quoted: " " * len(quoted[0]), prompt) if WRITING.search(prompt.casefold()) else prompt
    start = 0
    for mark in [*CLAUSES.finditer(bare.lower() if len(bare.lower()) == len(bare) else bare), None]:
        end = mark.start() if mark else len(bare)
        yield prompt[start:end].strip(), " ".join(words_of(bare[start:end]))
        start = mark.end() if mark else end


def _says_something(clause: str, text: str) -> bool:
    """Tell whether a clause that led to nothing asked for something."""
    if KEPT.match(text):
        return False
    words = set(text.split()) if text else set(clause)
    return any(not word.isdigit() and word not in SMALL_WORDS | WHOLE and _is_word(word) for word in words)


def _is_word(word: str) -> bool:
    return word.isalnum() or not word.isascii()


def _list_begun(text: str) -> str:
    """Return the word that a list begins with, which the next clause may go on with: what is removed, or kept."""
    if KEPT.match(text):
        return "keep"
    return "remove" if REMOVING & set(text.split()) and not BEHIND & set(text.split()) else ""


def _read_clause(text: str) -> list[Action]:
    if ALONE.match(text) or KEPT.match(text) or STOPPED.search(text):
        return [Action("backdrop", name="studio")] if ALONE.match(text) else []
    if " instead of " in text:
        return _read_instead(*text.split(" instead of ", 1))
    text, _, lacking = UNTOUCHED.sub("", text).partition(" without ")
    words = frozenset(text.split())
    if lacking:
        changes = _read_clause(text) if words & (ADDING | REPLACING) else []
        return changes or _read_removal(lacking)
    if words & BEHIND:
        words -= {"clear"}  # a clear sky is nothing to remove
    if "zoom out" in text or (words & EXTENDING and not words & REMOVING):
        return [Action("extend")]
    if words & REMOVING or GONE.search(text) or text.startswith("no "):
        return _read_removal(text)
    return _read_change(DENIED.sub("", text.replace("'s", "")).strip())


def _read_instead(new: str, old: str) -> list[Action]:
    """Read `a dog instead of the cat`."""
    return _read_swap(f"replace {old} with {new}") or _read_change(new)


def _read_change(text: str) -> list[Action]:
    """Read what is to look otherwise, to become something else or to be added."""
    words = frozenset(text.split())
    if LESSENING.search(text):
        name = OPPOSITES.get(_first(TONE_WORDS, text), "")
        return [Action("tone", name=name, spot=_area(text))] if name else []
    if not _first(WEATHER_WORDS | STYLE_WORDS, text) and (shade := _read_shade(text)):
        return shade
    if words & (REPLACING | PAINTING) and (swap := _read_swap(text)):
        return swap
    looks, rest = _read_looks(_wanted_part(text))
    added = _read_additions(rest, adds=bool(words & ADDING))
    if words & REPLACING:  # what is to become something else is there already
        added = [action for action in added if action.thing is None or not _is_there(text, action.thing.noun)]
    if looks:  # `make the night sky green`
        area = _area(text)
        added = [replace(one, spot=area) if one.do == "tint" else one for one in added]
        added = [one for one in added if one.do != "tint" or area or not TARGET.search(text)]
    return looks + added


def _read_shade(text: str) -> list[Action]:
    """
    Read a tone or a colour: of the whole, of a part that is told apart, or of something that a mask has to show.

    Nothing where the clause speaks of things or places that the painters know.
    """
    exception = EXCEPTION.match(text)
    text = exception[1] if exception else text
    name = _first(TONE_WORDS, text)
    colour = None if name else _new_colour(text)
    bare = _without(TONE_WORDS, f" {text} ")
    rest = [word for word in bare.split() if word not in NO_TARGET | VERBS]
    things = read(text).wanted if set(rest) - set(NAMED) else ()
    is_fruit = "an orange" in text or (ADDING & set(text.split()) and not WHOLE & set(text.split()))
    if not (name or colour) or (colour and is_fruit):
        return []
    if len(things) == 1 and name and _is_there(text, things[0].noun):
        return [Action("tone", name=name, thing=things[0], place=_place(text))]
    if things or (colour == NAMED["white"] and _area(text) == "far"):
        return []
    spot = "far" if exception else _area(text)
    if set(rest) - set(NAMED):
        if any(word in BACKDROP_WORDS and not _is_backdrop_there(text, word) for word in rest):
            return []
        spot = MASKED_ONLY if colour or TARGET.search(bare) else spot
    elif (
        colour
        and len({*rest} & set(NAMED)) > 1
        and INTO.search(text)
        and not (WHOLE | set(AREAS)) & set(text.split())
    ):
        spot = MASKED_ONLY
    return [Action("tone", name=name, spot=spot) if name else Action("tint", colour=colour, spot=spot)]


def _wanted_part(text: str) -> str:
    """Return what a swap wants instead, so that `turn the grey sky into a sunset` asks for no grey sky."""
    parts = INTO.split(text, maxsplit=1)
    return parts[1].strip() if len(parts) == 2 and SWAPPING & set(parts[0].split()) else text


def _read_removal(text: str) -> list[Action]:
    """Read what is to go: things, or the subject. What nobody here can find in a picture is left where it is."""
    all_but = ALL_BUT.search(text)
    wanted = read(DENYING.sub(" ", _told_apart(text))).wanted
    if all_but and (all_but[1] or not wanted):
        return [Action("backdrop", name="studio")]
    named = set(text.split()) - REMOVING - FILLING
    if named and not wanted and not named & SUBJECTS:
        return []
    return [Action("remove", thing=thing, place=_place(text)) for thing in wanted or (None,)]


def _told_apart(text: str) -> str:
    """Return what is to go without where it is: `the snow` of `remove the snow from the mountain`."""
    target, *where = WHERE.split(text, maxsplit=1)
    return target if where and set(target.split()) - REMOVING - FILLING else text


def _read_swap(text: str) -> list[Action]:
    """Read a swap: `replace the cat with a fox`, `change the background to a beach`, `turn the car blue`."""
    parts = INTO.split(text.replace("'s", ""), maxsplit=1)
    old, new = (parts[0], parts[1]) if len(parts) == 2 else (text, "")
    backdrop = _first(BACKDROP_WORDS, new or old)
    if {"background", "backdrop", "setting", "scene"} & set(old.split()) and backdrop:
        return [Action("backdrop", name=backdrop)]
    before, after = read(old).wanted, () if set(new.split()) <= set(NAMED) | NO_TARGET else read(new).wanted
    if before and after and before[0].noun != after[0].noun:
        return [Action("replace", name=before[0].noun, thing=after[0], place=_place(text))]
    if after and not before and SWAPPING & set(text.split()) and not BEHIND & set(old.split()):
        return [Action("replace", thing=after[0], place=_place(text))]  # nothing known is named: the subject
    thing = next(iter(before or after), None)
    colour = _new_colour(new or old, thing)
    is_meant = not PAINTING & set(text.split()) or (thing is not None and _is_there(text, thing.noun))
    if colour and thing and is_meant and not _first(WEATHER_WORDS | STYLE_WORDS, text):
        return [Action("recolour", thing=thing, colour=colour)]
    return []


def _new_colour(text: str, thing: Wanted | None = None) -> RGB | None:
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


def _is_there(text: str, noun: str) -> bool:
    """Tell whether the text speaks of a thing as one that is in the picture: `the small kitten`."""
    between = [found[1].split() for found in _spoken_of(noun).finditer(text)]
    return any(not any(word in NOUNS or word in NOT_BETWEEN for word in words) for words in between)


def _is_backdrop_there(text: str, word: str) -> bool:
    """Tell whether a place is spoken of as what the picture shows: `the grass`, but not `on the grass`."""
    return re.search(rf"(?<!\bat )(?<!\bin )(?<!\bon )(?<!\bto )\b(the|this|its) {word}\b", text) is not None


def _read_looks(text: str) -> tuple[list[Action], str]:
    """Read weather, backdrop, tone and style, and return them with the text that is left."""
    actions: list[Action] = []
    rest = f" {_without_shades(text)} "
    tables: tuple[tuple[Do, dict[str, str]], ...] = (
        ("tone", {k: v for k, v in TONE_WORDS.items() if " " in k}), ("weather", WEATHER_WORDS),
        ("style", STYLE_WORDS), ("tone", TONE_WORDS),
    )  # fmt: skip
    for do, table in tables:
        name = _first(table, rest)
        if name and not any(action.do == do for action in actions):
            actions.append(Action(do, name=name))
            rest = _without(table, rest)
    places = {word: name for word, name in BACKDROP_WORDS.items() if word not in NOT_A_BACKDROP}
    place = _first({word: name for word, name in places.items() if not _is_backdrop_there(rest, word)}, rest)
    if place and not any(action.do == "weather" for action in actions) and "add" not in text.split():
        actions.append(Action("backdrop", name=place))
    if actions and any(action.do == "weather" for action in actions):
        rest = re.sub(r" (sky|skies|moon|stars?|suns?|clouds?) ", " ", rest)
    return actions, rest.strip()


def _read_additions(text: str, *, adds: bool) -> list[Action]:
    """
    Read every thing that is named as an addition; a colour alone tints the picture. Without a verb that `adds`,
    what the text speaks of as being there is not added.
    """
    wanted = read(text).wanted
    if not wanted:
        return _read_shade(text)
    there = [want for want in wanted if _is_there(text, want.noun)]
    new = [want for want in wanted if want not in there]
    if adds and not new:
        new = there[:1]
    elif not adds:
        new = [want for want in wanted if want not in there or want.noun in ONLY_ONES]
    host = next((want for want in there if want not in new), None)
    return [
        Action("add", thing=want, place=_place(text), spot=_spot(text, want, host), size=_size(text))
        for want in new
    ]


def _spot(text: str, want: Wanted, host: Wanted | None) -> str:
    if want.noun in WORN and (host is not None or _first(SPOTS, text) in ("", "head")) and _place(text) is None:
        return "head"
    return _first(SPOTS, text)


def _place(text: str) -> Place | None:
    text = re.sub(r"\btop hats?\b|\bon top of\b", " ", text)
    for words, place in PLACES.items():
        if re.search(rf"\b{words}\b", text):
            return place
    return None


def _size(text: str) -> float | None:
    return next((size for word, size in SIZES.items() if re.search(rf"\b{word}\b", text)), None)


def _area(text: str) -> str:
    """Return the part of the picture that a tone or colour is for; "" for the whole."""
    return _first(AREAS, text)


def _without_shades(text: str) -> str:
    """Leave out what only says more of a colour or thing, as in `a bright red balloon`: that is no tone."""
    words = text.split()
    is_said = [word in NAMED or word in NOUNS for word in words[1:]] + [False]
    return " ".join(word for word, more in zip(words, is_said, strict=False) if not (more and word in TONE_WORDS))


def _first(table: dict[str, str], text: str) -> str:
    """Look up the longest phrase of the table that the text holds; return "" where there is none."""
    padded = f" {text} "
    matching = [phrase for phrase in table if f" {phrase} " in padded]
    return table[max(matching, key=len)] if matching else ""


def _without(table: dict[str, str], text: str) -> str:
    for phrase in sorted(table, key=len, reverse=True):
        text = text.replace(f" {phrase} ", " ")
    return text


def with_thing(action: Action, noun: str) -> Action:
    return replace(action, thing=replace(action.thing, noun=noun)) if action.thing else action
