"""Documents against the code: nothing is undocumented, no link is dead, every example reads."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app import cli, create_app
from app.cli.checks import CHECKS
from app.database.places import ROOT
from app.gateway.providers import ADDRESS, key_name
from app.metrics import METRICS
from app.settings import PROVIDER_SETTING, Settings
from app.web.docs import slug
from tests.docs.shell import SHELL, blocks

DOCS = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [*DOCS, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
TEXT = "\n".join(path.read_text() for path in DOCUMENTS if path.name != "CHANGELOG.md")
DATA = {"json": json.loads, "toml": tomllib.loads}
READ_ELSEWHERE = {"python", "javascript", "html", "yaml", "nginx", "caddyfile", "ini", "text"}
TREES = ("app/", "tests/", "scripts/", "docs/", "migrations/", ".ci/", ".github/")


def ours(document: Path) -> str:
    return str(document.relative_to(ROOT))


@cache
def tokens(document: Path) -> list[Token]:
    """Inline ones, flat."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(document.read_text())
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def links(document: Path) -> list[str]:
    found = [token.attrGet("href") or token.attrGet("src") for token in tokens(document)]
    return [str(link) for link in found if link]


def anchors(document: Path) -> set[str]:
    found = tokens(document)
    return {slug(found[n + 1].content) for n, token in enumerate(found) if token.type == "heading_open"}


def commands(command: click.Command, name: str) -> list[str]:
    """Every command that does something, as typed."""
    if not isinstance(command, click.Group):
        return [name]
    own, context = [name] if command.invoke_without_command else [], click.Context(command)
    found = [(word, command.get_command(context, word)) for word in command.list_commands(context)]
    return own + [line for word, inner in found if inner for line in commands(inner, f"{name} {word}")]


@pytest.mark.parametrize("line", commands(cli.group, "arena"))
def test_every_command_is_documented(line: str) -> None:
    assert re.search(rf"\b{line}\b", TEXT), f"no document tells of `{line}`"


def test_no_setting_is_documented_that_is_none() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}
    own = {name for name in named if not PROVIDER_SETTING.fullmatch(name) or name.lower() in Settings.model_fields}
    assert own == {name.upper() for name in Settings.model_fields}
    assert named - own <= {key_name(slug) for slug in ADDRESS}


def test_every_route_is_documented(tmp_path: Path) -> None:
    """Operations of the API stand on the page made from its own document; the rest stand in docs/*.md."""
    app = create_app(Settings(data_dir=tmp_path))
    told = TEXT.replace("ID`", "<path:model_id>`").replace("SLUG", "<slug>")
    told = told.replace("POST /", "/").replace("GET /", "/").replace("`/images", "`/openai/v1/images")
    told = told.replace("`/models/<path:model_id>", "`/openai/v1/models/<path:model_id>")
    rules = {rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/api/v1/")}
    plain = {re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", re.sub(r"<int[^:]*:", "<", rule)): rule for rule in rules}
    assert sorted(rule for shown, rule in plain.items() if f"`{shown}" not in told and not covered(shown)) == []
    app.extensions["blindvote"].database.close()


def covered(rule: str) -> bool:
    """A form's target below a page that is documented, and the last part of one is no page of its own."""
    pages = ("/admin/", "/me/", "/arena/<matchup_id>/", "/openai/v1/", "/openai/deployments/", "/v1/")
    return rule.startswith(pages) and f"`{rule.rpartition('/')[0].split('/<')[0]}" in TEXT


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_metric_is_documented(name: str) -> None:
    assert f"| `blindvote_{name}` |" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_of_the_doctor_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=ours)
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document):
        path, _, fragment = link.partition("#")
        if re.match(r"[a-z]+:", link) or path.startswith("/"):
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=ours)
def test_files_that_are_named_exist(document: Path) -> None:
    named = [token.content for token in tokens(document) if token.type == "code_inline"]
    named += [
        word for block in blocks(document) if block.language in SHELL for word in re.split(r"[\s'\"]+", block.text)
    ]
    for name in named:
        path = name.split(" ", 1)[0].rstrip(",;:")
        if path.startswith(TREES) and re.fullmatch(r"[\w./-]+", path):
            assert (ROOT / path).exists(), name


@pytest.mark.parametrize("document", DOCUMENTS, ids=ours)
def test_data_in_examples_reads(document: Path) -> None:
    for block in blocks(document):
        if block.language in DATA:
            DATA[block.language](block.text)
        else:
            assert block.language in SHELL | READ_ELSEWHERE, f"{ours(document)}:{block.line}"


def test_the_readme_names_every_document() -> None:
    named = set(links(ROOT / "README.md"))
    assert [ours(path) for path in DOCS if ours(path) not in named] == []


def test_every_document_begins_with_its_title() -> None:
    begins = {
        ours(path): re.sub(r"<!--.*?-->\s*", "", path.read_text(), flags=re.DOTALL)[:2] for path in DOCUMENTS
    }
    assert {name for name, begin in begins.items() if begin != "# "} == set()
