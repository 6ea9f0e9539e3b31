"""Model pages: statuses by date, prices that follow their file, examples that work, and who sees what."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, or_, select
from sqlalchemy.engine import Engine

from app.arena.tables import Competition, Entry, Matchup, Voter
from app.catalog.tables import ImageModel
from app.gateway import keys
from app.leaderboards.runs import refresh
from tests.catalog.editing import edit
from tests.web.catalogue import COMPETITIONS, PRICED, TODAY, at, folder_of, load_folder, section, seed_world, words
from tests.web.conftest import running
from tests.web.factories import MODELS, Named, competition, moment, parts_of, start, votes


@pytest.fixture(scope="module")
def seeded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield from seed_world(sqlite_template, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def page(seeded: Flask) -> str:
    answer = seeded.test_client().get("/models/dall-e-2")
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    shutil.copy(sqlite_template, tmp_path / "pages.sqlite3")
    yield from running(f"sqlite:///{tmp_path / 'pages.sqlite3'}", tmp_path)


def test_a_competition_without_a_rank_is_listed(app: Flask) -> None:
    competition(app, prompt="A cube nobody judged")
    page = app.test_client().get(f"/models/{MODELS[0].slug}").text
    assert "not ranked yet" in section(page, "results")
    assert "A cube nobody judged" in section(page, "results")


def test_help_rank_narrows_to_a_competition_of_the_model(seeded: Flask, page: str) -> None:
    form = re.search(r'<form method="post" action="/arena">.*?</form>', page, re.DOTALL)
    assert form
    assert set(re.findall(r'<option value="([^"]*)"', form[0])) == {"", *COMPETITIONS}
    assert set(re.findall(r'name="([^"]+)"', form[0])) == {"mode", "competition", "model"}


def test_help_rank_shows_competitions_of_the_model_and_not_the_model_alone(app: Flask) -> None:
    competition(app, "its-own")
    competition(app, "of-others", models=MODELS[1:])
    for _ in range(12):
        path = start(app.test_client(), model=MODELS[0].slug)
        assert f"model={MODELS[0].slug}" in path
    seen = shown(app)
    assert {slug for slug, _ in seen} == {"its-own"}
    assert len({model for _, model in seen}) > 2


def shown(app: Flask) -> set[tuple[str, str]]:
    """(competition, model) of every entry issued so far."""
    with parts_of(app).database.reading() as session:
        rows = session.execute(
            select(Competition.slug, ImageModel.slug)
            .join(Entry, Entry.competition_id == Competition.id)
            .join(ImageModel, ImageModel.id == Entry.model_id)
            .join(Matchup, or_(Matchup.left_entry_id == Entry.id, Matchup.right_entry_id == Entry.id))
        )
        return {(competition, model) for competition, model in rows}


def test_before_its_sunset_the_model_is_deprecated_and_works(app: Flask, tmp_path: Path) -> None:
    load_folder(app, folder_of(tmp_path / "catalog", "dall-e-2"))
    at(app, datetime(2026, 5, 11, 23, 59, tzinfo=UTC))
    before = words(app.test_client().get("/models/dall-e-2").text)
    assert "Deprecated Sunset May 12, 2026. It works until then." in before
    assert "No provider serves" not in before
    at(app, datetime(2026, 5, 12, 0, 0, tzinfo=UTC))
    after = words(app.test_client().get("/models/dall-e-2").text)
    assert "Deprecated Retired Sunset May 12, 2026." in after
    assert "No provider serves DALL-E 2 any more" in after


def test_the_curl_example_of_a_served_model_works(seeded: Flask) -> None:
    client = seeded.test_client()
    page = client.get("/models/pixel-mini").text
    assert "No provider" not in words(page)
    curl = re.search(r"curl (\S+/openai/v1/images/generations).*?-d '(.*?)'", words(page))
    assert curl
    _, secret = parts_of(seeded).database.write(
        lambda session: keys.create_key(session, "example", now=datetime.now(UTC))
    )
    body = json.loads(curl[2])
    assert body["model"] == "pixel-mini"
    answer = client.post(
        curl[1].removeprefix("http://localhost"),
        json=body | {"size": "256x256"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["data"][0]["url"].startswith("http://localhost/files/")


def test_the_python_examples_are_python(page: str) -> None:
    codes = re.findall(r'<div class="code".*?<code>(.*?)</code></pre>', page, re.DOTALL)
    assert len(codes) == 9, "three operations in three languages"
    texts = [unescape(code) for code in codes if "from openai import OpenAI" in code]
    assert len(texts) == 3
    for text in texts:
        compile(text, "example", "exec")


def test_a_model_that_is_not_set_up_says_what_is_missing(seeded: Flask) -> None:
    page = words(seeded.test_client().get("/models/gpt-image-2").text)
    assert "model_unavailable until the operator sets OPENAI_API_KEY" in page


def test_a_page_leaves_out_what_nobody_knows(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "bare.toml").write_text('slug = "bare"\nname = "Bare"\n', "utf-8")
    load_folder(app, tmp_path / "bare")
    page = app.test_client().get("/models/bare").text
    for part in ("providers", "parameters", "overview", "benchmarks", "sources"):
        assert f'id="{part}"' not in page
        assert f'href="#{part}"' not in page
    assert "None" not in words(page)


def test_a_model_without_images_says_so_and_what_to_do(seeded: Flask) -> None:
    results = section(seeded.test_client().get("/models/pixel-mini").text, "results")
    assert "No image of Pixel Mini has been entered in a competition here, so there are no votes" in results
    for command in (
        "arena import-pack",
        "arena generate COMPETITION --models pixel-mini",
        "arena competition open",
    ):
        assert command in results


def test_a_model_without_votes_says_so_and_where_to_vote(app: Flask) -> None:
    competition(app)
    results = section(app.test_client().get(f"/models/{MODELS[0].slug}").text, "results")
    assert "Hidden Name A takes part in 1 competition in Text to image and has no votes yet" in results
    assert "Start voting" in results
    assert "stay without a name while their competitions are open" in results


def test_a_model_whose_competitions_are_closed_says_who_can_open_one(app: Flask) -> None:
    competition(app, status="closed")
    results = section(app.test_client().get(f"/models/{MODELS[0].slug}").text, "results")
    assert "nobody can vote on it now" in results
    assert "arena competition open" in results


def test_a_rank_stands_beside_its_certainty(seeded: Flask, page: str) -> None:
    head = words(page.partition("<main")[2].partition("<nav")[0])
    place = re.search(r"(?:decided by )?(\d+) votes (\d+(?:st|nd|rd|th)(?: to \d+(?:st|nd|rd|th))? of 3)", head)
    assert place
    described = re.search(r'<meta name="description" content="([^"]*)"', page)
    assert described
    assert f"{place[2]} with" in described[1]
    assert f"by {place[1]} blind votes" in described[1]


def test_long_lists_are_folded_and_whole(app: Flask, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "catalog", "gpt-image-2", "flux.1-kontext-pro")
    load_folder(app, folder)
    client = app.test_client()
    prices = section(client.get("/models/gpt-image-2").text, "providers")
    assert re.search(r"\d+ more prices", prices)
    assert "more prices" in prices
    page = client.get("/models/flux.1-kontext-pro").text
    api = client.get("/api/v1/models/flux.1-kontext-pro").get_json()
    assert {offering["provider"] for offering in api["offerings"]} == set(
        re.findall(r'id="provider-([^"]+)"', page)
    )
    noted = set(re.findall(r'href="#(source-\d+)"', page))
    assert noted
    assert noted <= set(re.findall(r'id="(source-\d+)"', page))


def ranked(app: Flask, folder: Path) -> FlaskClient:
    load_folder(app, folder)
    at(app, TODAY)
    competition(app, models=PRICED)
    votes(app, 18)
    return app.test_client()


def test_one_price_in_a_file_changes_everything_that_says_it(app: Flask, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "catalog", *(model.slug for model in PRICED))
    client = ranked(app, folder)
    before, page = prices(client)
    assert before == {
        "header": "1.6¢",
        "figure": "$0.016",
        "formats": "256x256 ~$0.016",
        "faq": "$0.016 per image",
        "json-ld": 0.016,
        "chart": "$0.016",
        "api": 0.016,
        "plain": "$0.016",
    }
    edit(folder / "dall-e-2.toml", "usd = 0.016", "usd = 0.0123")
    load_folder(app, folder)
    after, changed = prices(client)
    assert after == {
        "header": "1.23¢",
        "figure": "$0.0123",
        "formats": "256x256 ~$0.0123",
        "faq": "$0.0123 per image",
        "json-ld": 0.0123,
        "chart": "$0.0123",
        "api": 0.0123,
        "plain": "$0.0123",
    }
    assert mark(changed) < mark(page)
    assert "0.016" not in changed


def prices(client: FlaskClient) -> tuple[dict[str, object], str]:
    """Every place where DALL-E 2's lowest price is told."""
    page = client.get("/models/dall-e-2").text
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)[0])
    api = client.get("/api/v1/models/dall-e-2").get_json()
    patterns = {
        "header": (r"\$ · (\S+¢)", words(page)),
        "figure": (r"last price, from, for 256 x 256 (\$[\d.]+)", words(page)),
        "formats": (r"256x256 ~\$[\d.]+\d", section(page, "providers")),
        "faq": (r"\$[\d.]+ per image", section(page, "faq")),
        "chart": (r"<title>DALL-E 2: [^<]*?(\$[\d.]+\d)", page),
        "plain": (r"256x256: (\$[\d.]+)", client.get("/models/dall-e-2/llms.txt").text),
    }
    found: dict[str, object] = {}
    for name, (pattern, text) in patterns.items():
        match = re.search(pattern, text)
        assert match, name
        found[name] = next((group for group in match.groups() if group), match[0])
    product = next(thing for thing in data["@graph"] if thing["@type"] == "Product")
    return found | {"json-ld": product["offers"]["lowPrice"], "api": api["price_from"]["usd"]}, page


def mark(page: str) -> float:
    """Where DALL-E 2 stands on the price axis of the chart, in per cent of its width."""
    found = re.search(r'<title>DALL-E 2: [^<]*\$[^<]*</title> <svg x="([\d.]+)%"', page)
    assert found
    return float(found[1])


def test_no_picture_of_an_open_competition_is_shown(app: Flask) -> None:
    competition(app)
    votes(app, 6)
    client = app.test_client()
    path = f"/models/{MODELS[0].slug}"
    assert "/media/" not in client.get(path).text
    assert "/media/" not in client.get(f"/compare/{MODELS[0].slug}/{MODELS[1].slug}").text
    competition(app, "shut", status="closed")
    urls = re.findall(r'src="(/media/[^"]+)"', client.get(path).text)
    assert len(urls) == 1
    assert client.get(urls[0]).status_code == 200


def test_hostile_words_are_words(app: Flask) -> None:
    evil = "</script><svg onload=alert(1)>{{ 7*7 }}"
    competition(app, models=(Named("evil", evil), *MODELS[:2]), prompt=evil)
    votes(app, 6)
    client = app.test_client()
    for path in ("/models/evil", "/models", f"/compare/evil/{MODELS[0].slug}", "/charts/text-to-image"):
        page = client.get(path).text
        assert "<svg onload" not in page
        assert "{{ 7*7 }}" in page
    for path in ("/badge/evil.svg", "/feed.atom"):
        assert "<svg onload" not in client.get(path).text


@pytest.mark.parametrize("path", ["/models", "/models/dall-e-2", "/charts/text-to-image"])
def test_pages_obey_their_own_policy(seeded: Flask, path: str) -> None:
    client = seeded.test_client()
    page = client.get(path)
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert all(" src=" in tag or 'type="application/ld+json"' in tag for tag in scripts)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.text)
    for address in set(re.findall(r'(?:src|href)="(/[^"#]*)"', page.text)):
        assert client.get(address).status_code in {200, 302}, address


def test_links_within_the_page_lead_somewhere(page: str) -> None:
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets
    assert [target for target in targets if f'id="{target}"' not in page] == []


@pytest.mark.parametrize("path", ["/models", "/models/dall-e-2", "/compare/dall-e-2/dall-e-3"])
def test_a_known_page_is_not_sent_again(seeded: Flask, path: str) -> None:
    client = seeded.test_client()
    etag = client.get(path).headers["ETag"]
    answer = client.get(path, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_page_names_the_address_it_was_asked_at(seeded: Flask) -> None:
    client = seeded.test_client()
    assert "http://localhost/openai/v1" in client.get("/models/dall-e-2").text
    other = client.get("/models/dall-e-2", base_url="https://arena.example").text
    assert "https://arena.example/openai/v1" in other
    assert "http://localhost" not in other


@pytest.mark.parametrize("path", ["/models/none", "/models/none/llms.txt", "/badge/none.svg"])
def test_an_unknown_model(seeded: Flask, path: str) -> None:
    assert seeded.test_client().get(path).status_code == 404


def listed(client: FlaskClient, query: str) -> list[str]:
    table = client.get(f"/models?{query}").text.partition("<tbody")[2].partition("</tbody>")[0]
    return re.findall(r'<a href="/models/([^"]+)"', table)


def test_the_list_is_filtered_and_sorted(seeded: Flask) -> None:
    client = seeded.test_client()
    everything = {"dall-e-2", "dall-e-3", "gpt-image-2", "kolors", "flux.1-schnell"}
    # The painters have no images here, so they are not listed.
    assert set(listed(client, "")) == everything
    assert set(listed(client, "creator=openai")) == {"dall-e-2", "dall-e-3", "gpt-image-2"}
    assert set(listed(client, "status=retired")) == {"dall-e-2", "dall-e-3"}
    assert set(listed(client, "provider=replicate")) == {"dall-e-2", "dall-e-3", "flux.1-schnell"}
    assert set(listed(client, "mode=image-edit")) == {"dall-e-2", "gpt-image-2"}
    assert set(listed(client, "max_price=0.016")) == {"dall-e-2", "gpt-image-2", "flux.1-schnell"}
    assert listed(client, "q=schnell") == ["flux.1-schnell"]
    assert listed(client, "q=flux+1+shnell") == ["flux.1-schnell"]
    assert listed(client, "q=the+DALL-E+v2+model&status=retired") == ["dall-e-2"]
    assert listed(client, "sort=price_usd") == ["flux.1-schnell", "gpt-image-2", "dall-e-2", "dall-e-3", "kolors"]
    assert listed(client, "sort=name&order=desc")[0] == "kolors"
    assert set(listed(client, "sort=rating")[:3]) == {model.slug for model in PRICED}
    assert listed(client, "q=nothing-like-it") == []


@pytest.mark.parametrize("query", ["mode=video", "sort=votes", "order=up", "max_price=x", "status=gone"])
def test_a_bad_question_to_the_list(seeded: Flask, query: str) -> None:
    assert seeded.test_client().get(f"/models?{query}").status_code == 400


def queries(app: Flask, path: str) -> int:
    """How many statements the first, unkept answer takes, when no board is stale and nothing is remembered."""
    counted: list[str] = []
    database = parts_of(app).database
    for mode in ("text-to-image", "image-edit"):
        refresh.rebuild(database, mode, now=moment())
    database.write(lambda session: session.add(Voter(first_seen=moment())))

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    app.extensions.pop("blindvote.answers", None)
    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert app.test_client().get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(counted)


def test_the_number_of_queries_does_not_grow(app: Flask) -> None:
    paths = [
        *("/models", f"/models/{MODELS[0].slug}", f"/compare/{MODELS[0].slug}/{MODELS[1].slug}"),
        *("/charts/text-to-image", "/feed.atom", "/sitemap.xml", f"/badge/{MODELS[0].slug}.svg"),
    ]
    competition(app, categories=("portrait",))
    votes(app, 3)
    for path in paths:
        app.test_client().get(path)
    few = {path: queries(app, path) for path in paths}
    for slug in ("a-green-cone", "a-blue-ball"):
        competition(app, slug, categories=("portrait",))
    votes(app, 20)
    for path in paths:
        app.test_client().get(path)
    assert {path: queries(app, path) for path in paths} == few
