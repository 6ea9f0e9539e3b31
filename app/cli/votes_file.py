"""Reads anybody's votes: one battle a row, or counts of a pair a row, from CSV, JSON or JSON lines."""

import sys
from pathlib import Path
from typing import BinaryIO

from app.cli.vote_columns import KNOWN, ColumnPlan, plan_columns
from app.cli.vote_counter import VoteCounter
from app.cli.vote_sums import Votes as Votes  # noqa: PLC0414 (what reading gives)
from app.cli.vote_words import NAMES
from app.errors import Refusal
from app.files import tables
from app.files.text import InvalidFile, escape_for_terminal


class InvalidVotes(Refusal, code="invalid_votes"):
    """A file that is no list of votes; the message names each bad line."""


def read(
    path: Path,
    category: str | None = None,
    *,
    ordered: bool = False,
    voters: bool = False,
    question: str | None = None,
) -> Votes:
    """Read the votes of a file; `-` is standard input (see `read_stream`)."""
    if str(path) == "-":
        name, given = "standard input", sys.stdin.buffer
        return read_stream(given, name, category, ordered=ordered, voters=voters, question=question)
    with path.open("rb") as file:
        return read_stream(file, path.name, category, ordered=ordered, voters=voters, question=question)


def read_stream(
    source: BinaryIO,
    name: str,
    category: str | None = None,
    *,
    ordered: bool = False,
    voters: bool = False,
    question: str | None = None,
) -> Votes:
    """
    Read the votes of a stream, of one category and question if asked (docs/data.md names the columns and words).

    Equal rows are added up as they come, so memory grows with what differs and not with the number of rows: about
    100 bytes for each. `ordered` keeps one row per vote instead, in the file's order; `voters` keeps apart who
    voted. Raises InvalidVotes.
    """
    try:
        table = tables.open_table(source, name, KNOWN)
        plan = plan_columns(table, category, voters=voters, question=question)
        counter = VoteCounter(table, plan, category, ordered=ordered and plan.is_log)
        for part in table.parts:
            counter.add(part)
        votes = counter.finish()
    except InvalidFile as error:
        raise InvalidVotes(str(error)) from error
    votes.summary = _summarize(votes, plan, counter.left_out)
    return votes


def _summarize(votes: Votes, plan: ColumnPlan, left_out: int) -> str:
    """Say in one line what the file was understood to be."""
    sums = votes.counts.sum(axis=0)
    present = "/".join(name for name, count in zip(NAMES.values(), sums, strict=True) if count)
    parts = [_count(int(sums.sum()), "vote"), _count(len(votes.models), "model")]
    if left_out:
        parts.append(
            f"{_count(left_out, 'row')} left out (skipped, not counted, empty, of another category or question)"
        )
    told = f"{plan.outcome_column}: {present}; {', '.join(parts)}"
    ignored = ", ".join(plan.ignored)
    return escape_for_terminal(told + (f"; ignored columns: {ignored}" if ignored else ""))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
