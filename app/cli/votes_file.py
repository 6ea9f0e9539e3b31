"""Reads anybody's votes: one battle a row, or counts of a pair a row, from CSV, JSON or JSON lines."""

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.cli.vote_columns import KNOWN, ColumnPlan, plan_columns
from app.cli.vote_words import NAMES, NOTHING, Counts, read_truth
from app.errors import Refusal
from app.files import tables
from app.files.tables import Part, Table
from app.files.text import InvalidFile, escape_for_terminal, find_unstorable, fold_spelling, normalize

MOST_COMPLAINTS = 20
MOST_KEYS = 50_000
"""Different sets of cells that are kept as text; then they become numbers."""
Key = tuple[str, ...]
Rows = NDArray[np.int64]


def _empty(width: int) -> Rows:
    return np.empty((0, width), dtype=np.int64)


class InvalidVotes(Refusal, code="invalid_votes"):
    """A file that is no list of votes; the message names each bad line."""


@dataclass
class Votes:
    """
    Votes counted by competition and ordered pair; a pair may have several rows, which add up.

    `counts` has four numbers per row: wins of A, wins of B, ties, both bad.
    """

    models: dict[str, int] = field(default_factory=dict)
    competitions: dict[str, int] = field(default_factory=dict)
    rows: Rows = field(default_factory=partial(_empty, 3))
    """(n, 3): competition, A, B"""
    counts: Rows = field(default_factory=partial(_empty, 4))
    """(n, 4)"""
    voters: dict[str, int] = field(default_factory=dict)
    """Empty unless voters were asked for; then `rows` are by voter, too."""
    voter_of_row: Rows = field(default_factory=partial(_empty, 1))
    """(n,): -1 where a row names no voter."""
    is_log: bool = True
    """Whether each row of the file is one vote, so that they have an order."""
    summary: str = ""
    """What the reader understood, in one line."""

    def tallies_sha256(self) -> str:
        """
        Hash the tallies as sorted lines (docs/data.md): equal to the hash a board's run states if these are its
        votes.
        """
        sums: dict[tuple[int, int, int], tuple[int, ...]] = {}
        for row, counts in zip(self.rows.tolist(), self.counts.tolist(), strict=True):
            place = (row[0], row[1], row[2])
            sums[place] = tuple(map(sum, zip(sums.get(place, NOTHING), counts, strict=True)))
        prompts, models = list(self.competitions), list(self.models)
        lines = sorted(
            ",".join([prompts[competition], models[left], models[right], *map(str, counts)])
            for (competition, left, right), counts in sums.items()
        )
        return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()

    def in_order(self, models: Sequence[str]) -> "Votes":
        """Return the same votes with the models numbered in this order; models not named here come last."""
        named = set(models)
        names = [
            *(name for name in models if name in self.models),
            *(name for name in self.models if name not in named),
        ]
        order = {name: number for number, name in enumerate(names)}
        moved = np.array([order[name] for name in self.models], dtype=np.int64)
        rows = np.column_stack([self.rows[:, 0], moved[self.rows[:, 1:]]])
        return replace(self, models=order, rows=rows)


def read(path: Path, category: str | None = None, *, ordered: bool = False, voters: bool = False) -> Votes:
    """Read the votes of a file; `-` is standard input (see `read_stream`)."""
    if str(path) == "-":
        return read_stream(sys.stdin.buffer, "standard input", category, ordered=ordered, voters=voters)
    with path.open("rb") as file:
        return read_stream(file, path.name, category, ordered=ordered, voters=voters)


def read_stream(
    source: BinaryIO, name: str, category: str | None = None, *, ordered: bool = False, voters: bool = False
) -> Votes:
    """
    Read the votes of a stream, of one category if asked (docs/data.md names the columns and words).

    Equal rows are added up as they come, so memory grows with what differs and not with the number of rows: 64
    bytes for each. `ordered` keeps one row per vote instead, in the file's order; `voters` keeps apart who voted.
    Raises InvalidVotes.
    """
    try:
        table = tables.open_table(source, name, KNOWN)
        reader = _Reader(table, plan_columns(table, category, voters=voters), category, ordered=ordered)
        for part in table.parts:
            reader.add(part)
        return reader.finish()
    except InvalidFile as error:
        raise InvalidVotes(str(error)) from error


@dataclass(frozen=True)
class _Meaning:
    """What every row with the same cells adds, and where."""

    place: tuple[int, int, int]
    voter: int
    counts: Counts


class _Reader:
    """Counts rows by their cells, and understands each set of cells once."""

    def __init__(self, table: Table, plan: ColumnPlan, category: str | None, *, ordered: bool) -> None:
        self._table, self._plan, self._category = table, plan, category
        self._votes = Votes(is_log=plan.is_log)
        self._pick: Callable[[list[str]], Key] = itemgetter(*plan.places)
        self._seen: Counter[Key] = Counter()
        self._meanings: dict[Key, _Meaning | None] = {}
        self._faults: dict[Key, str] = {}
        self._numbers: dict[Key, int] = {}
        self._order = array("q") if ordered and plan.is_log else None
        self._spellings: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._voter_place = plan.names.index("voter") if plan.has_voters else None
        self._same: dict[Key, _Meaning | None] = {}
        self._numbers_read, self._left_out = array("q"), 0
        self._complaints: list[str] = []

    def add(self, part: Part) -> None:
        """Count the rows of a part. Raises InvalidVotes once enough rows are known to be bad."""
        width, rows = len(self._table.columns), part.rows
        if {len(row) for row in rows} != {width} or any(not any(row) for row in rows if not row[0]):
            rows = self._check_widths(part)
        before = len(self._seen)
        self._seen.update(map(self._pick, rows))
        for key in list(islice(reversed(self._seen), len(self._seen) - before))[::-1]:
            self._understand(key)
        if self._faults:
            self._complain(part)
        if self._order is not None:
            self._order.extend(map(self._numbers.__getitem__, map(self._pick, rows)))
        elif len(self._seen) > MOST_KEYS:
            self._collect()

    def finish(self) -> Votes:
        """Return the votes. Raises InvalidVotes for a file with bad rows or without any votes."""
        if self._complaints:
            raise InvalidVotes("\n".join(self._complaints))
        votes = self._votes
        self._collect()
        self._make_arrays()
        if not len(votes.rows):
            of = f" of the category {self._category}" if self._category else ""
            raise InvalidVotes(f"{self._table.name} holds no votes{of}")
        votes.summary = self._summarize()
        return votes

    def _check_widths(self, part: Part) -> list[list[str]]:
        """Return the rows without empty ones; rows with too few or too many cells become complaints."""
        good, width = [], len(self._table.columns)
        for place, row in enumerate(part.rows):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) == width or (len(row) > width and not any(cell.strip() for cell in row[width:])):
                good.append(row[:width])
            else:
                what = f"it has {len(row)} cells, the first line names {width} columns"
                self._add_complaint(part.line(place), what)
        return good

    def _understand(self, key: Key) -> None:
        self._numbers[key] = len(self._numbers)
        try:
            self._meanings[key] = self._find_meaning(key)
        except ValueError as error:
            self._meanings[key] = None
            self._faults[key] = str(error)

    def _find_meaning(self, key: Key) -> _Meaning | None:
        """Read a row's cells once whoever voted: most rows differ in nothing else."""
        place = self._voter_place
        if place is None:
            return self._read_key(dict(zip(self._plan.names, key, strict=True)), key)
        same = key[:place] + key[place + 1 :]
        if same not in self._same:
            if len(self._same) > MOST_KEYS:
                self._same.clear()
            self._same[same] = self._read_key(dict(zip(self._plan.names, key, strict=True)), key)
        known, voters, voter = self._same[same], self._votes.voters, normalize(key[place])
        if known is None:
            return None
        return _Meaning(known.place, voters.setdefault(voter, len(voters)) if voter else -1, known.counts)

    def _read_key(self, cells: dict[str, str], key: Key) -> _Meaning | None:
        plan = self._plan
        one, other = (self._read_name(cells[role], plan.written[role]) for role in ("model_a", "model_b"))
        if one == other:
            raise ValueError(f"{escape_for_terminal(one)} meets itself")
        if "counted" in cells and not read_truth(cells["counted"], plan.written["counted"]):
            return None
        counts = plan.read_counts(key[plan.first_outcome :], one, other)
        if self._category is not None and fold_category(self._category) not in _categories(cells["category"]):
            return None
        if not any(counts):
            return None
        votes, competition = self._votes, normalize(cells.get("competition", ""))
        place = (
            votes.competitions.setdefault(competition, len(votes.competitions)),
            votes.models.setdefault(one, len(votes.models)),
            votes.models.setdefault(other, len(votes.models)),
        )
        return _Meaning(place, -1, counts)

    def _read_name(self, text: str, column: str) -> str:
        name = self._names.get(text)
        if name is None:
            name = self._names[text] = self._check_name(text, column)
        return name

    def _check_name(self, text: str, column: str) -> str:
        name = normalize(text)
        if not name:
            raise ValueError(f"column {column}: a model has no name")
        problem = find_unstorable(name)
        if problem:
            raise ValueError(f"column {column}: {problem}")
        first = self._spellings.setdefault(fold_spelling(name), name)
        if first != name:
            raise ValueError(f"column {column}: {name!r} is spelled {first!r} elsewhere; write one name one way")
        return name

    def _complain(self, part: Part) -> None:
        for place, row in enumerate(part.rows):
            fault = self._faults.get(self._pick(row)) if len(row) == len(self._table.columns) else None
            if fault is not None:
                self._add_complaint(part.line(place), fault)

    def _add_complaint(self, line: int, what: str) -> None:
        self._complaints.append(f"{self._table.name} {self._table.unit} {line}: {what}")
        if len(self._complaints) == MOST_COMPLAINTS:
            raise InvalidVotes("\n".join([*self._complaints, "… and perhaps more"]))

    def _collect(self) -> None:
        """Add what was seen to the numbers read, in the file's order where asked for; forget the cells."""
        self._left_out += sum(times for key, times in self._seen.items() if self._meanings[key] is None)
        if self._order is not None:
            meanings = list(self._meanings.values())
            for number in self._order:
                self._write(meanings[number], 1)
        for key, times in self._seen.items() if self._order is None else ():
            meaning = self._meanings[key]
            is_unnamed = meaning is not None and meaning.voter < 0 and self._plan.has_voters and self._votes.is_log
            for _ in range(times if is_unnamed else 1):
                self._write(meaning, 1 if is_unnamed else times)
        self._seen.clear()
        self._meanings.clear()
        self._numbers.clear()

    def _write(self, meaning: _Meaning | None, times: int) -> None:
        if meaning is not None:
            self._numbers_read.extend(meaning.place)
            self._numbers_read.append(meaning.voter)
            self._numbers_read.extend(times * count for count in meaning.counts)

    def _make_arrays(self) -> None:
        numbers = np.frombuffer(self._numbers_read, dtype=np.int64).reshape(-1, 8)
        votes = self._votes
        votes.rows, votes.voter_of_row, votes.counts = numbers[:, :3], numbers[:, 3], numbers[:, 4:]

    def _summarize(self) -> str:
        """Say in one line what the file was understood to be."""
        votes, total, left_out = self._votes, int(self._votes.counts.sum()), self._left_out
        parts = [_count(total, "vote"), _count(len(votes.models), "model")]
        if left_out:
            parts.append(
                f"{_count(left_out, 'row')} left out (skipped, not counted, empty or of another category)"
            )
        ignored = ", ".join(self._plan.ignored)
        told = f"{self._describe_outcomes()}; {', '.join(parts)}"
        return escape_for_terminal(told + (f"; ignored columns: {ignored}" if ignored else ""))

    def _describe_outcomes(self) -> str:
        plan = self._plan
        sums = self._votes.counts.sum(axis=0)
        present = "/".join(name for name, count in zip(NAMES.values(), sums, strict=True) if count)
        return f"{plan.outcome_column}: {present}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def fold_category(text: str) -> str:
    """Return a category as categories are compared: `Text Rendering` is `text-rendering`."""
    return "-".join(fold_spelling(text).replace("-", " ").split())


def _categories(text: str) -> set[str]:
    return set(map(fold_category, text.replace(",", ";").split(";")))
