"""docs/gateway.md against the code: every error and setting is in it, and its examples run."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.database.doors import DatabaseBusy
from app.database.places import ROOT
from app.edge.bodies import BadBody, WrongType
from app.errors import CODES, Refusal
from app.gateway import errors
from app.gateway.errors import GatewayError
from app.gateway.providers import ADDRESS, KEY_NAMES, setting_stem
from app.gateway.request import OURS
from tests.web.test_printed_curl import Arena, arena

__all__ = ["arena"]
TEXT = (ROOT / "docs" / "gateway.md").read_text()
ELSEWHERE = {"image", "images", "mask", "stream", "partial_images", "prompt", "model"}
"""Parameters that other sections than the table tell of, or that change nothing here."""


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1]


ERRORS = [kind for kind in GatewayError.__subclasses__() if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("error", [*ERRORS, BadBody, WrongType, DatabaseBusy], ids=lambda error: error.__name__)
def test_every_error_is_told(error: type[Refusal]) -> None:
    rows = [line.split("|") for line in TEXT.splitlines() if line.startswith(("| 4", "| 5"))]
    statuses = " ".join(row[1] for row in rows if f"`{error.code}`" in row[2])
    assert str(CODES[error.code].status) in statuses


def test_every_provider_parameter_and_setting_is_told() -> None:
    special = [slug for slug in ADDRESS if not ADDRESS[slug] or KEY_NAMES[slug] != f"{setting_stem(slug)}_API_KEY"]
    assert [slug for slug in special if f"| {slug} | `{KEY_NAMES[slug]}` |" not in TEXT] == []
    assert [name for name in OURS - ELSEWHERE if f"| `{name}` |" not in TEXT] == []


def test_the_table_of_providers_is_what_the_contracts_say() -> None:
    """A provider that is new needs no line here before a release, which asks for all of them."""
    script = ROOT / "scripts" / "bench" / "provider_table.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, check=True, text=True)
    head, *_ = made = done.stdout.splitlines()
    told = TEXT[TEXT.index(head) :].partition("\n\n")[0].splitlines()
    assert len(told) > 80
    assert [line for line in told if line not in made] == []


def test_the_line_of_curl(arena: Arena) -> None:
    if not (shutil.which("bash") and shutil.which("curl")):
        pytest.skip("there is no bash or no curl on this machine")
    answer = arena.run(block("bash").replace("http://127.0.0.1:8000", arena.base))
    assert answer["size"] == "512x512"
    assert set(re.findall(r'"(\w+)":', block("json"))) - {"…"} <= _names(answer)


def _names(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()


def test_the_python(arena: Arena, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    script = tmp_path / "first_image.py"
    script.write_text(block("python").replace("http://127.0.0.1:8000", arena.base))
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"BLINDVOTE_API_KEY": arena.secret},
        capture_output=True,
        check=False,
        text=True,
    )
    assert re.fullmatch(rf"{re.escape(arena.base)}/files/\S+ 0\.024\n", done.stdout), done.stderr
