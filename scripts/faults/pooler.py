"""
Votes through pgbouncer in transaction mode: each transaction may meet another of the server's connections, on
which nothing was prepared. Every answer must be one that a healthy arena gives, and every vote be stored.

    python scripts/faults/pooler.py [--votes 10000] [--voters 8]

Exit 1 where a vote is lost or changed, or an answer fails; 3 where pgbouncer is not installed. It takes some two
minutes.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.faults.server import Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import Acknowledged, vote_until
from tests.postgres import Cluster

CONFIGURATION = """\
[databases]
postgres = host={folder} dbname=postgres user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}/pool
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 4
logfile = {folder}/pool/log
"""
"""Four connections of the server for two workers' 32: transactions change places all the time."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--votes", type=int, default=10_000)
    arguments.add_argument("--voters", type=int, default=8)
    options = arguments.parse_args()
    if shutil.which("pgbouncer") is None:
        print("NOT TRIED: pgbouncer is not here (Debian: apt install pgbouncer).")
        return 3
    with serving("postgres", start=False) as server, ExitStack() as stack:
        assert server.cluster
        url = stack.enter_context(pool_before(server.cluster))
        server.environment["DATABASE_URL"] = url
        server.start()
        return 0 if prove(server, options.votes, options.voters) else 1


def prove(server: Server, votes: int, voters: int) -> bool:
    """Print the figures and return whether they are as they must be."""
    known, began = Acknowledged(), time.monotonic()
    vote_until(server.url, known, votes, voters)
    seconds = time.monotonic() - began
    stored = compare_on(server, known)
    print(f"{len(known.votes)} votes in {seconds:.0f} s through {_version()}: {known}")
    print(stored)
    fine = stored.holds() and set(known.statuses) <= {200, 201, 409} and len(known.votes) >= votes
    return server.is_sound() and fine


@contextmanager
def pool_before(cluster: Cluster) -> Iterator[str]:
    """Run a pgbouncer before a PostgreSQL; yields the address to connect to."""
    place = cluster.folder / "pool"
    place.mkdir(exist_ok=True)
    configuration = place / "pgbouncer.ini"
    configuration.write_text(CONFIGURATION.format(folder=cluster.folder))
    identity = cluster.identity
    if identity:
        os.chown(place, int(str(identity["user"])), int(str(identity["group"])))
    pooler = subprocess.Popen(["pgbouncer", "-q", str(configuration)], cwd="/", **identity)  # type: ignore[call-overload]
    try:
        while not (place / ".s.PGSQL.6432").exists():
            if pooler.poll() is not None:
                raise RuntimeError("pgbouncer did not start")
            time.sleep(0.05)
        yield f"postgresql://postgres@/postgres?host={place}&port=6432"
    finally:
        pooler.send_signal(signal.SIGINT)
        pooler.wait(timeout=30)


def _version() -> str:
    return subprocess.run(["pgbouncer", "--version"], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )[0]


if __name__ == "__main__":
    sys.exit(main())
