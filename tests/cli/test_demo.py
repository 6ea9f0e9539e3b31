"""`arena demo` on a folder of small competitions: filled once, resumed, served, cleared; and `arena generate`."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select

from app import cli
from app.arena.tables import Category, Competition, Entry, LedgerLine, Matchup, Vote, Voter
from app.database.doors import Database
from app.database.places import ROOT
from app.demo import simulated_voters
from app.demo.drawing import SHOWCASES
from app.leaderboards.tables import Board
from app.painter.painters import PAINTERS
from app.words import MODES

Result = tuple[int, str, str]
SHARED = ("sources", "providers", "parameters")
SEEDED = ("geometric-composition", "fantasy-warrior", "vintage-cafe-logo")
PICTURES = len(SEEDED) * len(PAINTERS)
EDITED = 3 * 7 + 2 * 5
"""Seven painters edit, five of them with a mask, which two competitions have."""
ALL = PICTURES + len(SHOWCASES) * len(PAINTERS) + EDITED


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """The demo models and three of the competitions, in frames that are quickly painted."""
    folder, ours = tmp_path / "seeds", ROOT / "scripts" / "seeds"
    (folder / "catalog").mkdir(parents=True)
    (folder / "competitions").mkdir()
    for file in [*(ours / "catalog").glob("demo-*.toml"), *(ours / "catalog" / f"{name}.toml" for name in SHARED)]:
        shutil.copy(file, folder / "catalog")
    (folder / "catalog" / "contracts").mkdir()
    for name in ("painter", "sources"):
        shutil.copy(ours / "catalog" / "contracts" / f"{name}.toml", folder / "catalog" / "contracts")
    shutil.copy(ours / "competitions" / "categories.toml", folder / "competitions")
    for slug in SEEDED:
        text = (ours / "competitions" / f"{slug}.toml").read_text("utf-8")
        small = re.sub(r"^frame = .*$", "frame = [256, 256]", text, flags=re.MULTILINE)
        (folder / "competitions" / f"{slug}.toml").write_text(small, "utf-8")
    return folder


@pytest.fixture
def arena(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seeds: Path, tmp_path: Path
) -> Callable[..., Result]:
    """Runs a command on a data folder of its own; returns exit code, output, complaints."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("app.cli.demo.SEEDS", seeds)
    monkeypatch.setattr("app.demo.edits.FRAME", (256, 256))
    monkeypatch.setattr("app.demo.drawing.FRAME", (256, 256))

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["arena", *words])
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def database(arena: Callable[..., Result], tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}")


def counted(database: Database, *tables: type) -> list[int]:
    with database.reading() as session:
        return [session.scalars(select(func.count()).select_from(table)).one() for table in tables]


def test_filled_once_and_cleared(arena: Callable[..., Result], database: Database, tmp_path: Path) -> None:
    code, _, said = arena("demo", "--no-serve", "--votes", "60")
    assert (code, "refused" in said) == (0, False), said
    full = [ALL, 60, 60]
    assert counted(database, Entry, Matchup, Vote) == full
    assert arena("demo", "--no-serve", "--votes", "60")[0] == 0
    assert counted(database, Entry, Matchup, Vote) == full, "running it twice adds nothing"
    with database.reading() as session:
        assert simulated_voters.is_demo(session)
        assert set(session.scalars(select(Entry.licence))) == {"CC0-1.0"}
        assert all(session.scalars(select(Entry.seconds)))
        shown = select(Entry.model_id, func.count()).join(Entry.competition).where(Competition.showcase)
        assert [n for _, n in session.execute(shown.group_by(Entry.model_id))] == [2] * len(PAINTERS)
        on_sheets = select(func.count()).select_from(Entry).where(Entry.sheet_batch > 0)
        assert session.scalars(on_sheets).one() == PICTURES + EDITED
        judged = select(Competition.mode, func.count()).join(Matchup, Matchup.competition_id == Competition.id)
        assert {str(mode): number for mode, number in session.execute(judged.group_by(Competition.mode))} == {
            "text-to-image": 30,
            "image-edit": 30,
        }
        on_boards = set(session.scalars(select(Board.key).where(Board.mode == "image-edit")))
        assert on_boards >= {"image-edit", "image-edit/object", "image-edit/scene"}
    assert arena("recompute", "--verify")[0] == 0

    code, said, _ = arena("demo", "clear", "--yes")
    assert (code, said) == (
        0,
        "60 simulated matchups deleted, 0 votes of people no longer counted, 71 pictures deleted, 0 withdrawn\n",
    )
    assert counted(database, Entry, Matchup, Vote, Voter) == [0, 0, 0, 0]
    assert not [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
    assert arena("recompute", "--verify")[0] == 0
    listed = json.loads(arena("competition", "list", "--json")[1])
    assert {row["slug"] for row in listed} == set(SEEDED), "the demo's own competitions are gone"
    with database.reading() as session:
        assert not set(session.scalars(select(Category.slug))) & {"object", "scene"}
        assert not simulated_voters.is_demo(session)
        assert session.scalars(select(LedgerLine.action).where(LedgerLine.action == "demo.cleared")).all()


def test_it_asks_before_it_joins_images_of_other_models(
    arena: Callable[..., Result], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        picture = tmp_path / "own" / "cube" / f"{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((256, 256), 90).save(picture)
    (tmp_path / "own" / "cube" / "prompt.txt").write_text("a cube")
    assert arena("pack", str(tmp_path / "own"))[0] == 0
    assert arena("import-pack", str(tmp_path / "own"))[0] == 0
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    code, _, said = arena("demo", "--no-serve", "--votes", "6")
    assert (code, "This arena has 2 images of its own." in said, "6 simulated votes" in said) == (1, True, True)
    assert counted(database, Entry, Vote) == [2, 0]
    for words in (("--yes",), ()):  # once the demo is there, nothing is asked
        assert arena("demo", "--no-serve", "--votes", "6", *words)[0] == 0
    assert counted(database, Entry, Vote) == [ALL + 2, 6]


def test_clear_asks_first(arena: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    code, _, said = arena("demo", "clear")
    assert code == 1
    assert "Remove every demo picture" in said


def test_generate_estimates_makes_and_resumes(arena: Callable[..., Result], database: Database) -> None:
    arena("seed")
    line = ("generate", "apollo-11", "--models", "pixel-mini,poster-pro", "--yes", "--json")
    code, said, _ = arena(*line, "--samples", "2", "--dry-run")
    assert (code, json.loads(said)) == (
        0,
        {"missing": 4, "estimated_usd": 0.056, "made": 0, "refused": [], "traces": []},
    )
    assert counted(database, Entry) == [0]
    assert json.loads(arena(*line)[1])["made"] == 2
    again = json.loads(arena(*line, "--samples", "2", "--provider", "painter")[1])
    assert (again["missing"], again["made"]) == (2, 2)
    assert json.loads(arena(*line, "--samples", "2")[1])["missing"] == 0
    assert counted(database, Entry) == [4]


def test_generate_refuses_before_it_asks(arena: Callable[..., Result]) -> None:
    arena("seed")
    for words, complaint in (
        (("apollo-11", "--models", "no-such-model"), "model_not_found"),
        (("apollo-12", "--models", "pixel-mini"), "unknown_competition"),
        (("apollo-11", "--models", "dall-e-3"), "model_"),
        (("apollo-11", "--models", "pixel-mini", "--provider", "openai"), "model_not_found"),
    ):
        code, _, said = arena("generate", *words)
        assert (code, complaint in said) == (2, True), words


def test_served_at_once_stopped_and_completed(
    arena: Callable[..., Result], database: Database, seeds: Path
) -> None:
    """Paint one competition of each mode: every picture is painted again in a process of its own."""
    for slug in SEEDED[1:]:
        (seeds / "competitions" / f"{slug}.toml").unlink()
    every = (1 + len(SHOWCASES)) * len(PAINTERS) + 7
    with _demo(seeds, SLOWLY) as (demo, address):
        assert _first_pair(address)["competition"]["slug"] == SEEDED[0]
        assert httpx.get(address).status_code == 200
        demo.send_signal(signal.SIGINT)
        said = demo.communicate(timeout=60)[0]
    assert demo.returncode == 1
    assert "run the same command again to go on" in said
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    made, votes = counted(database, Entry, Vote)
    assert (2 <= made <= every, votes <= 30) == (True, True)

    with _demo(seeds) as (demo, address):
        assert demo.stdout is not None
        assert any("The demo is complete" in line for line in demo.stdout)
        _first_pair(address)
        # The server refreshes boards when they are looked at, and one that was refreshed just now rests first.
        deadline = time.monotonic() + 30
        while (votes_on := _count_on_boards(address)) != [15, 15] and time.monotonic() < deadline:
            time.sleep(0.2)
        assert votes_on == [15, 15]
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)
    assert demo.returncode == 0, "an end, not an interruption"
    assert counted(database, Entry, Vote) == [every, 30]
    assert arena("recompute", "--verify")[0] == 0


def _count_on_boards(address: str) -> list[int]:
    """Count the votes on both questions' boards, by mode."""
    return [sum(_board_votes(address, mode, asked) for asked in ("better", "prompt")) for mode in MODES]


def _board_votes(address: str, mode: str, question: str) -> int:
    run = httpx.get(f"{address}/api/v1/leaderboards/{mode}?question={question}").json()["run"]
    return int(run["votes"]) if run else 0


SLOWLY = """
import time
from app.gateway.providers.painter import LocalPainter
make = LocalPainter.make
LocalPainter.make = lambda *given: time.sleep(0.5) or make(*given)
"""
"""What has a demo paint so slowly that it can be stopped before it is complete."""


@contextmanager
def _demo(seeds: Path, first: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command with its server on a free port, in a process of its own that runs these lines first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = first + (
        f"import pathlib, app.cli, app.cli.demo as d, app.demo.drawing as s, app.demo.edits as e; "
        f"e.FRAME = s.FRAME = (256, 256); e.EDITS = e.EDITS[:1]; "
        f"d.SEEDS = pathlib.Path({str(seeds)!r}); app.cli.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", start, "demo", "--votes", "30"],
        env=os.environ | {"PORT": str(port), "WORKERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        try:
            yield demo, f"http://127.0.0.1:{port}"
        finally:
            demo.terminate()


def _first_pair(address: str) -> dict[str, dict[str, str]]:
    """As soon as the server is up and two pictures of a competition are there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            answer = httpx.post(f"{address}/api/v1/matchups", json={})
            if answer.status_code == 201:
                found: dict[str, dict[str, str]] = answer.json()
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("no pair in two minutes")
