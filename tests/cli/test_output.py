"""What commands print: the same facts as JSON for a program and as lines for a person."""

import json
import os
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from app.cli.output import print_result, print_rows, progress_bar
from tests.command import Run


@dataclass(frozen=True)
class Teapot:
    name: str
    cups: int


def describe(teapot: Teapot) -> str:
    return f"{teapot.name} holds {teapot.cups}"


def test_a_result_is_json_or_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_result({"cups": 4}, "It holds 4.", as_json=False)
    assert capsys.readouterr().out == "It holds 4.\n"
    print_result({"cups": 4}, "It holds 4.", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"cups": 4}


def test_rows_are_json_or_lines(capsys: pytest.CaptureFixture[str]) -> None:
    teapots = [Teapot("Brown", 4), Teapot("Blue", 2)]
    print_rows(teapots, describe, as_json=False, if_none="There are none.")
    assert capsys.readouterr().out == "Brown holds 4\nBlue holds 2\n"
    print_rows(teapots, describe, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"name": "Brown", "cups": 4}, {"name": "Blue", "cups": 2}]


def test_no_rows_are_an_empty_list_or_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], describe, as_json=True, if_none="There are none.")
    assert json.loads(capsys.readouterr().out) == []
    print_rows([], describe, as_json=False, if_none="There are none.")
    assert capsys.readouterr().out == "There are none.\n"
    print_rows([], describe, as_json=False)
    assert capsys.readouterr().out == ""


def test_progress_leaves_the_output_clean(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("brewing", 3) as advance:
        advance(2)
        advance(1)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "3/3" in shown.err


def test_a_question_that_nobody_answers_says_so(arena: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (("demo", "clear"), ("setup",)):
        monkeypatch.setattr(sys, "stdin", StringIO())
        code, _, complaint = arena(*words)
        assert (code, complaint.splitlines()[-1].startswith("Nobody answered. ")) == (1, True), complaint


def test_a_word_that_is_not_utf_8_is_named(arena: Run) -> None:
    for words in (("competition", "close", "caf\udce9"), ("keys", "create", "--name", "caf\udce9")):
        code, _, complaint = arena(*words)
        assert (code, complaint.startswith("caf\\udce9 is not UTF-8. ")) == (2, True), complaint


@pytest.mark.parametrize("words", [("backup", "--force"), ("votes", "export"), ("votes", "export", "--full")])
def test_only_a_file_is_replaced(arena: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Root may put a file in the place of /dev/null or /dev/stdout, also where the latter leads to a file."""
    pipe, output, stream = tmp_path / "pipe", tmp_path / "stdout", tmp_path / "stream"
    os.mkfifo(pipe)
    with output.open("w") as kept:
        stream.symlink_to(f"/proc/self/fd/{kept.fileno()}")
        before = sorted(path.name for path in tmp_path.iterdir())
        for place in (str(pipe), str(stream), "-"):
            code, _, complaint = arena(*words, place)
            assert (code, "is no file to be written" in complaint) == (2, True), complaint
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (pipe.is_fifo(), stream.is_symlink()) == (True, True)


@pytest.mark.parametrize("words", [("backup",), ("votes", "export"), ("votes", "export", "--full")])
def test_a_file_in_no_folder_is_told_before_anything_is_done(
    arena: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    for folder, lack in ((tmp_path / "none", "There is no folder"), (tmp_path / "file", "is no folder")):
        code, _, complaint = arena(*words, str(folder / "new"))
        told = " ".join(complaint.split())
        assert (code, lack in told, str(folder) in told, "/." in told) == (2, True, True, False), complaint
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("words", [("backup",), ("votes", "export")])
def test_a_long_name_is_one_and_a_refused_one_is_told_by_itself(
    arena: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert arena(*words, str(tmp_path / ("n" * 250)))[0] == 0
    code, _, complaint = arena(*words, "/proc/arena.tar")
    assert (code, ": /proc/arena.tar." in complaint) == (1, True), complaint


@pytest.mark.parametrize("words", [("backup", "--force"), ("votes", "export"), ("votes", "export", "--full")])
def test_the_arena_s_own_files_are_not_written_over(arena: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    assert arena("competition", "list")[0] == 0
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    (tmp_path / "link").symlink_to(data)
    (data / "files").mkdir(exist_ok=True)
    for place in ("data/blindvote.sqlite3", "link/secret_key", "data/files/saved.tar"):
        code, _, complaint = arena(*words, str(tmp_path / place))
        assert (code, "the arena's own" in complaint) == (2, True), complaint
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
