"""Votes as open data: what the file holds and hides, and that anybody computes the published board from it."""

import base64
import csv
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.api import votes as api_votes
from app.arena.log.vote_export import LOG_COLUMNS, OPEN_COLUMNS
from app.database.doors import Database
from app.leaderboards.open_data.manifest import manifest_path
from tests.api.conftest import Api
from tests.cli.conftest import arena
from tests.command import Result
from tests.leaderboards.factories import MODE
from tests.leaderboards.logs import judged

__all__ = ["arena"]
RANKS = ("rank", "of", "rank_low", "rank_high", "rank_ub")
SAME = (*RANKS, "interval", "votes", "wins", "losses", "ties", "provisional")
NEAR = ("rating", "rating_low", "rating_high")


def rated(arena: Callable[..., Result], file: Path) -> dict[str, Any]:
    code, said, complained = arena("rate", str(file), "--format", "json")
    assert code == 0, complained
    found: dict[str, Any] = json.loads(said)
    return found


def agrees(document: dict[str, Any], board: dict[str, Any]) -> None:
    """A board computed from a file is the published one."""
    assert document["run"]["votes"] == board["run"]["votes"]
    assert document["run"]["tallies_sha256"] == board["run"]["tallies_sha256"]
    ours = {row["model"]: row for row in document["standings"]}
    theirs = {row["model"]["slug"]: row for row in board["standings"]}
    assert list(ours) == list(theirs)
    assert len(ours) == 7
    for slug, row in theirs.items():
        assert {name: ours[slug][name] for name in SAME} == {name: row[name] for name in SAME}
        for name in NEAR:
            assert ours[slug][name] == pytest.approx(row[name], abs=1e-6)


def test_anybody_computes_the_published_board(
    api: Api, database: Database, arena: Callable[..., Result], tmp_path: Path
) -> None:
    judged(database)
    file = tmp_path / "votes.csv"
    file.write_bytes(api.get(f"/votes?format=csv&mode={MODE}").data)
    manifest_path(file).write_bytes(api.get(f"/votes/manifest?mode={MODE}").data)
    board = api.get(f"/leaderboards/{MODE}").get_json()
    assert board["run"]["anchor_version"] == 1
    assert sum(row["rating"] for row in board["standings"]) != pytest.approx(7000, abs=1e-6)
    agrees(rated(arena, file), board)


def test_an_export_by_command_does_too(
    app: Flask, api: Api, database: Database, arena: Callable[..., Result], tmp_path: Path, monkeypatch: Any
) -> None:
    judged(database, simulated=True)
    monkeypatch.setenv("DATABASE_URL", database.url)
    all_of_them, of_people = tmp_path / "all.csv", tmp_path / "people.csv"
    said = arena("votes", "export", str(all_of_them), "--include-simulated", "--json")
    assert said[0] == 0, said
    assert json.loads(said[1]) == json.loads(manifest_path(all_of_them).read_text())
    arena("votes", "export", str(of_people))
    agrees(rated(arena, all_of_them), api.get(f"/leaderboards/{MODE}").get_json())
    votes = [len(file.read_text().splitlines()) - 1 for file in (all_of_them, of_people)]
    assert 0 < votes[1] < votes[0]
    marked = list(csv.DictReader(all_of_them.open(newline="")))
    assert sum(row["simulated"] == "false" for row in marked) == votes[1]
    arena("votes", "export", str(tmp_path / "marked.csv"), "--all", "--include-simulated")
    assert rated(arena, tmp_path / "marked.csv")["standings"] == rated(arena, all_of_them)["standings"]
    assert sorted(path.name for path in tmp_path.glob("*.csv*")) == sorted(
        f"{name}.csv{end}" for name in ("all", "people", "marked") for end in ("", ".json")
    )


def test_what_the_file_holds(api: Api, database: Database) -> None:
    judged(database, votes=120)
    answer = api.get("/votes")
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert tuple(rows[0]) == OPEN_COLUMNS
    assert len(rows) == 111 == int(answer.headers["X-Votes"])
    assert {row["category"] for row in rows} == {"food;portrait", "portrait", ""}
    assert {row["winner"] for row in rows} == {"model_a", "model_b", "tie", "both_bad"}
    times = [datetime.fromisoformat(row["at"]) for row in rows]
    assert times == sorted(times)
    assert {time.second for time in times} == {0}
    digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["X-Methodology"] == "bradley_terry/2"
    run = api.get(f"/leaderboards/{MODE}").get_json()["run"]["id"]
    assert answer.headers["X-Runs"] == f"{MODE}={run}"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=votes-all-")
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    lines = [json.loads(line) for line in api.get("/votes?format=jsonl").text.splitlines()]
    assert [{**line, "voter": ""} for line in lines] == [{**row, "voter": ""} for row in rows]


def test_voters_have_one_name_in_a_file_and_another_in_the_next(api: Api, database: Database) -> None:
    judged(database, votes=120)
    first, second = ([row["voter"] for row in csv.DictReader(StringIO(api.get("/votes").text))] for _ in range(2))
    assert set(first).isdisjoint(second)
    assert len(dict(zip(first, second, strict=True))) == len(set(first)) == len(set(second)) < len(first)


def test_an_arena_without_votes_has_a_file_too(api: Api) -> None:
    assert api.get("/votes").text == ",".join(OPEN_COLUMNS) + "\n"
    assert api.get("/votes?format=jsonl").text == ""
    assert api.get("/votes/manifest").get_json()["boards"] == []


@pytest.mark.any_database
@pytest.mark.parametrize("query", ["format=xml", "mode=video", "format="])
def test_bad_parameters(api: Api, query: str) -> None:
    assert api.get(f"/votes?{query}").status_code == 400


def test_no_more_than_two_at_once(api: Api) -> None:
    assert api_votes._places.acquire(blocking=False)
    assert api_votes._places.acquire(blocking=False)
    try:
        answer = api.get("/votes")
    finally:
        api_votes._places.release(2)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "exports_busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert api.get("/votes").status_code == 200


def test_the_log_goes_and_comes_by_command(
    database: Database, arena: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(database, votes=40)
    monkeypatch.setenv("DATABASE_URL", database.url)
    file = tmp_path / "log.jsonl"
    assert arena("votes", "export", str(file), "--full")[0] == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 40
    assert tuple(rows[0]) == LOG_COLUMNS
    assert {row["reason"] for row in rows} == {None, "skip", "undone", "voter_cap"}
    code, _, complained = arena("votes", "import", str(file))
    assert (code, "this very arena" in complained) == (2, True)
    assert arena("votes", "export", str(file), "--full", "--all")[0] == 2
    file.write_text(file.read_text() + "\n")
    code, _, complained = arena("votes", "import", str(file))
    assert (code, "SHA-256" in complained) == (2, True)
    code, _, complained = arena("rate", str(file))
    assert (code, "SHA-256" in complained) == (2, True)


def test_there_is_a_day_for_every_network(database_url: str, tmp_path: Path) -> None:
    from app import create_app
    from app.settings import Settings

    app = create_app(Settings(database_url=database_url, data_dir=tmp_path, secret_key="s" * 32, profile="public"))
    client = app.test_client()
    statuses = [client.get("/api/v1/votes").status_code for _ in range(api_votes.NETWORK_DAY + 1)]
    assert set(statuses[:-1]) == {200}
    refused = client.get("/api/v1/votes")
    assert (statuses[-1], refused.status_code) == (429, 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 24 * 3600
    assert client.get("/api/v1/votes", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 200
    app.extensions["blindvote"].database.close()
