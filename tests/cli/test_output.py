"""What commands print: the same facts as JSON for a program and as lines for a person."""

import json
from dataclasses import dataclass

import pytest

from app.cli.output import print_result, print_rows, progress_bar


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
