"""Signing in and out through HTTP: ASVS 5.0 3.3, 3.5, 3.7, 6 and 7."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.arena.people import admins
from app.arena.tables import AdminSession, LedgerLine
from tests.security.doors import NAME, PASSWORD, deed, form_token, sign_in
from tests.web.factories import OURS, moment, parts_of

COOKIE = "blindvote_admin"
FRESH = "another set of unrelated words"


def cookie_line(answer, name: str = COOKIE) -> str:
    return next(line for line in answer.headers.getlist("Set-Cookie") if name in line)


def is_in(client: FlaskClient, **more) -> bool:
    return client.get("/admin", **more).status_code == 200


def sessions(app: Flask) -> int:
    with parts_of(app).database.reading() as session:
        return session.scalar(select(func.count()).select_from(AdminSession)) or 0


def aged(app: Flask, **ages: timedelta) -> None:
    """Make every session older."""
    values = {name: moment() - age for name, age in ages.items()}
    parts_of(app).database.write(lambda s: s.execute(update(AdminSession).values(values)) and None)


def test_a_password_opens_the_door_and_leads_on(stranger: FlaskClient) -> None:
    asked = stranger.get("/admin/voters/7?page=2")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/admin/login?next=/admin/voters/7?page%3D2")
    form = stranger.get(asked.headers["Location"]).text
    assert 'name="next" value="/admin/voters/7?page=2"' in form
    answer = sign_in(stranger, next="/admin/voters/7?page=2")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/voters/7?page=2")
    assert is_in(stranger)
    assert stranger.get("/admin/login").headers["Location"] == "/admin"


def test_v3_3_1_v3_3_2_v3_3_4_the_cookie_is_for_our_pages_alone(stranger: FlaskClient) -> None:
    line = cookie_line(sign_in(stranger))
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(line.split("; "))
    assert "Max-Age" not in line
    assert "Domain" not in line


def test_v3_3_1_v3_3_3_over_https_it_is_secure_and_host_bound(app: Flask) -> None:
    line = cookie_line(sign_in(app.test_client(), base_url="https://localhost"))
    assert line.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in line.split("; ")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_two_arenas_on_one_host_do_not_sign_each_others_admins_out(app: Flask, scheme: str) -> None:
    """Browsers have one jar for all ports of a host; a copy of an arena, to try, has its key too."""
    browser, places = app.test_client(), [f"{scheme}://localhost:{port}" for port in (8000, 8001)]
    for place in places:
        assert sign_in(browser, base_url=place).status_code == 303
    assert [is_in(browser, base_url=place) for place in places] == [True, True]
    names = {cookie.key for cookie in browser._cookies.values()}
    assert (len(names), {name.startswith("__Host-") for name in names}) == (4, {scheme == "https"})
    form = {"form_token": form_token(browser, base_url=places[1])}
    browser.post("/admin/logout", data=form, headers=OURS, base_url=places[1])
    assert [is_in(browser, base_url=place) for place in places] == [True, False]


@pytest.mark.parametrize("password", ["", "wrong wrong wrong wrong", PASSWORD.upper()])
def test_a_wrong_password_opens_nothing(app: Flask, stranger: FlaskClient, password: str) -> None:
    answer = sign_in(stranger, password=password)
    assert answer.status_code == 403
    assert not answer.headers.getlist("Set-Cookie")
    assert "Name and password do not fit" in answer.text
    assert (is_in(stranger), sessions(app)) == (False, 0)


def test_v6_3_1_the_sixth_try_is_told_when_to_come_back(app: Flask, stranger: FlaskClient) -> None:
    answers = [sign_in(stranger, password="wrong wrong wrong wrong") for _ in range(admins.MAX_FAILED_SIGN_INS)]
    assert {answer.status_code for answer in answers} == {403}
    locked = sign_in(stranger)
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= admins.WINDOW
    elsewhere = {"REMOTE_ADDR": "203.0.113.77"}
    assert sign_in(app.test_client(), environ_base=elsewhere).status_code == 303


def test_strangers_beside_an_admin_do_not_lock_the_browser_out_that_signed_in_before(
    app: Flask, stranger: FlaskClient
) -> None:
    sign_in(stranger)
    stranger.delete_cookie(COOKIE)
    guesser = app.test_client()
    for _ in range(admins.MAX_FAILED_SIGN_INS):
        sign_in(guesser, password="wrong wrong wrong wrong")
    assert sign_in(guesser).status_code == 429
    assert sign_in(stranger).status_code == 303
    forged = app.test_client()
    forged.set_cookie("blindvote_admin_browser", "nonce." + "0" * 64)
    assert sign_in(forged).status_code == 429


def test_v15_3_4_a_forged_address_is_no_other_network(stranger: FlaskClient) -> None:
    """Nobody here is a trusted proxy: what a client says of its address counts for nothing."""
    for number in range(admins.MAX_FAILED_OF_NETWORK):
        form = {"name": f"guess-{number}", "password": "wrong wrong wrong wrong"}
        forged = {**OURS, "X-Forwarded-For": f"198.51.{number}.1"}
        assert stranger.post("/admin/login", data=form, headers=forged).status_code == 403
    assert sign_in(stranger).status_code == 429


def test_v7_2_4_signing_in_again_is_another_session(app: Flask, stranger: FlaskClient) -> None:
    sign_in(stranger)
    first = stranger.get_cookie(COOKIE)
    assert first is not None
    sign_in(stranger)
    second = stranger.get_cookie(COOKIE)
    assert second is not None
    assert first.value != second.value
    thief = app.test_client()
    thief.set_cookie(COOKIE, first.value)
    assert (is_in(thief), is_in(stranger), sessions(app)) == (False, True, 1)


def test_v7_2_4_a_session_of_the_clients_own_making_is_never_taken_over(app: Flask, stranger: FlaskClient) -> None:
    planted = "x" * 43
    stranger.set_cookie(COOKIE, planted)
    sign_in(stranger)
    victim = app.test_client()
    victim.set_cookie(COOKIE, planted)
    assert not is_in(victim)


@pytest.mark.parametrize("value", ["", "x", "x" * 4000, "' OR 1=1--", "\u00e9", "a.b.c"])
def test_v9_1_1_no_made_up_cookie_is_a_session(app: Flask, value: str) -> None:
    client = app.test_client()
    client.set_cookie(COOKIE, value)
    assert client.get("/admin").status_code == 303


@pytest.mark.parametrize(
    "ages",
    [
        {"seen_at": admins.IDLE_TIMEOUT},
        {"seen_at": timedelta(0), "created_at": admins.LONGEST_SESSION},
    ],
    ids=["v7_3_1_idle", "v7_3_2_absolute"],
)
def test_v7_3_sessions_run_out(app: Flask, admin_client: FlaskClient, ages: dict[str, timedelta]) -> None:
    assert is_in(admin_client)
    aged(app, **ages)
    assert not is_in(admin_client)


def test_v7_3_1_using_it_keeps_a_session_alive(app: Flask, admin_client: FlaskClient) -> None:
    aged(app, seen_at=timedelta(minutes=20))
    assert is_in(admin_client)
    with parts_of(app).database.reading() as session:
        seen_at = session.scalars(select(AdminSession.seen_at)).one()
    assert moment() - seen_at < timedelta(minutes=1)


def test_v7_4_1_logging_out_ends_it_on_the_server(app: Flask, admin_client: FlaskClient) -> None:
    kept = admin_client.get_cookie(COOKIE)
    assert kept is not None
    answer = admin_client.post("/admin/logout", data={"form_token": form_token(admin_client)}, headers=OURS)
    assert answer.headers["Location"] == "/admin/login"
    assert admin_client.get_cookie(COOKIE) is None
    thief = app.test_client()
    thief.set_cookie(COOKIE, kept.value)
    assert (is_in(thief), sessions(app)) == (False, 0)


def test_who_is_signed_out_amid_a_form_is_told_that_nothing_was_done(
    app: Flask, admin_client: FlaskClient
) -> None:
    form = {"form_token": form_token(admin_client), "reason": "because"}

    def send(**more: str) -> tuple[int, str]:
        answer = admin_client.post("/admin/competitions/none/close", data=form | more, headers=OURS)
        assert 'class="button" href="/admin"' in answer.text, "the way back is to the admins' pages"
        return answer.status_code, answer.text

    assert send(reason="")[0] == 400
    assert send()[0] == 404
    aged(app, seen_at=admins.IDLE_TIMEOUT)
    assert (send()[0], "the session has ended: nothing was done" in send()[1]) == (403, True)
    sign_in(admin_client)
    assert (send()[0], "an earlier session: nothing was done" in send()[1]) == (403, True)


def test_v7_4_4_every_page_shows_the_way_out(admin_client: FlaskClient) -> None:
    for path in (
        "/admin",
        "/admin/flags",
        "/admin/votes",
        "/admin/competitions",
        "/admin/gateway",
        "/admin/ledger",
    ):
        assert "Log out" in admin_client.get(path).text


def change(client: FlaskClient, present: str = PASSWORD, new: str = FRESH):
    return deed(client, "/admin/password", password=present, new_password=new)


def test_v6_2_2_v6_2_3_v7_4_3_a_new_password_needs_the_old_one(app: Flask, admin_client: FlaskClient) -> None:
    other = app.test_client()
    sign_in(other)
    for refused in (
        change(admin_client, present=FRESH),
        change(admin_client, new="too short"),
        change(admin_client, new="passwordpassword"),
    ):
        assert refused.status_code == 400
    assert change(admin_client).status_code == 303
    assert (is_in(admin_client), is_in(other)) == (True, False)
    assert sign_in(other).status_code == 403
    assert sign_in(other, password=FRESH).status_code == 303


def test_v6_2_6_v6_2_7_the_fields_hide_and_may_be_pasted_into(
    admin_client: FlaskClient, stranger: FlaskClient
) -> None:
    for text, fills in ((stranger.get("/admin/login").text, 1), (admin_client.get("/admin/password").text, 2)):
        assert text.count('type="password" name=') == fills
        assert 'autocomplete="current-password"' in text
        assert "onpaste" not in text


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "https:evil",
        "https://evil.example/admin",
        "/admin@evil",
        "/adminx",
        "/admin/\r\nX: y",
        "javascript:alert(1)",
        "/admin/..//evil",
        "/admin/%0d%0a",
        "",
        "/models",
    ],
)
def test_v3_7_2_the_way_on_stays_here(app: Flask, target: str) -> None:
    client = app.test_client()
    where = sign_in(client, next=target).headers["Location"]
    assert where.startswith("/admin")
    assert not where.startswith(("/admin@", "/adminx"))
    assert "\n" not in where
    assert client.get("/admin/login", query_string={"next": target}).headers["Location"].startswith("/admin")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_v3_5_1_other_sites_cannot_send_our_forms(admin_client: FlaskClient, headers: dict[str, str]) -> None:
    form = {"form_token": form_token(admin_client), "reason": "because", "target": "5"}
    answer = admin_client.post("/admin/competitions/none/target", data=form, headers=headers)
    assert (answer.status_code, "cross_site" in answer.text or "another site" in answer.text) == (403, True)


@pytest.mark.parametrize("given", [None, "", "0" * 32, "é", "x" * 10_000])
def test_v3_5_1_a_form_needs_the_sessions_own_token(
    app: Flask, admin_client: FlaskClient, given: str | None
) -> None:
    other = app.test_client()
    sign_in(other)
    for token in (given, form_token(other)):
        form = {"reason": "because", "target": "5"} | ({} if token is None else {"form_token": token})
        answer = admin_client.post("/admin/competitions/none/target", data=form, headers=OURS)
        assert answer.status_code == 403
    with parts_of(app).database.reading() as session:
        assert "competition.target" not in session.scalars(select(LedgerLine.action)).all()


def test_v3_5_2_json_cannot_stand_in_for_a_form(admin_client: FlaskClient) -> None:
    body = {"form_token": form_token(admin_client), "reason": "because", "target": "5"}
    assert admin_client.post("/admin/competitions/none/target", json=body, headers=OURS).status_code == 403


def test_v14_3_2_no_page_of_admins_is_kept(admin_client: FlaskClient, stranger: FlaskClient) -> None:
    for client, path in ((admin_client, "/admin"), (admin_client, "/admin/ledger"), (stranger, "/admin/login")):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "script-src 'nonce-" in answer.headers["Content-Security-Policy"]


def test_v16_3_1_signing_in_and_failing_is_logged_without_a_password(
    app: Flask, stranger: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in(stranger, name="typed my secret here", password="wrong wrong wrong wrong")
    sign_in(stranger)
    said = capsys.readouterr().err
    assert '"event": "admin.sign_in_failed"' in said
    assert '"event": "admin.signed_in", ' in said
    assert f'"admin": "{NAME}"' in said
    for secret in ("typed my secret", "wrong wrong", PASSWORD):
        assert secret not in said
