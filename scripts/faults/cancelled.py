"""
PostgreSQL ends statements and connections at random while people vote: once that is over, no answer may fail any
more, and what was acknowledged must be there, once and unchanged.

    python scripts/faults/cancelled.py [--seconds 20] [--voters 8]

Every connection is ended; then a competition is held for a moment, and whoever waits for it is cancelled, again
and again. A connection that an error leaves unfit must not be used again, or those after it fail without end. Exit
1 where a vote is lost or changed, or an answer fails once the faults are over. It takes half a minute.
"""

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from sqlalchemy import Connection, NullPool, create_engine, text

from scripts.faults.server import Server, serving
from scripts.faults.stored import compare_on
from scripts.faults.voters import voting

HOLD_SECONDS = 0.05
AFTERWARDS_SECONDS = 5.0
CANCELS = 40
"""Between two times at which all connections end: some statement is cancelled when it was just to be prepared."""
_OTHERS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
_CANCEL = f"SELECT count(pg_cancel_backend(pid)) {_OTHERS} AND wait_event_type = 'Lock'"
_DISCONNECT = f"SELECT count(pg_terminate_backend(pid)) {_OTHERS}"
HEALTHY = {200, 201, 409}


def main() -> int:
    """Run voters beside the faults, and after them; print what they were told and what is stored."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--voters", type=int, default=8)
    options = arguments.parse_args()
    # Few competitions: somebody always waits for the one that is held.
    with serving("postgres", competitions=3, models=16) as server:
        return 0 if prove(server, options.seconds, options.voters) else 1


def prove(server: Server, seconds: float, voters: int, afterwards: float = AFTERWARDS_SECONDS) -> bool:
    """Print the figures and return whether they are as they must be."""
    with voting(server.url, voters) as known:
        ended = disturb(server, seconds)
        known.wait_for_more(2 * voters)  # what was under way is answered
        during, known.statuses = known.statuses, Counter()
        time.sleep(afterwards)
    stored = compare_on(server, known)
    faults = ", ".join(f"{count} {name}" for name, count in ended.items())
    print(f"{faults}; {len(known.votes)} votes acknowledged; {stored}")
    print(f"answers meanwhile {dict(sorted(during.items()))}, afterwards {dict(sorted(known.statuses.items()))}")
    fine = not known.silent and set(during) <= HEALTHY | {503} and set(known.statuses) <= HEALTHY
    return server.is_sound() and stored.holds() and fine and bool(known.statuses[200])


def disturb(server: Server, seconds: float) -> Counter[str]:
    """End all connections, then those statements that wait, and again; return how many were ended in which way."""
    rng, ended, deadline = random.Random(1), Counter[str](), time.monotonic() + seconds
    engine = create_engine(server.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        while time.monotonic() < deadline:
            ended["disconnected"] += connection.scalar(text(_DISCONNECT)) or 0
            for _ in range(CANCELS):
                ended["cancelled"] += _cancel_waiting(server, connection, rng.randrange(1, 4))
    engine.dispose()
    return ended


def _cancel_waiting(server: Server, connection: Connection, competition: int) -> int:
    """Hold a competition for a moment, then cancel whoever waits; return how many those were."""
    holder = create_engine(server.database_url, poolclass=NullPool)
    with holder.begin() as holding:
        holding.execute(text("SELECT id FROM competitions WHERE id = :id FOR UPDATE"), {"id": competition})
        time.sleep(HOLD_SECONDS)
        return connection.scalar(text(_CANCEL)) or 0


if __name__ == "__main__":
    sys.exit(main())
