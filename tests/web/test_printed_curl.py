"""The cURL lines printed on model pages, run as they stand there against a running server."""

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from app.gateway import keys
from app.gateway.formats import sniff
from app.gateway.generate import read_config
from app.gateway.routing import servable
from tests.factories import hole, picture_bytes
from tests.web.browsing import served
from tests.web.catalogue import SEEDS, TODAY, at, load_folder
from tests.web.conftest import running
from tests.web.factories import parts_of

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="there is no bash or no curl on this machine"
)
PAINTERS = (
    *("studio-xl", "poster-pro", "aquarelle-2", "lowpoly-3"),
    *("neon-turbo", "halftone-1", "pixel-mini", "legacy-2"),
)


@dataclass(frozen=True)
class Arena:
    """A served arena with the whole catalogue, what it can draw with, and a key to it."""

    base: str
    servable: tuple[str, ...]
    secret: str
    folder: Path

    def printed(self, slug: str) -> list[str]:
        """The cURL lines on the page of a model."""
        with urllib.request.urlopen(f"{self.base}/models/{slug}") as page:
            html = page.read().decode()
        lines = [unescape(code) for code in re.findall(r"<pre><code>(.*?)</code></pre>", html, re.DOTALL)]
        return [line for line in lines if re.search(r"^curl ", line, re.MULTILINE)]

    def run(self, line: str) -> dict[str, Any]:
        """In a shell whose folder holds the files that the lines send."""
        done = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "BLINDVOTE_API_KEY": self.secret},
            capture_output=True,
            check=True,
            timeout=60,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def arena(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("printed")
    shutil.copy(sqlite_template, folder / "printed.sqlite3")
    (folder / "image.png").write_bytes(picture_bytes(1))
    (folder / "mask.png").write_bytes(hole())
    for app in running(f"sqlite:///{folder / 'printed.sqlite3'}", folder):
        load_folder(app, SEEDS / "catalog")
        at(app, TODAY)
        parts = parts_of(app)
        _, secret = parts.database.write(lambda session: keys.create_key(session, "x", now=datetime.now(UTC)))
        with parts.database.reading() as session:
            able = servable(session, read_config(parts.settings).providers, TODAY)
        with served(app) as base:
            yield Arena(base, tuple(model.slug for model in able), secret, folder)


def test_every_servable_model_is_tested(arena: Arena) -> None:
    assert set(arena.servable) == set(PAINTERS)


@pytest.mark.parametrize("slug", PAINTERS)
def test_lines_of_a_servable_model(arena: Arena, slug: str) -> None:
    lines = arena.printed(slug)
    assert lines
    for line in lines:
        answer = arena.run(line)
        assert answer["metadata"]["executed_model"] == f"painter/{slug}"
        with urllib.request.urlopen(answer["data"][0]["url"]) as picture:
            assert sniff(picture.read()) == answer["output_format"]


def test_lines_of_dall_e_2(arena: Arena) -> None:
    """Generation, edit inside a mask, variation: each is told that the model is retired."""
    lines = arena.printed("dall-e-2")
    operations = [re.search(r"images/(\w+)", line) for line in lines]
    assert [found and found[1] for found in operations] == ["generations", "edits", "variations"]
    for line in lines:
        error = arena.run(line)["error"]
        assert error["code"] == "model_retired"
        # Only painters can be used here, and they stand in for no real model.
        assert "instead" not in error["message"]
        status = line.replace("curl ", "curl -s -o /dev/null -w '%{http_code}' ", 1)
        assert arena.run(status) == 404
