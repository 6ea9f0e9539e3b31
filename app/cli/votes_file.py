"""Reads anybody's votes: one battle a row, or counts of a pair a row, from CSV, JSON or JSON lines."""

import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from app.cli.vote_columns import KNOWN, ColumnPlan, plan_columns
from app.cli.vote_words import NAMES, NOTHING, Counts, read_truth
from app.errors import Refusal
from app.files import tables
from app.files.tables import Part, Table
from app.files.text import InvalidFile, escape_for_terminal, find_unstorable, fold_spelling, normalize

MOST_COMPLAINTS = 20
Key = tuple[str, ...]


class InvalidVotes(Refusal, code="invalid_votes"):
    """A file that is no list of votes; the message names each bad line."""


@dataclass
class Votes:
    """
    Votes counted by competition and ordered pair, in the order in which these first appear.

    `counts` has four numbers per row: wins of A, wins of B, ties, both bad.
    """

    models: dict[str, int] = field(default_factory=dict)
    competitions: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[int, int, int]] = field(default_factory=list)
    """(competition, A, B)"""
    counts: list[tuple[int, ...]] = field(default_factory=list)
    voters: dict[str, int] = field(default_factory=dict)
    """Empty unless voters were asked for; then `rows` are by voter, too."""
    voter_of_row: list[int] = field(default_factory=list)
    """-1 where a row names no voter."""
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
        for place, counts in zip(self.rows, self.counts, strict=True):
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
        moved = {old: order[name] for name, old in self.models.items()}
        rows = [(competition, moved[left], moved[right]) for competition, left, right in self.rows]
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

    Equal rows are added up as they come, so memory grows with what differs and not with the number of rows;
    `ordered` keeps one row per vote instead, in the order of the file; `voters` keeps apart who voted.
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

    def finish(self) -> Votes:
        """Return the votes. Raises InvalidVotes for a file with bad rows or without any votes."""
        if self._complaints:
            raise InvalidVotes("\n".join(self._complaints))
        votes = self._votes
        self._collect()
        if not votes.rows:
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
            self._meanings[key] = self._read_key(dict(zip(self._plan.names, key, strict=True)), key)
        except ValueError as error:
            self._meanings[key] = None
            self._faults[key] = str(error)

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
        voter = normalize(cells.get("voter", ""))
        place = (
            votes.competitions.setdefault(competition, len(votes.competitions)),
            votes.models.setdefault(one, len(votes.models)),
            votes.models.setdefault(other, len(votes.models)),
        )
        return _Meaning(place, votes.voters.setdefault(voter, len(votes.voters)) if voter else -1, counts)

    def _read_name(self, text: str, column: str) -> str:
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
        """Add up what the rows mean; in the order of the file, one row per vote, where that was asked for."""
        votes = self._votes
        if self._order is not None:
            meanings = list(self._meanings.values())
            in_order = [meaning for number in self._order if (meaning := meanings[number])]
            votes.rows = [meaning.place for meaning in in_order]
            votes.counts = [meaning.counts for meaning in in_order]
            votes.voter_of_row = [meaning.voter for meaning in in_order]
            return
        sums: dict[tuple[tuple[int, int, int], int], list[int]] = {}
        for key, times in self._seen.items():
            meaning = self._meanings[key]
            if meaning is not None and meaning.voter < 0 and votes.voters and votes.is_log:
                self._add_unnamed(meaning, times)
            elif meaning is not None:
                cell = sums.setdefault((meaning.place, meaning.voter), [0, 0, 0, 0])
                for outcome, count in enumerate(meaning.counts):
                    cell[outcome] += times * count
        votes.rows += [place for place, _ in sums]
        votes.voter_of_row += [voter for _, voter in sums]
        votes.counts += map(tuple, sums.values())

    def _add_unnamed(self, meaning: _Meaning, times: int) -> None:
        """Add votes without a voter beside votes with one: each is somebody's own."""
        self._votes.rows += [meaning.place] * times
        self._votes.voter_of_row += [-1] * times
        self._votes.counts += [meaning.counts] * times

    def _summarize(self) -> str:
        """Say in one line what the file was understood to be."""
        votes, total = self._votes, sum(map(sum, self._votes.counts))
        left_out = sum(times for key, times in self._seen.items() if self._meanings[key] is None)
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
        sums = map(sum, zip(*self._votes.counts, strict=True))
        present = "/".join(name for name, count in zip(NAMES.values(), sums, strict=True) if count)
        return f"{plan.outcome_column}: {present}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def fold_category(text: str) -> str:
    """Return a category as categories are compared: `Text Rendering` is `text-rendering`."""
    return "-".join(fold_spelling(text).replace("-", " ").split())


def _categories(text: str) -> set[str]:
    return set(map(fold_category, text.replace(",", ";").split(";")))
