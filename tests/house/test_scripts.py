"""Hold that each program of scripts tells what it prints, and when it ends with 1."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from app.database.places import ROOT

SERVED = {"bare.py": "the floor that load.py and rounds.py start"}
"""Programs that no person calls, and why."""
PROGRAMS = sorted(
    path
    for path in (ROOT / "scripts").rglob("*.py")
    if path.parent.name != "accept" and path.name not in SERVED and '__name__ == "__main__"' in path.read_text()
)
SHELL = sorted(
    path
    for path in (ROOT / "scripts").rglob("*")
    if path.is_file() and path.suffix == "" and path.read_bytes().startswith(b"#!/usr/bin/env bash")
)
MAY_FAIL = re.compile(r"else 1$|return 1$|SystemExit\(f|sys\.exit\((?!main|stop)", re.MULTILINE)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_help_tells_what_a_program_is_for(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(path), "--help"])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(os, "environ", os.environ.copy())
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert told.lower().startswith("usage:")
    assert len(told.split("\n\n")) >= 3, "what it is for, and its options"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_a_program_that_may_fail_says_when(path: Path) -> None:
    source = path.read_text()
    if MAY_FAIL.search(source):
        assert re.search(r"exits?\s+(with\s+)?1\b", source, re.IGNORECASE)


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_help_of_a_shell_script_tells_and_does_nothing_else(path: Path) -> None:
    if re.search(r'^exec .*"\$@"$', path.read_text(), re.MULTILINE):
        return  # the program that it runs takes --help
    asked = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=10, check=True)
    assert re.search(r"\bexits?\b|\bends with\b", asked.stdout, re.IGNORECASE), "when it fails"
    assert asked.stdout.count("\n") >= 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["bench/load.py"], "wrk is not installed"),
        (["bench/rounds.py"], "wrk is not installed"),
        (["bench/board_delay.py"], "wrk is not installed"),
        (["bench/against.py", "."], "wrk is not installed"),
        (["bench/widths.py", "no/such"], "no/such is no checkout"),
        (["bench/held_out.py", "no/such"], "there is no file no/such"),
        (["bench/imagenhub_votes.py", "no/such"], "there is no folder no/such"),
        (["bench/traces.py", "no/such"], "there is no folder no/such"),
        (["faults/io_errors.py"], "NOT TRIED"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_measured(
    words: list[str], complaint: str, tmp_path: Path
) -> None:
    run = [sys.executable, str(ROOT / "scripts" / words[0]), *words[1:]]
    asked = subprocess.run(
        run, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert complaint in asked.stdout + asked.stderr
    assert "Traceback" not in asked.stderr
    assert asked.returncode == (3 if "NOT TRIED" in complaint else 2)
