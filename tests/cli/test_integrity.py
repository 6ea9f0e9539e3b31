"""`arena integrity`: what it says, what it stores, how it exits."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from app.arena.tables import Vote
from tests.command import Run, install, runner
from tests.leaderboards.watching import World, waits_for


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Thirty honest voters, and voter 31 who waits for model 6."""
    made = World(install(sqlite_template, tmp_path / "data", monkeypatch))
    made.crowd()
    assert made.judge(waits_for(5), 60) == 31
    made.count()
    return made


@pytest.fixture
def arena(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; returns exit code, output, complaints."""
    return runner(monkeypatch, capsys, "integrity")


def counted(world: World) -> int:
    with world.database.reading() as session:
        return len(session.scalars(select(Vote.id).where(Vote.voter_id == 31, Vote.counted)).all())


def test_from_report_to_release(world: World, arena: Run) -> None:
    before = counted(world)
    code, said, progress = arena("sweep")
    assert code == 0
    assert "voter 31: exposure, favours model-6" in said
    assert "1 suspicious; a report changes nothing" in said
    assert "auditing the boards" in progress
    assert counted(world) == before

    code, said, _ = arena("sweep", "--quarantine", "--json")
    done = json.loads(said)
    assert code == 0
    assert [(found["voter"], found["flag"]) for found in done["findings"]] == [(31, 1)]
    assert done["excluded"] == before
    assert len(done["audits"]) == 1
    assert counted(world) == 0

    (flag,) = json.loads(arena("flags", "--json")[1])
    assert (flag["status"], flag["votes"]) == ("quarantined", before)
    code, said, _ = arena("show", "1")
    assert code == 0
    assert "model-6" in said
    assert json.loads(arena("show", "1", "--json")[1])["models"][0]["slug"] == "model-6"

    assert arena("release", "1", "--reason", "a known person")[:2] == (
        0,
        f"flag 1 released: {before} votes counted again\n",
    )
    assert counted(world) == before
    assert "released: a known person" in arena("flags")[1]
    assert arena("quarantine", "31", "--reason", "not known after all")[:2] == (
        0,
        f"flag 2: {before} votes kept out\n",
    )


def test_the_public_profile_quarantines_by_itself(
    world: World, arena: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROFILE", "public")
    monkeypatch.setenv("SECRET_KEY", "s" * 32)
    assert json.loads(arena("sweep", "--json")[1])["quarantine"] is True
    assert counted(world) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("show", "99"),
        ("release", "99", "--reason", "why"),
        ("release", "0", "--reason", "why"),
        ("release", "99999999999999999999", "--reason", "why"),
        ("release", "one", "--reason", "why"),
        ("release", "1"),
        ("quarantine", "999", "--reason", "why"),
        ("quarantine", "ab" * 16, "--reason", "why"),
        ("quarantine", "somebody", "--reason", "why"),
        ("sweep", "--nonsense"),
    ],
)
def test_what_does_not_exist_is_bad_usage(
    tmp_path: Path,
    arena: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    sqlite_template: Path,
) -> None:
    (tmp_path / "blindvote.sqlite3").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    code, said, complaint = arena(*words)
    assert (code, said) == (2, "")
    assert complaint
