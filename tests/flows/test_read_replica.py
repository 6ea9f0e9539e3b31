"""Pages from a streaming standby of PostgreSQL: never older than promised, and from the primary where it fails."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.cli import group
from app.database.doors import Database
from app.database.replica import ReplicaMark
from app.edge.context import Parts
from app.settings import Settings
from tests import postgres
from tests.factories import make_arena, make_competition

SECRET = "secret-key-of-the-tests-000000000000"
PROMPT_WAIT_SECONDS = 30


class Pair:
    """A primary and its standby, the arena on both, and a browser."""

    def __init__(self, primary: postgres.Cluster, standby: postgres.Cluster, folder: Path) -> None:
        self.primary, self.standby, self.folder = primary, standby, folder
        self.opened: list[Flask] = []

    def open(self, replica: str = "", **settings: object) -> FlaskClient:
        """An application whose pages come from the standby, or from another address."""
        made = create_app(
            Settings.model_validate(
                {
                    "secret_key": SECRET,
                    "data_dir": self.folder,
                    "database_url": self.primary.url.format(database="postgres"),
                    "read_database_url": replica or self.standby.url.format(database="postgres"),
                    "read_staleness_seconds": 3600,
                    "refresh_seconds": 0,
                    **settings,
                }
            )
        )
        self.opened.append(made)
        return made.test_client()

    @property
    def parts(self) -> Parts:
        """Those of the application that was opened last."""
        wired: Parts = self.opened[-1].extensions["blindvote"]
        return wired

    def is_used(self) -> bool:
        """Whether the next page comes from the standby."""
        return isinstance(self.parts.database.mark(), ReplicaMark)

    def add(self, slug: str) -> None:
        """Add a competition, which /competitions then lists."""
        self.parts.database.write(lambda session: make_competition(session, slug))

    def replay(self, *, pause: bool) -> None:
        """Let the standby receive what the primary commits, and show it or not."""
        postgres.execute(self.standby, f"SELECT pg_wal_replay_{'pause' if pause else 'resume'}()")


@pytest.fixture(scope="module")
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[postgres.Cluster, postgres.Cluster]]:
    if request.config.getoption("--no-postgres") or not postgres.available():
        pytest.skip("needs a PostgreSQL of its own")
    with ExitStack() as stack:
        primary = stack.enter_context(postgres.cluster(postgres.HASTY_FLAGS))
        database = Database(primary.url.format(database="postgres"))
        stack.callback(database.close)
        database.migrate()
        make_arena(database, primary.folder)
        standby = stack.enter_context(postgres.room_for_standby(primary))
        postgres.copy_to_standby(primary, standby)
        yield primary, standby


@pytest.fixture
def pair(servers: tuple[postgres.Cluster, postgres.Cluster], tmp_path: Path) -> Iterator[Pair]:
    made = Pair(*servers, tmp_path)
    yield made
    for app in made.opened:
        app.extensions["blindvote"].database.close()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does in its own time."""
    deadline = time.monotonic() + PROMPT_WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def test_pages_come_from_the_standby_and_votes_do_not(pair: Pair) -> None:
    browser = pair.open()
    wait_until(pair.is_used)
    pair.replay(pause=True)
    try:
        pair.add("unseen-yet")
        assert "Unseen-Yet" not in browser.get("/competitions").text, "read from the primary"
        assert "unseen-yet" not in browser.get("/api/v1/competitions").text
        issued = browser.post("/api/v1/matchups", json={})
        assert issued.status_code == 201
        told = browser.post(f"/api/v1/matchups/{issued.json['id']}/vote", json={"outcome": "a"})
        assert told.status_code == 200
        assert browser.get("/me/summary").text == "1 vote by you"
        assert pair.is_used(), "what follows would show nothing"
    finally:
        pair.replay(pause=False)
    wait_until(lambda: "Unseen-Yet" in browser.get("/competitions").text)
    assert pair.is_used()


def test_a_page_is_never_older_than_promised(pair: Pair) -> None:
    browser = pair.open(read_staleness_seconds=1)
    wait_until(pair.is_used)
    pair.replay(pause=True)
    try:
        pair.add("waits-for-nobody")
        time.sleep(1.1)
        assert "Waits-For-Nobody" in browser.get("/competitions").text
        assert not pair.is_used()
    finally:
        pair.replay(pause=False)
    wait_until(pair.is_used)


def test_a_standby_that_dies_fails_no_page_and_comes_back(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    browser = pair.open()
    wait_until(pair.is_used)
    assert browser.get("/competitions").status_code == 200
    pair.standby.stop(signal.SIGKILL)
    pair.add("seen-at-once")
    for path in (
        "/competitions",
        "/api/v1/competitions",
        "/",
        "/models",
        "/competitions/c0",
        "/leaderboards/text-to-image",
    ):
        assert browser.get(path).status_code == 200
    assert "Seen-At-Once" in browser.get("/competitions").text
    pair.standby.start()
    wait_until(pair.is_used)
    told = [record.message for record in caplog.records if record.name == "app.database.replica"]
    assert told[0].startswith("read replica: pages come from the primary: ")
    assert told[-1] == "read replica: pages come from it again"
    assert os.fspath(pair.standby.folder) not in " ".join(told)


def test_a_page_that_was_being_read_from_a_dying_standby_is_read_again(pair: Pair) -> None:
    browser = pair.open()
    wait_until(pair.is_used)

    def break_off() -> None:
        postgres.execute(
            pair.standby, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )

    with pair.opened[-1].test_request_context("/"):
        from app.edge.page_cache import public_page, reading_page

        tries: list[int] = []

        def render() -> str:
            with reading_page() as session:
                tries.append(1)
                if len(tries) == 1:
                    break_off()
                return str(session.connection().exec_driver_sql("SELECT count(*) FROM entries").scalar())

        assert public_page("any", render).get_data(as_text=True) == "6"
        assert len(tries) == 2
    assert browser.get("/competitions").status_code == 200
    wait_until(pair.is_used)


@pytest.mark.parametrize("foreign", ["primary", "other database"])
def test_a_server_that_is_no_standby_of_ours_is_not_read(pair: Pair, foreign: str) -> None:
    address = pair.primary.url.format(database="postgres")
    if foreign == "other database":
        address = pair.standby.url.format(database="template1")
    browser = pair.open(address)
    assert not pair.is_used()
    assert "C0" in browser.get("/competitions").text
    assert not pair.is_used()


def test_doctor_examines_the_standby(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(replica: str) -> str:
        monkeypatch.setenv("READ_DATABASE_URL", replica)
        told = CliRunner().invoke(group, ["doctor"]).stdout
        return next(line for line in told.splitlines() if " replica " in line)

    pair.open()
    monkeypatch.setenv("DATA_DIR", str(pair.folder))
    monkeypatch.setenv("DATABASE_URL", pair.primary.url.format(database="postgres"))
    monkeypatch.setenv("READ_STALENESS_SECONDS", "1")
    standby = pair.standby.url.format(database="postgres")
    assert examine("").startswith("ok    replica     none is set")
    assert examine(standby).startswith("ok    replica     a standby of the database, ")
    assert examine(pair.primary.url.format(database="postgres")).startswith("warn  replica     it is no standby")
    assert examine(pair.standby.url.format(database="template1")).startswith("warn  replica     it is of another")
    assert examine(f"{standby}/gone").startswith("warn  replica     Nothing answers")
    pair.replay(pause=True)
    try:
        pair.add("behind")
        # A pause takes hold after what the standby is replaying, and a commit travels in its own time.
        wait_until(lambda: examine(standby).startswith("warn  replica     it is more than 1 seconds behind"))
    finally:
        pair.replay(pause=False)


def test_the_setting_names_one_postgresql(tmp_path: Path) -> None:
    primary = {"database_url": "postgresql://a@b/c"}
    for wrong in (
        {"read_database_url": "postgresql://a@b/c"},
        {**primary, "read_database_url": "sqlite:////tmp/x"},
        {**primary, "read_database_url": "postgresql://a@b,c/d"},
        {**primary, "read_database_url": "postgresql:///d?host=b&host=c"},
    ):
        with pytest.raises(ValueError, match=r"READ_DATABASE_URL|must"):
            Settings.model_validate({"data_dir": tmp_path, "secret_key": SECRET, **wrong})
