"""Boards, competitions and the rest: what they say, to whom, and how they may be kept."""

import gzip
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.arena.voting.matchups import MatchupFilter
from app.catalog.tables import ImageModel
from app.leaderboards.runs import refresh
from app.leaderboards.tables import Audit
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, moment, parts_of, post, start, votes


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """On SQLite alone: what these pages read is tried on both databases in the rooms' own tests."""
    shutil.copy(sqlite_template, tmp_path / "pages.sqlite3")
    yield from running(f"sqlite:///{tmp_path / 'pages.sqlite3'}", tmp_path)


PUBLIC = ("/", "/competitions", "/leaderboards/text-to-image", "/leaderboards/image-edit", "/methodology")
EVERY = (*PUBLIC, "/arena", "/me")


@pytest.mark.parametrize("path", EVERY)
def test_an_empty_arena_has_every_page(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/arena", "/competitions"])
def test_an_empty_arena_tells_its_admin_what_to_do(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert "arena demo" in page
    assert "arena import-pack" in page
    assert "Start voting" not in page
    assert "Show me a pair" not in page


@pytest.mark.parametrize("path", EVERY)
def test_everything_stands_in_a_landmark(app: Flask, client: FlaskClient, path: str) -> None:
    competition(app)
    parts_of(app).database.write(lambda session: session.execute(update(ImageModel).values(demo=True)))
    page = client.get(path).text
    outside = re.sub(
        r"(?s)<(header|nav|main|aside|footer|script|noscript)\b.*?</\1>", "", page[page.index("<body") :]
    )
    assert "Demo: images drawn by code" in page
    assert re.findall(r"<(?!/|body)\w+[^>]*>", outside) == ['<a class="skip-link" href="#main">']


@pytest.mark.parametrize("path", ["/models", "/compare"])
def test_an_empty_catalogue_offers_nothing_to_choose_from(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert "the catalogue is empty" in page
    assert "<select" not in page


def test_voting_in_an_empty_arena(client: FlaskClient) -> None:
    answer = post(client, "/arena")
    assert answer.status_code == 409
    assert "No competition is open yet" in answer.text


def test_a_board(app: Flask, client: FlaskClient) -> None:
    competition(app, categories=("portrait",))
    competition(app, "a-green-cone")
    votes(app, 18)
    page = client.get("/leaderboards/text-to-image").text
    for model in MODELS:
        assert model.name in page
        assert f'href="/models/{model.slug}"' in page
    assert "<b>18</b> counted votes" in page
    assert "<b>2</b> competitions" in page
    assert "No rank is decided yet" in page
    assert "provisional" not in page
    assert page.count('class="interval"') == len(MODELS)
    assert 'href="/leaderboards/text-to-image/portrait"' in page
    assert 'href="/api/v1/leaderboards/text-to-image?format=csv"' in page


def test_a_board_of_few_people_and_prompts_says_on_what_it_rests(app: Flask, client: FlaskClient) -> None:
    competition(app)
    votes(app, 6)
    page = client.get("/leaderboards/text-to-image").text
    assert "It rests on two voters: it is their taste. It rests on one prompt: another prompt may turn it." in page
    assert "More prompts would help most." in page


def test_a_models_page_says_what_equal_pictures_would_change(app: Flask, client: FlaskClient) -> None:
    competition(app)
    votes(app, 6)
    moved, still = MODELS[0].slug, MODELS[1].slug
    sides = {"effect": 12.0, "error": 3.0, "models": {moved: [-14.0, 3.0], still: [2.0, 3.0]}}
    numbers = {"named_qualities": {"side": sides}}
    audit = Audit(mode="text-to-image", at=moment(), last_vote_id=1, votes=6, numbers=numbers)
    parts_of(app).database.write(lambda session: session.add(audit))
    told = "If all pictures were equal in their side, this rating would be 14 Elo points lower (-20 to -8)."
    assert told in " ".join(client.get(f"/models/{moved}").text.split())
    assert "If all pictures" not in client.get(f"/models/{still}").text


def test_a_board_says_when_a_model_is_not_ranked_only_where_one_is_not(app: Flask, client: FlaskClient) -> None:
    competition(app, models=MODELS[:3])
    votes(app, 15)
    refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
    page = client.get("/leaderboards/text-to-image").text
    assert "not ranked yet" not in page
    assert "Not ranked" not in page
    competition(app, "a-green-cone", models=MODELS[2:])
    votes(app, 1, wish=MatchupFilter(competition="a-green-cone"))
    refresh.rebuild(parts_of(app).database, "text-to-image", now=moment())
    assert "Not ranked: under 4 votes." in client.get("/leaderboards/text-to-image").text


def test_a_board_names_the_models_of_parts_that_never_met(app: Flask, client: FlaskClient) -> None:
    competition(app, "a-red-cube", models=MODELS[:2])
    competition(app, "a-blue-cube", models=MODELS[2:])
    for _ in range(4):  # one pair each, which a voter judges once
        votes(app, 1, wish=MatchupFilter(competition="a-red-cube"))
        votes(app, 1, wish=MatchupFilter(competition="a-blue-cube"))
    page = client.get("/leaderboards/text-to-image").text
    one, other = "Hidden Name A, Hidden Name B", "Hidden Name C, Hidden Name D"
    assert f"never met: {one} / {other}; " in page or f"never met: {other} / {one}; " in page


def test_prompts_run_in_their_own_direction(app: Flask, client: FlaskClient) -> None:
    prompt = "قطة زرقاء"
    competition(app, prompt=prompt)
    for path in ("/", "/competitions", "/competitions/a-red-cube"):
        page = client.get(path).text
        assert f'dir="auto">{prompt}<' in page, path


def test_a_category_board_and_one_that_is_not(app: Flask, client: FlaskClient) -> None:
    competition(app, categories=("portrait",))
    votes(app, 6)
    assert "<h1>Portrait</h1>" in client.get("/leaderboards/text-to-image/portrait").text
    assert client.get("/leaderboards/text-to-image/none").status_code == 404
    assert client.get("/leaderboards/video").status_code == 404


def test_a_board_takes_a_vote_in(arena: Flask, client: FlaskClient) -> None:
    post(client, f"{start(client)}/vote", outcome="a")
    assert "<b>1</b> counted vote " in client.get("/leaderboards/text-to-image").text
    post(client, f"{start(client)}/vote", outcome="a")
    until = time.monotonic() + 20  # a board rests ten times as long as its last pass took, and the first took long
    while "<b>2</b> counted votes" not in client.get("/leaderboards/text-to-image").text:
        assert time.monotonic() < until


def test_filters_and_order(arena: Flask, client: FlaskClient) -> None:
    votes(arena, 12)
    page = client.get("/leaderboards/text-to-image?q=hidden+name+b").text
    assert "1 of 4 models" in page
    assert MODELS[0].name not in page
    page = client.get("/leaderboards/text-to-image?sort=name&order=desc").text
    order = re.findall(r'href="/models/(hidden-model-.)"', page)
    assert order == [model.slug for model in reversed(MODELS)]
    assert 'aria-sort="descending"' in page
    assert "No model fits this filter" in client.get("/leaderboards/text-to-image?creator=nobody").text


@pytest.mark.parametrize("query", ["sort=drop", "order=up", "status=dead", "max_price=free", "max_price=nan"])
def test_a_bad_filter_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/leaderboards/text-to-image?{query}").status_code == 400


def test_old_addresses_lead_to_the_board(client: FlaskClient) -> None:
    assert client.get("/leaderboard").headers["Location"] == "/leaderboards/text-to-image"


def test_hostile_words_are_words(app: Flask, client: FlaskClient) -> None:
    evil = "<svg onload=alert(1)>{{ 7*7 }}"
    competition(app, prompt=evil)
    votes(app, 4)
    board = f"/leaderboards/text-to-image?q={evil}"
    for path in ("/", "/competitions", "/competitions/a-red-cube", start(client), board):
        page = client.get(path).text
        assert "<svg onload" not in page
        assert "&lt;svg onload" in page
        assert "{{ 7*7 }}" in page


def test_an_open_competition_shows_its_board_and_no_images(arena: Flask, client: FlaskClient) -> None:
    votes(arena, 8, wish=MatchupFilter(competition="a-red-cube"))
    page = client.get("/competitions/a-red-cube").text
    assert "The prompt of a-red-cube" in page
    assert "<b>8</b> counted votes" in page
    assert "intervals are for this prompt" in page
    assert "/media/" not in page
    assert "Judge this one" in page


def test_a_closed_competition_shows_them(app: Flask, client: FlaskClient) -> None:
    competition(app, status="closed")
    page = client.get("/competitions/a-red-cube").text
    urls = re.findall(r'src="(/media/[^"]+)"', page)
    assert len(urls) == len(MODELS)
    assert "Judge this one" not in page
    assert client.get(urls[0]).status_code == 200


def test_a_thumbnail_that_was_never_made_has_the_whole_picture_stand_in(app: Flask, client: FlaskClient) -> None:
    competition(app, status="closed")
    (url, *_) = re.findall(r'src="(/media/[^"]+?)(?:-\d+)?\.webp"', client.get("/competitions/a-red-cube").text)
    storage = parts_of(app).storage
    for key in [key for key in storage.every_key() if key.endswith("-tiny.webp")]:
        storage.delete(key)
    assert client.get(f"{url}-160.webp").data == client.get(f"{url}.webp").data


def test_an_open_gallery_says_that_it_is(app: Flask, client: FlaskClient) -> None:
    competition(app, open_gallery=True)
    page = client.get("/competitions/a-red-cube").text
    assert "does not judge blind" in page
    assert page.count('src="/media/') == len(MODELS)


def test_an_edit_competition_shows_its_input(app: Flask, client: FlaskClient) -> None:
    competition(app, "edit-it", mode="image-edit")
    assert 'src="/competitions/edit-it/input.webp"' in client.get("/competitions/edit-it").text
    assert client.get("/competitions/edit-it/input.webp").mimetype == "image/webp"
    assert client.get("/competitions/none/input.webp").status_code == 404


def test_competitions_by_category(app: Flask, client: FlaskClient) -> None:
    competition(app, categories=("portrait",))
    competition(app, "a-green-cone")
    page = client.get("/competitions?category=portrait").text
    assert 'href="/competitions/a-red-cube"' in page
    assert 'href="/competitions/a-green-cone"' not in page
    assert "Uncategorized" in client.get("/competitions").text
    assert client.get("/competitions/none").status_code == 404


def test_own_votes(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    post(client, f"{path}/vote", outcome="a")
    page = client.get("/me")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "<b>1</b> standing vote," in page.text
    assert f'action="{path}/undo"' in page.text
    assert "You picked A, Hidden Name" in page.text
    assert len(re.findall(r">1 of 1<", page.text)) == 1
    for url in re.findall(r'src="(/media/[^"]+)"', page.text):
        assert client.get(url).status_code == 200
    post(client, f"{path}/undo")
    undone = client.get("/me").text
    assert "taken back" in undone
    assert f'action="{path}/undo"' not in undone


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999999", "2"])
def test_own_votes_by_page(arena: Flask, client: FlaskClient, page: str) -> None:
    post(client, f"{start(client)}/vote", outcome="a")
    assert client.get(f"/me?page={page}").status_code == 200


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_the_same_for_everybody(arena: Flask, client: FlaskClient, path: str) -> None:
    post(client, f"{start(client)}/vote", outcome="a")
    client.get(path)
    mine, theirs = client.get(path), arena.test_client().get(path)
    assert mine.data == theirs.data
    assert mine.headers["ETag"] == theirs.headers["ETag"]
    assert mine.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in mine.headers
    assert mine.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("path", PUBLIC)
def test_a_known_page_is_not_sent_again(arena: Flask, client: FlaskClient, path: str) -> None:
    client.get(path)
    etag = client.get(path).headers["ETag"]
    answer = client.get(f"{path}?utm_source=x", headers={"If-None-Match": etag})
    assert answer.status_code == 304
    assert answer.data == b""


@pytest.mark.parametrize("path", [*EVERY, "/nowhere", "/competitions/a-red-cube"])
def test_pages_obey_their_own_policy(arena: Flask, client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    text = page.text.replace('<script type="application/ld+json">', "")
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", text)
    for address in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
        assert address.startswith(("/", "data:image/svg+xml,", "?"))
        assert not address.startswith("//")
        if address.startswith("/static/"):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("path", [*EVERY, "/competitions/a-red-cube"])
def test_the_menu_leads_to_pages_that_exist(arena: Flask, client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    frame = page.split("<main")[0] + page.split("</main>")[1]
    for address in set(re.findall(r'href="(/[^"#]*)"', frame)):
        assert client.get(address).status_code in {200, 302}, address


def test_errors_are_pages_of_their_own(client: FlaskClient) -> None:
    missing = client.get("/nowhere")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
    assert "There is no page at this address." in missing.text
    wrong = client.put("/competitions", headers={"Sec-Fetch-Site": "same-origin"})
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]
    large = client.post("/arena", data={"mode": "x" * 100_000}, headers={"Sec-Fetch-Site": "same-origin"})
    assert large.status_code == 413


def test_an_unexpected_error_tells_nothing(app: Flask) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the secret of the house")

    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "It is our fault" in answer.text


def test_a_busy_database_asks_to_come_back(app: Flask) -> None:
    from app.database.doors import DatabaseBusy

    @app.get("/busy")
    def busy() -> str:
        raise DatabaseBusy("The database is busy.")

    answer = app.test_client().get("/busy")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_health(app: Flask, client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "failing": {}}


def test_not_ready_without_a_schema(app: Flask, client: FlaskClient) -> None:
    app.extensions["blindvote"].database.migrate("base")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migrations pending" in answer.get_json()["failing"]["database"]


def test_a_voter_can_be_forgotten(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    post(client, f"{path}/vote", outcome="a")
    assert "Your taste" in client.get("/me").text
    forgotten = post(client, "/me/delete")
    assert forgotten.status_code == 303
    assert "Max-Age=0" in forgotten.headers["Set-Cookie"]
    assert "None yet" in client.get("/me").text
    assert client.get(path).status_code == 404
    assert "1 counted vote" in re.sub(r"</?b>", "", client.get("/leaderboards/text-to-image").text)


@pytest.mark.parametrize(("asked", "given"), [("br, gzip", "br"), ("gzip", "gzip"), ("", None), ("br;q=0", None)])
def test_public_pages_are_compressed(arena: Flask, client: FlaskClient, asked: str, given: str | None) -> None:
    import brotli

    plain = client.get("/competitions").data
    answer = client.get("/competitions", headers={"Accept-Encoding": asked})
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[given]
    assert answer.headers.get("Content-Encoding") == given
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert unpack(answer.data) == plain
    known = {"Accept-Encoding": asked, "If-None-Match": answer.headers["ETag"]}
    assert client.get("/competitions", headers=known).status_code == 304


def test_private_pages_are_not_compressed(arena: Flask, client: FlaskClient) -> None:
    answer = client.get(start(client), headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in answer.headers
