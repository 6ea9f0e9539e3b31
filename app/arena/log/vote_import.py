"""Imports the vote log of another arena: checks all of it, then stores it so that a second import adds nothing."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import insert as bulk_insert
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.log import vote_format
from app.arena.log.vote_format import Format, InvalidImport, LoggedVote
from app.arena.questions import list_questions
from app.arena.tables import Competition, Entry, Matchup, Tally, Vote, Voter
from app.arena.voting.vote_storage import TALLY_COLUMN, raise_version
from app.catalog.tables import ImageModel
from app.database.doors import Database, insert

BATCH = 250
"""Matchups of one write: each comes with its vote."""
MOST_COMPLAINTS = 20
RECOGNITION_VOTES = 5
"""Votes by which an arena recognises its own log."""

ContestantKey = tuple[str, str, int]
"""Competition, model, sample."""


class ContestantIds(NamedTuple):
    """A contestant of this arena, by ids."""

    entry: int
    competition: int
    model: int


@dataclass(frozen=True)
class LogImportResult:
    """Count the votes that were stored, those that existed already, and the voters created for them."""

    votes: int
    already: int
    voters: int


def check_log(session: Session, path: Path, kind: Format) -> None:
    """Read a log to its end. Raises InvalidImport with its bad lines unless every entry voted on exists here."""
    seats, asked = _read_contestants(session), {one.slug for one in list_questions(session)}
    complaints: list[str] = []
    first: list[LoggedVote] = []
    for line, vote in vote_format.read_votes(path, kind, complaints):
        if len(first) < RECOGNITION_VOTES:
            first.append(vote)
        complaint = _find_mismatch(vote, seats, asked)
        if complaint is not None:
            complaints.append(f"{path.name} line {line}: {complaint}")
        if len(complaints) >= MOST_COMPLAINTS:
            complaints.append("… and perhaps more")
            break
    if complaints:
        raise InvalidImport("\n".join(complaints))
    if first and all(_is_own(session, vote, seats) for vote in first):
        raise InvalidImport(f"{path.name} is a log of this very arena: its votes are here, under their own names.")


def import_log(
    database: Database,
    path: Path,
    kind: Format,
    *,
    progress: Callable[[int], None],
    note: Callable[[Session, int], None],
) -> LogImportResult:
    """
    Import a log's votes with their tallies, at most 250 in one transaction; stopped, a second run goes on.

    Each competition, model and sample must exist here as it did there. What exists here already is not changed.
    `note` is told in each transaction how many votes it stores, `progress` how many lines were done. Run
    `check_log` first: this function stores every line.
    """
    with database.reading() as session:
        seats = _read_contestants(session)
    known: dict[str, int] = {}
    lines = (vote for _, vote in vote_format.read_votes(path, kind))
    stored = already = voters = 0
    while batch := list(islice(lines, BATCH)):
        done = database.write(partial(_store_batch, batch=batch, seats=seats, known=known, note=note))
        known |= done.known
        stored, already = stored + done.votes, already + len(batch) - done.votes
        voters += done.voters
        progress(len(batch))
    return LogImportResult(stored, already, voters)


@dataclass(frozen=True)
class _BatchResult:
    """Hold what one transaction did; `known` are the voters it found or created, by pseudonym."""

    votes: int
    voters: int
    known: Mapping[str, int]


def _store_batch(
    session: Session,
    *,
    batch: Sequence[LoggedVote],
    seats: Mapping[ContestantKey, ContestantIds],
    known: Mapping[str, int],
    note: Callable[[Session, int], None],
) -> _BatchResult:
    """Store a batch. Voters are those of votes imported earlier, or new ones without a cookie."""
    there = _find_known_matchups(session, batch)
    met = {vote.voter: there[vote.public_id] for vote in batch if vote.public_id in there}
    fresh = list({vote.public_id: vote for vote in batch if vote.public_id not in there}.values())
    met |= {name: known[name] for name in {vote.voter for vote in fresh} & known.keys()}
    created = _create_voters(session, [vote for vote in fresh if vote.voter not in met])
    met |= created
    if fresh:
        _insert(session, fresh, seats, met)
        _update_counts(session, fresh, seats, met)
        note(session, len(fresh))
    return _BatchResult(len(fresh), len(created), met)


def _find_known_matchups(session: Session, batch: Sequence[LoggedVote]) -> dict[bytes, int]:
    """Find the matchups of a batch that exist already, with their voters."""
    wanted = [vote.public_id for vote in batch]
    rows = session.execute(select(Matchup.public_id, Matchup.voter_id).where(Matchup.public_id.in_(wanted)))
    return dict(rows.all())


def _create_voters(session: Session, votes: Sequence[LoggedVote]) -> dict[str, int]:
    first = {vote.voter: vote.issued_at for vote in reversed(votes)}
    rows = {name: Voter(first_seen=at) for name, at in reversed(first.items())}
    session.add_all(rows.values())
    session.flush()
    return {name: row.id for name, row in rows.items()}


def _insert(
    session: Session,
    votes: Sequence[LoggedVote],
    seats: Mapping[ContestantKey, ContestantIds],
    voters: Mapping[str, int],
) -> None:
    """Insert the matchups by one statement and the votes by another: ids follow the order of the log."""
    added = bulk_insert(Matchup).returning(Matchup.public_id, Matchup.id)
    rows = session.execute(added, [_matchup_row(vote, seats, voters[vote.voter]) for vote in votes])
    ids = dict(rows.all())
    session.execute(
        bulk_insert(Vote),
        [
            {
                "matchup_id": ids[vote.public_id],
                "voter_id": voters[vote.voter],
                "outcome": vote.outcome,
                "cast_at": vote.cast_at,
                "dwell_ms": vote.dwell_ms,
                "counted": vote.counted,
                "reason": vote.reason,
                "undone_at": vote.undone_at,
            }
            for vote in votes
        ],
    )


def _matchup_row(vote: LoggedVote, seats: Mapping[ContestantKey, ContestantIds], voter: int) -> dict[str, Any]:
    left, right = _sides(vote, seats)
    return {
        "public_id": vote.public_id,
        "voter_id": voter,
        "competition_id": left.competition,
        "left_entry_id": left.entry,
        "right_entry_id": right.entry,
        "low_entry_id": min(left.entry, right.entry),
        "high_entry_id": max(left.entry, right.entry),
        "slot": 0,
        "issued_at": vote.issued_at,
        "expires_at": vote.cast_at,
        "closed_at": vote.cast_at,
        "probability": vote.probability,
        "question": vote.question,
        "question_probability": vote.question_probability,
        "seen_before": vote.seen_before,
        "simulated": vote.simulated,
    }


def _update_counts(
    session: Session,
    votes: Sequence[LoggedVote],
    seats: Mapping[ContestantKey, ContestantIds],
    voters: Mapping[str, int],
) -> None:
    """Add a batch to versions, tallies and voters' counts, in the order in which every writer locks them."""
    cells: dict[tuple[int, int, int, str], Counter[str]] = {}
    for vote in votes:
        if vote.counted:
            left, right = _sides(vote, seats)
            place = (left.competition, left.model, right.model, vote.question)
            cells.setdefault(place, Counter())[TALLY_COLUMN[vote.outcome]] += 1
    for competition, question in sorted({(place[0], place[3]) for place in cells}):
        raise_version(session, competition, question)
    for place, counts in sorted(cells.items()):
        row = dict(zip(("competition_id", "left_model_id", "right_model_id", "question"), place, strict=True))
        adding = insert(session, Tally).values(row | {name: counts[name] for name in TALLY_COLUMN.values()})
        more = {name: getattr(Tally, name) + by for name, by in counts.items()}
        session.execute(adding.on_conflict_do_update(index_elements=list(row), set_=more))
    for name, standing in sorted(Counter(vote.voter for vote in votes if vote.stands).items()):
        raised_votes = update(Voter).where(Voter.id == voters[name]).values(votes=Voter.votes + standing)
        session.execute(raised_votes)


def _find_mismatch(
    vote: LoggedVote, seats: Mapping[ContestantKey, ContestantIds], asked: Collection[str]
) -> str | None:
    """Return why a vote cannot be an answer about the entries of this arena; None when it can."""
    if vote.question not in asked:
        return f"there is no question {vote.question} here; `arena question add` makes it"
    if vote.model_a == vote.model_b:
        return f"{vote.model_a} meets itself"
    for model, sample in ((vote.model_a, vote.sample_a), (vote.model_b, vote.sample_b)):
        if (vote.competition, model, sample) not in seats:
            return f"{model} has no sample {sample} in {vote.competition} here"
    if vote.counted != (vote.reason is None) or (vote.counted and not vote.stands):
        return "a vote that counts has an outcome and neither a reason nor an undoing; any other has a reason"
    return None


def _is_own(session: Session, vote: LoggedVote, seats: Mapping[ContestantKey, ContestantIds]) -> bool:
    """Return whether this very vote was cast here: same pictures, same sides, issued in the same millisecond."""
    left, right = _sides(vote, seats)
    same = (Matchup.issued_at == vote.issued_at) & (Matchup.public_id != vote.public_id)
    shown = (Matchup.left_entry_id == left.entry) & (Matchup.right_entry_id == right.entry)
    return session.scalar(select(Matchup.id).where(same & shown).limit(1)) is not None


def _sides(vote: LoggedVote, seats: Mapping[ContestantKey, ContestantIds]) -> tuple[ContestantIds, ContestantIds]:
    left = seats[vote.competition, vote.model_a, vote.sample_a]
    return left, seats[vote.competition, vote.model_b, vote.sample_b]


def _read_contestants(session: Session) -> dict[ContestantKey, ContestantIds]:
    """Read every contestant, withdrawn ones too, since their votes still count."""
    rows = session.execute(
        select(Competition.slug, ImageModel.slug, Entry.sample, Entry.id, Entry.competition_id, Entry.model_id)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(Entry.role == "contestant")
    )
    return {(competition, model, sample): ContestantIds(*ids) for competition, model, sample, *ids in rows}
