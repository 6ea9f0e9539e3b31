"""
Power cuts: what an acknowledged vote is worth when every write that was not synced may be gone.

The application takes votes while its SQL is recorded. The SQL is replayed on a file system that notes each write
and each sync. A cut keeps what was synced and none, a prefix or any subset of the sectors that were not; then the
database is opened again: every vote acknowledged before the cut must be there, and the file sound.

    python scripts/faults/power.py [--cuts 3000] [--votes 300] [--seed 1] [--synchronous FULL|NORMAL|OFF]

With --synchronous NORMAL it must print losses: that shows that it would see one. Exit 1 where a cut loses an
acknowledged vote or leaves a damaged file. It takes half a minute.
"""

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import apsw
from sqlalchemy import event, text
from sqlalchemy.pool import Pool

from app.database.doors import Database
from app.edge.identity import decode_id
from scripts.faults.application import application, judge, populate

SECTOR = 512
KINDS = ("none", "prefix", "subset")
LEVELS = {"OFF": 0, "NORMAL": 1, "FULL": 2}
STORED = """
    SELECT lower(hex(m.public_id)), v.outcome FROM votes v JOIN matchups m ON m.id = v.matchup_id
"""
UNEQUAL = """
    SELECT (SELECT coalesce(sum(left_wins + right_wins + ties + both_bad), 0) FROM tallies)
         - (SELECT count(*) FROM votes WHERE counted)
"""


@dataclass(frozen=True)
class Vote:
    """One that the application acknowledged."""

    matchup: str
    outcome: str


@dataclass
class Recorder:
    """Each committed transaction as its statements, in the order of the commits, and the votes between them."""

    steps: list[tuple[str, ...] | Vote] = field(default_factory=list)
    _open: dict[int, list[str]] = field(default_factory=dict)

    def watch(self, connection: Any, _record: object) -> None:
        """Record from now on what this connection of the driver is told."""
        connection.set_trace_callback(partial(self._told, id(connection)))

    def _told(self, connection: int, sql: str) -> None:
        if sql.startswith("BEGIN IMMEDIATE"):
            self._open[connection] = [sql]
        elif connection in self._open:
            self._open[connection].append(sql)
            if sql == "COMMIT":
                self.steps.append(tuple(self._open.pop(connection)))
            elif sql == "ROLLBACK":
                del self._open[connection]


@dataclass(frozen=True)
class Recording:
    """The database file before, how it was synced, and what the application then did to it."""

    before: bytes
    synchronous: int
    steps: list[tuple[str, ...] | Vote]


@dataclass(frozen=True)
class Write:
    """Bytes a file got and the disk may not have yet; without data, a file cut to `offset` bytes."""

    file: str
    offset: int
    data: bytes | None


@dataclass(frozen=True)
class Sync:
    """A file whose bytes the disk has."""

    file: str


Event = Write | Sync | Vote


class NotingFiles(apsw.VFS):
    """The system's own files, each write and sync noted."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        super().__init__("noting", base="")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """Open a file; temporary files, which have no name, are not recorded, as they are gone after any cut."""
        return NotingFile(name, flags, self.events) if name else apsw.VFSFile("", name, flags)


class NotingFile(apsw.VFSFile):
    """One of them."""

    def __init__(self, name: Any, flags: list[int], events: list[Event]) -> None:
        self.events = events
        self.name = Path(name if isinstance(name, str) else name.filename()).name
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self.events.append(Write(self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self.events.append(Write(self.name, newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self.events.append(Sync(self.name))


def record(folder: Path, votes: int, threads: int = 4) -> Recording:
    """Issue and take so many votes through the application, by several voters at once."""
    database = Database(f"sqlite:///{folder / 'blindvote.sqlite3'}")
    populate(database, folder)
    level = database.write(lambda session: session.execute(text("PRAGMA synchronous")).scalar_one())
    database.close()
    before = (folder / "blindvote.sqlite3").read_bytes()
    recorder = Recorder()
    event.listen(Pool, "connect", recorder.watch)
    try:
        with application(folder) as app:
            crowd = [
                threading.Thread(target=_acknowledge, args=(recorder, judge(app, votes // threads, seed)))
                for seed in range(threads)
            ]
            for thread in crowd:
                thread.start()
            for thread in crowd:
                thread.join()
    finally:
        event.remove(Pool, "connect", recorder.watch)
    return Recording(before, level, recorder.steps)


def _acknowledge(recorder: Recorder, seen: Iterator[tuple[int, str, str]]) -> None:
    for status, matchup, outcome in seen:
        public_id = decode_id(matchup)
        if status == 200 and public_id:
            recorder.steps.append(Vote(public_id.hex(), outcome))


def replay(recording: Recording, folder: Path, synchronous: int) -> list[Event]:
    """Replay the recorded SQL; return what the files see of it."""
    path = folder / "cut.sqlite3"
    path.write_bytes(recording.before)
    events: list[Event] = []
    files = NotingFiles(events)
    connection = apsw.Connection(str(path), vfs="noting")
    connection.execute(f"PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON")
    for step in recording.steps:
        if isinstance(step, Vote):
            events.append(step)
        else:
            for sql in step:
                connection.execute(sql).fetchall()
    noted = list(events)
    connection.close()
    files.unregister()
    return noted


@dataclass
class Disk:
    """What is surely on it, and what may be."""

    durable: dict[str, bytearray]
    pending: list[Write] = field(default_factory=list)

    def see(self, event: Write | Sync) -> None:
        """Take one event in."""
        if isinstance(event, Write):
            self.pending.append(event)
            return
        for write in self.pending:
            if write.file == event.file:
                _apply(self.durable, write)
        self.pending = [write for write in self.pending if write.file != event.file]

    def after_cut(self, kind: str, rng: random.Random) -> dict[str, bytearray]:
        """Return the files as the next start finds them."""
        files = {name: bytearray(data) for name, data in self.durable.items()}
        sectors = [piece for write in self.pending for piece in _sectors(write)]
        if kind == "prefix":
            sectors = sectors[: rng.randint(0, len(sectors))]
        elif kind == "subset":
            sectors = [piece for piece in sectors if rng.random() < 0.5]
        for piece in sectors if kind != "none" else []:
            _apply(files, piece)
        return files


def _apply(files: dict[str, bytearray], write: Write) -> None:
    content = files.setdefault(write.file, bytearray())
    if write.data is None:
        del content[write.offset :]
        return
    content.extend(bytes(max(0, write.offset - len(content))))
    content[write.offset : write.offset + len(write.data)] = write.data


def _sectors(write: Write) -> Iterator[Write]:
    """Split a write into sectors: a disk tears a page between its sectors, never within one."""
    if write.data is None:
        yield write
        return
    start = 0
    while start < len(write.data):
        end = start + SECTOR - (write.offset + start) % SECTOR
        yield Write(write.file, write.offset + start, write.data[start:end])
        start = end


@dataclass
class Result:
    """Of all cuts together; a cut loses when it loses one vote or more."""

    cuts: Counter[str] = field(default_factory=Counter)
    losing: int = 0
    votes_lost: int = 0
    corrupt: int = 0
    acknowledged: int = 0


def cut(recording: Recording, events: list[Event], folder: Path, cuts: int, rng: random.Random) -> Result:
    """Cut the power before so many events, drawn at random, and open what is left."""
    result, known = Result(), dict[str, str]()
    disk = Disk({"cut.sqlite3": bytearray(recording.before)})
    places = Counter(rng.choices(range(len(events) + 1), k=cuts))
    for place in range(len(events) + 1):
        for _ in range(places[place]):
            kind = rng.choice(KINDS)
            result.cuts[kind] += 1
            lost, sound = _reopen(disk.after_cut(kind, rng), folder, known)
            result.losing += lost > 0
            result.votes_lost += lost
            result.corrupt += not sound
        if place < len(events):
            seen = events[place]
            if isinstance(seen, Vote):
                known[seen.matchup] = seen.outcome
            else:
                disk.see(seen)
    result.acknowledged = len(known)
    return result


def _reopen(files: dict[str, bytearray], folder: Path, known: dict[str, str]) -> tuple[int, bool]:
    """Return how many acknowledged votes are missing or changed, and whether the file and its counts are sound."""
    for path in folder.glob("cut.sqlite3*"):
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    connection = apsw.Connection(str(folder / "cut.sqlite3"))
    try:
        stored = {str(matchup): outcome for matchup, outcome in connection.execute(STORED)}
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sound = sound and not connection.execute("PRAGMA foreign_key_check").fetchall()
        sound = sound and connection.execute(UNEQUAL).fetchall() == [(0,)]
    except apsw.Error:
        return len(known), False
    finally:
        connection.close()
    return sum(stored.get(matchup) != outcome for matchup, outcome in known.items()), sound


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cuts", type=int, default=3000)
    arguments.add_argument("--votes", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--synchronous", choices=LEVELS, help="instead of what the application uses")
    options = arguments.parse_args()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        recording = record(Path(name), options.votes)
        level = LEVELS[options.synchronous] if options.synchronous else recording.synchronous
        events = replay(recording, Path(name), level)
        result = cut(recording, events, Path(name), options.cuts, random.Random(options.seed))
    syncs = Counter(event.file for event in events if isinstance(event, Sync))
    print(f"{result.acknowledged} votes acknowledged, {len(events)} writes and syncs, synchronous={level}")
    print("syncs: " + ", ".join(f"{file} {count}" for file, count in sorted(syncs.items())))
    print(f"{options.cuts} cuts: " + ", ".join(f"{count} {kind}" for kind, count in sorted(result.cuts.items())))
    print(f"{result.losing} cuts lost acknowledged votes ({result.votes_lost} votes); {result.corrupt} corrupt")
    return 1 if result.losing or result.corrupt or not result.acknowledged else 0


if __name__ == "__main__":
    sys.exit(main())
