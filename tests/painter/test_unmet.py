"""What the painters say they will leave out of a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.painter.unmet import find_unmet, find_unmet_in_edit


@pytest.mark.parametrize(
    ("prompt", "asked", "used", "reason"),
    [
        ("20 balloons over a house", "20 balloons", "9 balloons", "at most 9"),
        ('a sign that says "日本語"', "日本語", None, "日本語"),
        ('a sign that says "מזל Glück"', "מזל Glück", None, "מזל"),
        ('a sign that says "ok 😀"', "ok 😀", None, "😀"),
        (f'a sign that says "{"x" * 81}"', "x" * 81, None, "at most 80"),
        ("一只红色的猫", "一只红色的猫", None, "know nothing"),
        ("a lighthouse", "a lighthouse", None, "know nothing"),
        ("a cat and a tall lighthouse", "tall lighthouse", None, "nothing of this part"),
        ("a dog playing the piano", "playing the piano", None, "nothing of this part"),
        ("a bowl of soup with a spoon", "soup", None, "nothing of this part"),
        ("a cat made of glass", "glass", None, "nothing of this part"),
        ("a woman in a red dress", "red dress", None, "nothing of this part"),
        ("a black and white cat", "black", None, "nothing of this part"),
        ("a cat under a red sky", "red", None, "nothing of this part"),
        ("a house at dawn", "dawn", None, "nothing of this part"),
        ("a boat on a lake at night", "lake", None, "nothing of this part"),
        ("a cat beside 東京タワー", "東京タワー", None, "nothing of this part"),
        ("a cat and a Łabędź", "Łabędź", None, "nothing of this part"),
        ("un robot con una pizza", "un robot con una pizza", None, "read English"),
        ("que sea de noche, con una luna", "que sea de noche, con una luna", None, "know nothing"),
        ("ein Mann hat einen Hund", "ein Mann hat einen Hund", None, "know nothing"),
        ("a car, a bus, a truck, a train, a boat, a plane and a bicycle", "bicycle", None, "at most 6 kinds"),
    ],
)
def test_what_a_picture_will_lack_is_named(prompt: str, asked: str, used: str | None, reason: str) -> None:
    (unmet,) = find_unmet(prompt)
    assert (unmet.asked, unmet.used) == (asked, used)
    assert reason in unmet.reason


@pytest.mark.parametrize(
    "prompt",
    [
        "a cat",
        "two cats and three dogs",
        "A beautiful photo of a red fox in the snow, highly detailed, 8k",
        "three large red apples on a table without any lampposts",
        "a street with no lampposts and a car",
        "please draw me a small black cat to the left of a couch",
        "a cat wearing a hat, sitting on a bench in a park under a blue sky",
        "a neon sign that says 'OPEN' above a bus",
        "a cat --no lampposts",
        "only one cat",
        "A cat stands on a couch. The cat was black. The couch is red",
        "a red cat, a white and a grey dog on a plain white background",
        "a street",
        "no people",
        'a sign: "Łódź, Grüße & 5 €"',
        "a portrait of a man",
    ],
)
def test_nothing_is_named_where_the_prompt_is_met(prompt: str) -> None:
    assert find_unmet(prompt) == ()


def test_an_edit_names_the_clauses_that_are_left_out() -> None:
    (smile, birds) = find_unmet_in_edit("Make her smile, add 30 birds", masked=False)
    assert (smile.asked, smile.reason) == ("Make her smile", "The painters know no such edit.")
    assert (birds.asked, birds.used) == ("30 birds", "9 birds")


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("add a dog and a lighthouse", ["lighthouse"]),
        ("make it night with fireworks", ["fireworks"]),
        ("put it on a snowy street", ["street"]),
        ("replace the sky with a starry night over Paris", ["Paris"]),
        ("remove the car and the lamppost", ["lamppost"]),
        ("extend the image to the left", ["left"]),
        ("remove the ugly old car from the driveway", []),
        ("add a red hat to the astronaut", []),
        ("Could you please make the picture a bit brighter and warmer?", []),
        ("change the background to a beach at sunset", []),
        ("same image, but at night, without the cat", []),
        ("turn the lamppost into a tree", []),
        ("replace both cats with dogs", []),
        ("the background should be a city at night", []),
        ("add a small boat at the top left corner, and keep the lamppost", []),
    ],
)
def test_an_edit_names_what_else_its_clauses_ask_for(prompt: str, told: list[str]) -> None:
    assert [one.asked for one in find_unmet_in_edit(prompt, masked=False)] == told


@pytest.mark.parametrize(
    "prompt", ["in the style of the second image", "combine both images", "Use the palette of the other picture"]
)
def test_what_further_images_lend_is_nothing_that_lacks(prompt: str) -> None:
    assert find_unmet_in_edit(prompt, masked=False, further_images=True) == ()
    assert [one.asked for one in find_unmet_in_edit(prompt, masked=False)] == [prompt]
    (smile,) = find_unmet_in_edit(f"make her smile, {prompt}", masked=False, further_images=True)
    assert smile.asked == "make her smile"


@pytest.mark.parametrize(
    ("masked", "instead"), [(False, "redrawn in the model's own manner"), (True, "is filled")]
)
def test_an_edit_that_is_not_understood_says_what_happens_instead(masked: bool, instead: str) -> None:
    (unmet,) = find_unmet_in_edit("make her smile", masked=masked)
    assert instead in unmet.reason


@pytest.mark.parametrize("prompt", ["don't change anything", "use image 2", "please"])
def test_a_prompt_that_asks_for_nothing_is_told(prompt: str) -> None:
    (unmet,) = find_unmet_in_edit(prompt, masked=False)
    assert (unmet.asked, "redrawn" in unmet.reason) == (prompt, True)


def test_what_stands_beyond_the_part_that_is_read_is_named() -> None:
    prompt = "add a cat, " + "please, " * 500 + "add a dog"
    for found in (find_unmet(prompt), find_unmet_in_edit(prompt, masked=False)):
        (beyond,) = (one for one in found if "4000 characters" in one.reason)
        assert beyond.asked.endswith("add a dog")


@given(st.text(max_size=300))
def test_any_text_is_taken(prompt: str) -> None:
    assert all(one.reason for one in (*find_unmet(prompt), *find_unmet_in_edit(prompt, masked=True)))
