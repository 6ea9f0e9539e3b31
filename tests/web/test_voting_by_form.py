"""Voting without a script: every step is a form and a redirect."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.arena.entries import competitions
from app.arena.tables import Matchup, Voter
from app.database.doors import Database
from app.leaderboards.views.crowd import Crowd
from app.web.formats import tell_crowd
from app.words import Outcome
from tests.web.catalogue import words
from tests.web.factories import MODELS, OURS, competition, moment, parts_of, post, start


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def named(html: str) -> set[str]:
    return {model.name for model in MODELS if model.name in html}


def test_a_look_creates_nothing(arena: Flask, client: FlaskClient) -> None:
    page = client.get("/arena")
    assert page.status_code == 200
    assert "Show me a pair" in page.text
    assert "Set-Cookie" not in page.headers
    assert count(parts_of(arena).database, Voter) == 0
    assert count(parts_of(arena).database, Matchup) == 0


def test_from_start_to_names(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert not named(page.text)
    answer = post(client, f"{path}/vote", outcome="a")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    revealed = client.get(path).text
    assert len(named(revealed)) == 2
    assert "You picked A." in revealed
    assert revealed.count("data-won") == 1
    assert re.search(r'data-side="a" data-won', revealed)


def test_the_open_pair_waits_at_the_entrance(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    assert f'action="{path}/vote"' in client.get("/arena").text


def test_the_same_answer_again_and_another(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    assert post(client, f"{path}/vote", outcome="tie").status_code == 303
    assert post(client, f"{path}/vote", outcome="tie").status_code == 303
    other = post(client, f"{path}/vote", outcome="b")
    assert other.status_code == 409
    assert not named(other.text)


def test_a_skip_names_nobody(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    post(client, f"{path}/vote", outcome="skip")
    page = client.get(path).text
    assert "Names stay hidden" in page
    assert not named(page)
    assert not named(client.get("/me").text)


def test_undo(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    post(client, f"{path}/vote", outcome="b")
    assert client.get("/me/summary").text == "1 vote by you"
    assert f'action="{path}/undo"' in client.get(path).text
    assert post(client, f"{path}/undo").headers["Location"] == path
    page = client.get(path).text
    assert "Taken back" in page
    assert "data-won" not in page
    assert client.get("/me/summary").text == "Your votes"
    assert post(client, f"{path}/vote", outcome="b").status_code == 409


def test_undo_before_a_vote(arena: Flask, client: FlaskClient) -> None:
    assert post(client, f"{start(client)}/undo").status_code == 409


def test_another_browsers_pair_is_not_there(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    stranger = arena.test_client()
    start(stranger)
    for answer in (
        stranger.get(path),
        post(stranger, f"{path}/vote", outcome="a"),
        post(stranger, f"{path}/undo"),
        arena.test_client().get(path),
        client.get("/arena/not-a-matchup"),
    ):
        assert answer.status_code == 404
        assert any(words in answer.text for words in ("There is no", "sent no cookie"))


@pytest.mark.any_database
def test_a_bad_answer(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    for form in ({"outcome": "c"}, {}):
        assert post(client, f"{path}/vote", **form).status_code == 400
    assert "data-answers" in client.get(path).text


def test_an_expired_pair_says_so(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    parts_of(arena).database.write(
        lambda session: session.execute(update(Matchup).values(expires_at=moment())) and None
    )
    page = client.get(path)
    assert page.status_code == 410
    assert "See another pair" in page.text
    assert post(client, f"{path}/vote", outcome="a").status_code == 410


@pytest.mark.any_database
def test_a_pair_that_is_over_says_so_and_asks_for_no_answer(arena: Flask, client: FlaskClient) -> None:
    """A stage with two pictures that can't be fetched would ask for an answer that is refused."""
    path = start(client)
    parts_of(arena).database.write(
        lambda session: competitions.set_status(session, "a-red-cube", "closed", now=moment())
    )
    page = client.get(path)
    assert (page.status_code, "data-answers" in page.text, "See another pair" in page.text) == (410, False, True)
    assert post(client, f"{path}/vote", outcome="a").status_code == 410


@pytest.mark.any_database
def test_giving_back_a_pair_that_is_gone_brings_the_next(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    database = parts_of(arena).database
    database.write(lambda session: session.execute(update(Matchup).values(closed_at=moment())) and None)
    answer = post(client, f"{path}/vote", outcome="unloadable")
    assert (answer.status_code, answer.headers["Location"] not in {path, None}) == (303, True)


def test_judged_pictures_stay_after_the_pair_expired(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    post(client, f"{path}/vote", outcome="a")
    parts_of(arena).database.write(
        lambda session: session.execute(update(Matchup).values(expires_at=moment())) and None
    )
    pictures = re.findall(r'class="picture" src="([^"]+)"', client.get(path).text)
    assert len(pictures) == 2
    for picture in pictures:
        assert client.get(picture).status_code == 200


@pytest.mark.any_database
def test_forms_of_other_sites_are_refused(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        answer = client.post(f"{path}/vote", data={"outcome": "a"}, headers=headers)
        assert answer.status_code == 403
        assert answer.mimetype == "text/html"
    assert "data-answers" in client.get(path).text


def test_a_competition_and_a_category_narrow(arena: Flask, client: FlaskClient) -> None:
    competition(arena, "a-blue-ball", categories=("portrait",))
    for wish in ({"competition": "a-blue-ball"}, {"category": "portrait"}):
        browser = arena.test_client()
        path = start(browser, **wish)
        assert "The prompt of a-blue-ball" in browser.get(path).text
        vote_form = post(browser, path.split("?")[0] + "/vote", outcome="a", **wish)
        assert vote_form.headers["Location"] == path


@pytest.mark.any_database
def test_unknown_wishes(arena: Flask, client: FlaskClient) -> None:
    for wish in ({"mode": "video"}, {"category": "none"}, {"competition": "none"}):
        assert post(client, "/arena", **wish).status_code == 404


def test_a_new_choice_comes_after_the_open_pairs(arena: Flask, client: FlaskClient) -> None:
    competition(arena, "a-blue-ball")
    start(client, competition="a-red-cube")
    start(client, competition="a-red-cube")
    page = client.get(start(client, competition="a-blue-ball")).text
    assert "The prompt of a-red-cube" in page
    assert "comes after it" in page


def test_nothing_left_is_said_kindly(app: Flask, client: FlaskClient) -> None:
    competition(app, models=MODELS[:2])
    path = start(client)
    post(client, f"{path}/vote", outcome="a")
    answer = post(client, "/arena")
    assert answer.status_code == 409
    assert "You have seen every pair here" in answer.text
    assert 'href="/leaderboards/text-to-image"' in answer.text


@pytest.mark.any_database
def test_where_nothing_is_open_nobody_is_told_to_have_judged_it(arena: Flask, client: FlaskClient) -> None:
    competition(arena, "over", status="closed")
    for wish in ({"competition": "over"}, {"mode": "image-edit"}):
        answer = post(client, "/arena", **wish)
        assert (answer.status_code, "You have" in answer.text) == (409, False), wish
        assert "Nothing can be judged here" in answer.text
        told = client.post("/api/v1/matchups", json=wish, headers=OURS).get_json()["error"]
        assert (told["code"], "You have" in told["message"]) == ("nothing_left", False)


@pytest.mark.any_database
def test_image_edit_shows_what_was_to_change(app: Flask, client: FlaskClient) -> None:
    competition(app, "edit-it", mode="image-edit", prompt="Make it blue. " * 40)
    path = start(client, mode="image-edit")
    page = client.get(path).text
    assert "The image to change" in page
    image = re.search(r'src="(/m/[^"]+/input-640\.webp)"', page)
    assert image is not None
    assert client.get(image[1]).status_code == 200


def test_a_pair_that_does_not_load_is_given_back_by_form(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    answer = post(client, f"{path}/vote", outcome="unloadable")
    assert answer.status_code == 303
    assert answer.headers["Location"].split("?")[0] != path
    assert "0 of ten" in client.get(answer.headers["Location"]).text


@pytest.mark.any_database
def test_who_sends_no_cookie_is_told_that_one_is_needed(arena: Flask, client: FlaskClient) -> None:
    page = arena.test_client().get(start(client))
    assert page.status_code == 404
    assert "Allow cookies here" in page.text


@pytest.mark.any_database
def test_the_frame_is_told_by_a_stylesheet(arena: Flask, client: FlaskClient) -> None:
    page = client.get(start(client)).text
    assert "/frames/128x128-128.css" in page
    sheet = client.get("/frames/1536x384-128.css")
    assert sheet.mimetype == "text/css"
    assert "--fw: 1536; --fh: 384; --most: 512px" in sheet.text
    for path in ("/frames/0x0-0.css", f"/frames/{'9' * 400}x1-1.css"):
        assert client.get(path).status_code == 200


def test_the_reveal_tells_the_crowd(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    assert "judged this pair" not in client.get(path).text
    post(client, f"{path}/vote", outcome="tie")
    page = client.get(path).text
    assert "You called it a tie. Nobody else judged this pair yet." in page
    assert len(re.findall(r"\brank #", words(page))) == 2  # a bare #3 tells a listener nothing


@pytest.mark.parametrize(
    ("crowd", "told"),
    [
        (Crowd(0, 0, None), "Nobody else judged this pair yet."),
        (Crowd(1, 1, 0.5), "1 other judged this pair. Ratings gave A 50\u00a0%."),
        (Crowd(0, 9, 0.2), "9 others judged this pair. A surprise: ratings gave A 20\u00a0%."),
        (Crowd(6, 10, 0.35), "60\u00a0% of 10 picked A too. Ratings gave A 35\u00a0%."),
    ],
)
def test_few_others_are_counted_and_many_compared(crowd: Crowd, told: str) -> None:
    assert tell_crowd(Outcome.A, crowd) == told


def test_my_votes_show_thumbnails(arena: Flask, client: FlaskClient) -> None:
    path = start(client)
    post(client, f"{path}/vote", outcome="tie")
    thumbnails = re.findall(r'src="(/media/[^"]+-320\.webp)"', client.get("/me").text)
    assert len(thumbnails) == 2
    for address in thumbnails:
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert len(answer.data) <= 15_000
        assert arena.test_client().get(address).status_code == 404
