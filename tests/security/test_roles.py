"""Every route of the application with every role: ASVS 5.0 3.5.1, 3.5.3, 8.2.1 to 8.2.3, 9.1.1, 15.3.3."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Counter, Entry, Flag, LedgerLine, Matchup, Tally, Vote, Voter
from app.gateway import keys
from app.gateway.tables import ApiKey, GenerationRow, Spend
from tests.security.doors import HEADER, PROXY, application, form_token, sign_in, team
from tests.security.routes import ROUTES, address
from tests.web.factories import MODELS, OURS, competition, moment, parts_of, post, start

SAFE = {"GET"}
FOREIGN = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"})


@dataclass(frozen=True)
class House:
    """An arena with one matchup of one voter, and a browser of every role; `secret` is a key of the gateway."""

    app: Flask
    matchup: str
    secret: str
    visitor: FlaskClient
    voter: FlaskClient
    other: FlaskClient
    admin: FlaskClient


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("roles")
    shutil.copy(sqlite_template, folder / "roles.sqlite3")
    with application(f"sqlite:///{folder / 'roles.sqlite3'}", folder) as app:
        competition(app, models=MODELS[:3])
        visitor, voter, other, admin = (app.test_client() for _ in range(4))
        assert sign_in(admin).status_code == 303
        matchup = start(voter).split("/")[2].split("?")[0]
        assert post(voter, f"/arena/{matchup}/vote", outcome="a").status_code == 303
        start(other)
        _, secret = parts_of(app).database.write(lambda s: keys.create_key(s, "studio", now=moment()))
        yield House(app, matchup, secret, visitor, voter, other, admin)


@pytest.fixture(scope="module")
def closed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("closed")
    shutil.copy(sqlite_template, folder / "closed.sqlite3")
    with team(f"sqlite:///{folder / 'closed.sqlite3'}", folder) as app:
        competition(app, models=MODELS[:3])
        yield app.test_client()


def call(client: FlaskClient, route: str, matchup: str, **more: Any):
    """As a browser sends it from our own page, with nothing in it."""
    method, rule = route.split(" ", 1)
    headers = ({} if method in SAFE else OURS) | more.pop("headers", {})
    empty = {"json": {}} if rule.startswith(("/api/", "/openai/")) and method == "POST" else {}
    return client.open(address(rule, matchup), method=method, headers=headers, **(empty | more))


BODIES: dict[str, dict[str, str]] = {
    "POST /arena/<matchup_id>/vote": {"outcome": "a"},
    "POST /api/v1/matchups/<string:matchup_id>/vote": {"outcome": "a"},
    "POST /arena/<matchup_id>/report": {"picture": "a", "reason": "broken"},
    "POST /api/v1/matchups/<string:matchup_id>/report": {"picture": "a", "reason": "broken"},
}
"""What a request must hold before anybody asks whose it is."""


def listed(role: str, *, writing: bool | None = None) -> list[str]:
    chosen = [route for route, of in ROUTES.items() if of == role]
    return [route for route in chosen if writing is None or writing == (not route.startswith("GET "))]


def test_v8_2_1_every_route_says_who_it_is_for(house: House) -> None:
    real = {
        f"{method} {rule}"
        for rule in house.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in {"HEAD", "OPTIONS"}
    }
    assert real - ROUTES.keys() == set(), "say in tests/security/routes.py who may use them"
    assert ROUTES.keys() - real == set(), "these are gone"


@pytest.mark.parametrize("route", listed("admin", writing=False))
def test_v8_2_1_admin_pages_send_everybody_else_to_the_door(house: House, route: str) -> None:
    bearer = {"Authorization": f"Bearer {house.secret}"}
    for client, headers in ((house.visitor, {}), (house.voter, {}), (house.visitor, bearer)):
        answer = call(client, route, house.matchup, headers=headers)
        assert (answer.status_code, answer.headers["Location"][:17]) == (303, "/admin/login?next")
        assert not any(model.name in answer.text for model in MODELS)
    assert call(house.admin, route, house.matchup).status_code in {200, 400, 404}


@pytest.mark.parametrize("route", listed("admin", writing=True))
def test_v8_2_1_deeds_of_admins_are_refused_to_everybody_else(house: House, route: str) -> None:
    bearer = {"Authorization": f"Bearer {house.secret}"}
    for client, headers in ((house.visitor, {}), (house.voter, {}), (house.visitor, bearer)):
        answer = call(client, route, house.matchup, headers=headers)
        assert (answer.status_code, "No admin is signed in" in answer.text) == (403, True)
    without_token = call(house.admin, route, house.matchup)
    assert (without_token.status_code, "earlier session" in without_token.text) == (403, True)


@pytest.mark.parametrize("route", listed("own"))
def test_v8_2_2_what_is_a_voters_own_does_not_exist_for_others(house: House, route: str) -> None:
    for client in (house.visitor, house.other, house.admin):
        more = {"json" if "/api/" in route else "data": BODIES[route]} if route in BODIES else {}
        assert call(client, route, house.matchup, **more).status_code == 404


@pytest.mark.parametrize("route", listed("key"))
def test_v8_2_1_the_gateway_knows_keys_alone(house: House, route: str) -> None:
    for client in (house.visitor, house.voter, house.admin):
        assert call(client, route, house.matchup).status_code == 401
    bearer = {"Authorization": f"Bearer {house.secret}"}
    assert call(house.visitor, route, house.matchup, headers=bearer).status_code in {200, 400, 404, 415}


@pytest.mark.parametrize("route", [*listed("all", writing=False), *listed("probe"), "GET /admin/login"])
def test_what_is_everybodys_is_the_same_in_kind_for_every_role(house: House, route: str) -> None:
    answers = {call(client, route, house.matchup).status_code for client in (house.visitor, house.other)}
    assert len(answers) == 1
    assert answers <= {200, 302, 303, 308, 404}


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.startswith("GET ")])
def test_v3_5_1_no_state_changes_for_another_site(house: House, route: str) -> None:
    if ROUTES[route] == "key":
        return  # no cookie opens these: a foreign page gains nothing
    for client in (house.visitor, house.voter, house.admin):
        for headers in FOREIGN:
            method, rule = route.split(" ", 1)
            answer = client.open(address(rule, house.matchup), method=method, headers=headers)
            assert (answer.status_code, "another site" in answer.text) == (403, True)


def content(app: Flask) -> list[tuple[object, ...]]:
    """Everything that a request could have changed and a page must not."""
    tables = (
        Vote,
        Voter,
        Matchup,
        Tally,
        Competition,
        Entry,
        Flag,
        LedgerLine,
        Counter,
        ApiKey,
        Spend,
        GenerationRow,
    )
    with parts_of(app).database.reading() as session:
        return [tuple(row) for table in tables for row in session.execute(select(*table.__table__.columns))]


def test_v3_5_3_no_get_changes_anything(house: House) -> None:
    before = content(house.app)
    for route in ROUTES:
        method, rule = route.split(" ", 1)
        if method == "GET":
            for client in (house.visitor, house.admin):
                client.get(address(rule, house.matchup))
        else:
            assert house.admin.get(address(rule, house.matchup)).status_code < 500
    assert content(house.app) == before


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_v8_2_1_a_closed_house_is_closed_everywhere(closed: FlaskClient, route: str) -> None:
    answer = call(closed, route, "x" * 22, environ_base=PROXY)
    forged = call(closed, route, "x" * 22, headers={HEADER: "root@x"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    if ROUTES[route] == "probe":
        assert answer.status_code in {200, 404}
    elif ROUTES[route] == "key":
        assert (answer.status_code, forged.status_code) == (401, 401)
    else:
        assert (answer.status_code, forged.status_code) == (403, 403)
        assert "Open it at the address where you log in" in answer.text


@pytest.mark.parametrize("route", [*listed("all", writing=False), *listed("admin")])
def test_a_member_of_the_team_reads_and_does_not_decide(closed: FlaskClient, route: str) -> None:
    answer = call(closed, route, "x" * 22, headers={HEADER: "mia"}, environ_base=PROXY)
    if ROUTES[route] == "all":
        assert answer.status_code in {200, 302, 303, 308, 404}
    else:
        assert answer.status_code == (303 if route.startswith("GET ") else 403)


FORGED = {
    "counted": "1",
    "reason": "x",
    "weight": "9",
    "voter_id": "1",
    "undone_at": "1",
    "simulated": "1",
    "is_admin": "1",
}


def rows(app: Flask, read) -> Any:
    def work(session: Session) -> Any:
        return read(session)

    with parts_of(app).database.reading() as session:
        return work(session)


def test_v8_2_3_v15_3_3_a_vote_takes_nothing_but_its_outcome(house: House) -> None:
    plain, forging = house.app.test_client(), house.app.test_client()
    for client, more in ((plain, {}), (forging, FORGED)):
        where = start(
            client, **({"probability": "1", "slot": "7", "cap": "x", "seen_before": "1"} if more else {})
        )
        assert post(client, f"{where.split('?')[0]}/vote", outcome="b", **more).status_code == 303
    votes, matchups = rows(
        house.app,
        lambda s: (
            s.scalars(select(Vote).order_by(Vote.id.desc()).limit(2)).all(),
            s.scalars(select(Matchup).order_by(Matchup.id.desc()).limit(2)).all(),
        ),
    )
    kept = {(vote.outcome, vote.counted, vote.reason, vote.undone_at) for vote in votes}
    assert kept == {("b", True, None, None)}
    assert {(one.slot, one.cap, one.seen_before, one.simulated) for one in matchups} == {(0, None, False, False)}
    assert len({vote.voter_id for vote in votes}) == 2


@pytest.mark.parametrize("extra", [*FORGED, "probability", "network_key"])
def test_v15_3_3_the_api_refuses_fields_it_does_not_know(house: House, extra: str) -> None:
    for path, body in (
        ("/api/v1/matchups", {}),
        (f"/api/v1/matchups/{house.matchup}/vote", {"outcome": "a"}),
    ):
        answer = house.voter.post(path, json=body | {extra: 1}, headers=OURS)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_request")


def test_v15_3_3_a_deed_takes_nothing_but_its_own_fields(house: House) -> None:
    form = {"form_token": form_token(house.admin), "reason": "only the target", "target": "30"}
    more = {
        "status": "closed",
        "version": "99",
        "open_gallery": "1",
        "slug": "other",
        "prompt": "x",
        "actor": "someone else",
    }
    before = rows(house.app, lambda s: tuple(s.execute(select(*Competition.__table__.columns)).one()))
    assert post(house.admin, "/admin/competitions/a-red-cube/target", **form, **more).status_code == 303
    after = rows(house.app, lambda s: tuple(s.execute(select(*Competition.__table__.columns)).one()))
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert changed == [(None, 30)]
    assert rows(house.app, lambda s: s.scalars(select(LedgerLine.actor)).all())[-1] == "admin ada"


@pytest.mark.parametrize("change", ["last", "first", "cut", "another purpose", "unsigned", "nothing"])
def test_v9_1_1_a_voters_cookie_is_ours_or_nobodys(house: House, change: str) -> None:
    from app.edge import identity

    cookie = house.voter.get_cookie("blindvote_voter")
    assert cookie is not None
    value = cookie.value
    made = {
        "last": value[:-2] + ("AA" if value[-2:] != "AA" else "BB"),
        "first": ("B" if value[0] != "B" else "C") + value[1:],
        "cut": value[:-4],
        "unsigned": value.partition(".")[0],
        "nothing": "",
    }
    if change == "another purpose":
        from itsdangerous import Signer

        made[change] = Signer("s" * 32, salt="something else").sign(value.partition(".")[0]).decode()
    thief = house.app.test_client()
    thief.set_cookie(identity.NAME, made[change])
    assert thief.get(f"/arena/{house.matchup}").status_code == 404
    assert house.voter.get(f"/arena/{house.matchup}").status_code == 200
