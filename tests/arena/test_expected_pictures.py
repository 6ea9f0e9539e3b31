"""A picture that is expected is found and marked by one statement, under the rules of the ordinary look-up."""

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Matchup, Voter
from app.arena.voting import matchups, pictures
from app.arena.voting.expected_pictures import MOST_EXPECTED, ExpectedPictures, PaddedPicture
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pictures import ServedPicture
from app.arena.voting.pool import Pool
from app.database.doors import Database
from tests.factories import NOW, later, make_arena

VOTER = b"v" * 16
PICTURE = PaddedPicture("renditions/abc.webp", 2048, 1024)


def issue(database: Database, expected: ExpectedPictures) -> BlindMatchup:
    """Issue a pair whose pictures are expected."""
    return matchups.issue(
        database,
        Pool(),
        VOTER,
        MatchupFilter(),
        now=NOW,
        rng=random.Random(1),
        matchup_seconds=1800,
        expected=expected,
    )


def mark(database: Database, served: ServedPicture) -> bool:
    """Mark one picture as served; tell whether it was noted."""
    return database.write_batched(pictures.mark_all_served, served)


def served_at(database: Database) -> list[tuple[datetime | None, datetime | None]]:
    """List when both sides of each matchup were served."""
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(Matchup.left_served_at, Matchup.right_served_at))]


def test_what_is_expected_is_what_a_look_up_finds(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    expected = ExpectedPictures()
    issued = issue(database, expected)
    for side in "ab":
        stored = expected.take(issued.public_id, side)
        assert stored is not None
        assert expected.take(issued.public_id, side) is None
        for small in (False, True):
            with database.reading() as session:
                file = pictures.blind_file(session, VOTER, issued.public_id, side, small=small, now=NOW)
            assert (file.key, file.length) == stored.name_file(small=small)


def test_each_side_is_marked_once(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    expected = ExpectedPictures()
    issued = issue(database, expected)
    for side, seconds in (("a", 1), ("b", 2)):
        stored = expected.take(issued.public_id, side)
        served = ServedPicture(issued.public_id, side, later(seconds=seconds), voter=VOTER, stored=stored)
        assert mark(database, served)
        assert not mark(database, served._replace(now=later(seconds=9)))
    assert served_at(database) == [(later(seconds=1), later(seconds=2))]


def close(session: Session) -> None:
    """Close every competition."""
    session.execute(update(Competition).values(status="closed"))


def render_anew(session: Session) -> None:
    """Store every picture under another key."""
    session.execute(update(Entry).values(rendition_key=Entry.rendition_key + "x"))


def lengthen(session: Session) -> None:
    """Have every competition's files sent with another length."""
    session.execute(update(Competition).values(file_bytes=Competition.file_bytes + 2))


def lengthen_small(session: Session) -> None:
    """Have every competition's small files sent with another length."""
    session.execute(update(Competition).values(small_file_bytes=Competition.small_file_bytes + 2))


def rename_voter(session: Session) -> None:
    """Give every voter another token, as if it were somebody else's pair."""
    session.execute(update(Voter).values(token=b"w" * 16))


def expire(session: Session) -> None:
    """Have every pair expire at once."""
    session.execute(update(Matchup).values(expires_at=NOW))


@pytest.mark.parametrize("change", [close, render_anew, lengthen, lengthen_small, rename_voter, expire])
def test_nothing_is_marked_that_is_not_as_expected(
    database: Database, tmp_path: Path, change: Callable[[Session], None]
) -> None:
    make_arena(database, tmp_path)
    expected = ExpectedPictures()
    issued = issue(database, expected)
    database.write(change)
    for side in "ab":
        stored = expected.take(issued.public_id, side)
        assert not mark(database, ServedPicture(issued.public_id, side, NOW, voter=VOTER, stored=stored))
    assert served_at(database) == [(None, None)]


def test_the_oldest_are_forgotten_first() -> None:
    expected = ExpectedPictures()
    for n in range(MOST_EXPECTED):
        expected.expect(n.to_bytes(16, "big"), PICTURE, PICTURE)
    assert expected.take((0).to_bytes(16, "big"), "a") is None
    for side in "ab":
        assert expected.take((MOST_EXPECTED - 1).to_bytes(16, "big"), side) == PICTURE
