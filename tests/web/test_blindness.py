"""Before the vote nothing that leaves the server tells who made an image."""

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from app.arena.entries import competitions, renditions
from app.arena.tables import Entry, Matchup
from tests.web.factories import MODELS, competition, moment, parts_of, post, start

BLIND_HEADERS = {
    "Content-Type",
    "Content-Length",
    "Cache-Control",
    "X-Content-Type-Options",
    "Content-Security-Policy",
    "Cross-Origin-Resource-Policy",
}


def images(path: str) -> list[str]:
    matchup = path.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    return [f"/m/{matchup}/{side}.webp" for side in "ab"]


def secrets_of(app: Flask) -> set[str]:
    """Everything that would tell one entry from another."""
    with parts_of(app).database.reading() as session:
        rows = session.scalars(select(Entry)).all()
        keys = {text for row in rows for text in (row.rendition_key, row.original_key, row.media_key, row.sha256)}
    return keys | {word for model in MODELS for word in (model.slug, model.name)}


def test_the_page_names_nobody(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    for page in (client.get(path), client.get("/arena")):
        told = page.text + str(page.headers)
        assert not {secret for secret in secrets_of(arena) if secret in told}
        assert re.findall(r'alt="(Image [^"]*)"', page.text) == ["Image A", "Image B"]


def test_two_pairs_differ_in_their_ids_alone(arena: Flask) -> None:
    pages = []
    for _ in range(3):
        browser = arena.test_client()
        path = start(browser)
        pages.append(browser.get(path).text.replace(path.rsplit("/", 1)[1], "ID"))
    assert len(set(pages)) == 1


@pytest.mark.any_database
def test_images_have_one_set_of_headers_and_one_length(arena: Flask, client: FlaskClient) -> None:
    answers = []
    for _ in range(2):
        path = start(client)
        answers += [client.get(image) for image in images(path)]
        post(client, f"{path}/vote", outcome="skip")
    for answer in answers:
        assert answer.status_code == 200
        assert set(answer.headers.keys()) == BLIND_HEADERS
        assert answer.headers["Cache-Control"] == "no-store"
        assert Image.open(BytesIO(answer.data)).size == (128, 128)
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert len(answers[0].data) % renditions.STEP_BYTES == 0


@pytest.mark.any_database
def test_small_images_have_one_set_of_headers_and_one_length_too(arena: Flask, client: FlaskClient) -> None:
    answers = [client.get(image.replace(".webp", "-640.webp")) for image in images(start(client))]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert set(answers[0].headers.keys()) == BLIND_HEADERS
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert len(answers[0].data) % renditions.STEP_BYTES == 0


@pytest.mark.any_database
@pytest.mark.parametrize("end", [".webp", "-640.webp"])
def test_a_picture_sent_before_flask_is_the_views(arena: Flask, client: FlaskClient, end: str) -> None:
    for image in images(start(client)):
        address = image.replace(".webp", end)
        direct, view = client.get(address), client.get(f"{address}?of=the-view")
        assert list(direct.headers.items()) == list(view.headers.items())
        decoded = [Image.open(BytesIO(answer.data)).tobytes() for answer in (direct, view)]
        assert decoded[0] == decoded[1]


@pytest.mark.any_database
def test_the_same_image_never_has_the_same_bytes(arena: Flask, client: FlaskClient) -> None:
    image = images(start(client))[0]
    assert client.get(image).data != client.get(image).data


@pytest.mark.any_database
def test_conditional_and_range_requests_learn_nothing(arena: Flask, client: FlaskClient) -> None:
    image = images(start(client))[0]
    whole = client.get(image)
    later = "Sat, 01 Jan 2050 00:00:00 GMT"
    for headers in ({"Range": "bytes=0-9"}, {"If-None-Match": "*"}, {"If-Modified-Since": later}):
        answer = client.get(image, headers=headers)
        assert answer.status_code == 200
        assert dict(answer.headers) == dict(whole.headers)


def test_images_are_for_their_voter(arena: Flask, client: FlaskClient) -> None:
    first, _ = images(start(client))
    stranger = arena.test_client()
    start(stranger)
    nobody = arena.test_client()
    assert stranger.get(first).status_code == 404
    assert nobody.get(first).status_code == 404
    for path in (first.replace("a.webp", "input.webp"), first.replace("a.webp", "c.webp"), "/m/x/a.webp"):
        assert client.get(path).status_code == 404


def test_images_go_when_the_competition_closes(arena: Flask, client: FlaskClient) -> None:
    first, second = images(start(client))
    parts_of(arena).database.write(
        lambda session: competitions.set_status(session, "a-red-cube", "closed", now=moment())
    )
    assert client.get(first).status_code == client.get(second).status_code == 404


def served(app: Flask) -> list[object]:
    """Return when each picture of the only pair first left the server."""
    with parts_of(app).database.reading() as session:
        row = session.scalars(select(Matchup)).one()
        return [row.left_served_at, row.right_served_at]


def test_serving_is_noted_once(arena: Flask, client: FlaskClient) -> None:
    first, _ = images(start(client))
    client.get(first)
    noted = served(arena)
    assert noted[0] is not None
    assert noted[1] is None
    client.get(first)
    assert served(arena) == noted


@pytest.mark.parametrize("end", [".webp", "-640.webp"])
def test_whoever_asks_for_headers_alone_has_seen_nothing(arena: Flask, client: FlaskClient, end: str) -> None:
    """A vote counts, and a network is charged, for pictures that have left the server."""
    paths = [image.replace(".webp", end) for image in images(start(client))]
    heads = [client.head(path) for path in paths]
    assert served(arena) == [None, None]
    for path, head in zip(paths, heads, strict=True):
        whole = client.get(path)
        assert (head.status_code, head.data, dict(head.headers)) == (200, b"", dict(whole.headers))
    assert None not in served(arena)


def media_urls(app: Flask) -> list[str]:
    with parts_of(app).database.reading() as session:
        return [f"/{key}" for key in session.scalars(select(Entry.media_key).order_by(Entry.id))]


def test_named_pictures_of_an_open_competition_are_for_those_who_judged_them(
    arena: Flask, client: FlaskClient
) -> None:
    urls = media_urls(arena)
    path = start(client)
    assert [client.get(url).status_code for url in urls] == [404] * 4
    post(client, f"{path}/vote", outcome="a")
    seen = [client.get(url) for url in urls]
    assert sorted(answer.status_code for answer in seen) == [200, 200, 404, 404]
    for answer in seen:
        assert "public" not in answer.headers["Cache-Control"]
    assert [arena.test_client().get(url).status_code for url in urls] == [404] * 4


@pytest.mark.parametrize("setting", [{"status": "closed"}, {"open_gallery": True}])
def test_named_pictures_are_public_where_the_competition_says_so(
    app: Flask, client: FlaskClient, setting: dict[str, object]
) -> None:
    competition(app, **setting)  # type: ignore[arg-type]
    for url in media_urls(app):
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert answer.mimetype == "image/webp"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/competitions", "/competitions/a-red-cube", "/leaderboards/text-to-image"),
        *("/models", "/models?q=hidden+name+a", "/models?mode=text-to-image"),
        f"/models/{MODELS[0].slug}",
    ],
)
def test_shared_pages_show_no_picture_of_an_open_competition(arena: Flask, client: FlaskClient, path: str) -> None:
    post(client, f"{start(client)}/vote", outcome="a")
    page = client.get(path).text
    assert not [url for url in media_urls(arena) if url.removesuffix(".webp") in page]


def listed_pictures(client: FlaskClient, path: str = "/models") -> dict[str, str]:
    """Return the picture beside each model of the list that has one, by slug."""
    rows = re.findall(r'<th scope="row".*?</th>', client.get(path).text, re.DOTALL)
    shown = [(re.search(r'<img src="([^"]*)"', row), re.search(r'href="/models/([^"]*)"', row)) for row in rows]
    return {slug[1]: picture[1] for picture, slug in shown if picture and slug}


def test_the_list_of_models_shows_pictures_from_the_moment_their_names_are_told(
    arena: Flask, client: FlaskClient
) -> None:
    assert listed_pictures(client) == {}
    database = parts_of(arena).database
    database.write(lambda session: competitions.set_status(session, "a-red-cube", "closed", now=moment()))
    shown = listed_pictures(client)
    assert shown.keys() == {model.slug for model in MODELS}
    assert set(shown.values()) == {url.replace(".webp", "-160.webp") for url in media_urls(arena)}
    assert listed_pictures(client, "/models?mode=image-edit") == {}
    for url in shown.values():
        answer = arena.test_client().get(url)
        assert answer.status_code == 200
        assert len(answer.data) <= 15_000
        assert max(Image.open(BytesIO(answer.data)).size) <= 160
    database.write(lambda session: competitions.set_status(session, "a-red-cube", "open", now=moment()))
    assert listed_pictures(client) == {}
