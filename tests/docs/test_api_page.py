"""`/docs`: every operation of the API is on it, and every example runs as it stands there."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.codes import EVERYWHERE, FOR_BODIES, FOR_CHANGES, OPERATIONS
from app.edge.problems import HTTP_CODES
from app.errors import CODES
from app.gateway import keys
from app.web.operations import anchor
from tests.web.browsing import served
from tests.web.catalogue import folder_of, load_folder
from tests.web.conftest import running
from tests.web.factories import competition, parts_of, votes

SECTION = re.compile(r'<article class="operation" id="([^"]+)">(.*?)</article>', re.DOTALL)
CODE = re.compile(r"in (cURL|Python)\"><pre><code>(.*?)</code></pre>", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """The page of a served arena with votes, its examples by operation, and a key to its gateway."""

    base: str
    html: str
    examples: dict[str, dict[str, str]]
    secret: str
    folder: Path

    def curl(self, operation: str, **more: str) -> tuple[int, str]:
        """Status and body, run by a shell; `more` are its variables."""
        line = self.examples[operation]["cURL"] + " -s -w '%{http_code}'"
        done = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "BLINDVOTE_API_KEY": self.secret, **more},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        )
        return int(done.stdout[-3:]), done.stdout[:-3]


@pytest.fixture(scope="module")
def shown(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("docs")
    shutil.copy(sqlite_template, folder / "docs.sqlite3")
    for app in running(f"sqlite:///{folder / 'docs.sqlite3'}", folder):
        load_folder(app, folder_of(folder / "seeds", "demo-poster-pro"), datetime.now(UTC))
        competition(app, categories=("objects",))
        competition(app, "a-blue-ball")
        votes(app, 20)
        parts = parts_of(app)
        _, secret = parts.database.write(lambda session: keys.create_key(session, "x", now=datetime.now(UTC)))
        with served(app) as base:
            html = httpx.get(f"{base}/docs").text
            examples = {
                name: {language: unescape(text) for language, text in CODE.findall(section)}
                for name, section in SECTION.findall(html)
            }
            yield Shown(base, html, examples, secret, folder)


def names(method: str | None = None) -> list[str]:
    """Anchors of the JSON API's operations."""
    split = (operation.split(" ", 1) for operation in OPERATIONS)
    return [anchor(verb, path) for verb, path in split if method in {None, verb}]


def test_every_operation_is_shown_with_two_examples(shown: Shown) -> None:
    document = httpx.get(f"{shown.base}/api/v1/openapi.json").json()
    described = [anchor(method, path) for path, methods in document["paths"].items() for method in methods]
    assert sorted(described) == sorted(names())
    assert set(shown.examples) == {*described, "gateway-1", "gateway-2"}
    assert {tuple(sorted(codes)) for codes in shown.examples.values()} == {("Python", "cURL")}


def test_what_descriptions_put_between_backticks_is_written_as_code(shown: Shown) -> None:
    prose = re.sub(r"<pre>.*?</pre>", "", shown.html, flags=re.DOTALL)
    assert "`" not in prose
    assert "The <code>id</code> of a pair that this voter was given." in prose


def test_every_link_of_the_table_of_contents_leads_somewhere(shown: Shown) -> None:
    ids = set(re.findall(r'\bid="([^"]+)"', shown.html))
    assert set(re.findall(r'href="#([^"]+)"', shown.html)) <= ids
    assert len(ids) == len(re.findall(r'\bid="([^"]+)"', shown.html))


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="there is no bash or no curl")
@pytest.mark.parametrize("operation", [*names("GET"), *names("POST"), *names("DELETE")])
def test_the_line_of_curl(shown: Shown, operation: str) -> None:
    variables: dict[str, str] = {}
    if "matchup_id" in operation or "taste" in operation:
        (shown.folder / "cookies.txt").unlink(missing_ok=True)
        given = shown.curl("post-matchups")[1]
        variables["MATCHUP"] = re.findall(r'"id":"([^"]+)"', given)[0]
        if operation != "post-matchups-matchup_id-vote":
            shown.curl("post-matchups-matchup_id-vote", **variables)
    if "token" in operation:
        variables["TOKEN"] = re.findall(r'"token":"([^"]+)"', shown.curl("post-taste")[1])[0]
    status, body = shown.curl(operation, **variables)
    assert status in {200, 201}, body
    file = re.search(r"-o (\S+)", shown.examples[operation]["cURL"])
    assert (shown.folder / file[1]).stat().st_size > 50 if file else body.startswith(("{", "["))


@pytest.mark.parametrize("operation", names())
def test_the_python(shown: Shown, operation: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen: dict[str, Any] = {}
    with chdir(shown.folder):
        exec(shown.examples[operation]["Python"], seen)
    assert seen["answer"].status_code in {200, 201}, seen["answer"].text
    assert capsys.readouterr().out.startswith(("{", "[")) or "open(" in shown.examples[operation]["Python"]
    seen["api"].close()


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="there is no bash or no curl")
def test_the_gateway(shown: Shown, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai")
    assert shown.curl("gateway-1")[0] == 200
    assert '"poster-pro"' in shown.curl("gateway-2")[1]
    monkeypatch.setenv("BLINDVOTE_API_KEY", shown.secret)
    for number in (1, 2):
        seen: dict[str, Any] = {}
        exec(shown.examples[f"gateway-{number}"]["Python"], seen)
        seen["client"].close()
    printed = capsys.readouterr().out.split()
    assert re.fullmatch(rf"{re.escape(shown.base)}/files/\S+\.png", printed[0])
    assert printed[1:] == ["poster-pro"]


def test_an_arena_with_nothing_in_it_has_the_page_too(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "empty.sqlite3")
    for app in running(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path):
        client = app.test_client()
        page = client.get("/docs").text
        assert page.count('<article class="operation"') == len(OPERATIONS) + 2
        pages = set(re.findall(r'class="row-title" href="(/docs/[^"]+|/methodology|/docs)"', page))
        assert {"/docs/deploy", "/docs/voters", "/methodology", "/docs"} < pages
        inside = {link for one in pages for link in re.findall(r'(?:href|src)="(/[^"#?]*)', client.get(one).text)}
        assert {"/docs/deploy/nginx.conf", "/docs/architecture.svg"} < inside
        served = {link for link in pages | inside if not link.startswith("/static")}
        assert {link: client.get(link, follow_redirects=True).status_code for link in served} == dict.fromkeys(
            served, 200
        )
        for path in ("nothing", "api.md", "../README.md", "deploy/README.md", "..%2fapp%2fdb.py", "deploy/no"):
            assert client.get(f"/docs/{path}").status_code == 404, path


def test_codes_of_operations_have_a_status() -> None:
    assert {code for codes in OPERATIONS.values() for code in codes} <= set(CODES)


def test_the_table_of_errors_has_every_code_with_its_status() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    rows = [line.split("|")[1:3] for line in text.splitlines() if re.match(r"\| `\w+`.*\| (\d|other)", line)]
    told = {code: status.strip() for codes, status in rows for code in re.findall(r"`(\w+)`", codes)}
    common = (*EVERYWHERE, *FOR_CHANGES, *FOR_BODIES, *HTTP_CODES.values())
    answered = {code for codes in OPERATIONS.values() for code in codes} | set(common)
    expected = {code: str(CODES[code].status) for code in answered} | {"http_error": "other"}
    assert told == expected
