"""Stores votes with all that they change: by one statement for all of them on PostgreSQL, five each on SQLite."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.arena.tables import Competition, Matchup, QuestionVersion, Tally, Vote, Voter
from app.database.columns import LongKey
from app.database.doors import insert, run_last
from app.database.statements import Call, PreparedStatement, given_array, json_rows
from app.words import BETTER, Outcome

TALLY_COLUMN = {
    Outcome.A.value: "left_wins",
    Outcome.B.value: "right_wins",
    Outcome.TIE.value: "ties",
    Outcome.BOTH_BAD.value: "both_bad",
}
_IDS, _MATCHUPS = given_array("ids", Integer), given_array("matchups", LongKey)
_CELL = ["competition_id", "left_model_id", "right_model_id", "question"]
_ASKED = ["competition_id", "question"]


@dataclass(frozen=True, eq=False)
class NewVote:
    """A vote that was decided on and is to be stored."""

    row: Any
    """The matchup's row, as `vote_casting` reads it, with outcome, counted, reason and cast_at of this vote."""
    dwell_ms: int | None
    others_until: int
    """The time when the voter's other matchup expires: a prefetched one starts to age with the vote before it."""

    def as_dict(self) -> dict[str, Any]:
        """Name the values as `_COLUMNS` does; times in milliseconds."""
        row = self.row
        return {
            "matchup": row.id,
            "voter": row.voter_id,
            "competition": row.competition_id,
            "left_model": row.left_model_id,
            "right_model": row.right_model_id,
            "question": row.question,
            "outcome": row.outcome,
            "cast_at": row.cast_at,
            "dwell_ms": self.dwell_ms,
            "counted": row.counted,
            "reason": row.reason,
            "others_until": self.others_until,
        }


_COLUMNS: list[Any] = [
    *(column(name, BigInteger) for name in ("matchup", "voter", "competition", "left_model", "right_model")),
    *(column(name, Text) for name in ("question", "outcome")),
    *(column(name, BigInteger) for name in ("cast_at", "dwell_ms")),
    column("counted", Boolean),
    column("reason", Text),
    column("others_until", BigInteger),
]


def store_votes(
    session: Session, votes: Sequence[NewVote], beside: Sequence[Call] = ()
) -> tuple[list[NewVote], list[list[Any]]]:
    """
    Store votes, count them in tally and voter, and end the transaction on PostgreSQL.

    Returns the votes that were stored, and the rows that each of the statements `beside` them read afterwards. Not
    stored are those whose matchup was closed or voted on since it was read. No two may be one voter's.
    """
    if session.get_bind().dialect.name == "sqlite":
        # The same changes, one after the other, as SQLite has no UPDATE within a SELECT. It has one writer: what
        # this transaction has read of the matchups still stands.
        stored, given = list(votes), [vote.as_dict() for vote in votes]
        for change in _CHANGE_EACH if stored else ():
            change.each(session, given)
        if asked := [values for vote, values in zip(stored, given, strict=True) if _raises_question(vote)]:
            _RAISE_QUESTION.each(session, asked)
        rows: list[list[Any]] = []
        for statement, values in beside:
            rows.append(statement.all(session, **values))
        return stored, rows
    if not votes:
        return [], run_last(session, *beside) if beside else []
    # Everybody who votes, closes or withdraws locks competitions first and matchups last: no two wait in a circle.
    store = _STORE_ASKED if any(map(_raises_question, votes)) else _STORE_ALL
    _, _, closed_rows, *rows = run_last(
        session,
        (_HOLD_COMPETITIONS, {"ids": [vote.row.competition_id for vote in votes if vote.row.counted]}),
        (_HOLD_VOTERS, {"ids": [vote.row.voter_id for vote in votes]}),
        (store, {"votes": _json(votes), "matchups": [vote.row.id for vote in votes]}),
        *beside,
    )
    closed = {row.matchup for row in closed_rows}
    return [vote for vote in votes if vote.row.id in closed], rows


def recount(session: Session, row: Any, by: int) -> None:
    """
    Count one vote more (1) or less (-1), and tell the readers of its competition and question by their version.

    `row` is the vote's, with competition_id, left_model_id, right_model_id, question and outcome.
    """
    raise_version(session, row.competition_id, row.question)
    column = TALLY_COLUMN[row.outcome]
    added = insert(session, Tally).values({name: getattr(row, name) for name in _CELL} | {column: by})
    cell = {column: getattr(Tally, column) + by}
    session.execute(added.on_conflict_do_update(index_elements=_CELL, set_=cell))


def raise_version(session: Session, competition: int, question: str = BETTER) -> None:
    """Tell that a competition's tallies of a question change. Locks the competition, as every vote does first."""
    is_better = question == BETTER
    raised = {"version": Competition.version + int(is_better)}
    session.execute(update(Competition).where(Competition.id == competition).values(raised))
    if is_better:
        return
    added = insert(session, QuestionVersion).values(competition_id=competition, question=question, version=1)
    more = {"version": QuestionVersion.version + 1}
    session.execute(added.on_conflict_do_update(index_elements=_ASKED, set_=more))


def _raises_question(vote: NewVote) -> bool:
    """Tell whether a vote changes the boards of a question other than `better`."""
    return bool(vote.row.counted and vote.row.question != BETTER)


def _json(votes: Sequence[NewVote]) -> str:
    return json.dumps([vote.as_dict() for vote in votes])


def _close(given: Any) -> Any:
    """Decide whether a ballot is in time: whoever closes a matchup, or its competition, closes it once."""
    return (
        update(Matchup)
        # By their ids, and in words that PostgreSQL's indices of open matchups don't answer to: it takes these for
        # small, as it counted them when few were open, and would read them from end to end.
        .where(Matchup.id == given.c.matchup, Matchup.id == any_(_MATCHUPS))
        .where(func.coalesce(Matchup.closed_at, literal_column("0")) == literal_column("0"))
        # A vote that does not count changes no result: it may be stored after its competition closed.
        .where(Competition.id == given.c.competition, or_(Competition.status == "open", ~given.c.counted))
        .values(closed_at=given.c.cast_at)
    )


def _close_one(_insert: Any, given: Any) -> Any:
    """
    Close the matchup of one vote, which was read as open in the same transaction, and age the voter's other one.

    One statement for both, as they are the voter's open matchups; `_age_others` says what the other's time is.
    """
    is_own = Matchup.id == given.c.matchup
    return (
        update(Matchup)
        .where(Matchup.voter_id == given.c.voter, Matchup.closed_at.is_(None))
        .values(
            closed_at=case((is_own, given.c.cast_at)),
            expires_at=case((is_own, Matchup.expires_at), else_=given.c.others_until),
        )
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
    place = (given.c.competition, given.c.left_model, given.c.right_model, given.c.question)
    sums = [func.sum(case((given.c.outcome == outcome, 1), else_=0)) for outcome in TALLY_COLUMN]
    counted = select(*place, *sums).where(given.c.counted).group_by(*place).order_by(*place)
    return _add_to_tally(insert, counted)


def _count_one(insert: Any, given: Any) -> Any:
    """Count one vote, as `_count` counts many."""
    place = (given.c.competition, given.c.left_model, given.c.right_model, given.c.question)
    votes = [case((given.c.outcome == outcome, 1), else_=0) for outcome in TALLY_COLUMN]
    counted = select(*place, *votes).where(given.c.counted)
    return _add_to_tally(insert, counted)


def _add_to_tally(insert: Any, counted: Any) -> Any:
    sums = list(TALLY_COLUMN.values())
    added = insert(Tally).from_select([*_CELL, *sums], counted, include_defaults=False)
    return added.on_conflict_do_update(
        index_elements=_CELL, set_={name: getattr(Tally, name) + added.excluded[name] for name in sums}
    )


def _raise_versions(_insert: Any, given: Any) -> Any:
    counted = and_(given.c.counted, given.c.question == literal_column(f"'{BETTER}'"))
    votes = select(given.c.competition, func.count().label("number")).where(counted)
    by = votes.group_by(given.c.competition).subquery("by")
    return (
        update(Competition)
        .where(Competition.id == by.c.competition)
        .values(version=Competition.version + by.c.number)
    )


def _raise_one_version(_insert: Any, given: Any) -> Any:
    """Raise the version for one vote, as `_raise_versions` does for many."""
    counted = and_(given.c.counted, given.c.question == literal_column(f"'{BETTER}'"))
    return (
        update(Competition)
        .where(Competition.id == given.c.competition, counted)
        .values(version=Competition.version + literal_column("1"))
    )


def _raise_questions(insert: Any, given: Any) -> Any:
    """Raise the versions of other questions, which have a row each from their first vote on."""
    place = (given.c.competition, given.c.question)
    counted = and_(given.c.counted, given.c.question != literal_column(f"'{BETTER}'"))
    number = select(*place, func.count()).where(counted).group_by(*place).order_by(*place)
    added = insert(QuestionVersion).from_select([*_ASKED, "version"], number, include_defaults=False)
    more = QuestionVersion.version + added.excluded.version
    return added.on_conflict_do_update(index_elements=_ASKED, set_={"version": more})


def _raise_votes(_insert: Any, given: Any) -> Any:
    return (
        update(Voter)
        .where(Voter.id == given.c.voter, given.c.outcome != Outcome.SKIP)
        .values(votes=Voter.votes + 1)
    )


def _age_others(_insert: Any, given: Any) -> Any:
    """Set when a voter's other open matchup expires; each has one at most, in the other slot."""
    other = aliased(Matchup)
    found = select(other.id).where(other.voter_id == given.c.voter, other.closed_at.is_(None))
    # Looked up for each vote: for a join PostgreSQL would read all open matchups.
    its_id = found.where(other.id != given.c.matchup).limit(literal_column("1")).correlate(given).scalar_subquery()
    return update(Matchup).where(Matchup.id == its_id).values(expires_at=given.c.others_until)


_CHANGES = (_insert, _raise_versions, _count, _raise_votes, _age_others)
_CHANGES_BY_ONE = (_close_one, _insert, _raise_one_version, _count_one, _raise_votes)


def _store_all(insert: Any, changes: Sequence[Callable[[Any, Any], Any]]) -> Any:
    given = json_rows(insert, "votes", *_COLUMNS)
    stored = _close(given).returning(*given.c).cte("stored")
    made = [change(insert, stored).cte(change.__name__) for change in changes]
    return select(stored.c.matchup).add_cte(*made)


def _change_one(change: Callable[[Any, Any], Any]) -> PreparedStatement:
    """Prepare a change by one vote, whose values are its parameters: SQLite reads JSON far more slowly."""
    given = SimpleNamespace(**{one.name: bindparam(one.name, type_=one.type) for one in _COLUMNS})
    return PreparedStatement(lambda insert: change(insert, SimpleNamespace(c=given)))


_STORE_ALL = PreparedStatement(lambda insert: _store_all(insert, _CHANGES))
_STORE_ASKED = PreparedStatement(lambda insert: _store_all(insert, (*_CHANGES, _raise_questions)))
_CHANGE_EACH = [_change_one(change) for change in _CHANGES_BY_ONE]
_RAISE_QUESTION = _change_one(_raise_questions)
_HOLD_COMPETITIONS = PreparedStatement(
    lambda _: (
        select(Competition.id)
        .where(Competition.id == any_(_IDS))
        .order_by(Competition.id)
        # FOR NO KEY UPDATE: rows that refer to a competition can be inserted meanwhile.
        .with_for_update(key_share=True)
    )
)
_HOLD_VOTERS = PreparedStatement(
    lambda _: select(Voter.id).where(Voter.id == any_(_IDS)).order_by(Voter.id).with_for_update(key_share=True)
)
