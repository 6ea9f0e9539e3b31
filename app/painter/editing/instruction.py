"""Reads what an edit's prompt asks for: a list of actions in the order they are carried out."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from app.painter.brief import READ_AT_MOST, Wanted, read, words_of
from app.painter.colour import NAMED, RGB
from app.painter.scenes.backdrops import BACKDROPS

Do = Literal["remove", "extend", "replace", "recolour", "backdrop", "weather", "add", "tint", "tone", "style"]
Place = tuple[float, float]
MOST_ACTIONS = 6


@dataclass(frozen=True, slots=True)
class Action:
    """
    `name` is a key of the table that the action draws on: `WEATHERS`, `BACKDROPS`, `TONES` or `MEDIA`. `thing` is
    what to draw. `place` is the middle of where to, as shares of width and height; `spot` names a relation
    instead: head, sky, ground, far or near. `size` is a share of the shorter side.
    """

    do: Do
    name: str = ""
    thing: Wanted | None = None
    colour: RGB | None = None
    place: Place | None = None
    spot: str = ""
    size: float | None = None


ORDER: tuple[Do, ...] = (
    "remove", "extend", "replace", "recolour", "backdrop", "weather", "add", "tint", "tone", "style",
)  # fmt: skip


def _meanings(table: dict[str, str]) -> dict[str, str]:
    """Invert a table of phrases, parted by commas, so that it leads from each phrase to its meaning."""
    return {phrase.strip(): meaning for meaning, phrases in table.items() for phrase in phrases.split(",")}


WEATHER_WORDS = _meanings(
    {
        "aurora": "northern lights, aurora, aurora borealis",
        "moonlight": "moonlight, moonlit, moonlit night, full moon",
        "night": (
            "starry night sky, starry night, starry sky, starry, stars, night sky, night time, nighttime, "
            "at night, night, midnight, milky way, into the night"
        ),
        "space": "galaxy, outer space, nebula, cosmic",
        "sunset": "sunset, sunrise, golden hour, dusk, dawn, evening, sundown",
        "day": (
            "sunny, sunny day, blue sky, clear sky, clear blue sky, sky clear, "
            "clear skies, clear the sky, clear weather, daytime, daylight, sunshine, summer, midday, noon, "
            "good weather"
        ),
        "overcast": "cloudy, overcast, cloudy sky, grey sky, gray sky",
        "storm": "storm, stormy, thunderstorm, thunder, lightning",
        "rain": "rain, rainy, raining, drizzle, wet weather",
        "fog": "fog, foggy, mist, misty, haze, hazy",
        "snow": "snow, snowy, snowing, snowfall, winter, wintry, blizzard, snow covered, frost",
        "autumn": (
            "autumn, autumnal, fall colors, fall colours, fall season, fall foliage, fall leaves, autumn "
            "leaves, in fall, in the fall"
        ),
    }
)
STYLE_WORDS = _meanings(
    {
        "aquarelle": "watercolour, watercolor, watercolour painting, watercolor painting, aquarelle",
        "pixel": "pixel art, pixelated, pixelart, 8 bit, 8bit, retro game",
        "lowpoly": "low poly, lowpoly, polygons, polygonal",
        "neon": "neon, cyberpunk, neon lights, neon sign",
        "halftone": "halftone, comic, comic book, pop art, newsprint",
        "poster": "poster, flat design, vector, vector art, screen print, vintage poster, illustration",
        "studio": (
            "as a photograph, as a photo, into a photograph, into a photo, a real photo, photorealistic, "
            "realistic, cinematic"
        ),
        "oil": "oil painting, oil, impressionist, painting, van gogh, oils, acrylic",
        "pencil": ("sketch, pencil, pencil sketch, pencil drawing, drawing, charcoal, line art, line drawing"),
        "cartoon": "cartoon, anime, cel shaded, ghibli",
    }
)
TONE_WORDS = _meanings(
    {
        "black and white": "black and white, black white, b w, bw, grayscale, greyscale, monochrome",
        "muted": "desaturated, desaturate, muted, faded",
        "sepia": "sepia, old photograph, old photo, vintage photo, antique, vintage, aged, old",
        "warm": "warm, warmer, warm light, warm colours, warm colors",
        "cool": "cool, cooler, cold, colder, cold light",
        "bright": "brighter, bright, brighten, lighter, lighten",
        "dark": "darker, dark, darken, dim, dimmer",
        "vivid": ("vibrant, vivid, saturated, more saturated, colourful, colorful, more colourful, more colorful"),
        "soft": "pastel, softer, soft, dreamy",
        "contrast": "more contrast, contrast, dramatic, high contrast",
        "negative": "negative, invert, inverted",
    }
)
BACKDROP_WORDS = {word: name for name, (words, _) in BACKDROPS.items() for word in words if name != "space"}
NOT_A_BACKDROP = frozenset(
    {"table", "white", "plain", "night", "midnight", "neon", "futuristic", "cyberpunk", "square"}
)
PLACES: dict[str, Place] = {
    "top left": (0.2, 0.2), "upper left": (0.2, 0.2), "top right": (0.8, 0.2), "upper right": (0.8, 0.2),
    "bottom left": (0.2, 0.78), "lower left": (0.2, 0.78), "bottom right": (0.8, 0.78), "lower right": (0.8, 0.78),
    "top": (0.5, 0.18), "bottom": (0.5, 0.8), "left": (0.2, 0.6), "right": (0.8, 0.6), "center": (0.5, 0.5),
    "centre": (0.5, 0.5), "middle": (0.5, 0.5),
}  # fmt: skip
SPOTS = _meanings(
    {
        "sky": "in the sky, to the sky, flying, overhead, floating",
        "ground": "on the ground",
        "near": "in the foreground, in front",
        "far": "in the background, in the distance, on the horizon",
        "head": "on its head, on his head, on her head, on top of its head, wearing, wear",
    }
)
WORN = frozenset({"hat", "crown", "sunglasses"})
SIZES: dict[str, float] = {
    "tiny": 0.12, "small": 0.18, "little": 0.18, "big": 0.48, "large": 0.48, "huge": 0.62, "giant": 0.68,
    "enormous": 0.68, "massive": 0.62,
}  # fmt: skip
REPLACING = frozenset(
    ("replace", "swap", "exchange", "change", "turn", "transform", "convert", "make", "substitute")
)
PAINTING = frozenset(["paint", "repaint", "colour", "color", "recolour", "recolor", "dye"])
ADDING = frozenset(["add", "put", "place", "insert", "draw", "give"])
SWAPPING = frozenset(["replace", "swap", "exchange", "substitute", "turn", "transform"])
BEHIND = frozenset(["sky", "skies", "background", "backdrop", "setting", "scene", "night", "day", "weather"])
REMOVING = frozenset(["remove", "delete", "erase", "eliminate", "clear", "without", "removing"])
EXTENDING = frozenset(["extend", "expand", "outpaint", "uncrop", "widen", "enlarge", "continue", "extending"])
SUBJECTS = frozenset([
    "subject", "subjects", "object", "objects", "thing", "things", "item", "items", "figure", "everything", "it",
    "them", "him", "one", "there",
])  # fmt: skip
"""Words for what stands out in a picture, whatever that is."""
FILLING = frozenset([
    "please", "the", "a", "an", "of", "from", "in", "on", "at", "to", "is", "what",
    "and", "out", "away", "up", "rid", "get", "take", "cut", "fill", "clean",
    "all", "this", "that", "these", "those", "her", "his", "its", "their",
])  # fmt: skip
GONE = re.compile(r"\b(get rid of|take (out|away)|clean up|fill in|zoom out|cut out)\b")
KEPT = re.compile(r"^(but |and |please )*(keep|leave|preserve|maintain|retain|do not|don t|never)\b")
"""The beginning of a clause about what is to stay as it is."""
UNTOUCHED = re.compile(r"\b(without|while|by) (changing|touching|altering|affecting|moving|keeping|leaving)\b.*")
ALL_BUT = re.compile(r"\b(everything|all|anything) (but|except|besides)\b|(?<!in the )\b(background|backdrop)\b")
"""What is removed so that the subject alone stays."""
INTO = re.compile(r"\b(?:with|by|into|to|for|as)\b")
CLAUSES = re.compile(
    r"[.;,\n]|\bthen\b|\bbut (?=(?:keep|leave|do not|don.t)\b)"
    r"|\band (?=(?:add|put|place|remove|replace|make|change|turn|give|delete|erase|extend)\b)"
    r"|\band (?=(?:paint|keep|leave|do not)\b)"
)


@lru_cache(maxsize=64)
def read_instruction(prompt: str) -> tuple[Action, ...]:
    """Read at most six actions, without doubles; none where the prompt says nothing that is understood."""
    found: list[Action] = []
    for clause in CLAUSES.split(prompt[:READ_AT_MOST].casefold()):
        found += [action for action in _read_clause(" ".join(words_of(clause))) if action not in found]
    return tuple(sorted(found[:MOST_ACTIONS], key=lambda action: ORDER.index(action.do)))


def _read_clause(text: str) -> list[Action]:
    if KEPT.match(text):
        return []
    text, _, lacking = UNTOUCHED.sub("", text).partition(" without ")
    words = frozenset(text.split())
    if lacking:
        changes = _read_clause(text) if words & (ADDING | REPLACING) else []
        return changes or _read_removal(lacking)
    if words & BEHIND:
        words -= {"clear"}  # a clear sky is nothing to remove
    if words & REMOVING or GONE.search(text) or text.startswith("no "):
        return [Action("extend")] if "zoom out" in text else _read_removal(text)
    if words & EXTENDING:
        return [Action("extend")]
    if words & (REPLACING | PAINTING) and (swap := _read_swap(text)):
        return swap
    looks, rest = _read_looks(_wanted_part(text))
    added = _read_additions(rest)
    if words & REPLACING:  # what is to become something else is there already
        added = [action for action in added if action.thing is None or not _is_there(text, action.thing.noun)]
    return looks + added


def _wanted_part(text: str) -> str:
    """Return what a swap wants instead, so that `turn the grey sky into a sunset` asks for no grey sky."""
    parts = INTO.split(text, maxsplit=1)
    return parts[1].strip() if len(parts) == 2 and SWAPPING & set(parts[0].split()) else text


def _read_removal(text: str) -> list[Action]:
    """Read what is to go: a thing, or the subject. What nobody here can find in a picture is left where it is."""
    wanted, all_but = read(text).wanted, ALL_BUT.search(text)
    if all_but and (all_but[1] or not wanted):
        return [Action("backdrop", name="studio")]
    named = set(text.split()) - REMOVING - FILLING
    if named and not wanted and not named & SUBJECTS:
        return []
    return [Action("remove", thing=wanted[0] if wanted else None, place=_place(text))]


def _read_swap(text: str) -> list[Action]:
    """Read a swap: `replace the cat with a fox`, `change the background to a beach`, `turn the car blue`."""
    parts = INTO.split(text.replace("'s", ""), maxsplit=1)
    old, new = (parts[0], parts[1]) if len(parts) == 2 else (text, "")
    backdrop = _first(BACKDROP_WORDS, new or old)
    if {"background", "backdrop", "setting", "scene"} & set(old.split()) and backdrop:
        return [Action("backdrop", name=backdrop)]
    before, after = read(old).wanted, read(new).wanted
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


def _new_colour(text: str, thing: Wanted | None) -> RGB | None:
    """Return the colour that a thing is to have: blue in `make the red car blue`."""
    named = [NAMED[word] for word in text.split() if word in NAMED]
    others = [colour for colour in named if thing is None or colour != thing.colour]
    return next(iter(others or named), None)


def _is_there(text: str, noun: str) -> bool:
    """Tell whether the text speaks of a thing as one that is in the picture: `the small cat`."""
    return re.search(rf"\b(the|this|that|its|his|her) (\w+ ){{0,2}}{re.escape(noun)}", text) is not None


def _read_looks(text: str) -> tuple[list[Action], str]:
    """Read weather, backdrop, tone and style, and return them with the text that is left."""
    actions: list[Action] = []
    rest = f" {text} "
    tables: tuple[tuple[Do, dict[str, str]], ...] = (
        ("tone", {k: v for k, v in TONE_WORDS.items() if " " in k}), ("weather", WEATHER_WORDS),
        ("style", STYLE_WORDS), ("tone", TONE_WORDS),
    )  # fmt: skip
    for do, table in tables:
        name = _first(table, rest)
        if name and not any(action.do == do for action in actions):
            actions.append(Action(do, name=name))
            rest = _without(table, rest)
    place = _first({word: name for word, name in BACKDROP_WORDS.items() if word not in NOT_A_BACKDROP}, rest)
    if place and not any(action.do == "weather" for action in actions) and "add" not in text.split():
        actions.append(Action("backdrop", name=place))
    if actions and any(action.do == "weather" for action in actions):
        rest = re.sub(r" (sky|skies|moon|stars?|suns?|clouds?) ", " ", rest)
    return actions, rest.strip()


def _read_additions(text: str) -> list[Action]:
    """Read every thing that is named as an addition; a colour alone tints the picture."""
    wanted = read(text).wanted
    if not wanted:
        colour = _colour(text)
        return [Action("tint", colour=colour)] if colour else []
    host = _host(text, wanted)
    added = [want for want in wanted if want is not host] or list(wanted[:1])
    return [
        Action("add", thing=want, place=_place(text), spot=_spot(text, want, host), size=_size(text))
        for want in added
    ]


def _host(text: str, wanted: tuple[Wanted, ...]) -> Wanted | None:
    """Return the thing that is there already: the cat in `put a hat on the cat` and in `give the cat a hat`."""
    for want in wanted:
        forms = re.escape(want.noun)
        if len(wanted) > 1 and re.search(rf"\b(the|this|that|its|his|her) (\w+ )?{forms}\b", text):
            return want
    return None


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


def _colour(text: str) -> RGB | None:
    return next((NAMED[word] for word in text.split() if word in NAMED), None)


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
