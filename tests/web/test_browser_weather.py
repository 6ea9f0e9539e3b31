"""Voting in bad weather: lost requests and replies, pictures that do not come, pairs that are gone."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, expect
from sqlalchemy import func, select, update

from app.arena.entries import competitions
from app.arena.tables import Matchup, Vote
from tests.web.browsing import DRIVES_CHROMIUM, Visit, served, visiting
from tests.web.conftest import running
from tests.web.factories import competition, moment, parts_of

pytestmark = DRIVES_CHROMIUM
VOTE = "**/vote"


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    shutil.copy(sqlite_template, tmp_path / "weather.sqlite3")
    for made in running(f"sqlite:///{tmp_path / 'weather.sqlite3'}", tmp_path):
        competition(made)
        competition(made, "a-green-cone")
        yield made


@pytest.fixture
def visit(app: Flask, browser: Browser) -> Iterator[Visit]:
    with served(app) as base, visiting(browser, base) as made:
        yield made


def count_votes(app: Flask) -> int:
    with parts_of(app).database.reading() as session:
        return session.scalars(select(func.count()).select_from(Vote)).one()


def lose_reply(route: Route) -> None:
    """Let the request reach the server, and lose what it answers."""
    route.fetch()
    route.abort()


def test_an_answer_is_kept_and_sent_when_the_connection_returns(app: Flask, visit: Visit) -> None:
    visit.start()
    visit.page.route(VOTE, lambda route: route.abort())
    visit.page.keyboard.press("1")
    expect(visit.page.locator("[data-status]")).to_contain_text("kept in this tab")
    assert count_votes(app) == 0
    visit.page.unroute(VOTE)
    visit.page.evaluate("dispatchEvent(new Event('online'))")
    visit.wait("revealed")
    assert count_votes(app) == 1


def test_an_answer_is_sent_when_the_page_is_opened_again(app: Flask, visit: Visit) -> None:
    visit.start()
    visit.page.route(VOTE, lambda route: route.abort())
    visit.page.keyboard.press("2")
    visit.page.wait_for_selector("[data-trouble]")
    address = visit.page.url
    visit.page.goto("about:blank")  # a page that is still there would send it again by itself
    visit.page.unroute(VOTE)
    assert count_votes(app) == 0
    visit.page.goto(address)
    visit.wait("revealed")
    assert visit.status.startswith("You picked B.")
    assert count_votes(app) == 1


def test_a_lost_reply_neither_doubles_nor_denies_the_vote(app: Flask, visit: Visit) -> None:
    visit.start()
    visit.page.route(VOTE, lose_reply, times=1)
    visit.page.keyboard.press("1")
    visit.wait("revealed")
    assert visit.status.startswith("You picked A.")
    assert count_votes(app) == 1


def test_a_request_that_nobody_answers_is_said_to_be_under_way(app: Flask, visit: Visit) -> None:
    visit.start()
    visit.page.route(VOTE, lambda _: None, times=1)
    visit.page.keyboard.press("1")
    visit.page.wait_for_selector("[data-trouble]")
    assert visit.status == "Sending …"
    visit.wait("revealed")
    assert count_votes(app) == 1


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (408, "request_timeout")])
def test_an_answer_that_is_to_come_again_later_comes_again(
    app: Flask, visit: Visit, status: int, code: str
) -> None:
    refusal = {"error": {"code": code, "message": "Too many requests are unfinished here."}}
    visit.start()
    visit.page.route(
        VOTE, lambda route: route.fulfill(status=status, json=refusal, headers={"Retry-After": "1"}), times=1
    )
    visit.page.keyboard.press("1")
    visit.wait("revealed")
    assert visit.status.startswith("You picked A.")
    assert count_votes(app) == 1


def test_a_limit_of_the_day_is_told_at_once(visit: Visit) -> None:
    refusal = {"error": {"code": "rate_limited", "message": "90 pairs a day is the limit here."}}
    visit.start()
    visit.page.route(
        VOTE, lambda route: route.fulfill(status=429, json=refusal, headers={"Retry-After": "40000"}), times=1
    )
    visit.press("1", "failed")
    assert visit.status == "90 pairs a day is the limit here."


@pytest.mark.parametrize(
    "body", ['{"error": {"code": "unavailable", "message": "Down."}}', "<h1>Bad Gateway</h1>"]
)
def test_a_server_that_fails_is_not_called_a_lost_connection(app: Flask, visit: Visit, body: str) -> None:
    visit.start()
    visit.page.route(VOTE, lambda route: route.fulfill(status=502, body=body))
    visit.page.keyboard.press("1")
    expect(visit.page.locator("[data-status]")).to_contain_text("The server has trouble")
    expect(visit.page.locator("[data-status]")).to_contain_text("kept in this tab")
    expect(visit.page.locator("[data-status]")).not_to_contain_text("connection")
    visit.page.unroute(VOTE)
    visit.wait("revealed")
    assert count_votes(app) == 1


def test_a_server_that_fails_to_give_a_pair_is_not_called_a_lost_connection(visit: Visit) -> None:
    visit.page.route("**/api/v1/matchups", lambda route: route.fulfill(status=503, body="<h1>Down</h1>"))
    visit.start()
    visit.press("1", "revealed")
    visit.settle()
    visit.page.keyboard.press("Space")
    visit.wait("failed")
    assert visit.status == "The server has trouble."


def test_what_another_tab_said_is_shown(app: Flask, visit: Visit) -> None:
    visit.start()
    other = visit.page.context.new_page()
    other.goto(visit.page.url)
    other.wait_for_selector('[data-live][data-state="open"]')
    visit.page.keyboard.press("1")
    visit.wait("revealed")
    other.keyboard.press("2")
    other.wait_for_selector('[data-state="revealed"]')
    assert other.inner_text("[data-status]").startswith("You had picked A.")
    assert other.locator('[data-side="a"][data-won]').count() == 1
    assert count_votes(app) == 1


def test_a_pair_that_can_not_be_loaded_is_given_back_and_stays_away(app: Flask, visit: Visit) -> None:
    visit.page.route("**/m/*/*.webp", lambda route: route.abort())
    visit.open("/arena")
    visit.page.get_by_role("button", name="Show me a pair").click()
    visit.wait("failed")
    assert visit.status == "The images of this pair can't be loaded."
    first = visit.pair
    visit.page.unroute("**/m/*/*.webp")
    visit.press("Space", "open")
    seen = {visit.pair}
    for _ in range(3):
        visit.press("1", "revealed")
        visit.press("Space", "open")
        seen.add(visit.pair)
    assert first not in seen
    with parts_of(app).database.reading() as session:
        rows = session.scalars(select(Matchup).order_by(Matchup.id)).all()
    assert [row.unloadable_at is not None for row in rows[:2]] == [True, False]
    assert rows[1].competition_id == rows[0].competition_id
    assert count_votes(app) == 3


def test_two_failing_pairs_are_not_the_end(visit: Visit) -> None:
    visit.page.route("**/m/*/*.webp", lambda route: route.abort())
    visit.open("/arena")
    visit.page.get_by_role("button", name="Show me a pair").click()
    visit.wait("failed")
    for _ in range(2):
        first = visit.pair
        visit.settle()
        visit.page.keyboard.press("Space")
        visit.page.wait_for_function("id => document.querySelector('[data-arena]').dataset.id !== id", arg=first)
        visit.wait("failed")
        assert "every pair" not in visit.status
    visit.page.unroute("**/m/*/*.webp")
    visit.press("Space", "open")


def test_a_picture_that_stalls_is_given_up(app: Flask, visit: Visit) -> None:
    visit.page.clock.install()
    visit.page.route("**/m/*/b.webp", lambda _: None)
    visit.open("/arena")
    visit.page.get_by_role("button", name="Show me a pair").click()
    visit.wait("loading")
    visit.page.wait_for_selector("[data-live]")
    for _ in range(3):
        visit.page.clock.fast_forward(16_000)
        visit.page.wait_for_timeout(200)
    visit.wait("failed")
    assert "can't be loaded" in visit.status


def test_a_deleted_cookie_is_told_and_its_pairs_are_not_shown(visit: Visit) -> None:
    visit.start()
    first = visit.pair
    visit.page.context.clear_cookies()
    visit.page.keyboard.press("1")
    visit.wait("failed")
    assert "cookie is gone" in visit.status
    visit.press("Space", "open")
    assert visit.pair != first


def test_blocked_cookies_are_told_as_such(browser: Browser, app: Flask) -> None:
    """What a browser that keeps no cookie of this site sends: none, ever."""
    inner = app.wsgi_app

    def without_cookies(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_COOKIE", None)
        return inner(environ, start_response)

    app.wsgi_app = without_cookies  # type: ignore[method-assign]
    with served(app) as base, visiting(browser, base) as visit:
        visit.open("/arena")
        visit.page.get_by_role("button", name="Show me a pair").click()
        expect(visit.page.get_by_text("Your browser sent no cookie of this site")).to_be_visible()
        visit.open("/me/card")
        assert visit.page.url == f"{base}/me"


def test_a_browser_that_refuses_its_storage_votes_all_the_same(app: Flask, visit: Visit) -> None:
    """Chromium throws at the mere look at it where a site's data are blocked."""
    refuse = "get() { throw new DOMException('blocked', 'SecurityError'); }"
    for name in ("localStorage", "sessionStorage"):
        visit.page.add_init_script(f"Object.defineProperty(window, '{name}', {{ {refuse} }})")
    visit.start()
    visit.press("1", "revealed")
    visit.press("Space", "open")
    visit.press("2", "revealed")
    assert count_votes(app) == 2


def test_a_server_that_restarts_loses_neither_the_pair_nor_the_answer(app: Flask, browser: Browser) -> None:
    with visiting(browser, "") as visit:
        with served(app) as base:
            visit.base = base
            visit.start()
            pair = visit.pair
        visit.page.keyboard.press("1")
        visit.page.wait_for_selector("[data-trouble]")
        assert count_votes(app) == 0
        with served(app, int(base.rpartition(":")[2])):
            visit.page.get_by_role("button", name="Send now").click()
            visit.wait("revealed")
            assert (visit.pair, visit.status[:13]) == (pair, "You picked A.")
            assert count_votes(app) == 1
            visit.press("Space", "open")


def test_a_competition_that_closes_meanwhile_is_told(app: Flask, visit: Visit) -> None:
    visit.start()
    slug = visit.page.inner_text("[data-eyebrow]").lower().replace(" ", "-")
    now = moment()
    parts_of(app).database.write(lambda session: competitions.set_status(session, slug, "closed", now=now))
    visit.page.keyboard.press("1")
    visit.wait("failed")
    assert "every pair" not in visit.status
    assert "closed" in visit.status


def test_an_expired_prefetched_pair_is_not_shown(app: Flask, visit: Visit) -> None:
    with visit.page.expect_response("**/api/v1/matchups") as prefetched:
        visit.start()
    coming = prefetched.value.json()["id"]
    visit.page.clock.install()
    visit.press("1", "revealed")
    past = moment() - timedelta(minutes=1)
    parts_of(app).database.write(
        lambda session: (
            session.execute(update(Matchup).where(Matchup.closed_at.is_(None)).values(expires_at=past)) and None
        )
    )
    visit.page.clock.fast_forward(timedelta(hours=1).total_seconds() * 1000)
    visit.page.keyboard.press("Space")
    visit.wait("open")
    assert visit.pair != coming
