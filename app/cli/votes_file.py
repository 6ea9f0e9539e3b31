"""Reads anybody's votes from CSV: one battle a line, or counts of a pair a line."""

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.errors import Refusal

WINNERS = ("model_a", "model_b", "tie", "both_bad")
COUNTS = ("wins_a", "wins_b", "ties", "both_bad")
MOST_COMPLAINTS = 20


class InvalidVotes(Refusal, code="invalid_votes"):
    """A file that is no list of votes; the message names each bad line."""


@dataclass
class Votes:
    """Votes as integer rows; `counts` has four numbers per row: wins of A, wins of B, ties, both bad."""

    models: dict[str, int] = field(default_factory=dict)
    competitions: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[int, int, int]] = field(default_factory=list)
    """(competition, A, B)"""
    counts: list[tuple[int, int, int, int]] = field(default_factory=list)
    voters: dict[str, int] = field(default_factory=dict)
    voter_of_row: list[int] = field(default_factory=list)
    """-1 where a row names no voter."""
    is_log: bool = True
    """Whether each row is one vote, in the order they were cast."""

    def tallies_sha256(self) -> str:
        """
        Hash the tallies as sorted lines (docs/data.md): equal to the hash a board's run states if these are its
        votes.
        """
        sums: dict[tuple[int, int, int], tuple[int, ...]] = {}
        for place, counts in zip(self.rows, self.counts, strict=True):
            sums[place] = tuple(map(sum, zip(sums.get(place, (0, 0, 0, 0)), counts, strict=True)))
        prompts, models = list(self.competitions), list(self.models)
        lines = sorted(
            ",".join([prompts[competition], models[left], models[right], *map(str, counts)])
            for (competition, left, right), counts in sums.items()
        )
        return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()

    def in_order(self, models: Sequence[str]) -> "Votes":
        """Return the same votes with the models numbered in this order; models not named here come last."""
        names = [*(name for name in models if name in self.models), *(self.models.keys() - set(models))]
        order = {name: number for number, name in enumerate(names)}
        moved = {old: order[name] for name, old in self.models.items()}
        rows = [(competition, moved[left], moved[right]) for competition, left, right in self.rows]
        return replace(self, models=order, rows=rows)


def read(path: Path, category: str | None = None) -> Votes:
    """
    Read the votes of a file, of one category if asked.

    Columns: model_a, model_b and either winner (model_a, model_b, tie, both_bad) or wins_a and wins_b with
    optional ties and both_bad. Optional: competition, category (several separated by semicolons), and counted:
    a row with `false` there is left out. Raises InvalidVotes.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(csv.DictReader(file, strict=True), path.name, category)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidVotes(f"{path.name} is no CSV in UTF-8: {error}") from error


def _read(reader: "csv.DictReader[str]", name: str, category: str | None) -> Votes:
    counting = _choose_parser(reader.fieldnames or (), name, category)
    votes = Votes(is_log=counting is _parse_winner)
    complaints: list[str] = []
    for row in reader:
        try:
            _add(votes, row, counting, category)
        except ValueError as error:
            complaints.append(f"{name} line {reader.line_num}: {error}")
            if len(complaints) == MOST_COMPLAINTS:
                complaints.append("… and perhaps more")
                break
    if complaints:
        raise InvalidVotes("\n".join(complaints))
    if not votes.rows:
        raise InvalidVotes(f"{name} holds no votes" + (f" of the category {category}" if category else ""))
    return votes


Row = dict[str, str]
CountsParser = Callable[[Row], tuple[int, int, int, int]]


def _choose_parser(columns: Sequence[str], name: str, category: str | None) -> CountsParser:
    present = set(columns)
    missing = [column for column in ("model_a", "model_b") if column not in present]
    if category is not None and "category" not in present:
        missing.append("category")
    if missing:
        raise InvalidVotes(f"{name} line 1: the column {missing[0]} is missing")
    if "winner" in present:
        return _parse_winner
    if {"wins_a", "wins_b"} <= present:
        return _parse_counts
    raise InvalidVotes(f"{name} line 1: there is neither a column winner nor the columns wins_a and wins_b")


def _add(votes: Votes, row: Row, counting: CountsParser, category: str | None) -> None:
    if None in row or None in row.values():
        raise ValueError("it has another number of columns than the first line")
    if row.get("counted") == "false":
        return
    one, other = row["model_a"].strip(), row["model_b"].strip()
    if not one or not other:
        raise ValueError("a model has no name")
    if one == other:
        raise ValueError(f"{one} meets itself")
    counts = counting(row)
    if category is not None and category not in {c.strip() for c in row["category"].split(";")}:
        return
    if not any(counts):
        return
    prompt = row.get("competition") or row.get("prompt") or ""
    competition = votes.competitions.setdefault(prompt, len(votes.competitions))
    voter = row.get("voter", "")
    votes.voter_of_row.append(votes.voters.setdefault(voter, len(votes.voters)) if voter else -1)
    left = votes.models.setdefault(one, len(votes.models))
    right = votes.models.setdefault(other, len(votes.models))
    votes.rows.append((competition, left, right))
    votes.counts.append(counts)


def _parse_winner(row: Row) -> tuple[int, int, int, int]:
    winner = row["winner"].strip()
    if winner not in WINNERS:
        raise ValueError(f"winner is {winner!r}; it is one of {', '.join(WINNERS)}")
    a, b, tie, bad = (int(winner == each) for each in WINNERS)
    return a, b, tie, bad


def _parse_counts(row: Row) -> tuple[int, int, int, int]:
    a, b, ties, bad = (_parse_count(row, column) for column in COUNTS)
    return a, b, ties, bad


def _parse_count(row: Row, column: str) -> int:
    text = row.get(column, "0").strip() or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise ValueError(f"{column} is {text!r}; it is a whole number from 0")
    return int(text)
