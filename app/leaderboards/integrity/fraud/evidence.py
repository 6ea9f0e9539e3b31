"""Evidence from the log, by voter or by network: who was shown what, and what they answered."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import Any, Literal

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ColumnExpressionArgument,
    Row,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.arena.battles import LEFT, RIGHT, AnySelect, join_entries
from app.arena.tables import Competition, Flag, Matchup, Vote, Voter
from app.ratings.tallies import Counts, Index
from app.words import BETTER, JUDGEMENTS, Outcome, Reason

Kind = Literal["voter", "network"]

ROWS = 200_000
"""Rows of one batch, if its last group lets it: what is in memory at once."""
FETCHED = 10_000

_IS_ANSWERED = Vote.id.is_not(None)
# A picture left the server, or it was answered unseen.
_SEEN = or_(
    _IS_ANSWERED,
    Matchup.charged_at.is_not(None),
    Matchup.left_served_at.is_not(None),
    Matchup.right_served_at.is_not(None),
)
_STANDS = and_(Vote.outcome != Outcome.SKIP, Vote.undone_at.is_(None))
# It counts, or lies beyond a cap.
_WEIGHS = and_(
    Vote.undone_at.is_(None), or_(Vote.counted, Vote.reason.in_((Reason.VOTER_CAP, Reason.NETWORK_CAP)))
)


@dataclass(frozen=True, eq=False)
class Batch:
    """
    Whole groups, in rows of one group and ordered pair of models (ids); `names` are voter ids or network keys.

    `issued` are matchups seen and over, `answered` those with a vote that stands. `votes` are those that count or
    lie beyond a cap, `counts` those that count, both (rows, 4) by JUDGEMENTS. `first` and `last` say when they
    were issued, in milliseconds since 1970.
    """

    names: Sequence[int | bytes]
    group: Index
    left: Index
    right: Index
    issued: Counts
    answered: Counts
    votes: Counts
    counts: Counts
    first: Counts
    last: Counts

    def rows_of(self, group: int) -> slice:
        """Find the rows of one group."""
        start, end = np.searchsorted(self.group, (group, group + 1)).tolist()
        return slice(start, end)


def batches(session: Session, kind: Kind, mode: str, *, now: datetime, question: str = BETTER) -> Iterator[Batch]:
    """
    Read what everybody did on a question against whom no flag stands, counted by the database and streamed.

    What was issued before a release is left out: that much was judged. So are simulated matchups.
    """
    rows = session.execute(select_evidence(kind, mode, now, question).execution_options(yield_per=FETCHED))
    waiting: list[Row[Any]] = []
    for part in rows.partitions():
        waiting += part
        cut = _last_group(waiting) if len(waiting) >= ROWS else 0
        if cut:
            yield _batch(waiting[:cut])
            waiting = waiting[cut:]
    if waiting:
        yield _batch(waiting)


def select_evidence(kind: Kind, mode: str, now: datetime, question: str = BETTER) -> AnySelect:
    """Select the rows of a Batch, ordered by group."""
    subject, flagged = (
        (Matchup.voter_id, Flag.voter_id) if kind == "voter" else (Matchup.network_key, Flag.network_key)
    )
    place = (subject, LEFT.model_id, RIGHT.model_id)
    issued_at = type_coerce(Matchup.issued_at, BigInteger)
    released = (
        select(flagged.label("subject"), func.max(Flag.decided_at).label("at"))
        .where(Flag.status == "released", flagged.is_not(None))
        .group_by(flagged)
        .subquery()
    )
    standing = select(flagged).where(Flag.status == "quarantined", flagged.is_not(None))
    matchups = select(
        *place,
        func.count(),
        _count_where(_STANDS),
        *(_count_where(_WEIGHS, Vote.outcome == outcome) for outcome in JUDGEMENTS),
        *(_count_where(Vote.counted, Vote.outcome == outcome) for outcome in JUDGEMENTS),
        func.min(issued_at),
        func.max(issued_at),
    ).select_from(Matchup)
    return (
        join_entries(matchups)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .outerjoin(Vote, Vote.matchup_id == Matchup.id)
        .outerjoin(released, released.c.subject == subject)
        .where(
            Competition.mode == mode,
            Matchup.question == question,
            ~Matchup.simulated,
            Voter.quarantine.is_(None),
            subject.is_not(None),
            subject.not_in(standing),
            _SEEN,
            or_(_IS_ANSWERED, Matchup.closed_at.is_not(None), Matchup.expires_at <= now),
            or_(released.c.at.is_(None), Matchup.issued_at > released.c.at),
        )
        .group_by(*place)
        .order_by(*place)
    )


def _count_where(*conditions: ColumnExpressionArgument[bool]) -> ColumnElement[int]:
    return func.sum(case((and_(*conditions), 1), else_=0))


def _last_group(rows: Sequence[Row[Any]]) -> int:
    """Find where the last group begins: the rows read so far may hold only part of it."""
    cut = len(rows)
    while cut and rows[cut - 1][0] == rows[-1][0]:
        cut -= 1
    return cut


def _batch(rows: Sequence[Row[Any]]) -> Batch:
    sizes = [(name, sum(1 for _ in members)) for name, members in groupby(rows, key=_name)]
    numbers = np.fromiter(_numbers(rows), np.int64).reshape(len(rows), -1)
    group = np.repeat(np.arange(len(sizes)), [size for _, size in sizes])
    left, right, issued, answered = numbers[:, :4].T
    votes, counts, first, last = numbers[:, 4:8], numbers[:, 8:12], numbers[:, 12], numbers[:, 13]
    return Batch([name for name, _ in sizes], group, left, right, issued, answered, votes, counts, first, last)


def _name(row: Row[Any]) -> int | bytes:
    name: int | bytes = row[0]
    return name


def _numbers(rows: Iterable[Row[Any]]) -> Iterator[int]:
    return chain.from_iterable(row[1:] for row in rows)
