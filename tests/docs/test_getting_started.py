"""docs/getting-started.md, typed line by line: images become a board, and its export gives the board again."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.database.places import ROOT
from app.settings import Settings
from tests.docs.shell import SHELL, Shell, blocks
from tests.factories import picture_bytes
from tests.web.browsing import served
from tests.web.factories import parts_of, post, start

GUIDE = ROOT / "docs" / "getting-started.md"
pytestmark = pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or no curl")


def drawn(folder: Path) -> None:
    """The folder that the guide describes."""
    tree = next(block.text for block in blocks(GUIDE) if block.language == "text")
    for row, line in enumerate(tree.splitlines()[1:]):
        competition, *files = line.split()
        place = folder / "my-images" / competition
        place.mkdir(parents=True)
        for number, name in enumerate(files):
            data = picture_bytes(10 * row + number) if name.endswith(".png") else b"A picture, please"
            (place / name).write_bytes(data)


@contextmanager
def serving(data: Path) -> Iterator[tuple[Flask, str]]:
    """What `scripts/serve` would serve there."""
    app = create_app(Settings(data_dir=data, refresh_seconds=0))
    with served(app) as base:
        yield app, base
    parts_of(app).database.close()


def judge(app: Flask, pairs: int) -> None:
    """One browser, by the buttons of the form."""
    client, rng = app.test_client(), random.Random(pairs)
    for _ in range(pairs):
        answer = post(client, f"{start(client)}/vote", outcome=rng.choice(["a", "b", "tie", "both_bad"]))
        assert answer.status_code == 303


def test_from_images_to_the_same_board_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("REFRESH_SECONDS", "0")
    drawn(tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    shell, said = Shell(tmp_path), {}
    with ExitStack() as until_done:
        for block in blocks(GUIDE):
            if block.language not in SHELL:
                continue
            if block.reason and "scripts/serve" in block.text:
                app, shell.base = until_done.enter_context(serving(tmp_path / "data"))
                judge(app, 6)
                judge(app, 4)
            for line in block.lines if block.reason is None else ():
                said[line] = shell.run(line)
    assert (
        "2 competitions: 6 images taken, 0 already there, 0 refused"
        in said[".venv/bin/arena import-pack my-images"]
    )
    compare(json.loads((tmp_path / "board.json").read_text()), json.loads(said[RATED]))
    assert said[".venv/bin/arena recompute --verify"].strip()


RATED = ".venv/bin/arena rate votes.csv --format json"


def compare(board: dict[str, Any], rated: dict[str, Any]) -> None:
    """The published overall board and the one from the file."""
    assert board["run"]["votes"] == rated["run"]["votes"] == 10
    assert board["run"]["tallies_sha256"] == rated["run"]["tallies_sha256"]
    published = {row["model"]["slug"]: row for row in board["standings"]}
    again = {row["model"]: row for row in rated["standings"]}
    assert set(published) == set(again) == {"model-one", "model-two", "model-three"}
    for slug, row in again.items():
        for name in ("rank", "rank_low", "rank_high", "votes", "wins", "losses", "ties", "interval"):
            assert row[name] == published[slug][name], (slug, name)
        for name in ("rating", "rating_low", "rating_high"):
            assert row[name] == pytest.approx(published[slug][name], abs=1e-6)
