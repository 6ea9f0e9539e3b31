"""A model that nobody serves here: no code that fails, who served it, what followed it, what is near it."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.errors import CODES
from app.gateway import keys
from tests.web.catalogue import PAINTERS, PRICED, SEEDS, TODAY, at, folder_of, load_folder, section, words
from tests.web.conftest import running
from tests.web.factories import competition, parts_of, votes

MODELS = (
    "gpt-image-2",
    "gpt-image-2.5-sunburst",
    "dall-e-2",
    "dall-e-3",
    "flux.2-pro",
    "kling-image-o1",
    "midjourney-v8",
    "mai-image-2.6",
    "seededit-3",
)


@pytest.fixture(scope="module")
def arena(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """OpenAI is set up, and painters; of the models on the board GPT Image 2 alone is served."""
    folder = tmp_path_factory.mktemp("reach")
    shutil.copy(sqlite_template, folder / "reach.sqlite3")
    for app in running(f"sqlite:///{folder / 'reach.sqlite3'}", folder, openai_api_key="sk-test"):
        catalogue = folder_of(folder / "catalog", *MODELS, *PAINTERS)
        for provider in ("bfl", "fal"):
            shutil.copy(SEEDS / "catalog" / "contracts" / f"{provider}.toml", catalogue / "contracts")
        load_folder(app, catalogue)
        at(app, TODAY)
        competition(app, models=PRICED)
        votes(app, 18)
        yield app


@pytest.fixture
def client(arena: Flask) -> FlaskClient:
    return arena.test_client()


def codes(html: str) -> list[str]:
    return re.findall(r'<div class="code"', html)


def linked(html: str) -> list[str]:
    """The models that the notice names."""
    notice = re.search(r'<p class="notice">.*?</p>', html, re.DOTALL)
    assert notice
    return re.findall(r'href="/models/([^"]+)"', notice[0])


@pytest.mark.parametrize("slug", ["flux.2-pro", "kling-image-o1"])
def test_a_model_that_is_not_served_prints_no_code(client: FlaskClient, slug: str) -> None:
    page = client.get(f"/models/{slug}").text
    assert codes(page) == []
    assert "openai/v1" not in section(page, "api")


def test_a_served_model_prints_its_code(client: FlaskClient) -> None:
    assert len(codes(client.get("/models/gpt-image-2").text)) == 6


def test_painters_are_no_substitutes(client: FlaskClient) -> None:
    for slug in ("flux.2-pro", "dall-e-2", "kling-image-o1"):
        named = linked(client.get(f"/models/{slug}").text)
        assert {"gpt-image-2", "gpt-image-2.5-sunburst"} <= set(named)
        assert not {name.removeprefix("demo-") for name in PAINTERS} & set(named)


def test_the_substitutes_are_those_that_the_gateway_names(arena: Flask, client: FlaskClient) -> None:
    parts = parts_of(arena)
    _, secret = parts.database.write(lambda session: keys.create_key(session, "test", now=datetime.now(UTC)))
    answer = client.post(
        "/openai/v1/images/generations",
        json={"model": "dall-e-2", "prompt": "x"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 404
    named = answer.get_json()["error"]["message"].split("instead: ")[1].rstrip(".").split(", ")
    assert linked(client.get("/models/dall-e-2").text)[: len(named)] == named


def test_a_retired_model_says_who_served_it_until_when_and_what_followed(client: FlaskClient) -> None:
    api = section(client.get("/models/dall-e-2").text, "api")
    assert "It was served by OpenAI until May 12, 2026, Replicate until May 12, 2026." in api
    assert "OpenAI names GPT Image 2.5 Sunburst as its successor." in api


def test_one_retired_page_keeps_its_calls_folded_and_called_history(client: FlaskClient) -> None:
    page = client.get("/models/dall-e-2").text
    before, _, history = page.partition('<details class="fold" id="history">')
    assert "History: how DALL-E 2 was called until May 12, 2026 Kept for the record." in words(history)
    assert "answered with 404 model_retired today" in words(history)
    assert "images/generations" not in before
    assert len(codes(history)) == len(codes(page)) == 9


@pytest.mark.parametrize("slug", ["dall-e-3", "midjourney-v8"])
def test_no_other_retired_page_prints_code(client: FlaskClient, slug: str) -> None:
    page = client.get(f"/models/{slug}").text
    assert "No provider serves" in words(page)
    assert codes(page) == []
    assert "images/generations" not in page


def test_what_is_near_is_better_or_cheaper(client: FlaskClient) -> None:
    api = section(client.get("/models/dall-e-3").text, "api")
    near = re.search(r"Near it on this server: (.*?)\.( |$)", api)
    assert near
    assert "GPT Image 2" in near[1]
    assert "cheaper" in near[1]


def test_a_retired_model_without_a_date_has_none(client: FlaskClient) -> None:
    page = words(client.get("/models/midjourney-v8").text)
    assert "Retired No provider serves it any more" in page
    assert "None" not in page


def test_a_live_model_says_who_serves_it_elsewhere(client: FlaskClient) -> None:
    api = section(client.get("/models/kling-image-o1").text, "api")
    assert "Elsewhere it is served by" in api or "until the operator sets" in api


def test_only_keys_are_named_that_would_help(client: FlaskClient) -> None:
    """Fal and Runware offer SeedEdit 3.0, and no contract says how either is asked for it."""
    api = section(client.get("/models/flux.2-pro").text, "api")
    assert "until the operator sets BFL_API_KEY ." in api
    api = section(client.get("/models/seededit-3").text, "api")
    assert "This server's gateway knows no provider that serves SeedEdit 3.0." in api
    assert "Elsewhere it is served by fal" in api
    assert "FAL_KEY" not in api
    faq = {
        slug: [one["answer"] for one in client.get(f"/api/v1/models/{slug}").get_json()["faq"]]
        for slug in ("flux.2-pro", "seededit-3")
    }
    for slug, answers in faq.items():
        (use,) = [answer for answer in answers if "this server" in answer]
        assert ("can't be used through this server" in use) is (slug == "seededit-3")
        assert use in client.get(f"/models/{slug}/llms.txt").text
        assert use in unescape(client.get(f"/models/{slug}").text)


@pytest.mark.parametrize("slug", ["flux.2-pro", "dall-e-2"])
def test_a_page_tells_the_status_that_the_gateway_answers_with(client: FlaskClient, slug: str) -> None:
    told = re.findall(r"answered with (\d+) (\w+)", section(client.get(f"/models/{slug}").text, "api"))
    assert told
    assert {(code, int(status)) for status, code in told} == {(code, CODES[code].status) for _, code in told}


@pytest.mark.parametrize(
    ("slug", "is_told"),
    [("gpt-image-2.5-sunburst", True), ("flux.2-pro", True), ("seededit-3", False), ("midjourney-v8", False)],
)
def test_images_are_asked_for_where_somebody_can_make_them(client: FlaskClient, slug: str, is_told: bool) -> None:
    results = section(client.get(f"/models/{slug}").text, "results")
    assert "arena import-pack FOLDER takes images that exist" in results
    assert (f"arena generate COMPETITION --models {slug}" in results) is is_told


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("DALL-E-2", "dall-e-2"),
        ("dalle2", "dall-e-2"),
        ("FLUX%202%20Pro", "flux.2-pro"),
        ("flux-2-pro", "flux.2-pro"),
    ],
)
def test_other_spellings_of_an_address_lead_to_the_page(client: FlaskClient, path: str, slug: str) -> None:
    answer = client.get(f"/models/{path}")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/models/{slug}")


@pytest.mark.parametrize("query", ["dalle", "DALL%C2%B7E", "dall e"])
def test_the_list_is_searched_as_people_type(client: FlaskClient, query: str) -> None:
    table = client.get(f"/models?q={query}").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert set(re.findall(r'<a href="/models/([^"]+)"', table)) == {"dall-e-2", "dall-e-3"}


def test_the_best_answer_comes_first(client: FlaskClient) -> None:
    table = client.get("/models?q=gpt+image+2").text.partition("<tbody")[2].partition("</tbody>")[0]
    assert re.findall(r'<a href="/models/([^"]+)"', table)[0] == "gpt-image-2"


def test_the_list_is_narrowed_by_licence_and_weights(client: FlaskClient) -> None:
    def listed(query: str) -> set[str]:
        table = client.get(f"/models?{query}").text.partition("<tbody")[2].partition("</tbody>")[0]
        return set(re.findall(r'<a href="/models/([^"]+)"', table))

    assert "flux.2-pro" in listed("licence=proprietary")
    assert "flux.2-pro" in listed("weights=closed")
    assert listed("weights=open") == set()
    assert listed("max_parameters=10") == set()
    assert client.get("/models?weights=ajar").status_code == 400
    assert client.get("/models?max_parameters=many").status_code == 400


def test_a_fact_says_when_it_was_checked(client: FlaskClient) -> None:
    page = client.get("/models/flux.2-pro").text
    assert "Active" in section(page, "details")
    assert "checked on November 28, 2026" in section(page, "details")
    assert "which is long ago" not in page


def test_a_preview_is_called_one_and_counts_as_active(client: FlaskClient) -> None:
    page = words(client.get("/models/mai-image-2.6").text)
    assert "Preview Its maker may change or end it at short notice." in page
    body = client.get("/api/v1/models/mai-image-2.6").get_json()
    assert (body["status"], body["stated_status"]) == ("active", "preview")
    for status in ("preview", "active"):
        slugs = [model["slug"] for model in client.get(f"/api/v1/models?status={status}").get_json()]
        assert "mai-image-2.6" in slugs
        assert 'href="/models/mai-image-2.6"' in client.get(f"/models?status={status}").text


def test_the_api_tells_what_the_page_tells(client: FlaskClient) -> None:
    body = client.get("/api/v1/models/FLUX 2 Pro").get_json()
    assert (body["slug"], body["licence"], body["open_weights"]) == ("flux.2-pro", "proprietary", False)
    assert {source["checked_on"] for source in body["sources"]} <= {"2026-11-28", "2026-11-29"}
    assert body["price_from"]["basis"]
    (openai, replicate) = client.get("/api/v1/models/dall-e-2").get_json()["offerings"]
    assert (openai["status"], openai["ended_on"], replicate["ended_on"]) == ("retired", "2026-05-12", None)


@pytest.mark.parametrize(
    ("query", "first"),
    [("q=flux+2+pro", "flux.2-pro"), ("q=DALL%C2%B7E+2", "dall-e-2"), ("weights=closed&q=gpt", None)],
)
def test_the_api_is_searched_as_people_type(client: FlaskClient, query: str, first: str | None) -> None:
    slugs = [model["slug"] for model in client.get(f"/api/v1/models?{query}").get_json()]
    assert slugs
    assert first is None or slugs[0] == first


def test_an_old_fact_is_seen_as_old(arena: Flask) -> None:
    at(arena, datetime(2027, 6, 1, 12, tzinfo=UTC))
    try:
        page = arena.test_client().get("/models/flux.2-pro").text
    finally:
        at(arena, TODAY)
    assert "which is long ago" in section(page, "sources")
