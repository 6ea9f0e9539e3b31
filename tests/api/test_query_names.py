"""Query parameters that an operation does not know are refused with the nearest name; pages ignore them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("path", "param", "hint"),
    [
        ("leaderboards/text-to-image?stauts=active", "stauts", "Did you mean 'status'?"),
        ("leaderboards/text-to-image?tag=x&sort=name", "tag", "There are creator"),
        ("models?licenc=mit", "licenc", "Did you mean 'licence'?"),
        ("models?querry=flux", "querry", "Did you mean 'q'?"),
        ("leaderboards/text-to-image?max=1", "max", "Did you mean 'max_price'?"),
        ("models/some-model?lang=en", "lang", "nor any other"),
    ],
)
def test_the_api_refuses_an_unknown_name(client: FlaskClient, path: str, param: str, hint: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", param)
    assert hint in error["message"]


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("query", "param"),
    [("creator=a&creator=b", "creator"), ("q=x&sort=name&q=y", "q"), ("sort=name&sort=", "sort")],
)
def test_no_value_of_two_is_ignored(client: FlaskClient, query: str, param: str) -> None:
    answer = client.get(f"/api/v1/leaderboards/text-to-image?{query}")
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_request", param)
    assert client.get("/api/v1/leaderboards/text-to-image?q=x&q=x").status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize("path", ["/", "/leaderboards/text-to-image", "/models", "/competitions"])
def test_pages_ignore_what_links_carry(client: FlaskClient, path: str) -> None:
    assert client.get(f"{path}?utm_source=news&fbclid=abc").status_code == 200


def test_known_names_pass(client: FlaskClient) -> None:
    assert client.get("/api/v1/leaderboards/text-to-image?sort=name&q=x&format=csv").status_code == 200
    assert client.get("/api/v1/models?q=x&weights=open").status_code == 200
    assert client.get("/api/v1/openapi.json?anything=1").status_code == 200
