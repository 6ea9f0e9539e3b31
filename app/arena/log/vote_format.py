"""The format of a vote log: reads it line by line and checks each line for itself (docs/data.md)."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.arena.log.vote_export import LOG_COLUMNS, OLDER_COLUMNS
from app.errors import Refusal
from app.files.text import (
    DuplicateKey,
    InvalidFile,
    escape_for_terminal,
    find_encoding,
    find_unstorable,
    refuse_twins,
)
from app.words import BETTER, Outcome

Format = Literal["csv", "jsonl"]


class InvalidImport(Refusal, code="invalid_import"):
    """Votes that do not fit this arena; the message names each bad line."""


EmptyAsNone = BeforeValidator(lambda value: None if value == "" else value)
Name = Annotated[str, Field(min_length=1, max_length=200)]
Sample = Annotated[int, Field(ge=0)]
Chance = Annotated[float, Field(ge=0, le=1 + 1e-12), AfterValidator(lambda chance: min(chance, 1.0))]
"""From 0 to 1; arenas have stored chances that rounding left just above."""


class LoggedVote(BaseModel):
    """A line of a log (docs/data.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matchup: str = Field(pattern=r"^[0-9a-f]{32}$")
    voter: str = Field(min_length=1, max_length=64)
    competition: Name
    model_a: Name
    sample_a: Sample
    model_b: Name
    sample_b: Sample
    outcome: Outcome
    issued_at: AwareDatetime
    cast_at: AwareDatetime
    dwell_ms: Annotated[int | None, EmptyAsNone]
    counted: bool
    reason: Annotated[str | None, EmptyAsNone]
    undone_at: Annotated[AwareDatetime | None, EmptyAsNone]
    seen_before: bool
    probability: Chance
    simulated: bool
    question: str = Field(BETTER, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    question_probability: Chance = 1.0

    @property
    def public_id(self) -> bytes:
        """Make the matchup's id in this arena: the same whenever this vote is imported."""
        return bytes.fromhex(self.matchup)

    @property
    def stands(self) -> bool:
        """Tell whether the voter gave an answer and did not undo it."""
        return self.outcome != Outcome.SKIP and self.undone_at is None


def read_votes(path: Path, kind: Format, complaints: list[str] | None = None) -> Iterator[tuple[int, LoggedVote]]:
    """
    Read the votes of a log with their line numbers.

    With a list of `complaints` bad lines are described there. Raises InvalidImport for a file that is no log.
    """
    try:
        with path.open("rb") as start:
            find_encoding(start.read(4096), path.name)
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, values in _csv_lines(file, path.name) if kind == "csv" else _json_lines(file):
                read = _read_line(values)
                if isinstance(read, LoggedVote):
                    yield line, read
                elif complaints is None:
                    raise InvalidImport(f"{path.name} line {line} changed while it was read")
                else:
                    complaints.append(f"{path.name} line {line}: {read}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidImport(f"{path.name} is no {kind} in UTF-8: {error}") from error
    except InvalidFile as error:
        raise InvalidImport(str(error)) from error


def _read_line(values: dict[str, Any] | str) -> LoggedVote | str:
    """Return the vote of a line, or what is wrong with it."""
    if isinstance(values, str):
        return values
    try:
        return find_unstorable(values) or LoggedVote.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"


def _csv_lines(file: TextIO, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    reader = csv.DictReader(file, strict=True)
    if tuple(reader.fieldnames or ()) not in {LOG_COLUMNS, OLDER_COLUMNS}:
        raise InvalidImport(f"{name} line 1: a log has the columns {', '.join(LOG_COLUMNS)}")
    for row in reader:
        odd = "more" if None in row else "fewer" if None in row.values() else None
        yield reader.line_num, f"it has {odd} values than there are columns" if odd else dict(row)


def _json_lines(file: TextIO) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Read each line that is not empty, as an object or as what is wrong with it."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, object_pairs_hook=refuse_twins)
        except DuplicateKey as error:
            yield number, f"{escape_for_terminal(str(error))} stands there twice"
        except (ValueError, RecursionError):
            yield number, "this is no JSON, or the line is cut off"
        else:
            yield number, values if isinstance(values, dict) else "this is no JSON object"
