"""`arena question`, a competition file's own questions, and `arena rate` on an export with several."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.votes_file import InvalidVotes, read
from tests.cli.test_commands import COMPETITION
from tests.command import Result

EXPORT = """model_a,model_b,winner,competition,category,voter,at,question
x,y,model_a,c,,v1,2026-11-22T12:00:00Z,better
x,y,model_b,c,,v1,2026-11-22T12:00:00Z,prompt
x,z,model_b,c,,v2,2026-11-22T12:00:00Z,prompt
"""


def listed(arena: Callable[..., Result]) -> dict[str, dict[str, object]]:
    return {row["slug"]: row for row in json.loads(arena("question", "list", "--json")[1])}


def test_questions_are_switched_on_changed_and_retired(arena: Callable[..., Result]) -> None:
    assert [slug for slug, row in listed(arena).items() if not row["retired"]] == ["better"]
    code, said, _ = arena("question", "add", "prompt", "--share", "0.25")
    assert code == 0
    assert "Which follows the prompt more closely?" in said
    assert (listed(arena)["prompt"]["share"], listed(arena)["prompt"]["retired"]) == (0.25, False)
    assert arena("question", "retire", "prompt")[1] == "prompt is now retired\n"
    assert arena("question", "retire", "prompt")[1] == "prompt is already retired\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "calm"), "say the words"),
        (("add", "calm", "--words", " "), "one line"),
        (("add", "calm", "--words", "Which\nis calmer?"), "one line"),
        (("add", "Calm!", "--words", "Which is calmer?"), "no slug"),
        (("add", "prompt", "--share", "0"), "0"),
        (("add", "prompt", "--share", "nan"), "no number"),
        (("add", "prompt", "--category", "nowhere"), "nowhere"),
        (("retire", "better"), "can't be retired"),
        (("retire", "beauty"), "The questions are"),
        (("retire", "promt"), "did you mean 'prompt'?"),
        (("add", "promt"), "did you mean 'prompt'?"),
        (("add", "better", "--mode", "image-edit"), "asked everywhere"),
        (("add", "better", "--category", "portrait"), "portrait"),
        (("add", "prompt", "--mode", "video"), "'video' is not one of"),
        (("add", "prompt", "--share", "-1"), "-1"),
        (("add", "prompt", "--share", "inf"), "inf"),
        (("add", "prompt", "--share", "1001"), "1001"),
        (("add", "prompt", "--share", "much"), "much"),
        (("add", "calm", "--words", "W" * 81), "1 to 80"),
        (("add", "calm", "--words", "Which is \u202ecalmer?"), "control characters"),
        (("add", "c" * 41, "--words", "Which is calmer?"), "no slug"),
        (("add", "calm-", "--words", "Which is calmer?"), "no slug"),
        (("add", "", "--words", "Which is calmer?"), "no slug"),
    ],
)
def test_what_a_question_cannot_be(arena: Callable[..., Result], words: tuple[str, ...], told: str) -> None:
    code, _, complained = arena("question", *words)
    assert code != 0
    assert told in complained


def test_a_competition_file_names_its_questions(arena: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "teapot.toml"
    both = COMPETITION + "\n[questions]\nbetter = 2\nprompt = 1\n"
    file.write_text(both)
    code, _, complained = arena("competition", "new", str(file))
    assert code != 0
    assert "prompt is not asked in this arena; `arena question add prompt` asks it" in complained
    assert arena("question", "add", "prompt")[0] == 0
    assert arena("competition", "new", str(file))[0] == 0
    assert arena("competition", "open", "teapot")[0] == 0
    assert (
        arena("question", "retire", "prompt")[1] == "prompt is now retired; named by teapot, asked there no more\n"
    )
    file.write_text(both.replace("better = 2", "better = 3"))
    assert arena("competition", "new", str(file))[0] == 0
    file.write_text(COMPETITION + "\n[questions]\nbeauty = 1\n")
    code, _, complained = arena("competition", "new", str(file))
    assert code != 0
    assert "there is no question beauty" in complained
    file.write_text(COMPETITION + "\n[questions]\npromt = 1\n")
    assert "there is no question promt; did you mean 'prompt'?" in arena("competition", "new", str(file))[2]
    for wrong in ("better = 0", "better = -1", "better = nan", "better = 'much'", ""):
        file.write_text(COMPETITION + f"\n[questions]\n{wrong}\n")
        assert arena("competition", "new", str(file))[0] != 0


def test_an_export_is_rated_by_one_question(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text(EXPORT)
    assert read(file).counts.sum() == 1
    assert read(file, question="prompt").counts.sum() == 2
    with pytest.raises(InvalidVotes, match="photo"):
        read(file, question="photo")


def test_a_column_question_of_somebody_else_means_nothing(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("model_a,model_b,winner,question\nx,y,model_a,Who is calmer?\ny,x,tie,\n")
    assert read(file).counts.sum() == 2
    file.write_text("model_a,model_b,winner\nx,y,model_a\n")
    with pytest.raises(InvalidVotes, match="question"):
        read(file, question="prompt")
