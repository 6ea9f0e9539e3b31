"""What the painters understand of an edit's prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.painter.colour import NAMED
from app.painter.editing.instruction import (
    BACKDROP_WORDS,
    MOST_ACTIONS,
    STYLE_WORDS,
    TONE_WORDS,
    WEATHER_WORDS,
    read_instruction,
)
from app.painter.editing.media import MEDIA
from app.painter.editing.skies import SKIES
from app.painter.editing.tones import TONES
from app.painter.editing.weather import WEATHERS
from app.painter.scenes.backdrops import BACKDROPS
from app.painter.things import THINGS

LOOKS = {
    "give it a clear blue sky": ("weather", "day"),
    "make the sky clear": ("weather", "day"),
    "make it b&w": ("tone", "black and white"),
    "Add a starry night sky to this image": ("weather", "night"),
    "Turn day into night": ("weather", "night"),
    "make it snow": ("weather", "snow"),
    "Make it look like a rainy day": ("weather", "rain"),
    "add some fog": ("weather", "fog"),
    "Change the sky to a sunset": ("weather", "sunset"),
    "make it autumn": ("weather", "autumn"),
    "Add northern lights": ("weather", "aurora"),
    "make it black and white": ("tone", "black and white"),
    "Make the photo look old": ("tone", "sepia"),
    "brighter, please": ("tone", "bright"),
    "as a watercolour": ("style", "aquarelle"),
    "Redraw as pixel art": ("style", "pixel"),
    "turn this into an oil painting": ("style", "oil"),
    "turn the grey sky into a sunset": ("weather", "sunset"),
    "make it look like a comic": ("style", "halftone"),
    "Change the background to a beach": ("backdrop", "beach"),
    "put it on a snowy street": ("weather", "snow"),
}
CHANGES = {
    "paint a red balloon in the sky": ("add", "balloon", NAMED["red"]),
    "add a red balloon at the top left": ("add", "balloon", NAMED["red"]),
    "Please put a green tree on the right": ("add", "tree", NAMED["green"]),
    "Add a moon": ("add", "moon", None),
    "replace the cat with a fox": ("replace", "fox", None),
    "Swap the car for a blue boat": ("replace", "boat", NAMED["blue"]),
    "turn the house into a rocket": ("replace", "rocket", None),
    "replace the main subject with a fox": ("replace", "fox", None),
    "Replace it with a red balloon": ("replace", "balloon", NAMED["red"]),
    "replace the grey sky with a rainbow": ("add", "rainbow", None),
    "remove the car": ("remove", "car", None),
    "get rid of the dog": ("remove", "dog", None),
    "make the car red": ("recolour", "car", None),
    "Change the color of the house to blue": ("recolour", "house", None),
    "put a hat on the cat": ("add", "hat", None),
    "give the dog sunglasses": ("add", "sunglasses", None),
}


@pytest.mark.parametrize("prompt", LOOKS)
def test_a_look_is_understood(prompt: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert (action.do, action.name) == LOOKS[prompt]


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("change night to day", [("weather", "day")]),
        ("from winter to autumn", [("weather", "autumn")]),
        ("make the cat a dog", [("replace", "dog")]),
        ("make the dog a hat", [("add", "hat")]),
        ("make the man a sandwich", [("add", "sandwich")]),
        ("put the cat on the beach", [("backdrop", "beach")]),
        ("put the cat on the table", []),
        ("put the cat on a table", []),
        ("put the moon in the sky", [("add", "moon")]),
        ("add anything but a cat", []),
        ("change the background to a beach at sunset", [("backdrop", "beach"), ("weather", "sunset")]),
        ("change the background to a snowy forest", [("backdrop", "forest")]),
        ("make the cat's eyes blue", []),
        ("make the car wheels red", []),
        ("change the color of the cat's fur to black", [("recolour", "cat")]),
        ("same picture but at night", [("weather", "night")]),
        ("remove one of the cats", [("remove", "cat")]),
        ("give the house a red roof", []),
        ("take the snow away", []),
        ("melt the snow", []),
        ("take the hat off", [("remove", "hat")]),
        ("take the cat out of the picture", [("remove", "cat")]),
        ("the car should be red", [("recolour", "car")]),
        ("The background should be a forest at night", [("backdrop", "forest"), ("weather", "night")]),
        ("Haz que sea de noche", []),
        ("Füge ein Hat hinzu, es ist rot und car", []),
        ("fais une nuit sans pizza, avec un robot", [("add", "robot")]),
    ],
)
def test_what_was_taken_for_something_else(prompt: str, wanted: list[tuple[str, str]]) -> None:
    actions = read_instruction(prompt).actions
    assert [(one.do, one.thing.noun if one.thing else one.name) for one in actions] == wanted


def test_each_of_two_things_goes_to_its_own_place() -> None:
    tree, house = read_instruction("add a tree on the left and a house on the right").actions
    assert tree.place
    assert house.place
    assert tree.place[0] < 0.5 < house.place[0]
    one, other = read_instruction("add a red and a blue balloon on the left").actions
    assert one.place == other.place == tree.place


@pytest.mark.parametrize(
    "prompt",
    ["make the red car blue and the green house yellow", "paint the red car blue, the green house yellow"],
)
def test_a_list_of_colours_is_read_to_its_end(prompt: str) -> None:
    car, house = read_instruction(prompt).actions
    assert (car.do, car.colour, house.do, house.colour) == (
        "recolour", NAMED["blue"], "recolour", NAMED["yellow"],
    )  # fmt: skip


def test_what_is_to_keep_its_colour_keeps_it() -> None:
    (grey,) = read_instruction("make it black and white but keep the red balloon in colour").actions
    assert (grey.name, grey.spot) == ("black and white", "far")


@pytest.mark.parametrize(
    "prompt",
    [
        "Remove the nose ring",
        "erase the watermark",
        "Remove the man's beard",
        "delete the text",
        "remove wrinkles",
        "Get rid of her earrings",
        "erase this logo",
        "remove all text",
    ],
)
def test_what_cannot_be_found_is_not_removed(prompt: str) -> None:
    assert read_instruction(prompt).actions == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "remove it",
        "Delete the main subject",
        "remove everything",
        "Erase this object, please",
        "remove",
        "remove her",
        "delete this",
    ],
)
def test_the_subject_is_removed_by_any_word_for_it(prompt: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert (action.do, action.thing) == ("remove", None)


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Make it night, but keep the boat", ["weather"]),
        ("make it night and keep the boat as it is", ["weather"]),
        ("Add snow. Do not change the cat", ["weather"]),
        ("add snow but don't change the cat", ["weather"]),
        ("turn it into night without changing the cat", ["weather"]),
        ("leave the cat, remove the dog", ["remove"]),
        ("make the cat bigger", []),
        ("change the cat to look sad", []),
        ("no snow, please", []),
        ("don't add a cat", []),
    ],
)
def test_what_is_to_stay_is_not_drawn_anew(prompt: str, wanted: list[str]) -> None:
    assert [action.do for action in read_instruction(prompt).actions] == wanted


@pytest.mark.parametrize(
    ("prompt", "do", "noun"),
    [
        ("add a cat without a hat", "add", "cat"),
        ("make it without the boat", "remove", "boat"),
        ("the cat without the hat", "remove", "hat"),
        ("no cat", "remove", "cat"),
        ("remove the balloon in the background", "remove", "balloon"),
    ],
)
def test_what_is_to_be_without_something(prompt: str, do: str, noun: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert action.thing is not None
    assert (action.do, action.thing.noun) == (do, noun)


@pytest.mark.parametrize(
    "prompt", ["Remove the background", "remove everything except the cat", "erase all but the dog"]
)
def test_the_subject_alone_can_be_left(prompt: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert (action.do, action.name) == ("backdrop", "studio")


@pytest.mark.parametrize("prompt", CHANGES)
def test_a_change_of_things_is_understood(prompt: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert action.thing is not None
    assert (action.do, action.thing.noun, action.thing.colour) == CHANGES[prompt]


@pytest.mark.parametrize(
    ("prompt", "noun", "colour"),
    [
        ("make the red car blue", "car", "blue"),
        ("change the car's color to green", "car", "green"),
        ("change the colour of the car from red to blue", "car", "blue"),
        ("paint the house yellow", "house", "yellow"),
    ],
)
def test_a_thing_gets_the_colour_it_does_not_have(prompt: str, noun: str, colour: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert action.thing is not None
    assert (action.do, action.thing.noun, action.colour) == ("recolour", noun, NAMED[colour])


def test_places_sizes_and_spots_are_understood() -> None:
    (balloon,) = read_instruction("add a huge balloon at the bottom right").actions
    (birds,) = read_instruction("add three birds in the sky").actions
    (hat,) = read_instruction("put a hat on the cat").actions
    assert balloon.place == (0.8, 0.78)
    assert balloon.size == 0.62
    assert birds.thing is not None
    assert (birds.thing.count, birds.spot) == (3, "sky")
    assert hat.spot == "head"


@pytest.mark.parametrize("prompt", ["put a top hat on the cat", "put a crown on top of its head"])
def test_on_top_is_no_corner_of_the_picture(prompt: str) -> None:
    (worn,) = read_instruction(prompt).actions
    assert (worn.place, worn.spot) == (None, "head")


def test_several_wishes_come_in_the_order_they_are_carried_out() -> None:
    found = read_instruction("Make it black and white, add a dog and remove the car. Make it snow").actions
    assert [action.do for action in found] == ["remove", "weather", "add", "tone"]


def test_a_colour_alone_tints() -> None:
    (action,) = read_instruction("in blue tones").actions
    assert (action.do, action.colour) == ("tint", NAMED["blue"])


SHADES = {
    "blur the background": ("tone", "blurred", "far"),
    "make the background blurry": ("tone", "blurred", "far"),
    "sharpen the image": ("tone", "sharp", ""),
    "darken the sky": ("tone", "dark", "sky"),
    "make the foreground brighter": ("tone", "bright", "near"),
    "make the background black and white": ("tone", "black and white", "far"),
    "make everything black and white except the cat": ("tone", "black and white", "far"),
    "increase the contrast": ("tone", "contrast", ""),
    "make it less bright": ("tone", "dark", ""),
    "less dark": ("tone", "bright", ""),
    "reduce the contrast": ("tone", "soft", ""),
    "lower the saturation": ("tone", "muted", ""),
    "make the sky purple": ("tint", NAMED["purple"], "sky"),
    "change the sky to orange": ("tint", NAMED["orange"], "sky"),
    "turn the sky green": ("tint", NAMED["green"], "sky"),
    "Change the background to solid red": ("tint", NAMED["red"], "far"),
    "colour everything red": ("tint", NAMED["red"], ""),
}


@pytest.mark.parametrize("prompt", SHADES)
def test_a_tone_or_colour_is_of_the_part_that_is_named(prompt: str) -> None:
    (action,) = read_instruction(prompt).actions
    assert (action.do, action.colour or action.name, action.spot) == SHADES[prompt]


def test_a_tone_of_a_thing_is_of_the_thing() -> None:
    (action,) = read_instruction("make the car darker").actions
    assert action.thing is not None
    assert (action.do, action.name, action.thing.noun) == ("tone", "dark", "car")


NOT_KNOWN = [
    "make the eyes blue", "change hair color to red", "add a white border", "make the water blue",
    "make the grass green", "change red to blue", "make all red things blue", "rends le ciel violet",
    "make the car less red", "fewer trees", "make it not snowing", "stop the rain", "make the rain stop",
    "it should not be night", "not at night", "with no stars", "add no people", "move the cat to the left",
    "swap the cat and the dog", "make the cat bigger", "set the house on fire", "let the cat fall",
    "light the candle", "remove snow from the mountain", "only the cat in colour", 'add the text "night"',
    "write 'add a cat' on it", "zoom in", "flip horizontally", "make her smile", "mach den Himmel lila",
    "添加一只猫", "أضف قطة", "夜にして", "🐈➡️🐕", "add a 🐈", "brighten her face",
]  # fmt: skip


@pytest.mark.parametrize("prompt", NOT_KNOWN)
def test_what_cannot_be_done_is_left_and_named(prompt: str) -> None:
    found = read_instruction(prompt)
    assert (found.actions, found.unread) == ((), (prompt,))


@pytest.mark.parametrize("prompt", ["make the eyes blue", "make the shirt green", "brighten her face"])
def test_a_mask_shows_what_nobody_finds(prompt: str) -> None:
    (action,) = read_instruction(prompt, masked=True).actions
    assert action.do in {"tint", "tone"}
    assert read_instruction(prompt, masked=True).unread == ()


@pytest.mark.parametrize(
    ("prompt", "unread"),
    [
        ("Make it night, make her Smile and add a cat", ("make her Smile",)),
        ("Hello! Please add a cat. Thank you", ()),
        ("make it night, but keep the cat, the dog", ()),
        ("add a cat, no people", ()),
        ('Add a hat. Write "Sale, 50 %" below', ('Write "Sale, 50 %" below',)),
        ("add a cat, a dog, a bird, a fish, a cow, a sheep, a horse", ("a horse",)),
        ("don't add anything", ()),
    ],
)
def test_each_clause_that_is_left_out_is_named(prompt: str, unread: tuple[str, ...]) -> None:
    assert read_instruction(prompt).unread == unread


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("remove the cat, the dog and the bird", [("remove", "cat"), ("remove", "dog"), ("remove", "bird")]),
        ("remove the cat and the dog", [("remove", "cat"), ("remove", "dog")]),
        ("make it night, no people", [("weather", None)]),
        ("I want the cat removed", [("remove", "cat")]),
        ("the cat should be removed", [("remove", "cat")]),
        ("I don't want the cat", [("remove", "cat")]),
        ("replace the hat with nothing", [("remove", "hat")]),
        ("a dog instead of the cat", [("replace", "dog")]),
        ("I'd like a dog instead of the cat", [("replace", "dog")]),
        ("keep only the cat", [("backdrop", None)]),
        ("turn night into day", [("weather", None)]),
        ("make the man wear a hat", [("add", "hat")]),
        ("put a hat on the puppy", [("add", "hat")]),
        ("put the hat on the cat", [("add", "hat")]),
        ("add sunglasses to the cat and a tie to the dog", [("add", "sunglasses"), ("add", "tie")]),
        ("add a cat in the lower right corner", [("add", "cat")]),
        ("add a bright red balloon", [("add", "balloon")]),
        ("add a stop sign", [("add", "stop sign")]),
        ("cover the cat with snow", [("weather", None)]),
        ("make the snow red", [("weather", None)]),
        ("change the car's colour to blue", [("recolour", "car")]),
    ],
)
def test_a_wish_as_people_put_it(prompt: str, wanted: list[tuple[str, str | None]]) -> None:
    found = read_instruction(prompt).actions
    assert [(action.do, action.thing.noun if action.thing else None) for action in found] == wanted


def test_every_word_leads_to_something_that_can_be_drawn() -> None:
    assert set(WEATHER_WORDS.values()) <= set(WEATHERS)
    assert {weather.sky for weather in WEATHERS.values()} <= {*SKIES, ""}
    assert set(STYLE_WORDS.values()) == set(MEDIA) - {"legacy"}
    assert set(TONE_WORDS.values()) == set(TONES)
    assert set(BACKDROP_WORDS.values()) <= set(BACKDROPS)


@pytest.mark.parametrize("noun", THINGS)
def test_every_thing_can_be_added(noun: str) -> None:
    (action,) = read_instruction(f"add a {noun}").actions
    assert action.thing is not None
    assert (action.do, action.thing.noun) == ("add", noun)


@given(st.text(max_size=300))
def test_any_text_is_read(prompt: str) -> None:
    assert len(read_instruction(prompt).actions) <= MOST_ACTIONS
