"""Boards and charts for buyers: columns and filters kept in the link, prices as judged, threads, JSON-LD."""

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START
from tests.web.buyers import MODELS, buyers_arena
from tests.web.catalogue import words
from tests.web.conftest import running

BOARD = "/leaderboards/text-to-image"
CHARTS = "/charts/text-to-image"


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield from buyers_arena(sqlite_template, tmp_path_factory.mktemp("buyers"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def headings(page: str) -> list[str]:
    head = page.partition("</thead>")[0]
    return [words(cell) for cell in re.findall(r"<th scope=\"col\".*?</th>", head, re.DOTALL)]


def test_columns_are_chosen_and_kept_in_every_link(client: FlaskClient) -> None:
    usual = ["Rank", "Model", "Elo", "95 % interval"]
    assert headings(client.get(BOARD).text) == [*usual, "24 h", "Votes", "Win rate", "Price", "Speed"]
    asked = f"{BOARD}?columns=requests&columns=per_1000&columns=licence,votes&status=active"
    page = client.get(asked).text
    assert headings(page) == [*usual, "Votes", "Per 1,000", "Licence", "Real requests"]
    links = re.findall(r'href="(\?sort=[^"]*)"', page)
    assert links
    for link in links:
        assert "columns=votes%2Cper_1000%2Clicence%2Crequests" in link
        assert "status=active" in link
        assert client.get(BOARD + link.replace("&amp;", "&")).status_code == 200
    assert page.count('type="checkbox" name="columns"') == 9
    for api in re.findall(r'href="(/api/v1/[^"]*)"', page):
        assert client.get(api.replace("&amp;", "&")).status_code == 200


def test_an_unknown_column_is_a_bad_request_that_names_those_there_are(client: FlaskClient) -> None:
    answer = client.get(f"{BOARD}?columns=votes,colour")
    assert answer.status_code == 400
    assert "licence" in answer.text
    assert client.get(f"{BOARD}?columns=").status_code == 200


def test_prices_are_those_that_were_judged_and_say_where_they_are_not(client: FlaskClient) -> None:
    page = words(client.get(f"{BOARD}?columns=per_1000").text)
    assert "$16.00" in page
    assert "$66.67 list" in page
    body = client.get(f"/api/v1{BOARD}?sort=cost_usd").get_json()["standings"]
    assert [row["cost_usd"] for row in body] == sorted(row["cost_usd"] for row in body)
    paid = next(row for row in body if row["model"]["slug"] == "model-1")
    assert (paid["cost_usd"], paid["cost_images"], paid["price_usd"]) == (0.016, 5, 0.2)
    assert {row["cost_images"] for row in body} == {0, 5}


def test_real_requests_count_what_is_the_providers_own(client: FlaskClient) -> None:
    page = words(client.get(f"{BOARD}?columns=requests").text)
    assert "Acme 90 % of 20, 10.5 s, p95 19.0 s" in page
    assert "Real requests: this server's own in the last 30 days" in page.replace(
        "\N{RIGHT SINGLE QUOTATION MARK}", "'"
    )
    assert "of 20" not in words(client.get(BOARD).text)


def test_a_csv_has_a_name_and_one_spelling_of_truths(client: FlaskClient) -> None:
    answer = client.get(f"/api/v1{BOARD}?format=csv&licence=apache-2.0")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="text-to-image.csv"'
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert len(rows) == 9
    assert {row["provisional"] for row in rows} <= {"true", "false"}
    assert {row["model_licence"] for row in rows} == {"Apache-2.0"}


def test_charts_are_filtered_as_boards_are(client: FlaskClient) -> None:
    whole = client.get(CHARTS).text
    assert f"{MODELS} models" in whole
    narrow = client.get(f"{CHARTS}?licence=Apache-2.0&status=active&max_price=0.1").text
    assert "Filter: 6 of 26 models" in words(narrow)
    assert "6 models" in narrow
    assert client.get(f"{CHARTS}?max_price=cheap").status_code == 400
    assert client.get(f"{CHARTS}?status=retired").status_code == 200
    nothing = words(client.get(f"{CHARTS}?licence=none").text)
    assert "No ranked model fits this filter." in nothing


def test_the_frontier_is_listed_with_its_chances_and_holds_no_retired_model(client: FlaskClient) -> None:
    page = client.get(CHARTS).text
    lists = re.findall(r'<ol class="frontier">(.*?)</ol>', page, re.DOTALL)
    assert len(lists) == 2
    retired = {f"model-{number + 1}" for number in range(MODELS) if number % 5 == 4}
    for listed in lists:
        slugs = re.findall(r'href="/models/([^"]+)"', listed)
        assert slugs
        assert not retired & set(slugs)
        assert words(listed).count("sure to be there") == len(slugs)
    assert len(re.findall(r'class="spot gone"', page)) == 2 * len(retired)
    assert "24 of 26 prices from a list" in words(page)


def test_the_matrix_shows_twenty_first_and_the_rest_on_request(client: FlaskClient) -> None:
    page = client.get(CHARTS).text
    assert page.count('<tr><th scope="row"><span') == 20
    every = re.search(r'href="([^"]*models=all[^"]*)"', page)
    assert every
    whole = client.get(every[1].replace("&amp;", "&")).text
    assert whole.count('<tr><th scope="row"><span') == MODELS
    votes = client.get(f"{CHARTS}?cells=votes&licence=Apache-2.0").text
    assert "How often they met" in votes
    assert re.search(r'title="\d+ % of 200 votes">200</td>', votes.replace("\N{NO-BREAK SPACE}", " "))
    assert "licence=Apache-2.0" in re.findall(r'href="([^"]*#matrix)"', votes)[0]


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        (BOARD, BOARD),
        (f"{CHARTS}?licence=Apache-2.0", CHARTS),
        (f"{CHARTS}?category=portrait", f"{CHARTS}?category=portrait"),
        ("/competitions", "/competitions"),
        ("/competitions/c1", "/competitions/c1"),
        ("/compare/model-2/model-1", "/compare/model-1/model-2"),
        ("/compare?a=model-1&utm_source=x", "/compare"),
        ("/models?q=model&fbclid=x", "/models"),
        *((f"{path}?utm_source=x", path) for path in ("/methodology", "/integrity", "/playground", "/suggest")),
        *((f"{path}?utm_source=x", path) for path in ("/docs", "/docs/ratings")),
        ("/docs/api", "/docs"),
    ],
)
def test_public_pages_say_to_programs_what_they_are(client: FlaskClient, path: str, canonical: str) -> None:
    page = client.get(path).text
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    data = json.loads(found)
    assert data["url"] == f"http://localhost{canonical}"
    assert data["image"] == "http://localhost/card.png"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", data["dateModified"])
    assert f'<link rel="canonical" href="{canonical}">' in page


def test_a_model_without_pictures_is_shown_by_its_card_and_dated(client: FlaskClient) -> None:
    page = client.get("/models/model-1?gclid=x").text
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    of_kind = {part["@type"]: part for part in json.loads(found)["@graph"]}
    url = "http://localhost/models/model-1"
    assert of_kind["Product"]["image"] == [f"{url}/card.png"]
    assert of_kind["WebPage"]["mainEntity"] == {"@id": of_kind["Product"]["@id"]} == {"@id": url}
    board = client.get(f"/api/v1{BOARD}").get_json()["run"]["computed_at"]
    assert of_kind["WebPage"]["dateModified"][:19] == board[:19]


def test_a_board_that_hangs_on_a_thread_says_so_and_how_to_mend_it(sqlite_template: Path, tmp_path: Path) -> None:
    (tmp_path / "thread.sqlite3").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'thread.sqlite3'}")

    def work(session: factories.Session) -> None:
        ids = factories.add_models(session, 9)
        old = factories.add_competition(session, "old", ids[:5])
        new = factories.add_competition(session, "new", ids[5:])
        both = factories.add_competition(session, "both", [ids[0], ids[5]])
        factories.everybody_meets(session, old, ids[:5], votes=60)
        factories.everybody_meets(session, new, ids[5:], votes=60)
        factories.tally(session, both, ids[0], ids[5], 7, 4)

    database.write(work)
    refresh(database, MODE, now=START)
    database.close()
    for app in running(f"sqlite:///{tmp_path / 'thread.sqlite3'}", tmp_path):
        client = app.test_client()
        thread = client.get(f"/api/v1{BOARD}").get_json()["run"]["thread"]
        assert thread["votes"] == 11
        assert sorted(thread["group"]) == ["model-6", "model-7", "model-8", "model-9"]
        assert all((one in thread["group"]) != (other in thread["group"]) for one, other in thread["pairs"])
        for path in (BOARD, CHARTS):
            page = words(client.get(path).text)
            assert "Hangs on a thread. 11 votes join 4 models to the other 5" in page
            assert "would mend it most" in page


@pytest.mark.parametrize(
    "asked", ["modle 13 of a rather long nam", "M\u00f2del\u200713 OF-A-R\u00c4THER.LONG name"]
)
def test_a_name_is_looked_for_as_people_type_it_in_page_json_and_csv(client: FlaskClient, asked: str) -> None:
    query = {"q": asked, "sort": "name"}
    page = client.get(BOARD, query_string=query).text.partition("<tbody")[2].partition("</tbody>")[0]
    shown = re.findall(r'<a href="/models/([^"]*)"', page)
    assert "model-14" in shown
    assert len(shown) <= 5
    body = client.get(f"/api/v1{BOARD}", query_string=query).get_json()
    assert [row["model"]["slug"] for row in body["standings"]] == shown
    table = client.get(f"/api/v1{BOARD}", query_string=query | {"format": "csv"}).text
    assert [row["model_slug"] for row in csv.DictReader(StringIO(table))] == shown
