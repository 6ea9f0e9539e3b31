"""`arena integrity traces`, and what imports and generation say of what files tell."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import update

from app.arena.tables import Entry
from app.database.doors import Database
from tests.arena.test_framing import as_file, noise
from tests.arena.test_packs import Pack
from tests.command import Run, install, runner
from tests.factories import make_arena
from tests.leaderboards.test_picture_traces import set_traits


@pytest.fixture
def arena(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Make four competitions in which files tell every maker, and one picture that is alone in its shape."""
    database = install(sqlite_template, tmp_path / "data", monkeypatch)
    make_arena(database, tmp_path / "data", competitions=4, models=4)
    database.write(lambda session: set_traits(session, (2, "empty", 0.4)))
    return runner(monkeypatch, capsys)


def test_every_competition_has_a_line_and_every_mode_a_sum(arena: Run) -> None:
    code, said, _ = arena("integrity", "traces")
    first, *_, last = said.splitlines()
    assert code == 0
    assert (
        first == "c0: files tell the maker of 100% of 4 pictures (51% to 100%; chance 25%); stand out: m1 (shape)"
    )
    assert last.startswith("text-to-image: files tell the maker of 100% of 16 pictures (100% to 100%; chance 25%)")
    code, said, _ = arena("integrity", "traces", "c1")
    assert (code, said.count("\n"), "c1: " in said) == (0, 2, True)


def test_json_has_the_same(arena: Run) -> None:
    told = json.loads(arena("integrity", "traces", "c0", "--json")[1])
    (mode,), (one,) = told["modes"], told["competitions"]
    assert (mode["guess"]["share"], mode["by_kind"]["light"]) == (1.0, 1.0)
    assert one["outstanding"] == [{"model": "m1", "sample": 0, "kinds": ["shape"]}]
    assert one["guess"]["chance"] == 0.25


def test_an_unknown_competition_is_bad_usage(arena: Run) -> None:
    code, _, complaint = arena("integrity", "traces", "nowhere")
    assert (code, "nowhere" in complaint) == (2, True)


def test_an_import_says_what_its_files_tell(arena: Run, tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack")
    pack.competition("lamp", frame=[480, 320])
    for number, width in enumerate((480, 480, 480, 960)):
        pack.image("lamp", f"m{number}", as_file(noise(width, 320)))
    pack.write()
    said = arena("import-pack", str(pack.folder))[1]
    assert re.search(r"^lamp: files tell the maker of .* stand out: .*m3 \(shape", said, re.MULTILINE)
    (told,) = json.loads(arena("import-pack", str(pack.folder), "--json")[1])["traces"]
    assert (told["slug"], told["pictures"], told["unmeasured"]) == ("lamp", 4, 0)


def test_pictures_of_older_versions_are_counted_and_measured(arena: Run, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}")
    database.write(lambda session: session.execute(update(Entry).where(Entry.id == 1).values(source={})) and None)
    database.close()
    assert "1 not measured, run arena renditions c0" in arena("integrity", "traces", "c0")[1]
    assert arena("renditions", "c0")[0] == 0
    assert "not measured" not in arena("integrity", "traces", "c0")[1]
