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
    ("masked", "instead"), [(False, "redrawn in the model's own manner"), (True, "is filled")]
)
def test_an_edit_that_is_not_understood_says_what_happens_instead(masked: bool, instead: str) -> None:
    (unmet,) = find_unmet_in_edit("make her smile", masked=masked)
    assert instead in unmet.reason


def test_what_stands_beyond_the_part_that_is_read_is_named() -> None:
    prompt = "add a cat, " + "please, " * 500 + "add a dog"
    for found in (find_unmet(prompt), find_unmet_in_edit(prompt, masked=False)):
        assert found[-1].asked.endswith("add a dog")
        assert "4000 characters" in found[-1].reason


@given(st.text(max_size=300))
def test_any_text_is_taken(prompt: str) -> None:
    assert all(one.reason for one in (*find_unmet(prompt), *find_unmet_in_edit(prompt, masked=True)))
