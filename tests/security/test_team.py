"""The profile `team`: login by a trusted proxy's header, nothing for strangers. ASVS 5.0 4.1.3, 6.3.3, 8.2.1."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError
from sqlalchemy import select

from app.arena.people import logins
from app.arena.tables import Competition, LedgerLine, Voter
from app.database.doors import Database
from app.edge import team as gate
from app.gateway import keys
from app.settings import Settings
from tests.factories import NOW
from tests.security.doors import HEADER, PROXY, SECRET, TOKEN, application, logged_in, team
from tests.web.factories import MODELS, OURS, competition, moment, parts_of

OUTSIDE = "192.0.2.7"


@pytest.fixture(scope="module")
def closed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A team's arena."""
    folder = tmp_path_factory.mktemp("team")
    shutil.copy(sqlite_template, folder / "team.sqlite3")
    with team(f"sqlite:///{folder / 'team.sqlite3'}", folder) as made:
        competition(made, models=MODELS[:3])
        yield made


@pytest.fixture
def browser(closed: Flask) -> FlaskClient:
    return closed.test_client()


def settings(**more: Any) -> Settings:
    return Settings.model_validate({"profile": "team", "secret_key": SECRET, "database_url": "sqlite:///x"} | more)


def post(client: FlaskClient, path: str, login: str | None, **form: str):
    known = logged_in(login)
    return client.post(path, data=form, headers=OURS | known["headers"], environ_base=known["environ_base"])


def voters(app: Flask) -> list[tuple[str | None, int]]:
    with parts_of(app).database.reading() as session:
        return [(row.login, row.votes) for row in session.scalars(select(Voter).order_by(Voter.id))]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "LOGIN_HEADER"),
        ({"login_header": HEADER}, "TRUSTED_PROXIES"),
        ({"trusted_proxies": ["10.0.0.0/8"]}, "LOGIN_HEADER"),
        ({"profile": "local", "login_header": HEADER}, "TRUSTED_PROXIES"),
        ({"profile": "local", "admins": ["ada"]}, "LOGIN_HEADER"),
        ({"login_header": "X User", "trusted_proxies": ["10.0.0.0/8"]}, "login_header"),
        ({"login_header": "X-User\r\nX", "trusted_proxies": ["10.0.0.0/8"]}, "login_header"),
    ],
)
def test_it_does_not_start_where_nobody_could_log_in(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        settings(**given)


def test_v8_2_1_strangers_get_a_sentence_and_nothing_else(browser: FlaskClient) -> None:
    for path in (
        "/",
        "/arena",
        "/models",
        "/leaderboards/text-to-image",
        "/competitions",
        "/admin",
        "/admin/login",
        "/robots.txt",
        "/files/x.webp",
        "/media/x.webp",
        "/no/such/page",
    ):
        answer = browser.get(path, **logged_in(None))
        assert (answer.status_code, path) == (403, path)
        assert "Open it at the address where you log in" in answer.text
        assert not any(model.name in answer.text for model in MODELS)
    for path in ("/api/v1/models", "/api/v1/nothing"):
        answer = browser.get(path, **logged_in(None))
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "login_required")
    assert browser.get("/healthz", **logged_in(None)).status_code == 200
    assert browser.get("/readyz", **logged_in(None)).get_json() == {"status": "ok", "failing": {}}
    assert browser.get("/static/base.css", **logged_in(None)).status_code == 200


def test_v4_1_3_the_header_is_believed_of_named_proxies_alone(browser: FlaskClient) -> None:
    assert browser.get("/", **logged_in("eve", peer=OUTSIDE)).status_code == 403
    assert browser.get("/", **logged_in("eve", peer="")).status_code == 403
    assert browser.get("/", **logged_in("eve")).status_code == 200
    known = {HEADER: "eve", "X-Forwarded-For": "10.0.0.1"}
    assert browser.get("/", headers=known, environ_base={"REMOTE_ADDR": OUTSIDE}).status_code == 403


def test_v4_1_3_views_never_see_the_header_itself(closed: Flask) -> None:
    """Taken away for everybody: no code further in can believe it by mistake."""
    seen: dict[str, Any] = {}

    def inner(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    gate.LoginMiddleware(inner, HEADER)({"HTTP_X_FORWARDED_USER": "eve", "REMOTE_ADDR": OUTSIDE}, None)
    assert ("HTTP_X_FORWARDED_USER" in seen, gate.LOGIN in seen) == (False, False)


@pytest.mark.parametrize(
    "login",
    [
        "",
        " ",
        "a b",
        "eve,root@x",
        "eve\u00e9",
        "a" * 129,
        "-eve",
        "eve\troot",
        "<b>",
        "eve;root",
        "eve/..",
        '"eve"',
    ],
)
def test_what_is_no_login_is_nobody(browser: FlaskClient, login: str) -> None:
    headers = {HEADER: login.encode().decode("latin-1")}
    assert browser.get("/", headers=headers, environ_base=PROXY).status_code == 403


@pytest.mark.parametrize("login", ["eve", "eve.example+x@mail.example.org", "auth0|5f7c8ec7", "CORP:eve_1"])
def test_logins_as_identity_providers_write_them(browser: FlaskClient, login: str) -> None:
    assert browser.get("/me/summary", **logged_in(login)).status_code == 200


def test_a_login_is_one_voter_in_every_browser(closed: Flask) -> None:
    desk, phone = closed.test_client(), closed.test_client()
    where = post(desk, "/arena", "mia").headers["Location"]
    assert (desk.get_cookie("blindvote_voter"), phone.get(where, **logged_in("mia")).status_code) == (None, 200)
    assert phone.get(where, **logged_in("max")).status_code == 404
    assert post(phone, f"{where}/vote", "max", outcome="a").status_code == 404
    assert post(phone, f"{where}/vote", "mia", outcome="a").status_code == 303
    assert desk.get("/me/summary", **logged_in("mia")).text == "1 vote by you"
    assert ("mia", 1) in voters(closed)
    assert all(login is not None for login, _ in voters(closed))


def test_a_voters_cookie_is_nobody_here(closed: Flask, browser: FlaskClient) -> None:
    """No login can be joined to another by a cookie."""
    where = post(browser, "/arena", "zoe").headers["Location"]
    with parts_of(closed).database.reading() as session:
        token = session.scalars(select(Voter.token).where(Voter.login == "zoe")).one()
    from app.edge import identity

    with closed.test_request_context(environ_base=PROXY):
        value = identity._signer(identity._secret()).sign(identity.encode_id(token)).decode()
    browser.set_cookie("blindvote_voter", value)
    assert browser.get(where, **logged_in("eve")).status_code == 404


def test_whoever_is_forgotten_begins_anew(closed: Flask, browser: FlaskClient) -> None:
    where = post(browser, "/arena", "lea").headers["Location"]
    post(browser, f"{where}/vote", "lea", outcome="b")
    assert post(browser, "/me/delete", "lea").status_code == 303
    assert browser.get("/me/summary", **logged_in("lea")).text == "Your votes"
    assert "lea" not in [login for login, _ in voters(closed)]
    assert post(browser, "/arena", "lea").status_code == 303
    assert ("lea", 0) in voters(closed)


def test_tokens_of_logins_tell_nothing_without_the_secret() -> None:
    assert logins.voter_token(SECRET, "mia") == logins.voter_token(SECRET, "mia")
    made = {
        logins.voter_token(SECRET, "mia"),
        logins.voter_token(SECRET, "Mia"),
        logins.voter_token("t" * 32, "mia"),
    }
    assert (len(made), {len(token) for token in made}) == (3, {16})


def test_a_login_is_stored_once(database: Database) -> None:
    who = logins.voter_token(SECRET, "mia")
    with database.reading() as session:
        assert not logins.is_known(session, who)
    for _ in range(2):
        database.write(lambda s: logins.remember(s, who, "mia", now=NOW))
    with database.reading() as session:
        assert logins.is_known(session, who)
        assert session.scalars(select(Voter.login)).all() == ["mia"]


def test_v3_5_1_a_login_does_not_excuse_a_foreign_page(browser: FlaskClient) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        sent = browser.post("/arena", data={}, headers=headers | {HEADER: "mia"}, environ_base=PROXY)
        assert sent.status_code == 403


def test_v6_3_3_a_named_login_is_an_admin(closed: Flask, browser: FlaskClient) -> None:
    page = browser.get("/admin/competitions/a-red-cube", **logged_in("root@x"))
    token = TOKEN.search(page.text)
    assert page.status_code == 200
    assert token is not None
    assert "Log out" not in page.text
    form = {"form_token": token[1], "reason": "two weeks are enough", "target": "40"}
    assert post(browser, "/admin/competitions/a-red-cube/target", "root@x", **form).status_code == 303
    with parts_of(closed).database.reading() as session:
        assert session.scalars(select(Competition.target)).one() == 40
        line = session.scalars(select(LedgerLine).where(LedgerLine.action == "competition.target")).one()
    assert (line.actor, line.reason) == ("admin root@x", "two weeks are enough")
    assert (
        post(
            browser, "/admin/competitions/a-red-cube/target", "root@x", **form | {"form_token": "0" * 32}
        ).status_code
        == 403
    )


def test_other_logins_are_no_admins(browser: FlaskClient) -> None:
    for login in ("mia", "root", "ROOT@x", "root@x.example"):
        assert browser.get("/admin", **logged_in(login)).status_code == 303
        assert post(browser, "/admin/competitions/a-red-cube/close", login, reason="because").status_code == 403
    assert "who is no admin here" in browser.get("/admin/login", **logged_in("mia")).text


def test_a_password_still_works_behind_the_login(browser: FlaskClient) -> None:
    known = logged_in("mia")
    answer = browser.post(
        "/admin/login",
        data={"name": "ada", "password": "four quiet rivers meet"},
        headers=OURS | known["headers"],
        environ_base=PROXY,
    )
    assert answer.status_code == 303
    assert browser.get("/admin", **known).status_code == 200
    assert browser.get("/admin", **logged_in(None)).status_code == 403


def test_v15_3_4_of_several_hops_only_the_proxys_own_counts(browser: FlaskClient) -> None:
    """What stands before it in X-Forwarded-For is the client's own word: no way out of a locked network."""
    statuses = []
    for number in range(26):
        known = {HEADER: "mia", "X-Forwarded-For": f"203.0.{number}.9, 192.0.2.{number}, 198.51.100.{number}"}
        form = {"name": f"guess-{number}", "password": "wrong wrong wrong wrong"}
        answer = browser.post("/admin/login", data=form, headers=OURS | known, environ_base=PROXY)
        statuses.append(answer.status_code)
    assert statuses == [403] * 25 + [429]


def test_the_gateway_goes_on_by_key(closed: Flask, browser: FlaskClient) -> None:
    _, secret = parts_of(closed).database.write(lambda s: keys.create_key(s, "studio", now=moment()))
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (
        browser.get("/openai/v1/models", headers=bearer, environ_base={"REMOTE_ADDR": OUTSIDE}).status_code == 200
    )
    assert browser.get("/openai/v1/models", environ_base={"REMOTE_ADDR": OUTSIDE}).status_code == 401
    assert browser.get("/api/v1/models", headers=bearer, environ_base={"REMOTE_ADDR": OUTSIDE}).status_code == 403


def test_in_an_open_house_the_header_makes_admins_and_no_voters(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "open.sqlite3")
    given = {"login_header": HEADER, "trusted_proxies": ["10.0.0.0/8"], "admins": ["root@x"]}
    with application(f"sqlite:///{tmp_path / 'open.sqlite3'}", tmp_path, **given) as app:
        client = app.test_client()
        assert client.get("/", **logged_in(None)).status_code == 200
        assert client.get("/admin", **logged_in("root@x")).status_code == 200
        assert client.get("/admin", **logged_in("root@x", peer=OUTSIDE)).status_code == 303
        assert client.get("/admin", **logged_in("mia")).status_code == 303
        competition(app, models=MODELS[:2])
        assert post(client, "/arena", "mia").status_code == 303
        assert voters(app) == [(None, 0)]


def test_a_refused_login_is_told_to_the_security_log(
    browser: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.get("/", **logged_in(None))
    assert '"event": "login_required"' in capsys.readouterr().err
