"""Hostile words in every page, JSON, CSV, feed and picture. ASVS 5.0 1.2.1 to 1.2.4, 1.2.10, 1.3.7, 2.2.1."""

import csv
import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition
from app.catalog.tables import ImageModel
from tests.security.crawling import Got, crawl, got
from tests.security.doors import add_admin, application, sign_in
from tests.web.factories import OURS, Named, competition, parts_of, start, votes

MARKUP = "<svg onload=alert(1)>"
TEMPLATE = "{{7*7}}${7*7}<%=7*7%>"
SQL = "' OR 1=1--"
FORMULA = "=cmd|' /C calc'!A0"
ATTRIBUTE = "\" autofocus onfocus='alert(2)' x=\""
SCRIPT = "</script><script>alert(3)</script>"
WORDS = (MARKUP, TEMPLATE, SQL, FORMULA, ATTRIBUTE, SCRIPT)
HOSTILE = tuple(Named(f"hostile-{number}", f"{words} {number}") for number, words in enumerate(WORDS))
SORTS = ("id;drop", "id;drop table votes", "rating desc, (select 1)", "'", "__class__", "rating\0", "1")


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: set[str] = set()
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Whatever an admin, a catalogue or a visitor wrote is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(sqlite_template, folder / "hostile.sqlite3")
    with application(f"sqlite:///{folder / 'hostile.sqlite3'}", folder) as made:
        prompt = " ".join(WORDS)
        competition(made, "an-open-one", models=HOSTILE, categories=("portrait",), prompt=prompt)
        competition(made, "a-closed-one", models=HOSTILE[:4], status="closed", prompt=f"{prompt} again")

        def spoil(session: Session) -> None:
            session.execute(update(Competition).values(title=FORMULA + MARKUP))
            session.execute(update(Category).values(title=ATTRIBUTE + MARKUP))
            session.execute(update(ImageModel).values(creator=FORMULA + MARKUP, family=SQL + SCRIPT))

        parts_of(made).database.write(spoil)
        votes(made, 9)
        yield made


@pytest.fixture(scope="module")
def answers(app: Flask) -> dict[str, Got]:
    """Everything, as a voter with an open pair and as an admin."""
    voter, admin = app.test_client(), app.test_client()
    where = start(voter)
    voter.post("/suggest", data={"prompt": f"A prompt with {' '.join(WORDS)}"}, headers=OURS)
    assert sign_in(admin).status_code == 303
    public = ["/", where, "/me", "/feed.atom", "/sitemap.xml", "/llms.txt", "/api/v1/votes?format=jsonl", "/docs"]
    public += ["/api/v1/votes", "/api/v1/competitions", "/api/v1/models", "/integrity", "/playground", "/compare"]
    public += ["/badge/hostile-0.svg", "/models/hostile-5/llms.txt", "/models/hostile-0/card.png"]
    public += [f"/api/v1/leaderboards/text-to-image?format={kind}" for kind in ("csv", "json")]
    public += ["/compare/hostile-0/hostile-5", "/api/v1/competitions/an-open-one/leaderboard?format=csv"]
    public += [f"/models?q={MARKUP}", f"/leaderboards/text-to-image?q={ATTRIBUTE}", f"/playground?prompt={SCRIPT}"]
    private = ["/admin", "/admin/suggestions", "/admin/competitions", "/admin/competitions/an-open-one"]
    private += ["/admin/votes", "/admin/votes/1", "/admin/ledger", f"/admin/ledger?action={MARKUP}"]
    return crawl(voter, public, variants=0) | {path: got(path, admin.get(path)) for path in private}


def test_v1_2_1_pages_show_hostile_words_as_words(answers: dict[str, Got]) -> None:
    pages = [one for one in answers.values() if one.mimetype == "text/html" and one.status == 200]
    assert len(pages) > 40
    for page in pages:
        html = page.body.decode()
        found = Tags(html)
        assert not {name for name in found.attributes if name.startswith("on")}, page.path
        assert "autofocus" not in found.attributes, page.path
        assert not [script for script in found.scripts if "alert(3)" in script and "<script" in script], page.path
        assert "<svg onload" not in html, page.path
        assert "49${" not in html, page.path
    shown = "\n".join(page.body.decode() for page in pages)
    assert "{{7*7}}" in shown
    assert "&lt;svg onload=alert(1)&gt;" in shown


def test_v1_2_1_feeds_badges_and_maps_are_well_formed(answers: dict[str, Got]) -> None:
    found = [one for one in answers.values() if one.mimetype.endswith("xml") and one.status == 200]
    assert {one.mimetype for one in found} == {"application/atom+xml", "application/xml", "image/svg+xml"}
    for one in found:
        tree = ET.fromstring(one.body)
        for element in tree.iter():
            assert not {name for name in element.attrib if name.lower().startswith("on")}, one.path
            assert not element.tag.endswith("script"), one.path


def test_v1_2_3_json_keeps_words_as_they_are(answers: dict[str, Got]) -> None:
    names: set[str] = set()
    for one in answers.values():
        if one.mimetype == "application/json" and one.body:
            value = json.loads(one.body)
            if one.path == "/api/v1/models":
                names = {model["name"] for model in value}
    assert names == {model.name for model in HOSTILE}
    kinds = {one.mimetype for one in answers.values() if one.path.startswith("/api/") and one.status == 200}
    assert kinds == {"application/json", "text/csv", "application/jsonl"}


def test_v1_2_10_no_cell_of_a_table_is_a_formula(answers: dict[str, Got]) -> None:
    tables = [one for one in answers.values() if one.mimetype == "text/csv"]
    assert len(tables) >= 3
    cells = [cell for one in tables for row in csv.reader(StringIO(one.body.decode())) for cell in row]
    assert any("=cmd" in cell for cell in cells)
    for cell in cells:
        if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
            float(cell)


@pytest.mark.parametrize("given", SORTS)
def test_v1_2_4_order_and_filters_are_chosen_from_lists(app: Flask, given: str) -> None:
    client = app.test_client()
    for name in ("sort", "order", "status", "max_price"):
        if name == "max_price" and given == "1":
            continue
        query = {name: given}
        assert client.get("/api/v1/leaderboards/text-to-image", query_string=query).status_code == 400, name
        assert client.get("/leaderboards/text-to-image", query_string=query).status_code == 400, name
    assert client.get("/api/v1/leaderboards/text-to-image", query_string={"q": given}).status_code in {200, 400}


def test_v1_2_4_words_for_a_database_find_nothing(app: Flask) -> None:
    client = app.test_client()
    for words in (SQL, "' UNION SELECT password_hash FROM admins--", "%", "_", "\\"):
        for path in (
            f"/models/{words}",
            f"/api/v1/models/{words}",
            f"/competitions/{words}",
            f"/badge/{words}.svg",
        ):
            assert client.get(path).status_code == 404, path
        found = client.get("/api/v1/leaderboards/text-to-image", query_string={"q": words}).get_json()
        assert len(found["standings"]) <= sum(words.lower() in str(model).lower() for model in HOSTILE) + len(
            HOSTILE
        )


def test_a_hostile_name_signs_nobody_in(app: Flask) -> None:
    for name in (SQL, MARKUP, "ada' --", "ada\x00", "ad%61"):
        assert sign_in(app.test_client(), name=name).status_code in {400, 403}
    add_admin(parts_of(app).database, name="eve")
    assert sign_in(app.test_client(), name="eve").status_code == 303
