"""Reads what an edit's prompt asks for: a list of actions in the order they are carried out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from app.painter.brief import READ_AT_MOST, read
from app.painter.colour import NAMED, RGB
from app.painter.editing.clauses import begin_list, says_something, split_clauses
from app.painter.editing.phrases import (
    ADDING,
    ALL_BUT,
    ALONE,
    AND_ANOTHER,
    ANY_BUT,
    AREAS,
    BACKDROP_WORDS,
    BEHIND,
    DENIED,
    DENYING,
    EXCEPTION,
    EXTENDING,
    FILLING,
    GIVEN,
    GONE,
    IN_COLOUR,
    INTO,
    KEPT,
    LESSENING,
    LISTED,
    MADE,
    MOVED,
    NO_TARGET,
    NOT_A_BACKDROP,
    ONLY_ONES,
    OPPOSITES,
    OWN,
    PAINTING,
    REMOVING,
    REPLACING,
    SHOULD_BE,
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
    Place,
)
from app.painter.editing.targets import (
    area_in,
    first_of,
    is_backdrop_there,
    is_part_meant,
    is_there,
    new_colour,
    place_in,
    size_in,
    spot_of,
    without,
    without_shades,
)
from app.painter.editing.unread import find_unread
from app.painter.modifiers import Wanted

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
    """
    Hold the actions read from a prompt, the clauses, as written, that no painter can carry out, and of the others
    the parts of which nothing is known.
    """

    actions: tuple[Action, ...]
    unread: tuple[str, ...]
    unknown: tuple[str, ...] = ()


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
    for clause, text in split_clauses(prompt[:READ_AT_MOST]):
        meant = f"{before} {text}" if before and LISTED.match(text) and not VERBS & set(text.split()) else text
        actions = [one for one in _read_clause(meant) if masked or one.spot != MASKED_ONLY]
        read_clauses.append((clause, meant, actions))
        before = begin_list(meant)
    wishes = [one for one in read_clauses if not UNWANTED.match(one[1])]
    if any(actions for *_, actions in wishes):  # `no people` beside them removes nothing: it is not to be added
        read_clauses = wishes
    found: list[Action] = []
    unread: list[str] = []
    unknown: list[str] = []
    for clause, text, actions in read_clauses:
        found += [one for one in actions if one not in found]
        if len(found) > MOST_ACTIONS or (not actions and says_something(clause, text)):
            unread.append(clause)
        elif actions:
            unknown += _list_unknown(clause, actions)
    if any(KEPT.match(text) and IN_COLOUR.search(text) for _, text, _ in read_clauses):
        found = [replace(one, spot="far") if one.do in {"tone", "tint"} and not one.spot else one for one in found]
    found = found[:MOST_ACTIONS]
    ordered = sorted(found, key=lambda action: ORDER.index(action.do))
    return Instruction(tuple(ordered), tuple(unread), tuple(unknown))


def _list_unknown(clause: str, actions: Sequence[Action]) -> list[str]:
    nouns = {one.thing.noun for one in actions if one.thing} | {one.name for one in actions if one.do == "replace"}
    places = [one.name for one in actions if one.do == "backdrop"]
    return find_unread(clause, nouns, [one.do for one in actions], places)


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
    return _read_change(DENIED.sub("", OWN.sub("", text)).strip())


def _is_move(text: str) -> bool:
    """Tell whether a thing that is there is to go elsewhere, as in `put the cat on the table`."""
    moved = MOVED.search(text)
    things = read(moved[1]).wanted if moved else ()
    return bool(things) and things[0].noun not in WORN | ONLY_ONES and is_there(text, things[0].noun)


def _read_instead(new: str, old: str) -> list[Action]:
    """Read `a dog instead of the cat`."""
    return _read_swap(f"replace {old} with {new}") or _read_change(new)


def _read_change(text: str) -> list[Action]:
    """Read what is to look otherwise, to become something else or to be added."""
    text = SHOULD_BE.sub(r"change \1 to ", text)
    words = frozenset(text.split())
    if ANY_BUT.search(text):
        return []
    if _is_move(text):
        return [one for one in _read_looks(text)[0] if one.do == "backdrop"]
    if LESSENING.search(text):
        name = OPPOSITES.get(first_of(TONE_WORDS, text), "")
        return [Action("tone", name=name, spot=area_in(text))] if name else []
    if not first_of(WEATHER_WORDS | STYLE_WORDS, text) and (shade := _read_shade(text)):
        return shade
    if words & (REPLACING | PAINTING) and (swap := _read_swap(text)):
        return swap
    looks, rest = _read_looks(_wanted_part(text))
    added = _read_additions(rest, adds=bool(words & ADDING))
    if words & REPLACING:  # what is to become something else is there already
        added = [action for action in added if action.thing is None or not is_there(text, action.thing.noun)]
    if looks:  # `make the night sky green`
        area = area_in(text)
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
    name = first_of(TONE_WORDS, text)
    colour = None if name else new_colour(text)
    bare = without(TONE_WORDS, f" {text} ")
    rest = [word for word in bare.split() if word not in NO_TARGET | VERBS]
    things = read(text).wanted if set(rest) - set(NAMED) else ()
    is_fruit = "an orange" in text or (ADDING & set(text.split()) and not WHOLE & set(text.split()))
    if not (name or colour) or (colour and is_fruit):
        return []
    if len(things) == 1 and name and is_there(text, things[0].noun):
        return [Action("tone", name=name, thing=things[0], place=place_in(text))]
    if things or (colour == NAMED["white"] and area_in(text) == "far"):
        return []
    spot = "far" if exception else area_in(text)
    if set(rest) - set(NAMED):
        if any(word in BACKDROP_WORDS and not is_backdrop_there(text, word) for word in rest):
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
    if len(parts) < 2:
        return text
    is_swap = SWAPPING & set(parts[0].split()) or all(first_of(WEATHER_WORDS, part) for part in parts)
    return parts[1].strip() if is_swap else text


def _read_removal(text: str) -> list[Action]:
    """Read what is to go: things, or the subject. What nobody here can find in a picture is left where it is."""
    all_but = ALL_BUT.search(text)
    wanted = read(DENYING.sub(" ", _told_apart(text))).wanted
    if all_but and (all_but[1] or not wanted):
        return [Action("backdrop", name="studio")]
    named = set(text.split()) - REMOVING - FILLING
    if named and not wanted and not named & SUBJECTS:
        return []
    return [Action("remove", thing=thing, place=place_in(text)) for thing in wanted or (None,)]


def _told_apart(text: str) -> str:
    """Return what is to go without where it is: `the snow` of `remove the snow from the mountain`."""
    target, *where = WHERE.split(text, maxsplit=1)
    return target if where and set(target.split()) - REMOVING - FILLING else text


def _read_swap(text: str) -> list[Action]:
    """Read a swap: `replace the cat with a fox`, `change the background to a beach`, `turn the car blue`."""
    text = MADE.sub(_as_replaced, OWN.sub("", text))
    parts = INTO.split(text, maxsplit=1)
    old, new = (parts[0], parts[1]) if len(parts) == 2 else (text, "")
    backdrop = first_of(BACKDROP_WORDS, new or old)
    if {"background", "backdrop", "setting", "scene"} & set(old.split()) and backdrop:
        weather = first_of({word: name for word, name in WEATHER_WORDS.items() if word not in BACKDROP_WORDS}, new)
        looks = [Action("weather", name=weather)] if weather and new else []
        return [Action("backdrop", name=backdrop), *looks]
    before, after = read(old).wanted, () if set(new.split()) <= set(NAMED) | NO_TARGET else read(new).wanted
    if before and after and before[0].noun != after[0].noun:
        return [Action("replace", name=before[0].noun, thing=after[0], place=place_in(text))]
    if after and not before and SWAPPING & set(text.split()) and not BEHIND & set(old.split()):
        return [Action("replace", thing=after[0], place=place_in(text))]  # nothing known is named: the subject
    thing = next(iter(before or after), None)
    colour = new_colour(new or old, thing)
    is_meant = not PAINTING & set(text.split()) or (thing is not None and is_there(text, thing.noun))
    if colour and thing and is_meant and not first_of(WEATHER_WORDS | STYLE_WORDS, text):
        if is_part_meant(text, thing.noun):
            return [Action("tint", colour=colour, spot=MASKED_ONLY)]
        return [Action("recolour", thing=thing, colour=colour)]
    return []


def _as_replaced(made: re.Match[str]) -> str:
    """Write `make the cat a dog` as the swap that it is; `make the man a sandwich` is none."""
    before, after = read(made[1]).wanted, read(made[2]).wanted
    is_swap = len(before) == 1 and after and before[0].noun != "person" and after[0].noun not in GIVEN
    return f"replace the {made[1]} with {made[2]}" if is_swap else made[0]


def _read_looks(text: str) -> tuple[list[Action], str]:
    """Read weather, backdrop, tone and style, and return them with the text that is left."""
    actions: list[Action] = []
    rest = f" {without_shades(text)} "
    tables: tuple[tuple[Do, dict[str, str]], ...] = (
        ("tone", {k: v for k, v in TONE_WORDS.items() if " " in k}), ("weather", WEATHER_WORDS),
        ("style", STYLE_WORDS), ("tone", TONE_WORDS),
    )  # fmt: skip
    for do, table in tables:
        name = first_of(table, rest)
        if name and not any(action.do == do for action in actions):
            actions.append(Action(do, name=name))
            rest = without(table, rest)
    places = {word: name for word, name in BACKDROP_WORDS.items() if word not in NOT_A_BACKDROP}
    place = first_of({word: name for word, name in places.items() if not is_backdrop_there(rest, word)}, rest)
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
    parts = AND_ANOTHER.split(text)
    if len(parts) > 1 and any(place_in(part) or first_of(SPOTS, part) for part in parts[:-1]):
        return [one for part in parts for one in _read_additions(part, adds=adds)]
    wanted = read(text).wanted
    if not wanted:
        return _read_shade(text)
    there = [want for want in wanted if is_there(text, want.noun)]
    new = [want for want in wanted if want not in there]
    if adds and not new and "give" not in text.split():  # `give the house a red roof` adds no house
        new = there[:1]
    elif not adds:
        new = [want for want in wanted if want not in there or want.noun in ONLY_ONES]
    host = next((want for want in there if want not in new), None)
    return [
        Action("add", thing=want, place=place_in(text), spot=spot_of(text, want, host), size=size_in(text))
        for want in new
    ]


def with_thing(action: Action, noun: str) -> Action:
    return replace(action, thing=replace(action.thing, noun=noun)) if action.thing else action
