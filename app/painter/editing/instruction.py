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

# Phrases, the longest first, and what they mean. A phrase that matches is read no further.
WEATHER_WORDS: dict[str, str] = {
    "northern lights": "aurora", "aurora": "aurora", "aurora borealis": "aurora",
    "moonlight": "moonlight", "moonlit": "moonlight", "moonlit night": "moonlight", "full moon": "moonlight",
    "starry night sky": "night", "starry night": "night", "starry sky": "night", "starry": "night", "stars": "night",
    "night sky": "night", "night time": "night", "nighttime": "night", "at night": "night", "night": "night",
    "midnight": "night", "milky way": "night", "into the night": "night",
    "galaxy": "space", "outer space": "space", "nebula": "space", "cosmic": "space",
    "sunset": "sunset", "sunrise": "sunset", "golden hour": "sunset", "dusk": "sunset", "dawn": "sunset",
    "evening": "sunset", "sundown": "sunset",
    "sunny": "day", "sunny day": "day", "blue sky": "day", "clear sky": "day", "daytime": "day", "daylight": "day",
    "sunshine": "day", "summer": "day", "midday": "day", "noon": "day", "good weather": "day",
    "cloudy": "overcast", "overcast": "overcast", "cloudy sky": "overcast", "grey sky": "overcast",
    "gray sky": "overcast",
    "storm": "storm", "stormy": "storm", "thunderstorm": "storm", "thunder": "storm", "lightning": "storm",
    "rain": "rain", "rainy": "rain", "raining": "rain", "drizzle": "rain", "wet weather": "rain",
    "fog": "fog", "foggy": "fog", "mist": "fog", "misty": "fog", "haze": "fog", "hazy": "fog",
    "snow": "snow", "snowy": "snow", "snowing": "snow", "snowfall": "snow", "winter": "snow", "wintry": "snow",
    "blizzard": "snow", "snow covered": "snow", "frost": "snow",
    "autumn": "autumn", "autumnal": "autumn", "fall colors": "autumn", "fall colours": "autumn",
    "fall season": "autumn", "fall foliage": "autumn", "fall leaves": "autumn", "autumn leaves": "autumn",
    "in fall": "autumn", "in the fall": "autumn",
}  # fmt: skip
STYLE_WORDS: dict[str, str] = {
    "watercolour": "aquarelle", "watercolor": "aquarelle", "watercolour painting": "aquarelle",
    "watercolor painting": "aquarelle", "aquarelle": "aquarelle",
    "pixel art": "pixel", "pixelated": "pixel", "pixelart": "pixel", "8 bit": "pixel", "8bit": "pixel", "retro game": "pixel",
    "low poly": "lowpoly", "lowpoly": "lowpoly", "polygons": "lowpoly", "polygonal": "lowpoly",
    "neon": "neon", "cyberpunk": "neon", "neon lights": "neon", "neon sign": "neon",
    "halftone": "halftone", "comic": "halftone", "comic book": "halftone", "pop art": "halftone", "newsprint": "halftone",
    "poster": "poster", "flat design": "poster", "vector": "poster", "vector art": "poster", "screen print": "poster",
    "vintage poster": "poster", "illustration": "poster",
    "as a photograph": "studio", "as a photo": "studio", "into a photograph": "studio", "into a photo": "studio",
    "a real photo": "studio", "photorealistic": "studio", "realistic": "studio", "cinematic": "studio",
    "oil painting": "oil", "oil": "oil", "impressionist": "oil", "painting": "oil", "van gogh": "oil", "oils": "oil",
    "acrylic": "oil",
    "sketch": "pencil", "pencil": "pencil", "pencil sketch": "pencil", "pencil drawing": "pencil", "drawing": "pencil",
    "charcoal": "pencil", "line art": "pencil", "line drawing": "pencil",
    "cartoon": "cartoon", "anime": "cartoon", "cel shaded": "cartoon", "ghibli": "cartoon",
}  # fmt: skip
TONE_WORDS: dict[str, str] = {
    "black and white": "black and white", "black white": "black and white", "grayscale": "black and white",
    "greyscale": "black and white", "monochrome": "black and white", "desaturated": "muted", "desaturate": "muted",
    "sepia": "sepia", "old photograph": "sepia", "old photo": "sepia", "vintage photo": "sepia", "antique": "sepia",
    "vintage": "sepia", "aged": "sepia", "old": "sepia",
    "warm": "warm", "warmer": "warm", "warm light": "warm", "warm colours": "warm", "warm colors": "warm",
    "cool": "cool", "cooler": "cool", "cold": "cool", "colder": "cool", "cold light": "cool",
    "brighter": "bright", "bright": "bright", "brighten": "bright", "lighter": "bright", "lighten": "bright",
    "darker": "dark", "dark": "dark", "darken": "dark", "dim": "dark", "dimmer": "dark",
    "vibrant": "vivid", "vivid": "vivid", "saturated": "vivid", "more saturated": "vivid", "colourful": "vivid",
    "colorful": "vivid", "more colourful": "vivid", "more colorful": "vivid",
    "muted": "muted", "faded": "muted", "pastel": "soft", "softer": "soft", "soft": "soft", "dreamy": "soft",
    "more contrast": "contrast", "contrast": "contrast", "dramatic": "contrast", "high contrast": "contrast",
    "negative": "negative", "invert": "negative", "inverted": "negative",
}  # fmt: skip
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
SPOTS: dict[str, str] = {
    "in the sky": "sky", "to the sky": "sky", "flying": "sky", "overhead": "sky", "floating": "sky",
    "on the ground": "ground", "in the foreground": "near", "in front": "near", "in the background": "far",
    "in the distance": "far", "on the horizon": "far", "on its head": "head", "on his head": "head",
    "on her head": "head", "on top of its head": "head", "wearing": "head", "wear": "head",
}  # fmt: skip
WORN = frozenset({"hat", "crown", "sunglasses"})
SIZES: dict[str, float] = {
    "tiny": 0.12, "small": 0.18, "little": 0.18, "big": 0.48, "large": 0.48, "huge": 0.62, "giant": 0.68,
    "enormous": 0.68, "massive": 0.62,
}  # fmt: skip
ADDING = frozenset(
    "add adds put place insert include draw paint give hang attach adding with wear wearing".split()
)
REPLACING = frozenset("replace swap exchange change turn transform convert make substitute".split())
REMOVING = frozenset("remove delete erase eliminate clear without removing".split())
EXTENDING = frozenset("extend expand outpaint uncrop widen enlarge continue extending".split())
GONE = re.compile(r"\b(get rid of|take (out|away)|clean up|fill in|zoom out|cut out)\b")
INTO = re.compile(r"\b(?:with|by|into|to|for|as)\b")
CLAUSES = re.compile(
    r"[.;,\n]|\bthen\b|\band (?=(?:add|put|place|remove|replace|make|change|turn|give|delete|erase|extend)\b)"
)


@lru_cache(maxsize=64)
def read_instruction(prompt: str) -> tuple[Action, ...]:
    """At most six actions, without doubles; none where the prompt says nothing that is understood."""
    found: list[Action] = []
    for clause in CLAUSES.split(prompt[:READ_AT_MOST].casefold()):
        found += [action for action in _read_clause(" ".join(words_of(clause))) if action not in found]
    return tuple(sorted(found[:MOST_ACTIONS], key=lambda action: ORDER.index(action.do)))


def _read_clause(text: str) -> list[Action]:
    words = frozenset(text.split())
    if words & REMOVING or GONE.search(text):
        return [Action("extend")] if "zoom out" in text else [_removal(text)]
    if words & EXTENDING:
        return [Action("extend")]
    if words & REPLACING and (swap := _read_swap(text)):
        return swap
    looks, rest = _read_looks(text)
    return looks + _read_additions(rest)


def _removal(text: str) -> Action:
    wanted = read(text).wanted
    return Action("remove", thing=wanted[0] if wanted else None, place=_place(text))


def _read_swap(text: str) -> list[Action]:
    """`replace the cat with a fox`, `change the background to a beach`, `turn the car blue`."""
    parts = INTO.split(text, maxsplit=1)
    old, new = (parts[0], parts[1]) if len(parts) == 2 else (text, "")
    backdrop = _first(BACKDROP_WORDS, new or old)
    if {"background", "backdrop", "setting", "scene"} & set(old.split()) and backdrop:
        return [Action("backdrop", name=backdrop)]
    before, after = read(old).wanted, read(new).wanted
    if before and after and before[0].noun != after[0].noun:
        return [Action("replace", name=before[0].noun, thing=after[0], place=_place(text))]
    colour = _colour(new or old)
    if colour and (before or after) and not _first(WEATHER_WORDS | STYLE_WORDS, text):
        return [Action("recolour", thing=(before or after)[0], colour=colour)]
    return []


def _read_looks(text: str) -> tuple[list[Action], str]:
    """Weather, backdrop, tone and style, and the text without the words that told of them."""
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
    if place and not any(action.do == "weather" for action in actions) and not "add" in text.split():
        actions.append(Action("backdrop", name=place))
    if actions and any(action.do == "weather" for action in actions):
        rest = re.sub(r" (sky|skies|moon|stars?|suns?|clouds?) ", " ", rest)
    return actions, rest.strip()


def _read_additions(text: str) -> list[Action]:
    """Every thing that is named; a colour alone tints the picture."""
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
    """The thing that is there already: what `the` stands before in `put a hat on the cat`, `give the cat a hat`."""
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
    for words, place in PLACES.items():
        if re.search(rf"\b{words}\b", text):
            return place
    return None


def _size(text: str) -> float | None:
    return next((size for word, size in SIZES.items() if re.search(rf"\b{word}\b", text)), None)


def _colour(text: str) -> RGB | None:
    return next((NAMED[word] for word in text.split() if word in NAMED), None)


def _first(table: dict[str, str], text: str) -> str:
    """What the longest phrase of the table in the text means; "" where there is none."""
    padded = f" {text} "
    matching = [phrase for phrase in table if f" {phrase} " in padded]
    return table[max(matching, key=len)] if matching else ""


def _without(table: dict[str, str], text: str) -> str:
    for phrase in sorted(table, key=len, reverse=True):
        text = text.replace(f" {phrase} ", " ")
    return text


def with_thing(action: Action, noun: str) -> Action:
    return replace(action, thing=replace(action.thing, noun=noun)) if action.thing else action
