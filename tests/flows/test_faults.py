"""Short versions of scripts/faults against real server processes, one per database for all of them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from app.database.places import ROOT
from scripts.faults import cancelled, database_away, disk_full, history, io_errors, kill, races, slow_clients, soak
from scripts.faults.server import Server, serving
from scripts.faults.visitors import Traffic

READY_SECONDS = 60
"""A machine that runs the rest of the suite beside it proves no figure of seconds."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "postgres" and request.config.getoption("--no-postgres"):
        pytest.skip("--no-postgres")
    small = disk_full.small_disk() if request.param == "sqlite" else nullcontext()
    with small as folder, serving(request.param, folder=folder, competitions=4, models=6) as started:
        yield started
        print(started.log.read_text()[-4000:])  # shown where a test failed


def test_simultaneous_posts_are_one_vote(server: Server) -> None:
    assert races.prove(server, races=6, posts=8)


def test_what_everybody_was_told_is_one_history(server: Server) -> None:
    assert history.prove(server, operations=240, threads=6)


def test_a_steady_mix_fails_nobody(server: Server) -> None:
    traffic = Traffic()
    samples = soak.soak(server, traffic, seconds=1.5, rate=60, every=0.5)
    assert soak.kept(server, traffic)
    answers = sum(sample.answers for sample in samples) + len(traffic.taken())
    assert answers == sum(traffic.known.statuses.values()) > 0
    assert all(sample.rss > sample.uss > 0 and sample.files and sample.database for sample in samples)


def test_slow_heads_hold_nobody_up(server: Server) -> None:
    if server.cluster:
        pytest.skip("the same server program")
    assert slow_clients.prove(server, slow_clients.Crowd(60, "heads"), 40, after=0, most=slow_clients.PATIENCE)


@pytest.mark.parametrize("kind", ["bodies", "uploads"])
def test_slow_bodies_hold_nobody_up(server: Server, kind: str) -> None:
    if server.cluster:
        pytest.skip("the same server program")
    assert slow_clients.prove(server, slow_clients.Crowd(200, kind), 40, most=slow_clients.PATIENCE)


def test_a_full_disk_loses_no_vote(server: Server) -> None:
    if server.cluster or not disk_full.is_small(server.folder):
        pytest.skip("needs SQLite on a disk small enough to fill, which takes root to mount")
    assert disk_full.prove(server, refused=10, voters=4, recovery=READY_SECONDS)


def test_a_database_that_goes_away_comes_back(server: Server) -> None:
    away = "stopped" if server.cluster else "locked"
    assert database_away.prove(server, away, seconds=0.5, voters=4, recovery=READY_SECONDS)


def test_a_cancelled_statement_leaves_no_connection_unfit(server: Server) -> None:
    if not server.cluster:
        pytest.skip("SQLite has no connections to a server")
    assert cancelled.prove(server, seconds=2, voters=4, afterwards=1)


def test_a_kill_loses_no_vote(server: Server) -> None:
    victim = "database" if server.cluster else "app"
    assert kill.prove(server, kills=1, votes=60, voters=6, victim=victim, ready=READY_SECONDS)


@pytest.mark.parametrize("fault", io_errors.FAULTS)
def test_a_failing_disk_gets_no_vote_acknowledged(fault: str) -> None:
    if not io_errors.can_trace():
        pytest.skip("no strace here that may trace")
    assert io_errors.prove(fault, range(2, 4))


def test_a_killed_migration_leaves_no_mark(pytestconfig: pytest.Config) -> None:
    words = ["scripts/faults/migrations.py", "--revisions", "1", "--points", "1", "--votes", "5"]
    if pytestconfig.getoption("--no-postgres"):
        words += ["--database", "sqlite"]
    run = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 left a mark" in run.stdout
