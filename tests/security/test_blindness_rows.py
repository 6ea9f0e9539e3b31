"""Rows of the leak table in docs/security.md that no room proves by itself: what a person with tools could use."""

import json
import random
import re
import shutil
from collections import Counter
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.api.matchups import MatchupBody
from app.arena.tables import Entry, Matchup
from app.arena.voting.pool import Pool
from app.database.doors import Database
from app.edge.identity import decode_id
from tests.factories import cast, issue, later, make_arena
from tests.web.factories import MODELS, OURS, parts_of, post, start

LINGER = 50
"""Votes after which an entry whose name was seen may come again untagged."""
TIME = 8
"""Characters at the beginning of an id that tell when its pair was asked for."""


@pytest.fixture
def client(arena: Flask) -> FlaskClient:
    return arena.test_client()


def id_of(path: str) -> str:
    return path.split("?", maxsplit=1)[0].split("/")[2]


def row_of(app: Flask, matchup: str) -> Matchup:
    with parts_of(app).database.reading() as session:
        return session.scalars(select(Matchup).where(Matchup.public_id == decode_id(matchup))).one()


def test_the_same_picture_never_has_the_same_address(arena: Flask) -> None:
    addresses: list[str] = []
    entries: Counter[int] = Counter()
    for _ in range(6):
        matchup = id_of(start(arena.test_client()))
        row = row_of(arena, matchup)
        entries.update((row.left_entry_id, row.right_entry_id))
        addresses.append(matchup)
    assert max(entries.values()) > 1
    assert len(set(addresses)) == 6
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in addresses)
    shared = [
        a == b
        for one in addresses
        for other in addresses
        if one < other
        for a, b in zip(one[TIME:], other[TIME:], strict=True)
    ]
    assert sum(shared) / len(shared) < 0.08, "ids are drawn evenly: one character in 64 is equal by chance"


def test_status_headers_and_length_identify_nobody(arena: Flask) -> None:
    """An attacker who knows the answers of half of the pictures names the other half no better than by chance."""
    seen: list[tuple[Any, int]] = []
    for _ in range(15):
        browser = arena.test_client()
        for _ in range(2):
            matchup = id_of(start(browser))
            row = row_of(arena, matchup)
            for side, entry in (("a", row.left_entry_id), ("b", row.right_entry_id)):
                answer = browser.get(f"/m/{matchup}/{side}.webp")
                seen.append(((answer.status_code, tuple(answer.headers.items()), len(answer.data)), entry))
            post(browser, f"/arena/{matchup}/vote", outcome="tie")
    random.Random(1).shuffle(seen)
    known, asked = seen[: len(seen) // 2], seen[len(seen) // 2 :]
    guesses: dict[Any, Counter[int]] = {}
    for told, entry in known:
        guesses.setdefault(told, Counter())[entry] += 1
    right = sum(guesses.get(told, Counter([0])).most_common(1)[0][0] == entry for told, entry in asked)
    chance = 1 / len({entry for _, entry in seen})
    assert right / len(asked) <= chance + 3 * sqrt(chance * (1 - chance) / len(asked))
    assert len({told for told, _ in seen}) == 1


def told(client: FlaskClient, matchup: str) -> list[str]:
    """Page and JSON of an open pair, without its id and time."""
    page = client.get(f"/arena/{matchup}")
    issued = client.post("/api/v1/matchups", json={}, headers=OURS)
    issued = client.post("/api/v1/matchups", json={}, headers=OURS)
    assert issued.status_code == 200
    body = json.dumps(issued.get_json() | {"expires_at": ""})
    texts = (page.text, str(sorted(page.headers.items())), body)
    texts = tuple(re.sub(r"'X-Request-ID', '\w+'|nonce-[\w-]+|nonce=\"[\w-]+\"", "", text) for text in texts)
    return [text.replace(matchup, "ID") for text in texts]


def test_with_sides_swapped_nothing_changes_but_the_pictures(arena: Flask, client: FlaskClient) -> None:
    matchup = id_of(start(client))
    before = told(client, matchup)
    row = row_of(arena, matchup)
    swapped = update(Matchup).where(Matchup.id == row.id)
    swapped = swapped.values(left_entry_id=row.right_entry_id, right_entry_id=row.left_entry_id)
    pictures = [client.get(f"/m/{matchup}/{side}.webp").data[8:600] for side in "ab"]
    parts_of(arena).database.write(lambda session: session.execute(swapped) and None)
    assert told(client, matchup) == before
    assert [client.get(f"/m/{matchup}/{side}.webp").data[8:600] for side in "ba"] == pictures


def test_with_other_models_nothing_changes_but_the_pictures(arena: Flask, client: FlaskClient) -> None:
    matchup = id_of(start(client))
    before = told(client, matchup)
    row = row_of(arena, matchup)
    with parts_of(arena).database.reading() as session:
        third = session.scalars(select(Entry.id).where(Entry.id.not_in([row.left_entry_id, row.right_entry_id])))
        other = third.first()
    pair = sorted((row.left_entry_id, other or 0))
    moved = update(Matchup).where(Matchup.id == row.id)
    moved = moved.values(right_entry_id=other, low_entry_id=pair[0], high_entry_id=pair[1])
    parts_of(arena).database.write(lambda session: session.execute(moved) and None)
    assert told(client, matchup) == before


def test_before_the_vote_the_schema_has_no_place_for_a_name(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    answers = document["paths"]["/api/v1/matchups"]["post"]["responses"]
    assert {answers[status]["content"]["application/json"]["schema"]["$ref"] for status in ("200", "201")} == {
        "#/components/schemas/MatchupBody"
    }
    fields: list[str] = []

    def read(schema: dict[str, Any]) -> None:
        for name, inner in schema.get("properties", {}).items():
            fields.append(name)
            read(document["components"]["schemas"][inner["$ref"].split("/")[-1]] if "$ref" in inner else inner)

    read(document["components"]["schemas"]["MatchupBody"])
    told = "id expires_at competition slug title mode prompt categories input_image_url input_image_url_small"
    told += " mask_outline_url question slug words"
    side = "image_url image_url_small"
    assert sorted(fields) == sorted(f"{told} rendition_side a {side} b {side} frame width height".split())
    assert set(MatchupBody.model_fields) == {"id", "expires_at", "competition", "question", "a", "b", "frame"}


def test_asking_for_more_before_the_vote_brings_no_more(client: FlaskClient) -> None:
    matchup = id_of(start(client))
    plain = client.get(f"/arena/{matchup}")
    for query in (
        "include=model",
        "fields=*",
        "expand=a,b",
        "debug=1",
        "reveal=1",
        "voted=1",
        "outcome=a",
        "format=json",
    ):
        answer = client.get(f"/arena/{matchup}?{query}")
        assert answer.status_code == 200
        assert not any(model.name in answer.text or model.slug in answer.text for model in MODELS), query
        assert client.get(f"/api/v1/matchups/{matchup}?{query}").status_code == 400
        asked = client.post(f"/api/v1/matchups?{query}", json={}, headers=OURS)
        assert (asked.status_code, asked.get_json()["error"]["code"]) == (400, "invalid_request")
    assert plain.status_code == 200


def test_through_300_votes_whatever_was_seen_before_is_tagged(sqlite_template: Path, tmp_path: Path) -> None:
    """Untagged comes only an entry whose name did not stand in the voter's last fifty answers; no pair twice."""
    shutil.copy(sqlite_template, tmp_path / "long.sqlite3")
    database, pool, rng = Database(f"sqlite:///{tmp_path / 'long.sqlite3'}"), Pool(), random.Random(3)
    make_arena(database, tmp_path, competitions=12, models=8)
    named: list[set[int]] = []
    pairs: set[tuple[int, int]] = set()
    tagged = 0
    for number in range(300):
        now = later(seconds=number)
        issued = issue(database, now=now, rng=rng, pool=pool)
        with database.reading() as session:
            row = session.scalars(select(Matchup).where(Matchup.public_id == issued.public_id)).one()
        pair = (row.low_entry_id, row.high_entry_id)
        lately = set().union(*named[-LINGER:])
        assert row.seen_before == bool(lately & set(pair))
        assert pair not in pairs
        tagged += row.seen_before
        pairs.add(pair)
        outcome = rng.choice(["a", "b", "tie", "both_bad", "skip"])
        cast(database, issued.public_id, outcome, now=now)
        named.append(set() if outcome == "skip" else set(pair))
    assert 0 < tagged < 300
    database.close()
