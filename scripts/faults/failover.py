"""
The primary of a PostgreSQL killed under load, and its synchronous standby promoted: what was acknowledged must be
there, once and unchanged, and the same processes must take votes again by themselves.

    python scripts/faults/failover.py [--failovers 20] [--voters 8]

Each time the dead server is made anew as the standby of the living one, so roles change places. Exit 1 where a
vote is lost or changed, or an answer is not one that a fault excuses.
"""

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from scripts.faults.server import Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import voting, wait_for
from tests.postgres import Cluster, copy_to_standby, execute, room_for_standby


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--failovers", type=int, default=20)
    arguments.add_argument("--voters", type=int, default=8)
    options = arguments.parse_args()
    with serving("postgres", start=False) as server, ExitStack() as stack:
        assert server.cluster
        other = stack.enter_context(room_for_standby(server.cluster))
        hosts = f"host={server.cluster.folder}&host={other.folder}"
        server.database_url = f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write"
        server.environment["DATABASE_URL"] = server.database_url
        follow(server.cluster, other)
        server.start()
        return 0 if prove(server, server.cluster, other, options.failovers, options.voters) else 1


def prove(server: Server, primary: Cluster, standby: Cluster, failovers: int, voters: int) -> bool:
    """Print the figures and return whether they are as they must be."""
    pauses = []
    with voting(server.url, voters) as known:
        for _ in range(failovers):
            known.wait_for_more(2 * voters)
            primary.stop(signal.SIGKILL)
            execute(standby, "SELECT pg_promote()")
            pauses.append(known.wait_for_more(voters))
            primary, standby = standby, primary
            follow(primary, standby)
    stored = compare_on(server, known)
    print(f"{failovers} failovers, {len(known.votes)} votes acknowledged: {known}")
    print(f"{stored}; {voters} votes taken {max(pauses):.2f} s after a promotion at the latest")
    return server.is_sound() and stored.holds() and known.is_polite()


def follow(primary: Cluster, standby: Cluster) -> None:
    """Make a standby anew from a primary, and let the primary acknowledge only what both have."""
    execute(primary, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
    copy_to_standby(primary, standby)
    execute(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
    wait_for(lambda: execute(primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1)


if __name__ == "__main__":
    sys.exit(main())
