"""What the painter reads out of a prompt."""

import pytest

from app.painter.brief import read
from app.painter.colour import NAMED
from app.painter.scenes import SCENES, choose
from app.painter.things import THINGS
from app.painter.vocabulary import NOUNS, SYNONYMS
from tests.painter.prompts import PARAPHRASES, SEEDS

VISOR = (
    "airplane apple backpack banana baseball-bat bear bed bench bicycle boat book bottle bowl bus"
    " cake car carrot cat cell-phone chair clock couch cow cup dining-table dog donut elephant "
    "fire-hydrant frisbee horse hot-dog laptop mouse orange oven pizza potted-plant refrigerator "
    "sandwich sheep sink skateboard snowboard sports-ball stop-sign suitcase surfboard teddy-bear"
    " tie toaster toilet toothbrush traffic-light truck tv umbrella vase wine-glass zebra"
)


@pytest.mark.parametrize("scene", SEEDS)
def test_each_seed_prompt_has_its_own_scene(scene: str) -> None:
    assert choose(read(SEEDS[scene])) == scene


@pytest.mark.parametrize(("scene", "prompt"), [(s, p) for s, many in PARAPHRASES.items() for p in many])
def test_a_paraphrase_picks_the_same_scene(scene: str, prompt: str) -> None:
    assert choose(read(prompt)) == scene


@pytest.mark.parametrize(
    "prompt",
    [
        "a red car and two sheep", "a sheep to the right of a snowboard", "a book above a vase", "a lovely cat",
        "a wine glass, a dining table and a book", "a dog", "the moon above a house", "a taxi", "", "a knight",
    ],
)  # fmt: skip
def test_other_prompts_are_about_things(prompt: str) -> None:
    assert choose(read(prompt)) == "things"


@pytest.mark.parametrize("prompt", ["Portrait of a woman with bright blue hair", "headshot of an old man"])
def test_people_sit_for_portraits(prompt: str) -> None:
    assert choose(read(prompt)) == "portrait"


def test_every_word_leads_to_a_drawing() -> None:
    assert set(SYNONYMS) == set(THINGS)
    assert set(NOUNS.values()) == set(THINGS)
    assert {noun.replace("-", " ") for noun in VISOR.split()} <= set(THINGS)
    assert "things" in SCENES


@pytest.mark.parametrize("noun", THINGS)
def test_one_and_many_of_every_noun(noun: str) -> None:
    (one,) = read(f"a {noun}").wanted
    (three,) = read(f"three purple {noun}").wanted
    assert (one.noun, one.count, one.colour) == (noun, 1, None)
    assert (three.noun, three.count, three.colour) == (noun, 3, NAMED["purple"])


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("two dogs and a mouse", [("dog", 2), ("mouse", 1)]),
        ("buses", [("bus", 2)]),
        ("a pair of skis near a pair of dogs", [("skis", 1), ("dog", 2)]),
        ("knives, mice and butterflies", [("knife", 2), ("mouse", 2), ("butterfly", 2)]),
        ("a hot dog, a teddy bear and a fire hydrant", [("hot dog", 1), ("teddy bear", 1), ("fire hydrant", 1)]),
        ("a dog. The dog runs", [("dog", 1)]),
        ("14 cats", [("cat", 9)]),
        ("ten cats", [("cat", 9)]),
        ("half a dozen cats", [("cat", 6)]),
        ("a flock of sheep", [("sheep", 5)]),
        ("a pile of books", [("book", 5)]),
        ("a row of three houses", [("house", 3)]),
        ("a school bus and a group portrait of cats", [("bus", 1), ("cat", 2)]),
        ("a man and a woman", [("person", 1), ("person", 1)]),
        ("a woman. The woman smiles. The person waves", [("person", 1)]),
        ("a golden retriever puppy, a tabby kitten and a human child", [("dog", 1), ("cat", 1), ("person", 1)]),
        ("golden retriever puppies", [("dog", 2)]),
        ("a cat and no golden retriever puppies", [("cat", 1)]),
        ("a corgi and a retriever", [("dog", 1), ("dog", 1)]),
        ("a kitten. The cat sleeps", [("cat", 1)]),
    ],
)
def test_counts_and_plurals(prompt: str, expected: list[tuple[str, int]]) -> None:
    assert [(want.noun, want.count) for want in read(prompt).wanted] == expected


@pytest.mark.parametrize(
    ("prompt", "capped"),
    [
        ("ten cats", "10 cats"),
        ("a dozen cats", "12 cats"),
        ("two dozen cats", "24 cats"),
        ("twenty-one cats", "21 cats"),
        ("three hundred cats", "300 cats"),
        ("hundreds of cats", "100 cats"),
        ("one two " * 400 + "three hundred cats", "300 cats"),
    ],
)
def test_what_is_more_than_nine_is_noted(prompt: str, capped: str) -> None:
    brief = read(prompt)
    assert [want.count for want in brief.wanted] == [9]
    assert brief.capped == (capped,)


@pytest.mark.parametrize(
    ("prompt", "nouns"),
    [
        ("Los Angeles, red car", ["car"]),
        ("a Les Paul and a hat", ["hat"]),
        ("MIT hat", ["hat"]),
        ("pizza con hat", ["pizza", "hat"]),
        ("cat, the sea, de la Cruz", ["cat"]),
        ("ein Mann hat einen Robot", ["robot"]),
        ("une pizza, car il pleut", ["pizza"]),
        ("un robot sin pizza y con una rose", ["robot"]),
        ("ein Robot ohne Pizza, mit Rose", ["robot", "flower"]),
    ],
)
def test_words_of_other_languages_are_not_taken_for_english(prompt: str, nouns: list[str]) -> None:
    assert [want.noun for want in read(prompt).wanted] == nouns


def test_kinds_beyond_the_sixth_are_noted() -> None:
    brief = read("a car, a bus, a truck, a train, a boat, a plane, a bicycle and a motorcycle")
    assert (len(brief.wanted), brief.beyond) == (6, ("bicycle", "motorcycle"))


def test_what_is_quoted_or_numbered_is_no_thing() -> None:
    brief = read('a sign "24 HOURS, 3 cats" with a donut. 1. Mix flour 2. Add eggs 3. Bake the cake')
    assert [(want.noun, want.count) for want in brief.wanted] == [("donut", 1), ("cake", 1)]
    assert brief.steps == ("Mix flour", "Add eggs", "Bake the cake")


def test_colours_belong_to_their_noun() -> None:
    brown, black, tree = read("The brown dog chases the black dog around the tree.").wanted
    assert (brown.colour, black.colour, tree.colour) == (NAMED["brown"], NAMED["black"], None)


def test_orange_is_a_colour_before_a_noun_and_a_fruit_elsewhere() -> None:
    assert [want.noun for want in read("an orange above a train").wanted] == ["orange", "train"]
    (cat,) = read("an orange cat").wanted
    assert (cat.noun, cat.colour) == ("cat", NAMED["orange"])


@pytest.mark.parametrize(
    ("phrase", "side"),
    [("to the left of", "left"), ("to the right of", "right"), ("above", "above"), ("under", "below"),
     ("below", "below"), ("on top of", "on"), ("next to", "near")],
)  # fmt: skip
def test_relations(phrase: str, side: str) -> None:
    (relation,) = read(f"a horse {phrase} a clock").relations
    assert (relation.one, relation.side, relation.other) == (0, side, 1)


def test_quotes_steps_and_names() -> None:
    apollo = read(SEEDS["apollo"])
    assert apollo.steps == ("Launch", "Earth Orbit", "Translunar", "Lunar Orbit", "Descent", "Landing")
    assert apollo.names == ("Armstrong", "Aldrin", "Collins")
    assert apollo.quotes == ("Tranquility",)
    assert read(SEEDS["emblem"]).quotes == ("Caffè Florian", "Est. 1720")
    assert read("a lovely cat holding a sign says 'flux.cpp'").quotes == ("flux.cpp",)
    assert read("it's the dog's bone, isn't it").quotes == ()


def test_light_is_read() -> None:
    assert read(SEEDS["cube"]).light == -1
    assert read("light from the right").light == 1
    assert read("a cat").light == 0


@pytest.mark.parametrize(
    ("prompt", "nouns"),
    [
        ("a street with no people", []),
        ("a beach without people", []),
        ("a cat without a hat", ["cat"]),
        ("a cat without a hat and a dog", ["cat", "dog"]),
        ("a dog but not a cat", ["dog"]),
        ("a cat instead of a dog", ["cat"]),
        ("neither cats nor dogs", []),
        ("no cats or dogs", []),
        ("no cats and dogs", []),
        ("don't draw a cat", []),
        ("a bowl with no red apples in it", ["bowl"]),
        ("a room devoid of chairs", []),
        ("a cat-free room", []),
        ("zero cats, 0 dogs", []),
        ("a cat --no dogs, birds --ar 16:9", ["cat"]),
        ("a cat. Negative prompt: dog, bird", ["cat"]),
        ("not only a cat", ["cat"]),
        ("without a doubt a cat", ["cat"]),
        ("a dog not sleeping next to a cat", ["dog", "cat"]),
        ("a house, no smoking sign beside a bench", ["house", "bench"]),
        ("no fewer than three cats", ["cat"]),
        ("a cat not wearing a hat", ["cat"]),
        ("a house free of people near a boat", ["house", "boat"]),
        ("a cat free to roam beside a dog", ["cat", "dog"]),
        ("a sign that says no parking next to a red car", ["car"]),
    ],
)
def test_what_is_denied_is_not_drawn(prompt: str, nouns: list[str]) -> None:
    assert [want.noun for want in read(prompt).wanted] == nouns


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("red and blue balloons", [(1, "red"), (1, "blue")]),
        ("six red, blue and green balloons", [(2, "red"), (2, "blue"), (2, "green")]),
        ("a red and white balloon", [(1, "white")]),
        ("a white wall and two red balloons", [(2, "red")]),
        ("a balloon that is red", [(1, "red")]),
        ("a balloon in red", [(1, "red")]),
        ("a balloon in a red house", [(1, None)]),
        ("one red and one blue balloon", [(1, "red"), (1, "blue")]),
        ("two red and three blue balloons", [(2, "red"), (3, "blue")]),
        ("a red and a blue balloon", [(1, "red"), (1, "blue")]),
        ("green, yellow and red balloons", [(1, "green"), (1, "yellow"), (1, "red")]),
        ("a black and white photo of two balloons", [(2, None)]),
        ("a cat is black and a balloon is white", [(1, "white")]),
        ("a white wall and two balloons", [(2, None)]),
        ("a lion with green eyes and a balloon", [(1, None)]),
        ("a woman in a red dress holding a balloon", [(1, None)]),
        ("three lions and balloons", [(2, None)]),
        ("a red, a blue and a green balloon", [(1, "red"), (1, "blue"), (1, "green")]),
        ("two balloons, one red and one blue", [(1, "red"), (1, "blue")]),
        ("three balloons: one red, one blue and another in green", [(1, "red"), (1, "blue"), (1, "green")]),
        ("two balloons, one red and one blue cat", [(2, None)]),
        ("a balloon in a field. The balloon is red", [(1, "red")]),
        ("two balloons; the balloons are red", [(2, "red")]),
        ("A balloon flew away. The balloon was red.", [(1, "red")]),
        ("a red balloon. The blue balloon flies", [(1, "red"), (1, "blue")]),
        ("route 66 and a balloon", [(1, None)]),
        ("apollo 11 balloon", [(1, None)]),
    ],
)
def test_each_colour_goes_to_its_thing(prompt: str, kinds: list[tuple[int, str | None]]) -> None:
    found = [(want.count, want.colour) for want in read(prompt).wanted if want.noun == "balloon"]
    assert found == [(count, NAMED[colour] if colour else None) for count, colour in kinds]
