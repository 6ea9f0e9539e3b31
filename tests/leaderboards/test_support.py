"""What a board rests on is said where it is little, with what would help most; of a grown board nothing is."""

from typing import Any

import pytest

from app.database.doors import Database
from app.leaderboards.integrity.certificates import Certificate
from app.leaderboards.integrity.support import describe_support, judge_support, read_support
from tests.factories import NOW
from tests.leaderboards.logs import judged


def parts(voters: int, *, votes: float = 50.0, prompts: float = 20.0, tastes: float = 10.0) -> dict[str, Any]:
    row = [votes, prompts, tastes, 5.0]
    return {"voters": {"count": voters}, "models": {"1": row, "2": row}}


def certificate(flips: int, votes: int = 400) -> Certificate:
    flipped = {"votes": flips, "challenger": "two", "changes": []}
    return Certificate(NOW, votes, "one", "two", 4, {}, {"flipped": flipped})


@pytest.mark.parametrize(
    ("voters", "prompts", "flips", "said"),
    [
        (1, 9, 20, ["It rests on one voter: it is that person's taste.", "More votes would help most."]),
        (3, 9, 20, ["It rests on three voters: it is their taste.", "More votes would help most."]),
        (40, 2, 20, ["It rests on two prompts: another prompt may turn it.", "More prompts would help most."]),
        (40, 1, 20, ["It rests on one prompt: another prompt may turn it.", "More prompts would help most."]),
        (
            40,
            9,
            1,
            [
                "Its first place hangs by a thread: one vote cast otherwise would change it.",
                "More votes would help most.",
            ],
        ),
        (6, 3, 4, []),
    ],
)
def test_little_is_called_little(voters: int, prompts: int, flips: int, said: list[str]) -> None:
    support = judge_support(parts(voters), 400, prompts, certificate(flips))
    assert list(describe_support(support)) == said
    assert support.is_thin == bool(said)


@pytest.mark.parametrize(("counted", "flips"), [(364, 1), (440, 1), (363, None), (450, None), (40, None)])
def test_what_was_counted_of_another_board_says_nothing_of_this_one(counted: int, flips: int | None) -> None:
    support = judge_support(parts(40), 400, 9, certificate(1, counted))
    assert support.flips == flips
    assert support.is_thin == (flips is not None)


@pytest.mark.parametrize(
    ("widths", "remedy"),
    [({}, "votes"), ({"prompts": 80.0}, "prompts"), ({"tastes": 80.0}, "voters")],
)
def test_the_widest_part_names_the_remedy(widths: dict[str, float], remedy: str) -> None:
    assert judge_support(parts(9, **widths), 400, 9, None).remedy == remedy


def test_a_competition_is_about_its_one_prompt() -> None:
    support = judge_support(parts(40), 400, None, certificate(9))
    assert list(describe_support(support)) == []


def test_a_run_of_method_version_1_says_what_it_can() -> None:
    support = judge_support(None, 400, 2, None)
    assert list(describe_support(support)) == ["It rests on two prompts: another prompt may turn it."]


def test_a_board_is_read_as_it_is_now(database: Database) -> None:
    with database.reading() as session:
        assert read_support(session, "text-to-image", None) is None
    judged(database, 200)
    with database.reading() as session:
        overall = read_support(session, "text-to-image", None)
        competition = read_support(session, "competition:c1", None)
    assert overall is not None
    assert competition is not None
    assert 0 < competition.votes < overall.votes <= 200
    assert (overall.prompts, competition.prompts) == (3, None)
    assert overall.remedy in {"voters", "prompts", "votes"}
