"""The direct way of pairs and votes: it answers as the views do, and leaves to them whatever is not plain."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.api.matchups import MatchupBody, VoteBody, VoteNowBody
from tests.api.conftest import Api

PAIRS = "/api/v1/matchups"
VIEW = "application/json; charset=utf-8"
"""A type of body that the direct way leaves to the views."""


pytestmark = pytest.mark.usefixtures("arena")


@pytest.fixture
def voter(api: Api) -> FlaskClient:
    """Return a browser with a cookie, whose pair is judged."""
    pair = api.client.post(PAIRS, json={}).get_json()
    api.client.post(f"{PAIRS}/{pair['id']}/vote", json={"outcome": "tie"})
    return api.client


def headers(answer: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.headers.items() if name != "X-Request-ID"]


@pytest.mark.any_database
def test_a_vote_is_answered_as_the_view_does(voter: FlaskClient) -> None:
    pair = voter.post(PAIRS, json={}).get_json()
    path = f"{PAIRS}/{pair['id']}/vote"
    direct = voter.post(path, data='{"outcome": "a"}', content_type="application/json")
    view = voter.post(path, data='{"outcome": "a"}', content_type=VIEW)
    assert (direct.status_code, direct.data) == (view.status_code, view.data) == (200, view.data)
    assert headers(direct) == headers(view)
    assert "X-Request-ID" in direct.headers


@pytest.mark.any_database
def test_a_new_voter_is_the_one_of_the_cookie(voter: FlaskClient) -> None:
    client = voter.application.test_client()
    pair = client.post(PAIRS, data="{}", content_type="application/json")
    assert pair.status_code == 201
    picture = client.get(pair.get_json()["a"]["image_url"])
    vote = client.post(f"{PAIRS}/{pair.get_json()['id']}/vote", json={"outcome": "a"})
    assert (picture.status_code, vote.status_code, vote.get_json()["voter"]["votes"]) == (200, 200, 1)
    assert "Set-Cookie" not in client.post(PAIRS, data="{}", content_type="application/json").headers


@pytest.mark.any_database
@pytest.mark.parametrize("outcome", ["a", "skip", "tie"])
def test_bodies_are_written_as_their_models_would(voter: FlaskClient, outcome: str) -> None:
    # They are not checked when they are written: a field more would be sent.
    pair = voter.post(PAIRS, json={})
    path = f"{PAIRS}/{pair.get_json()['id']}"
    vote = voter.post(f"{path}/vote", json={"outcome": outcome})
    sent = {MatchupBody: pair.data, VoteBody: vote.data, VoteNowBody: voter.get(path).data}
    for body, data in sent.items():
        assert body.model_validate_json(data).model_dump_json().encode() + b"\n" == data


@pytest.mark.any_database
def test_an_open_pair_is_told_as_the_view_does(voter: FlaskClient) -> None:
    for _ in range(2):
        voter.post(PAIRS, json={})
    direct = voter.post(PAIRS, data="{}", content_type="application/json")
    view = voter.post(PAIRS, data="{}", content_type=VIEW)
    assert (direct.status_code, direct.data) == (view.status_code, view.data) == (200, view.data)
    assert headers(direct) == headers(view)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"outcome": "b"}', 409, "already_voted"),
        ('{"outcome": "c"}', 400, "invalid_request"),
        ('{"outcome": ["a"]}', 400, "invalid_request"),
        ('{"outcome": "a", "more": 1}', 400, "invalid_request"),
        ('{"outcome": NaN}', 400, "invalid_request"),
        ('["outcome"]', 400, "invalid_request"),
        ('{"outcome": ', 400, "invalid_request"),
        ("", 400, "invalid_request"),
    ],
)
def test_a_refused_body_is_told_by_its_code(voter: FlaskClient, body: str, status: int, code: str) -> None:
    pair = voter.post(PAIRS, json={}).get_json()
    path = f"{PAIRS}/{pair['id']}/vote"
    voter.post(path, json={"outcome": "a"})
    direct = voter.post(path, data=body, content_type="application/json")
    view = voter.post(path, data=body, content_type=VIEW)
    assert (direct.status_code, direct.get_json()["error"]["code"]) == (status, code)
    assert direct.get_json() == view.get_json()


@pytest.mark.any_database
def test_another_site_can_not_vote_by_the_direct_way(voter: FlaskClient) -> None:
    pair = voter.post(PAIRS, json={}).get_json()
    path = f"{PAIRS}/{pair['id']}/vote"
    for sent in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": "localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    ):
        for address in (path, PAIRS):
            answer = voter.post(address, json={"outcome": "a"} if address == path else {}, headers=sent)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "cross_site")


@pytest.mark.any_database
def test_a_page_behind_a_proxy_that_changes_the_host_is_told(voter: FlaskClient) -> None:
    answer = voter.post(PAIRS, json={}, headers={"Origin": "http://arena.example", "Host": "10.0.0.7:8000"})
    message = answer.get_json()["error"]["message"]
    assert "a page of http://arena.example, which is another site than 10.0.0.7:8000" in message
    assert "PUBLIC_URL" in message
    assert voter.post(PAIRS, json={}, headers={"Origin": "http://LOCALHOST"}).status_code == 201


@pytest.mark.any_database
def test_a_foreign_pair_and_a_forged_cookie_get_404(voter: FlaskClient) -> None:
    stranger = voter.application.test_client()
    foreign = stranger.post(PAIRS, json={}).get_json()["id"]
    answer = voter.post(f"{PAIRS}/{foreign}/vote", json={"outcome": "a"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "matchup_not_found")
    cookie = stranger.get_cookie("blindvote_voter")
    assert cookie is not None
    stranger.set_cookie("blindvote_voter", cookie.value[:-2] + "xx")
    forged = stranger.post(f"{PAIRS}/{foreign}/vote", json={"outcome": "a"})
    assert forged.status_code == 404


@pytest.mark.any_database
def test_an_unknown_query_parameter_is_refused_as_elsewhere(voter: FlaskClient) -> None:
    answer = voter.post(f"{PAIRS}?mod=x", json={})
    assert (answer.status_code, answer.get_json()["error"]["param"]) == (400, "mod")
