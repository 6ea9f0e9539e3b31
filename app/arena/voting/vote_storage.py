"""Stores many votes at once: what they change is one statement on PostgreSQL, six on SQLite, for any number."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Integer, Text, any_, bindparam, case, column, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Matchup, Tally, Vote, Voter
from app.database.statements import Asked, Prepared, in_one_trip, json_rows

TALLY_COLUMN = {"a": "left_wins", "b": "right_wins", "tie": "ties", "both_bad": "both_bad"}


class Ballot(NamedTuple):
    """A vote as the database will hold it; times in milliseconds."""

    matchup: int
    voter: int
    competition: int
    left_model: int
    right_model: int
    outcome: str
    cast_at: int
    dwell_ms: int | None
    counted: bool
    reason: str | None
    others_until: int
    """When the voter's other matchup expires: a prefetched one starts to age with the vote before it."""


_TYPES = {"outcome": Text, "counted": Boolean, "reason": Text}
_FIELDS: list[Any] = [column(name, _TYPES.get(name, BigInteger)) for name in Ballot._fields]


def store(
    session: Session, ballots: Sequence[Ballot], beside: Sequence[Asked] = ()
) -> tuple[set[int], list[list[Any]]]:
    """
    The matchups whose vote is stored, and counted in tally and voter, by this call; and the rows of `beside`.

    Not those that were closed or voted on since they were read. No two ballots may be one voter's. Everybody who
    votes, closes or withdraws locks competitions first and matchups last.
    """
    if not ballots or session.get_bind().dialect.name == "sqlite":
        rows = [statement.all(session, **values) for statement, values in beside]
        return _store_in_turn(session, ballots) if ballots else set(), rows
    *rows, _, _, stored = in_one_trip(
        session,
        *beside,
        (_HOLD_COMPETITIONS, {"ids": [ballot.competition for ballot in ballots if ballot.counted]}),
        (_HOLD_VOTERS, {"ids": [ballot.voter for ballot in ballots]}),
        (_STORE_ALL, _given(ballots)),
    )
    return {row.matchup for row in stored}, rows


def recount(session: Session, competition: int, left_model: int, right_model: int, outcome: str, by: int) -> None:
    """Count one vote more (1) or less (-1), and tell the competition's readers."""
    _RAISE_VERSION.change(session, of=competition)
    place = {"its_competition": competition, "its_left": left_model, "its_right": right_model}
    _ADD.change(session, **place, **{kind: by if kind == outcome else 0 for kind in TALLY_COLUMN})


def _store_in_turn(session: Session, ballots: Sequence[Ballot]) -> set[int]:
    closed = {row.id for row in _CLOSE_ALL.all(session, **_given(ballots))}
    given = _given([ballot for ballot in ballots if ballot.matchup in closed])
    for change in _CHANGE_ALL:
        change.change(session, **given)
    return closed


def _given(ballots: Sequence[Ballot]) -> dict[str, str]:
    return {"ballots": json.dumps([ballot._asdict() for ballot in ballots])}


def _close(given: Any) -> Any:
    """Decides whether a ballot is in time: whoever closes a matchup, or its competition, closes it once."""
    return (
        update(Matchup)
        .where(Matchup.id == given.c.matchup, Matchup.closed_at.is_(None))
        .where(Competition.id == given.c.competition, or_(Competition.status == "open", ~given.c.counted))
        .values(closed_at=given.c.cast_at)
    )


def _insert(insert: Any, given: Any) -> Any:
    values = {
        "matchup_id": given.c.matchup,
        "voter_id": given.c.voter,
        "outcome": given.c.outcome,
        "cast_at": given.c.cast_at,
        "dwell_ms": given.c.dwell_ms,
        "counted": given.c.counted,
        "reason": given.c.reason,
    }
    return insert(Vote).from_select(list(values), select(*values.values()), include_defaults=False)


def _count(insert: Any, given: Any) -> Any:
    place = (given.c.competition, given.c.left_model, given.c.right_model)
    sums = {
        name: func.sum(case((given.c.outcome == outcome, 1), else_=0)) for outcome, name in TALLY_COLUMN.items()
    }
    names = ["competition_id", "left_model_id", "right_model_id"]
    counted = select(*place, *sums.values()).where(given.c.counted).group_by(*place).order_by(*place)
    added = insert(Tally).from_select([*names, *sums], counted, include_defaults=False)
    return added.on_conflict_do_update(
        index_elements=names, set_={name: getattr(Tally, name) + added.excluded[name] for name in sums}
    )


def _raise_versions(_insert: Any, given: Any) -> Any:
    votes = select(given.c.competition, func.count().label("number")).where(given.c.counted)
    by = votes.group_by(given.c.competition).subquery("by")
    return (
        update(Competition)
        .where(Competition.id == by.c.competition)
        .values(version=Competition.version + by.c.number)
    )


def _raise_votes(_insert: Any, given: Any) -> Any:
    return update(Voter).where(Voter.id == given.c.voter, given.c.outcome != "skip").values(votes=Voter.votes + 1)


def _age_others(_insert: Any, given: Any) -> Any:
    others = (Matchup.voter_id == given.c.voter, Matchup.id != given.c.matchup, Matchup.closed_at.is_(None))
    return update(Matchup).where(*others).values(expires_at=given.c.others_until)


_CHANGES = (_insert, _raise_versions, _count, _raise_votes, _age_others)


def _store_all(insert: Any) -> Any:
    given = _given_rows(insert)
    closed = _close(given).returning(Matchup.id).cte("closed")
    stored = select(*given.c).join(closed, closed.c.id == given.c.matchup).cte("stored")
    changes = [change(insert, stored).cte(change.__name__) for change in _CHANGES]
    return select(stored.c.matchup).add_cte(*changes)


def _given_rows(insert: Any) -> Any:
    return json_rows(insert, "ballots", *_FIELDS)


def _change_all(change: Callable[[Any, Any], Any]) -> Prepared:
    return Prepared(lambda insert: change(insert, _given_rows(insert)))


_STORE_ALL = Prepared(_store_all)
_CLOSE_ALL = Prepared(lambda insert: _close(_given_rows(insert)).returning(Matchup.id))
_CHANGE_ALL = [_change_all(change) for change in _CHANGES]
_IDS = bindparam("ids", type_=ARRAY(Integer))
_HOLD_COMPETITIONS = Prepared(
    lambda _: (
        select(Competition.id)
        .where(Competition.id == any_(_IDS))
        .order_by(Competition.id)
        .with_for_update(key_share=True)
    )
)
_HOLD_VOTERS = Prepared(
    lambda _: select(Voter.id).where(Voter.id == any_(_IDS)).order_by(Voter.id).with_for_update(key_share=True)
)
_RAISE_VERSION = Prepared(
    lambda _: update(Competition).where(Competition.id == bindparam("of")).values(version=Competition.version + 1)
)
_ADD = Prepared(
    lambda insert: (
        insert(Tally)
        .values(
            competition_id=bindparam("its_competition"),
            left_model_id=bindparam("its_left"),
            right_model_id=bindparam("its_right"),
            **{name: bindparam(kind) for kind, name in TALLY_COLUMN.items()},
        )
        .on_conflict_do_update(
            index_elements=["competition_id", "left_model_id", "right_model_id"],
            set_={name: getattr(Tally, name) + bindparam(kind) for kind, name in TALLY_COLUMN.items()},
        )
    )
)
