"""The card after ten votes without a script, the page that shares it, and one's own page."""

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from app.web import card_drawing
from tests.web.factories import MODELS, OURS, competition, post, start, votes


@pytest.fixture
def judged(app: Flask) -> FlaskClient:
    """A browser that has judged ten pairs by form, in an arena where others voted too."""
    for slug in ("a-red-cube", "a-green-cone"):
        competition(app, slug, models=MODELS[:4])
    votes(app, 30)
    client = app.test_client()
    judge(client, 10)
    return client


def judge(client: FlaskClient, number: int) -> str:
    """Judge so many pairs; returns the page after the last."""
    for _ in range(number):
        path = start(client).split("?")[0]
        assert post(client, f"{path}/vote", outcome="a").status_code == 303
    return client.get(path).text


def share(client: FlaskClient) -> str:
    answer = post(client, "/taste", mode="text-to-image")
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_after_the_tenth_vote_the_way_on_is_the_card(app: Flask) -> None:
    competition(app)
    competition(app, "a-green-cone")
    client = app.test_client()
    ninth = judge(client, 9)
    assert 'action="/me/card"' not in ninth
    tenth = judge(client, 1)
    assert 'aria-label="10 of ten pairs judged"' in tenth
    assert re.search(r'<form method="get" action="/me/card" data-next>', tenth)
    assert "Your card" in tenth
    following = client.get(start(client)).text
    assert 'aria-label="0 of ten pairs judged"' in following


def test_the_card_by_form(judged: FlaskClient) -> None:
    answer = judged.get("/me/card?category=portrait")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Your last 10 pairs" in answer.text
    assert len(re.findall(r'<li><b class="place">', answer.text)) == 3
    assert "narrower" in answer.text
    assert 'action="/arena"' in answer.text
    assert '<input type="hidden" name="category" value="portrait">' in answer.text
    assert 'href="/leaderboards/text-to-image"' in answer.text


def test_who_has_not_judged_is_sent_to_their_page(client: FlaskClient) -> None:
    assert client.get("/me/card").headers["Location"] == "/me"
    assert post(client, "/taste").status_code == 409


def test_a_shared_card_is_there_for_everybody_until_it_is_taken_back(app: Flask, judged: FlaskClient) -> None:
    path = share(judged)
    assert re.fullmatch(r"/taste/[\w-]{22}", path)
    assert share(judged) == path
    assert "Take it back" in judged.get(path).text
    stranger = app.test_client()
    page = stranger.get(path)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "private, no-store")
    assert "Take it back" not in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert f'<meta property="og:image" content="http://localhost{path}/card.png">' in page.text
    assert post(stranger, f"{path}/revoke").status_code == 404
    assert stranger.get(path).status_code == 200
    assert post(judged, f"{path}/revoke").headers["Location"] == "/me"
    for gone in (path, f"{path}/card.png"):
        assert stranger.get(gone).status_code == 404
    assert post(judged, f"{path}/revoke").status_code == 404


def test_a_shared_card_holds_no_id_and_no_picture(app: Flask, judged: FlaskClient) -> None:
    path = share(judged)
    page = app.test_client().get(path).text
    assert not re.search(r"/arena/[\w-]{22}|/m/|/media/|<img", page)
    assert "A Red Cube" not in page
    shared = app.test_client().get(f"/api/v1{path}").get_json()
    told = {"mode", "question", "words", "votes", "top", "agreement", "parting"}
    assert set(shared) == told | {"token", "url", "shared_at"}


@pytest.mark.any_database
def test_the_picture_of_a_card(app: Flask, judged: FlaskClient) -> None:
    answer = app.test_client().get(f"{share(judged)}/card.png")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert Image.open(BytesIO(answer.data)).size == (1200, 630)
    again = app.test_client().get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.any_database
def test_another_site_can_not_share(judged: FlaskClient) -> None:
    assert judged.post("/taste", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert judged.post("/taste").status_code == 403


@pytest.mark.any_database
@pytest.mark.parametrize("path", ["/taste/x", "/taste/" + "A" * 22, "/taste/" + "A" * 22 + "/card.png"])
def test_a_guess_finds_nothing(judged: FlaskClient, path: str) -> None:
    assert judged.get(path).status_code == 404


def test_my_page_begins_with_my_taste(judged: FlaskClient) -> None:
    path = share(judged)
    page = judged.get("/me").text
    assert page.index("Your taste") < page.index("On top") < page.index(path) < page.index("What you judged")
    assert f'action="{path}/revoke"' in page
    assert page.count("-320.webp") == 20
    assert 'rel="next"' not in page


def test_history_has_pages(app: Flask, judged: FlaskClient) -> None:
    for n in range(3):
        competition(app, f"more-{n}", models=MODELS[:4])
    judge(judged, 14)
    first, second = judged.get("/me").text, judged.get("/me?page=2").text
    assert first.count("-320.webp") == 40
    assert second.count("-320.webp") == 8
    assert ('href="/me?page=2" rel="next"' in first, 'href="/me" rel="prev"' in second) == (True, True)
    assert ("On top" in first, "On top" in second) == (True, False)


def test_forgetting_takes_back_what_was_shared(app: Flask, judged: FlaskClient) -> None:
    path = share(judged)
    assert post(judged, "/me/delete").status_code == 303
    assert app.test_client().get(path).status_code == 404


def test_the_card_as_json(app: Flask, judged: FlaskClient) -> None:
    assert app.test_client().get("/api/v1/taste").status_code == 404
    card = judged.get("/api/v1/taste").get_json()
    assert (card["judged"], card["votes"], len(card["top"])) == (10, 10, 3)
    assert card["narrowing"]["models"] <= 4
    shared = judged.post("/api/v1/taste", json={"mode": "text-to-image"}, headers=OURS)
    assert shared.status_code == 201
    body = shared.get_json()
    assert body["top"] == card["top"]
    assert judged.post("/api/v1/taste", json={}, headers=OURS).get_json() == body
    assert judged.post("/api/v1/taste", json={"mode": "x"}, headers=OURS).status_code == 404
    assert judged.post("/api/v1/taste", json={"mode": "image-edit"}, headers=OURS).status_code == 409
    path = f"/api/v1/taste/{body['token']}"
    assert app.test_client().delete(path, headers=OURS).status_code == 404
    assert judged.delete(path, headers=OURS).get_json() == {"revoked": True}
    assert judged.get(path).status_code == 404


def test_a_name_too_long_for_the_picture_is_cut() -> None:
    name = "A Model With A Name That Nobody Would Ever Want To Read To Its End"
    cut = card_drawing.shorten(name, 36, 500)
    assert cut.endswith("...")
    assert name.startswith(cut.removesuffix("..."))
    assert card_drawing.shorten("Short", 36, 500) == "Short"
