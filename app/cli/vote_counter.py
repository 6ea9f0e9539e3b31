"""Counts the rows of a table of votes: each set of cells is understood once, and rows become numbers."""

from array import array
from collections.abc import Callable, Mapping
from operator import itemgetter
from types import MappingProxyType

import numpy as np

from app.cli.vote_columns import ColumnPlan
from app.cli.vote_sums import Numbers, Votes, add_up, shrink
from app.cli.vote_words import read_counted
from app.files.tables import Part, Table
from app.files.text import (
    InvalidFile,
    escape_for_terminal,
    find_unstorable,
    fold_spelling,
    normalize,
    quote,
    shorten,
)
from app.words import BETTER

MOST_COMPLAINTS = 20
MOST_KEYS = 50_000
"""Different sets of cells whose meaning is remembered; more are forgotten and read again."""
MERGE_ROWS = 2**16
"""Rows that are kept apart at least before equal ones are added up."""
NO_NAMES = frozenset({"nan", "null", "none", "na", "n/a", "#n/a", "<na>", "undefined"})
"""What pandas, R, spreadsheets and databases write into a cell that holds nothing."""
LEFT_OUT, FAULTY = -1, -2
"""In place of a meaning: of a row that does not count, and of one that can't be read."""
Cells = tuple[str, ...]
Meaning = tuple[int, int, int, int, int, int]
"""Model A, model B, and what a row adds: wins of A, wins of B, ties, both bad."""


class Codes(dict[str, int]):
    """Numbers texts in the order in which they come; spellings that are the same name have one number."""

    def __init__(self, known: Mapping[str, int] = MappingProxyType({})) -> None:
        super().__init__(known)
        self.names: list[str] = []

    def __missing__(self, text: str) -> int:
        name = normalize(text)
        code = self.get(name)
        if code is None:
            code = self[name] = len(self.names)
            self.names.append(name)
        self[text] = code
        return code


class _Memo(dict[Cells, int]):
    """Remembers what a function says of cells."""

    def __init__(self, understand: Callable[[Cells], int]) -> None:
        super().__init__()
        self._understand = understand

    def __missing__(self, cells: Cells) -> int:
        meaning = self[cells] = self._understand(cells)
        return meaning


class _Column:
    """The numbers of a column's names, row by row; `blank` is that of an empty cell, None where it is a name."""

    def __init__(self, place: int | None, blank: int | None) -> None:
        self._codes = Codes() if blank is None else Codes({"": blank})
        self._pick = None if place is None else itemgetter(place)
        self._fill = 0 if blank is None else blank
        self.read = array("i")

    def add(self, rows: list[list[str]]) -> None:
        """Read the column of more rows; a column that is not there is blank."""
        if self._pick is None:
            self.read.extend([self._fill] * len(rows))
        else:
            self.read.extend(map(self._codes.__getitem__, map(self._pick, rows)))

    def number_used(self, read: Numbers) -> tuple[dict[str, int], Numbers]:
        """Return the names that are used, and these numbers by the place of a name among them."""
        names = self._codes.names or [""]
        is_used = np.zeros(len(names) + 1, dtype=np.bool_)
        is_used[read] = True  # what is not named is -1 and falls on the last one
        used = np.flatnonzero(is_used[:-1])
        place = np.full(len(names) + 1, -1, dtype=np.int64)
        place[used] = np.arange(used.size)
        return {names[code]: i for i, code in enumerate(used.tolist())}, place[read]


class VoteCounter:
    """Counts the rows of a table part by part, by the columns of a plan."""

    def __init__(self, table: Table, plan: ColumnPlan, category: str | None, *, ordered: bool) -> None:
        self._table, self._plan, self._category, self._is_ordered = table, plan, category, ordered
        where = dict(zip(plan.names, plan.places, strict=True))
        self._competition, self._voter = _Column(where.get("competition"), None), _Column(where.get("voter"), -1)
        self._names = tuple(name for name in where if name not in ("competition", "voter"))
        self._first_outcome = len([name for name in plan.names[: plan.first_outcome] if name in self._names])
        self._pick: Callable[[list[str]], Cells] = itemgetter(*(where[name] for name in self._names))
        self._memo, self._faults = _Memo(self._understand), dict[Cells, str]()
        self._meanings: dict[Meaning, int] = {}
        self._models: dict[str, int] = {}
        self._spellings: dict[str, str] = {}
        self._checked: dict[str, str] = {}
        self._read = array("i")
        self._merged: Numbers = np.empty((4, 0), dtype=np.int64)
        self.left_out = 0
        """Rows that do not count."""
        self._complaints: list[str] = []

    def add(self, part: Part) -> None:
        """Count the rows of a part. Raises InvalidFile once enough rows are known to be bad."""
        width, rows = len(self._table.columns), part.rows
        if set(map(len, rows)) != {width} or any(not any(row) for row in rows if not row[0]):
            rows = self._check_widths(part)
        if len(self._memo) > MOST_KEYS:
            self._memo.clear()
        self._read.extend(map(self._memo.__getitem__, map(self._pick, rows)))
        self._competition.add(rows)
        self._voter.add(rows)
        if self._faults:
            self._complain(part)
        if not self._is_ordered and len(self._read) > max(MERGE_ROWS, self._merged.shape[1]):
            self._merge()

    def finish(self) -> Votes:
        """Return the votes. Raises InvalidFile for a table with bad rows or without any votes."""
        if self._complaints:
            raise InvalidFile("\n".join(self._complaints))
        self._merge()
        if not self._merged.size:
            of = f" of the category {self._category}" if self._category else ""
            on = f" on the question {self._plan.question}" if self._plan.question not in {None, BETTER} else ""
            raise InvalidFile(f"{self._table.name} holds no votes{of}{on}")
        meaning, competition, voter, times = self._split_unnamed()
        meanings = np.array(list(self._meanings), dtype=np.int64)
        competitions, competition = self._competition.number_used(competition)
        voters, voter = self._voter.number_used(voter)
        # As columns that lie together: that is how the ratings read them.
        rows = np.stack([competition, *(meanings[meaning, seat] for seat in range(2))]).T
        counts = shrink(np.stack([meanings[meaning, outcome] * times for outcome in range(2, 6)]).T)
        return Votes(self._models, competitions, rows, counts, voters, voter, is_log=self._plan.is_log)

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

    def _understand(self, cells: Cells) -> int:
        try:
            meaning = self._find_meaning(cells)
        except ValueError as error:
            self._faults[cells] = str(error)
            return FAULTY
        return LEFT_OUT if meaning is None else self._meanings.setdefault(meaning, len(self._meanings))

    def _find_meaning(self, cells: Cells) -> Meaning | None:
        """Read the cells of a row but for who voted on what; None where it does not count. Raises ValueError."""
        plan, named = self._plan, dict(zip(self._names, cells, strict=True))
        one, other = (self._read_name(named[role], plan.written[role]) for role in ("model_a", "model_b"))
        if one == other:
            raise ValueError(f"{escape_for_terminal(shorten(one))} meets itself")
        if "counted" in named and not read_counted(named["counted"], plan.written["counted"]):
            return None
        counts = plan.read_counts(cells[self._first_outcome :], one, other)
        if self._category is not None and fold_category(self._category) not in _categories(named["category"]):
            return None
        if plan.question is not None and (named["question"].strip() or BETTER) != plan.question:
            return None
        if not any(counts):
            return None
        return self._number_model(one), self._number_model(other), *counts

    def _number_model(self, name: str) -> int:
        return self._models.setdefault(name, len(self._models))

    def _read_name(self, text: str, column: str) -> str:
        name = self._checked.get(text)
        if name is None:
            name = self._checked[text] = self._check_name(text, column)
        return name

    def _check_name(self, text: str, column: str) -> str:
        name = normalize(text)
        if not fold_spelling(name):
            raise ValueError(f"column {column}: a model has no name")
        if name.startswith("{"):
            raise ValueError(f"column {column}: {quote(name)} is an object; write the model's name alone")
        if name.casefold() in NO_NAMES:
            raise ValueError(f"column {column}: {quote(name)} stands for no name")
        problem = find_unstorable(name)
        if problem:
            raise ValueError(f"column {column}: {problem}")
        first = self._spellings.setdefault(fold_spelling(name), name)
        if first != name:
            raise ValueError(
                f"column {column}: {quote(name)} is spelled {quote(first)} elsewhere; write one name one way"
            )
        return name

    def _complain(self, part: Part) -> None:
        for place, row in enumerate(part.rows):
            fault = self._faults.get(self._pick(row)) if len(row) >= len(self._table.columns) else None
            if fault is not None:
                self._add_complaint(part.line(place), fault)

    def _add_complaint(self, line: int, what: str) -> None:
        self._complaints.append(f"{self._table.name} {self._table.unit} {line}: {what}")
        if len(self._complaints) == MOST_COMPLAINTS:
            raise InvalidFile("\n".join([*self._complaints, "… and perhaps more"]))

    def _merge(self) -> None:
        """Add the rows read to the rows merged, equal ones added up unless their order counts; forget the rest."""
        read = np.array([self._read, self._competition.read, self._voter.read], dtype=np.int64)
        is_counted = read[0] >= 0
        self.left_out += int((read[0] == LEFT_OUT).sum())
        fresh = np.vstack([read[:, is_counted], np.ones(int(is_counted.sum()), dtype=np.int64)])
        both = np.hstack([self._merged, fresh])
        self._merged = both if self._is_ordered else add_up(both)
        for numbers in (self._read, self._competition.read, self._voter.read):
            del numbers[:]

    def _split_unnamed(self) -> Numbers:
        """Return the merged rows; where voters are read, each vote of nobody named is a row of its own."""
        merged = self._merged
        if not (self._plan.has_voters and self._plan.is_log):
            return merged
        is_unnamed = merged[2] < 0
        if not is_unnamed.any():
            return merged
        split = np.repeat(merged, np.where(is_unnamed, merged[3], 1), axis=1)
        split[3, split[2] < 0] = 1
        return split


def fold_category(text: str) -> str:
    """Return a category as categories are compared: `Text Rendering` is `text-rendering`."""
    return "-".join(fold_spelling(text).replace("-", " ").split())


def _categories(text: str) -> set[str]:
    return set(map(fold_category, text.replace(",", ";").split(";")))
