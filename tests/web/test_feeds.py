"""What programs read of the arena: badges, the feed, the sitemap, robots.txt, plain text, link pictures."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from app import create_app
from app.arena.entries import competitions
from app.leaderboards.views.certainty import ordinal
from app.settings import Settings
from tests.web.conftest import running
from tests.web.factories import MODELS, Named, competition, moment, parts_of, votes

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
FIRST = MODELS[0].slug


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    shutil.copy(sqlite_template, tmp_path / "feeds.sqlite3")
    yield from running(f"sqlite:///{tmp_path / 'feeds.sqlite3'}", tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    competition(app, categories=("portrait",))
    return app.test_client()


def test_a_badge_says_the_rank_and_may_be_shown_elsewhere(app: Flask, client: FlaskClient) -> None:
    assert "not ranked yet" in client.get(f"/badge/{FIRST}.svg").text
    votes(app, 20)
    answer = client.get(f"/badge/{FIRST}.svg")
    board = client.get("/api/v1/leaderboards/text-to-image").get_json()["standings"]
    own = next(row for row in board if row["model"]["slug"] == FIRST)
    ranks = f"{ordinal(own['rank_low'])} to {ordinal(own['rank_high'])} of 4"
    assert f"{ranks} · {own['rating']:.0f} Elo · {own['votes']} votes" in answer.text
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    ET.fromstring(answer.data)
    assert client.get(f"/badge/{FIRST}.svg?mode=image-edit").status_code == 200
    assert client.get(f"/badge/{FIRST}.svg?mode=video").status_code == 404
    of_category = client.get(f"/badge/{FIRST}.svg?category=portrait").text
    assert "Blindvote portrait" in of_category
    assert f"{own['votes']} votes" in of_category
    assert client.get(f"/badge/{FIRST}.svg?category=none").status_code == 404


FEEDS = (
    "/feed.atom",
    "/leaderboards/text-to-image/feed.atom",
    "/leaderboards/text-to-image/portrait/feed.atom",
    "/competitions/a-red-cube/feed.atom",
    f"/models/{FIRST}/feed.atom",
)


@pytest.mark.parametrize("path", FEEDS)
def test_every_feed_is_atom_and_links_to_pages_of_ours(app: Flask, client: FlaskClient, path: str) -> None:
    votes(app, 20)
    closed(app)
    answer = client.get(path)
    assert answer.mimetype == "application/atom+xml"
    entries = ET.fromstring(answer.data).findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert ids
    assert len(set(ids)) == len(ids)
    for entry in entries:
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert client.get(link.attrib["href"]).status_code == 200
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def closed(app: Flask) -> None:
    closing = partial(competitions.set_status, slug="a-red-cube", status="closed", now=moment())
    parts_of(app).database.write(closing)


def test_the_feed_tells_a_new_board_and_a_closing(app: Flask, client: FlaskClient) -> None:
    votes(app, 20)
    closed(app)
    feed = ET.fromstring(client.get("/feed.atom").data)
    titles = [entry.findtext(f"{ATOM}title") or "" for entry in feed.findall(f"{ATOM}entry")]
    assert "The first board of text to image: 4 models" in titles
    assert any(title.startswith("Closed: A red cube, ") for title in titles)
    assert not any("rises" in title or "falls" in title for title in titles)


def test_no_address_of_a_feed_follows_the_requests_host(app: Flask, client: FlaskClient) -> None:
    votes(app, 20)
    here = client.get("/feed.atom")
    assert client.get("/feed.atom", headers={"Host": "evil.example"}).data == here.data
    assert "urn:uuid:" in here.text


def test_addresses_of_a_feed_are_the_public_ones(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    votes(app, 20)
    address = f"sqlite:///{tmp_path / 'feeds.sqlite3'}"
    for public in running(address, tmp_path, public_url="https://arena.example/"):
        text = public.test_client().get("/feed.atom").text
    assert "<id>https://arena.example/leaderboards/text-to-image#opened-text-to-image-" in text
    assert 'rel="self" type="application/atom+xml" href="https://arena.example/feed.atom"' in text
    assert "urn:uuid:" not in text


@pytest.mark.parametrize(
    "path", ["leaderboards/video", "leaderboards/text-to-image/none", "competitions/none", "models/none"]
)
def test_there_is_no_feed_of_what_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(f"/{path}/feed.atom").status_code == 404


def test_an_empty_arena_has_a_feed_and_a_sitemap(app: Flask) -> None:
    for path, root in (("/feed.atom", f"{ATOM}feed"), ("/sitemap.xml", f"{MAP}urlset")):
        answer = app.test_client().get(path)
        assert (answer.status_code, ET.fromstring(answer.data).tag) == (200, root)


def test_the_sitemap_names_pages_that_exist(app: Flask, client: FlaskClient) -> None:
    tree = ET.fromstring(client.get("/sitemap.xml").data)
    pages = [loc.text or "" for loc in tree.iter(f"{MAP}loc")]
    assert f"http://localhost/models/{FIRST}" in pages
    assert "http://localhost/leaderboards/text-to-image/portrait" in pages
    for page in pages:
        assert client.get(page.removeprefix("http://localhost")).status_code == 200, page


def test_the_sitemap_dates_boards_and_names_each_pair_of_neighbours_once(app: Flask, client: FlaskClient) -> None:
    votes(app, 20)
    tree = ET.fromstring(client.get("/sitemap.xml").data)
    dated = {url.findtext(f"{MAP}loc") or "": url.findtext(f"{MAP}lastmod") for url in tree.iter(f"{MAP}url")}
    for path in ("leaderboards/text-to-image", "leaderboards/text-to-image/portrait", "competitions/a-red-cube"):
        assert dated[f"http://localhost/{path}"], path
    assert all(dated.values())
    assert not [address for address in dated if "image-edit" in address], "no competition asks for edits"
    pairs = [address for address in dated if "/compare/" in address]
    assert len(pairs) == 3
    for address in pairs:
        path = address.removeprefix("http://localhost")
        one, other = path.split("/")[-2:]
        for asked in (path, f"/compare/{other}/{one}"):
            page = client.get(asked)
            assert page.status_code == 200
            assert f'<link rel="canonical" href="{path}">' in page.text


def test_a_board_says_what_it_is_to_programs(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    votes(app, 20)
    assert client.get("/favicon.ico").headers["Location"].startswith("/static/icon.svg")
    assert "og:image" not in client.get("/").text
    for public in running(f"sqlite:///{tmp_path / 'feeds.sqlite3'}", tmp_path, public_url="https://arena.example"):
        reader = public.test_client()
        page = reader.get("/leaderboards/text-to-image?utm_source=x").text
        home = reader.get("/").text
    assert '<link rel="canonical" href="https://arena.example/leaderboards/text-to-image">' in page
    said = json.loads(page.partition('type="application/ld+json">')[2].partition("</script>")[0])
    assert said["mainEntity"]["numberOfItems"] == 4
    assert datetime.fromisoformat(said["dateModified"]).tzinfo is not None
    assert said["image"] == "https://arena.example/card.png"
    for text in (page, home):
        assert '<meta property="og:image" content="https://arena.example/card.png">' in text
    assert '<meta property="og:url" content="https://arena.example/">' in home
    with Image.open(BytesIO(client.get("/card.png").data)) as picture:
        assert picture.size == (1200, 630)


def test_files_of_boards_have_names_and_licences(client: FlaskClient) -> None:
    for path, name in (
        ("leaderboards/text-to-image/portrait", "text-to-image-portrait.csv"),
        ("competitions/a-red-cube/leaderboard", "competition-a-red-cube.csv"),
    ):
        answer = client.get(f"/api/v1/{path}?format=csv")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert "model_licence" in answer.text.splitlines()[0].split(",")


def test_robots_stay_out_of_what_is_one_voters(client: FlaskClient) -> None:
    text = client.get("/robots.txt").text
    assert "Disallow: /arena\n" in text
    assert "Disallow: /me\n" in text
    assert "Sitemap: http://localhost/sitemap.xml" in text


def test_robots_stay_out_of_a_closed_house(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "team.sqlite3")
    database_url = f"sqlite:///{tmp_path / 'team.sqlite3'}"
    made = create_app(
        Settings.model_validate(
            {
                "data_dir": tmp_path / "data",
                "database_url": database_url,
                "profile": "team",
                "login_header": "X-Forwarded-User",
                "trusted_proxies": ["10.0.0.0/8"],
            }
        )
    )
    with made.test_request_context():
        text = made.view_functions["feeds.robots"]().get_data(as_text=True)  # type: ignore[union-attr]
    assert "Disallow: /\n" in text
    parts_of(made).database.close()


def test_plain_text_for_language_models(app: Flask, client: FlaskClient) -> None:
    votes(app, 20)
    listed = client.get("/llms.txt")
    assert listed.mimetype == "text/plain"
    assert f"http://localhost/models/{FIRST}/llms.txt" in listed.text
    page = client.get(f"/models/{FIRST}/llms.txt").text
    assert page.startswith(f"# {MODELS[0].name}\n")
    assert re.search(r"A red cube: \d\w\w to \d\w\w of 4, \d+ votes", page)
    assert "&" not in page


def test_a_link_picture(app: Flask, client: FlaskClient) -> None:
    competition(app, "long", models=(Named("long", "A Very Long Name Of A Model With 文字 In It, And Then Some"),))
    for slug in (FIRST, "long"):
        answer = client.get(f"/models/{slug}/card.png")
        with Image.open(BytesIO(answer.data)) as picture:
            assert (picture.format, picture.size) == ("PNG", (1200, 630))
            low, high = picture.convert("L").getextrema()
            assert (low < 40, high > 240) == (True, True)
