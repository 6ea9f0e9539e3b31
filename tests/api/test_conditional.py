"""Boards, models and competitions are sent once to a program that keeps their ETag (docs/api.md, "Limits")."""

from pathlib import Path

import pytest

from app.api.codes import OPERATIONS, codes
from app.database.doors import Database
from tests.api.conftest import Api
from tests.factories import make_arena

LISTS = ("/models", "/competitions")


@pytest.mark.any_database
def test_an_unchanged_answer_is_304_without_a_body(api: Api, database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    slugs = {path: api.get(path).get_json()[0]["slug"] for path in LISTS}
    one = [f"{path}/{slug}" for path, slug in slugs.items()]
    boards = ["/leaderboards/text-to-image", f"/competitions/{slugs['/competitions']}/leaderboard"]
    for path in (*LISTS, "/models?mode=text-to-image", "/models?q=model", *one, *boards):
        first = api.get(path)
        assert (first.status_code, first.headers["Cache-Control"]) == (200, "public, no-cache"), path
        again = api.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path
        assert api.get(path, headers={"If-None-Match": '"another"'}).data == first.data


@pytest.mark.any_database
def test_a_changed_list_is_sent_again(api: Api, database: Database, tmp_path: Path) -> None:
    before = api.get("/competitions")
    make_arena(database, tmp_path, models=4)
    after = api.get("/competitions", headers={"If-None-Match": before.headers["ETag"]})
    assert (before.get_json(), after.status_code) == ([], 200)
    assert len(after.get_json()) == 2


def test_the_document_lists_every_status_that_a_code_has(api: Api) -> None:
    for name in OPERATIONS:
        method, path = name.split(" ")
        operation = api.document["paths"][path][method.lower()]
        for status, told in codes(method, path, operation).items():
            answer = operation["responses"][str(status)]
            assert answer["x-codes"] == list(told), name
            (content,) = answer["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorBody"}, name
