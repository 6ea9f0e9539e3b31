"""Issue, vote, look, undo over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from app import create_app
from app.arena.tables import Entry, Matchup, Tally, Voter
from app.database.doors import Database
from app.edge.identity import decode_id
from app.settings import Settings
from tests.api.conftest import Api

pytestmark = pytest.mark.usefixtures("arena")


def counted(database: Database) -> int:
    with database.reading() as session:
        battles = Tally.left_wins + Tally.right_wins + Tally.ties + Tally.both_bad
        return int(session.scalar(select(func.sum(battles))) or 0)


def new(api: Api, **wish: Any) -> str:
    response = api.post("/matchups", json=wish)
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def names_of(api: Api, matchup: str) -> dict[str, int]:
    """Look behind the curtain: model ids of both sides of an open matchup, as no client may."""
    database: Database = api.client.application.extensions["blindvote"].database
    left, right = aliased(Entry), aliased(Entry)
    with database.reading() as session:
        row = session.execute(
            select(left.model_id, right.model_id)
            .select_from(Matchup)
            .join(left, left.id == Matchup.left_entry_id)
            .join(right, right.id == Matchup.right_entry_id)
            .where(Matchup.public_id == decode_id(matchup))
        ).one()
    return {"a": row[0], "b": row[1]}


def test_a_matchup_names_nobody(api: Api) -> None:
    response = api.post("/matchups", json={"mode": "text-to-image", "competition": "c1"})
    body = response.get_json()
    assert response.status_code == 201
    assert body["competition"] == {
        "slug": "c1",
        "title": "C1",
        "mode": "text-to-image",
        "prompt": "A picture of c1",
        "categories": [],
        "input_image_url": None,
        "input_image_url_small": None,
        "rendition_side": 64,
        "mask_outline_url": None,
    }
    assert body["frame"] == {"width": 64, "height": 64}
    own = f"/m/{body['id']}"
    assert body["a"] == {"image_url": f"{own}/a.webp", "image_url_small": f"{own}/a-640.webp"}
    everything = response.get_data(as_text=True) + str(response.headers)
    # Random text may spell anything: the id and the cookie are left out of the search.
    for chance in (body["id"], response.headers["Set-Cookie"].split(";")[0]):
        everything = everything.replace(chance, "")
    assert not [name for name in ("m0", "m1", "m2", "m3") if name in everything]


def test_a_vote_reveals_both_and_counts_once(api: Api, database: Database) -> None:
    matchup = new(api)
    first = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    body = first.get_json()
    assert (first.status_code, body["outcome"], body["counted"], body["reason"]) == (200, "a", True, None)
    assert body["voter"] == {"votes": 1}
    assert body["a"]["model"]["slug"] != body["b"]["model"]["slug"]
    assert body["a"]["model"]["url"] == f"/models/{body['a']['model']['slug']}"
    again = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}).get_json()
    same = ("outcome", "counted", "reason")
    assert [again[key] for key in same] == [body[key] for key in same]
    assert [again[side]["model"] for side in "ab"] == [body[side]["model"] for side in "ab"]
    other = api.post(f"/matchups/{matchup}/vote", json={"outcome": "b"})
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "already_voted")
    assert counted(database) == 1


def test_a_skip_names_nobody_ever(api: Api, database: Database) -> None:
    matchup = new(api)
    for response in (
        api.post(f"/matchups/{matchup}/vote", json={"outcome": "skip"}),
        api.post(f"/matchups/{matchup}/vote", json={"outcome": "skip"}),
        api.get(f"/matchups/{matchup}"),
    ):
        body = response.get_json()
        assert (body["outcome"], body["counted"], body["a"], body["b"]) == ("skip", False, None, None)
    assert counted(database) == 0


def test_a_pair_that_can_not_be_loaded_is_no_vote_and_stays_away(api: Api, database: Database) -> None:
    first = api.post("/matchups", json={}).get_json()
    for _ in range(2):
        body = api.post(f"/matchups/{first['id']}/vote", json={"outcome": "unloadable"}).get_json()
        assert (body["outcome"], body["counted"], body["a"], body["voter"]) == (
            "unloadable",
            False,
            None,
            {"votes": 0},
        )
    second = api.post("/matchups", json={})
    assert (second.status_code, second.get_json()["id"] != first["id"]) == (201, True)
    assert second.get_json()["competition"]["slug"] == first["competition"]["slug"]
    gone = api.post(f"/matchups/{first['id']}/vote", json={"outcome": "a"})
    assert (gone.status_code, gone.get_json()["error"]["code"]) == (410, "matchup_closed")
    assert api.get(f"/matchups/{first['id']}").status_code == 404
    assert counted(database) == 0


def test_a_judged_pair_can_not_be_given_back(api: Api, database: Database) -> None:
    matchup = new(api)
    api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    refused = api.post(f"/matchups/{matchup}/vote", json={"outcome": "unloadable"})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "already_voted")
    assert counted(database) == 1


def test_the_crowd_is_told_without_ones_own_vote(browser: Callable[[], Api]) -> None:
    """Of every pair of one competition, whoever judges it as the seventh learns of six others."""
    told = []
    for number in range(7):
        api = browser()
        for _ in range(6):
            matchup = new(api, competition="c0")
            assert "crowd" not in str(api.get(f"/matchups/{matchup}").get_json())
            body = api.post(f"/matchups/{matchup}/vote", json={"outcome": "tie"}).get_json()
            again = api.post(f"/matchups/{matchup}/vote", json={"outcome": "tie"}).get_json()
            assert again == body
            told.append((number, body["crowd"]))
            assert api.get(f"/matchups/{matchup}").get_json()["crowd"]["of"] == number
    assert [crowd for _, crowd in told] == [{"same": n, "of": n, "expected": None} for n, _ in told]


def test_the_crowd_is_the_same_from_both_sides(browser: Callable[[], Api]) -> None:
    """One model always wins its duels, on whichever side it stands."""
    for number in range(4):
        api = browser()
        for _ in range(6):
            issued = new(api, competition="c0")
            shown = names_of(api, issued)
            best = min(shown, key=lambda side: shown[side])
            body = api.post(f"/matchups/{issued}/vote", json={"outcome": best}).get_json()
            assert (body["crowd"]["same"], body["crowd"]["of"]) == (number, number)
            assert body["crowd"]["expected"] is None or 0 < body["crowd"]["expected"] < 1


def test_a_vote_taken_back_tells_nothing_of_the_crowd(api: Api) -> None:
    matchup = new(api)
    api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    api.delete(f"/matchups/{matchup}/vote")
    body = api.get(f"/matchups/{matchup}").get_json()
    assert (body["undone"], body["crowd"]) == (True, None)


def test_before_the_vote_there_is_nothing_to_see(api: Api) -> None:
    matchup = new(api)
    assert api.get(f"/matchups/{matchup}").status_code == 404
    api.post(f"/matchups/{matchup}/vote", json={"outcome": "tie"})
    shown = api.get(f"/matchups/{matchup}").get_json()
    assert shown["outcome"] == "tie"
    assert set(shown["a"]) == {
        *("model", "rating", "rating_low", "rating_high", "rank", "rank_low", "rank_high", "change")
    }


def test_a_board_read_after_the_vote_includes_it(api: Api) -> None:
    matchup = new(api)
    winner = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}).get_json()["a"]["model"]["slug"]
    board = api.get("/leaderboards/text-to-image").get_json()
    assert board["run"]["votes"] == 1
    assert board["standings"][0]["model"]["slug"] == winner
    assert board["standings"][0]["wins"] == 1
    names = {"mode": "text-to-image", "question": "better", "category": None, "competition": None}
    assert board["board"] == names


def test_undo_takes_the_vote_off_the_board(api: Api, database: Database) -> None:
    matchup = new(api)
    api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    assert api.delete(f"/matchups/{matchup}/vote").get_json() == {"undone": True}
    assert api.delete(f"/matchups/{matchup}/vote").get_json() == {"undone": True}
    refused = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "undone")
    assert counted(database) == 0
    assert api.get("/leaderboards/text-to-image").get_json()["standings"] == []


def test_undo_needs_a_vote_and_comes_in_time(api: Api, database: Database) -> None:
    matchup = new(api)
    early = api.delete(f"/matchups/{matchup}/vote")
    assert (early.status_code, early.get_json()["error"]["code"]) == (409, "not_voted")
    api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    database.write(lambda session: session.execute(text("UPDATE votes SET cast_at = cast_at - 601000")) and None)
    late = api.delete(f"/matchups/{matchup}/vote")
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "too_late")
    assert counted(database) == 1


def test_two_are_open_at_most(api: Api) -> None:
    first, second = new(api), new(api)
    third = api.post("/matchups", json={})
    assert (third.status_code, third.get_json()["id"]) == (200, first)
    api.post(f"/matchups/{first}/vote", json={"outcome": "b"})
    assert api.post("/matchups", json={}).status_code == 201
    assert api.post("/matchups", json={}).get_json()["id"] == second


def test_somebody_elses_matchup_does_not_exist(browser: Callable[[], Api], database: Database) -> None:
    alice, bob = browser(), browser()
    matchup = new(alice)
    new(bob)
    for stranger in (bob, browser()):
        assert stranger.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}).status_code == 404
        assert stranger.get(f"/matchups/{matchup}").status_code == 404
        assert stranger.delete(f"/matchups/{matchup}/vote").status_code == 404
        assert stranger.client.get(f"/m/{matchup}/a.webp").status_code == 404
    assert counted(database) == 0


def test_an_expired_matchup_is_gone(api: Api, database: Database) -> None:
    matchup = new(api)
    database.write(lambda session: session.execute(text("UPDATE matchups SET expires_at = issued_at")) and None)
    gone = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    assert (gone.status_code, gone.get_json()["error"]["code"]) == (410, "matchup_expired")
    assert api.client.get(f"/m/{matchup}/a.webp").status_code == 404
    assert new(api) != matchup


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"mode": "text-to-video"}, "unknown_mode"),
        ({"category": "teapots"}, "unknown_category"),
        ({"competition": "c9"}, "unknown_competition"),
        ({"mode": "image-edit", "competition": "c1"}, "unknown_competition"),
    ],
)
def test_a_wish_for_what_is_not_there(api: Api, wish: dict[str, str], code: str) -> None:
    response = api.post("/matchups", json=wish)
    assert (response.status_code, response.get_json()["error"]["code"]) == (404, code)


def test_everything_judged_is_said(api: Api) -> None:
    for _ in range(6):
        matchup = new(api, competition="c0")
        api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
    done = api.post("/matchups", json={"competition": "c0"})
    assert (done.status_code, done.get_json()["error"]["code"]) == (409, "nothing_left")


@pytest.mark.any_database
@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '"a"',
        "{}",
        '{"outcome": "A"}',
        '{"outcome": null}',
        '{"outcome": NaN}',
        '{"outcome": "a", "voter": 1}',
        '{"outcome": "a\\u0000"}',
        '{"outcome": "\\ud800"}',
        '{"outcome": ' + "[" * 50_000 + "}",
        '{"outcome": ' + "9" * 5_000 + "}",
    ],
)
def test_a_broken_body_is_refused_and_changes_nothing(api: Api, database: Database, body: str) -> None:
    matchup = new(api)
    response = api.post(f"/matchups/{matchup}/vote", data=body, content_type="application/json")
    assert (response.status_code, response.get_json()["error"]["code"]) == (400, "invalid_request")
    assert counted(database) == 0


@pytest.mark.any_database
def test_a_body_of_another_kind_or_size(api: Api) -> None:
    matchup = new(api)
    same_origin = {"Sec-Fetch-Site": "same-origin"}
    form = api.post(f"/matchups/{matchup}/vote", data={"outcome": "a"}, headers=same_origin)
    assert (form.status_code, form.get_json()["error"]["code"]) == (415, "unsupported_media_type")
    large = api.post(f"/matchups/{matchup}/vote", data="x" * 100_000, content_type="application/json")
    assert (large.status_code, large.get_json()["error"]["code"]) == (413, "payload_too_large")


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),
    ],
)
def test_another_site_cannot_vote(api: Api, database: Database, headers: dict[str, str], status: int) -> None:
    matchup = new(api)
    response = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}, headers=headers)
    assert response.status_code == status
    assert counted(database) == (status == 200)


def test_the_cookie_is_made_by_a_post_and_holds_no_secret(api: Api, database: Database) -> None:
    assert "Set-Cookie" not in api.get("/models").headers
    cookie = api.post("/matchups", json={}).headers["Set-Cookie"]
    assert cookie.startswith("blindvote_voter=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Set-Cookie" not in api.post("/matchups", json={}).headers
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Voter)) == 1


@pytest.mark.any_database
def test_over_https_the_cookie_is_bound_to_the_host(api: Api) -> None:
    cookie = api.post("/matchups", json={}, base_url="https://localhost").headers["Set-Cookie"]
    assert cookie.startswith("__Host-blindvote_voter=")
    assert "Secure" in cookie.split("; ")


def test_a_forged_cookie_is_a_stranger(browser: Callable[[], Api]) -> None:
    alice, mallory = browser(), browser()
    matchup = new(alice)
    cookie = alice.client.get_cookie("blindvote_voter")
    assert cookie is not None
    mallory.client.set_cookie("blindvote_voter", cookie.value[:-2] + "AA")
    assert mallory.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}).status_code == 404


@pytest.mark.any_database
@pytest.mark.parametrize("matchup", ["x", "%00", "a" * 22, "..", "é", "a" * 60])
def test_ids_that_are_none(api: Api, matchup: str) -> None:
    new(api)
    for response in (
        api.client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": "a"}),
        api.client.get(f"/api/v1/matchups/{matchup}"),
        api.client.delete(f"/api/v1/matchups/{matchup}/vote"),
        api.client.get(f"/m/{matchup}/a.webp"),
    ):
        assert response.status_code in {404, 405}
        if response.request.path.startswith("/api/"):
            assert response.get_json()["error"]["code"] in {"matchup_not_found", "not_found", "method_not_allowed"}


@pytest.mark.any_database
def test_every_status_is_json(api: Api) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("PUT", "/matchups", 405),
        ("GET", "/leaderboards/text-to-image?sort=id;drop", 400),
    ):
        response = api.client.open("/api/v1" + path, method=method)
        assert response.status_code == status
        assert set(response.get_json()) == {"error"}


def test_a_locked_database_is_a_503_and_loses_nothing(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL locks rows, not the database")
    monkeypatch.setattr("app.database.doors.BUSY_SECONDS", 0.2)
    impatient = create_app(settings)
    api = Api(impatient.test_client())
    matchup = new(api)

    def hold(session: Any) -> None:
        session.execute(text("UPDATE competitions SET version = version"))
        response = api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"})
        assert (response.status_code, response.get_json()["error"]["code"]) == (503, "database_busy")
        assert response.headers["Retry-After"] == "1"

    database.write(hold)
    assert api.post(f"/matchups/{matchup}/vote", json={"outcome": "a"}).status_code == 200
    assert counted(database) == 1
    impatient.extensions["blindvote"].database.close()


def test_an_outcome_that_is_none_is_told_by_its_field(api: Api) -> None:
    answer = api.post(f"/matchups/{new(api)}/vote", json={"outcome": "A"})
    assert (answer.status_code, answer.get_json()["error"]["param"]) == (400, "outcome")
