"""The commands an admin's scripts call: what they say, what they store, how they exit."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import cli
from app.database.doors import Database
from tests.arena.test_packs import Pack
from tests.command import Result
from tests.factories import picture_bytes

COMPETITION = """
slug = "teapot"
title = "Teapot"
categories = []
prompt = "a teapot"
frame = [64, 64]
status = "open"
"""


def test_seeding_twice_changes_nothing(arena: Callable[..., Result]) -> None:
    code, said, _ = arena("seed")
    assert code == 0
    assert "created    competitions  vintage-cafe-logo" in said
    assert "created    image_models  dall-e-2" in said
    code, said, _ = arena("seed", "--json")
    changes = json.loads(said)
    assert code == 0
    assert {change["kind"] for change in changes} == {"unchanged"}
    assert len(changes) > 1000


def test_the_seven_competitions(arena: Callable[..., Result]) -> None:
    arena("seed")
    listed = {row["slug"]: row for row in json.loads(arena("competition", "list", "--json")[1])}
    assert set(listed) == {
        "modern-clean-menu",
        "vintage-cafe-logo",
        "apollo-11",
        "capybara-taxi-driver",
        "fantasy-warrior",
        "baby-animals",
        "geometric-composition",
    }
    assert listed["vintage-cafe-logo"]["categories"] == ["text-rendering", "product-branding-commercial"]
    assert listed["baby-animals"]["categories"] == listed["geometric-composition"]["categories"] == []
    assert {row["status"] for row in listed.values()} == {"open"}


def test_a_competition_from_a_file(arena: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "teapot.toml"
    file.write_text(COMPETITION)
    assert arena("competition", "new", str(file))[:2] == (0, "created teapot\n")
    assert arena("competition", "new", str(file))[:2] == (0, "unchanged teapot\n")
    file.write_text(COMPETITION.replace('"Teapot"', '"The Teapot"'))
    assert arena("competition", "new", str(file))[:2] == (0, "changed teapot\n")
    assert arena("competition", "close", "teapot")[:2] == (0, "teapot is now closed\n")
    assert arena("competition", "close", "teapot")[:2] == (0, "teapot is already closed\n")
    assert arena("competition", "open", "teapot")[:2] == (0, "teapot is now open\n")
    assert arena("competition", "new", str(file))[:2] == (0, "unchanged teapot\n")
    assert arena("competition", "close", "teapot")[:2] == (0, "teapot is now closed\n")
    assert arena("competition", "new", str(file))[:2] == (0, "unchanged teapot\n")
    assert arena("competition", "open", "teapot", "--reason", "too early")[:2] == (0, "teapot is now open\n")
    code, _, complaint = arena("competition", "open", "kettle")
    assert (code, "unknown_competition" in complaint) == (2, True)


def test_a_picture_stands_in_one_competition(arena: Callable[..., Result], tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    image.write_bytes(picture_bytes(1))
    for slug in ("teapot", "kettle"):
        (tmp_path / f"{slug}.toml").write_text(COMPETITION.replace('"teapot"', f'"{slug}"'))
        arena("competition", "new", str(tmp_path / f"{slug}.toml"))
    assert arena("entry", "add", "teapot", "alpha", str(image))[0] == 0
    code, _, complaint = arena("entry", "add", "kettle", "alpha", str(image))
    assert (code, complaint) == (
        2,
        (
            "it looks like sample 0 of alpha in teapot: a picture judged blind stands in one place only "
            "(entry_refused)\n"
        ),
    )
    image.write_bytes(picture_bytes(2))
    arena("entry", "add", "kettle", "alpha", str(image))
    database = Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}")
    database.write(lambda session: session.execute(text("UPDATE entries SET perceptual_hash = 5")) and None)
    database.close()
    code, _, complaint = arena("competition", "close", "teapot")
    assert (code, complaint) == (
        2,
        (
            "sample 0 of alpha in teapot looks like sample 0 of alpha in kettle: it would tell who made it; "
            "withdraw one of the two (arena entry withdraw) (stands_elsewhere)\n"
        ),
    )
    assert arena("entry", "withdraw", "kettle", "alpha", "--reason", "twice")[0] == 0
    assert arena("competition", "close", "teapot")[:2] == (0, "teapot is now closed\n")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('slug = "Teapot!"', "teapot.toml line 7: slug"),
        ("frame = [10, 64]", "teapot.toml line 7: frame.1"),
        ('status = "ajar"', "teapot.toml line 7: status"),
        ('colour = "red"', "teapot.toml line 8: colour"),
        ('mode = "image-edit"', "input image"),
        ('categories = ["kitchen"]', "there is no category kitchen"),
        ("frame = [", "teapot.toml line 7: this is no value"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(
    arena: Callable[..., Result], tmp_path: Path, line: str, complaint: str
) -> None:
    file = tmp_path / "teapot.toml"
    key = line.split(" = ", maxsplit=1)[0]
    file.write_text("\n".join(kept for kept in COMPETITION.splitlines() if not kept.startswith(key)) + "\n" + line)
    code, _, said = arena("competition", "new", str(file))
    assert code == 2
    assert complaint in said
    assert json.loads(arena("competition", "list", "--json")[1]) == []


def test_what_people_voted_on_cannot_change(arena: Callable[..., Result], tmp_path: Path) -> None:
    file, image = tmp_path / "teapot.toml", tmp_path / "a.png"
    file.write_text(COMPETITION)
    image.write_bytes(picture_bytes(1))
    arena("competition", "new", str(file))
    assert arena("entry", "add", "teapot", "alpha", str(image))[:2] == (0, "added alpha sample 0 in teapot\n")
    assert arena("entry", "add", "teapot", "alpha", str(image))[1] == "unchanged alpha sample 0 in teapot\n"
    file.write_text(COMPETITION.replace("a teapot", "a kettle"))
    code, _, complaint = arena("competition", "new", str(file))
    assert (code, "prompt: cannot change" in complaint) == (2, True)
    image.write_bytes(b"no image")
    code, _, complaint = arena("entry", "add", "teapot", "beta", str(image))
    assert (code, "invalid_image" in complaint) == (2, True)
    assert "now withdrawn" in arena("entry", "withdraw", "teapot", "alpha", "--reason", "a logo")[1]
    assert "already withdrawn" in arena("entry", "withdraw", "teapot", "alpha", "--reason", "a logo")[1]
    assert arena("entry", "withdraw", "teapot", "gamma", "--reason", "none")[0] == 2


def test_a_pack_is_reported(arena: Callable[..., Result], tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack")
    pack.competition("lamp")
    pack.image("lamp", "alpha", picture_bytes(1))
    pack.image("lamp", "beta", picture_bytes(2), sha256="0" * 64)
    pack.write()
    code, said, _ = arena("import-pack", str(pack.folder))
    assert code == 1
    assert "refused  lamp/beta.png: its sha256 is not the manifest's" in said
    assert "1 competition: 1 image taken, 0 already there, 1 refused" in said
    code, said, _ = arena("import-pack", str(pack.folder), "--json", "--allow-refused")
    assert (code, json.loads(said)["unchanged"]) == (0, 1)
    assert arena("import-pack", str(tmp_path / "nowhere"))[0] == 2
    assert arena("recompute", "--verify")[0] == 0


def test_an_old_database_is_not_migrated_unasked(arena: Callable[..., Result], tmp_path: Path) -> None:
    arena("competition", "list")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}")
    database.migrate("0002")
    code, _, complaint = arena("competition", "list")
    assert (code, "--migrate" in complaint) == (2, True)
    assert arena("competition", "list", "--migrate")[0] == 0
    assert database.pending() == []
    database.close()


def test_a_wrong_setting_stops_the_start(arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHUP_SECONDS", "soon")
    code, _, complaint = arena("competition", "list")
    assert (code, "MATCHUP_SECONDS" in complaint) == (2, True)
    monkeypatch.delenv("MATCHUP_SECONDS")
    monkeypatch.setenv("PROFILE", "public")
    code, _, complaint = arena("competition", "list")
    assert (code, "SECRET_KEY" in complaint) == (2, True)


@pytest.mark.parametrize("words", [["--help"], ["seed", "--help"], ["rate", "--help"], ["entry", "add", "--help"]])
def test_every_command_explains_itself(arena: Callable[..., Result], words: list[str]) -> None:
    code, said, _ = arena(*words)
    assert (code, "Usage: arena" in said) == (0, True)


def test_the_list_tells_the_first_sentence_of_each() -> None:
    context = click.Context(cli.group)
    for name in cli.group.list_commands(context):
        command = cli.group.get_command(context, name)
        assert command
        assert command.get_short_help_str(1000) == cli.COMMANDS[name]


def test_the_list_loads_no_command() -> None:
    slow = {"sqlalchemy", "pydantic", "numpy", "flask", "httpx"}
    code = "import sys; from app import cli; cli.group(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not slow & set(done.stdout.splitlines()[-1].split())


def test_rating_a_file_loads_numbers_and_no_database(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text("model_a,model_b,winner\none,other,model_a\n")
    code = "import sys; from app import cli; cli.group(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    words = [sys.executable, "-c", code, "rate", str(tmp_path / "votes.csv")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "numpy" in loaded
    assert not {"sqlalchemy", "pydantic", "flask", "httpx", "PIL", "alembic"} & loaded


@pytest.mark.parametrize(
    "words", [["nonsense"], ["seed", "--colour"], ["rate"], ["competition", "new", "no.toml"]]
)
def test_bad_usage_exits_with_two(arena: Callable[..., Result], words: list[str]) -> None:
    assert arena(*words)[0] == 2


def test_what_a_database_refuses_is_told_without_the_statement(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise IntegrityError(
            "INSERT INTO votes (voter) VALUES (?)", ("a secret",), ValueError("UNIQUE failed\nmore")
        )

    monkeypatch.setattr(cli, "group", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "The database refused what this command wanted to store: UNIQUE failed.\n"


def test_a_competition_s_file_may_name_a_category_twice_and_a_place_is_a_small_number(
    arena: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "categories.toml").write_text('[[categories]]\nslug = "logos"\ntitle = "Logos"\n')
    text = 'slug = "cap"\ntitle = "Cap"\nprompt = "a cap"\ncategories = ["logos", "logos"]\n'
    (tmp_path / "cap.toml").write_text(text)
    assert arena("seed", str(tmp_path))[0] == 0
    (tmp_path / "categories.toml").write_text(f'[[categories]]\nslug = "a"\ntitle = "A"\nposition = {10**30}\n')
    code, _, complained = arena("seed", str(tmp_path))
    assert (code, "position: the number is at most 1000000" in complained) == (2, True)
