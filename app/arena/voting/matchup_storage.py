"""Records the pair that was chosen: one statement stores it, and only while every rule still holds."""

import random
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from app.arena.people import networks
from app.arena.people.policy import (
    CLOCK_LEEWAY,
    DAY_SECONDS,
    MINUTE_SECONDS,
    SEEN_BY_NETWORK,
    Policy,
    check,
    check_left,
)
from app.arena.tables import Competition, Entry, Matchup, Voter
from app.arena.voting.matchmaking import Pair
from app.arena.voting.seen_pairs import VoterState
from app.database.columns import milliseconds
from app.database.doors import run_last
from app.database.statements import Call, PreparedStatement

_LOCK = PreparedStatement(lambda _: select(Voter.id).where(Voter.token == bindparam("voter")).with_for_update())
_ENTER = PreparedStatement(
    # A row that is there already is written as it was, which locks it as `_LOCK` does.
    lambda insert: (
        insert(Voter)
        .values(token=bindparam("voter"), first_seen=bindparam("now"), votes=0)
        .on_conflict_do_update(index_elements=["token"], set_={"token": bindparam("voter")})
        .returning(Voter.id)
    )
)
_EXPIRE = PreparedStatement(
    lambda _: (
        update(Matchup)
        .where(Matchup.voter_id == bindparam("voter"), Matchup.closed_at.is_(None))
        .where(or_(Matchup.expires_at <= bindparam("now"), Matchup.issued_at > bindparam("soon")))
        .values(closed_at=bindparam("now"))
    )
)
_FIELDS = (
    "public_id",
    "voter_id",
    "competition_id",
    "left_entry_id",
    "right_entry_id",
    "low_entry_id",
    "high_entry_id",
    "slot",
    "issued_at",
    "expires_at",
    "network_key",
    "probability",
    "question",
    "question_probability",
    "seen_before",
    "simulated",
)
_GIVEN = tuple(f"its_{name}" for name in _FIELDS)
"""The names of their parameters."""


def _record(insert: Any, *, limits_guesses: bool) -> Any:
    """
    Build the INSERT of a matchup under every rule that it must keep.

    It stores nothing unless both entries are still in an open competition and the other open
    matchup shows neither of their models, or is of another competition where guesses are limited; nor where the
    slot was taken meanwhile, this pair was issued before, or the voter's token was deleted.
    """
    given = {
        name: bindparam(given, type_=Matchup.__table__.c[name].type)
        for name, given in zip(_FIELDS, _GIVEN, strict=True)
    }
    left, right, other, shown = aliased(Entry), aliased(Entry), aliased(Matchup), aliased(Entry)
    shares_model = or_(shown.model_id == left.model_id, shown.model_id == right.model_id)
    beside = (
        select(shown.id)
        .join(other, or_(other.left_entry_id == shown.id, other.right_entry_id == shown.id))
        .where(other.voter_id == given["voter_id"], other.closed_at.is_(None))
        .where(other.competition_id == given["competition_id"] if limits_guesses else shares_model)
    )
    votable = (
        select(*given.values())
        .select_from(Competition)
        .join(left, left.id == given["left_entry_id"])
        .join(right, right.id == given["right_entry_id"])
        .where(Competition.id == given["competition_id"], Competition.status == "open")
        .where(left.withdrawn_at.is_(None), right.withdrawn_at.is_(None))
        .where(left.rested_at.is_(None), right.rested_at.is_(None), ~beside.exists())
        .where(select(Voter.id).where(Voter.id == given["voter_id"], Voter.token == bindparam("voter")).exists())
    )
    added = insert(Matchup).from_select(_FIELDS, votable, include_defaults=False).on_conflict_do_nothing()
    # A pipeline to PostgreSQL tells by rows alone what came of each statement.
    return added.returning(Matchup.id) if insert is postgresql.insert else added


_RECORD = PreparedStatement(partial(_record, limits_guesses=False))
_RECORD_UNGUESSABLE = PreparedStatement(partial(_record, limits_guesses=True))


def make_public_id(now: datetime, rng: random.Random) -> bytes:
    """
    Make the 16 bytes that name a matchup in public: six of the time in milliseconds, ten that nobody can guess.

    Ids that follow the clock are written and looked up at one end of their index, however many it holds. The time
    is that of the request, which its voter is told anyway; no order within a millisecond, and no count, can be
    read from them.
    """
    # A clock that is wrong by millennia only costs the order.
    return (milliseconds(now) % (1 << 48)).to_bytes(6, "big") + rng.randbytes(10)


class NewMatchup(NamedTuple):
    """A matchup that was decided on and is to be stored; storing it can be tried again."""

    voter: bytes
    who: VoterState
    pair: Pair
    public_id: bytes
    now: datetime
    matchup_seconds: int
    network: str
    address: str
    simulated: bool
    policy: Policy

    @property
    def competition_id(self) -> int:
        """Give the competition's id, as the database holds it, like the two times."""
        return self.pair.competition_id

    @property
    def question(self) -> str:
        """Give the slug of the question it asks."""
        return self.pair.question

    @property
    def issued_at(self) -> int:
        """Give the time of issuing in milliseconds."""
        return milliseconds(self.now)

    @property
    def expires_at(self) -> int:
        """Give the time of expiry in milliseconds."""
        return milliseconds(self.now + timedelta(seconds=self.matchup_seconds))

    def record(self, session: Session, beside: Call) -> list[Any] | None:
        """
        Store the matchup; return the rows of the statement `beside` it, or None where the choice held no longer.

        Raises TooMany beyond the policy's limits, which rolls everything back. On PostgreSQL the transaction may
        end with it: nothing may follow.
        """
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        if self.who.voter_id is not None and not is_sqlite and not self.policy.limits_issuing:
            is_known, rows = self._record_at_once(session, self.who.voter_id, beside)
            if is_known:
                return rows
        statement, values = beside
        return statement.all(session, **values) if self._record(session) else None

    def _record_at_once(self, session: Session, voter_id: int, beside: Call) -> tuple[bool, list[Any] | None]:
        """
        Store the matchup of a known voter, where nothing is counted, in one trip to PostgreSQL.

        Returns whether the voter is known still, without whom nothing is stored, and the rows of `beside`.
        """
        expire: list[Call] = [(_EXPIRE, self._list_overdue(voter_id))] if self.who.is_overdue else []
        lock: Call = (_LOCK, {"voter": self.voter})
        record: Call = (self._insert(), self._values(voter_id, None))
        locked, *_, recorded, rows = run_last(session, lock, *expire, record, beside)
        return bool(locked), rows if recorded else None

    def _record(self, session: Session) -> bool:
        voter_id = self._lock_voter(session)
        if self.who.is_overdue:
            _EXPIRE.change(session, **self._list_overdue(voter_id))
        keys = None
        if self.policy.knows_networks:
            keys = networks.keys(session, self.network, now=self.now, address=self.address)
        if not self._insert().change(session, **self._values(voter_id, keys.month if keys else None)):
            return False
        self._check_limits(session, voter_id, keys)
        return True

    def _insert(self) -> PreparedStatement:
        """Pick the INSERT with the rules that the policy asks for."""
        return _RECORD_UNGUESSABLE if self.policy.limits_guesses else _RECORD

    def _lock_voter(self, session: Session) -> int:
        """Find or make the voter, lock its row, so that one voter's requests queue up, and return its id."""
        if self.who.voter_id is not None and session.get_bind().dialect.name == "sqlite":
            # SQLite has one writer, and what stores the matchup looks at the voter itself.
            return self.who.voter_id
        row = _LOCK.first(session, voter=self.voter) if self.who.voter_id is not None else None
        if row is not None:
            return int(row.id)
        return int(_ENTER.first(session, voter=self.voter, now=self.issued_at).id)

    def _list_overdue(self, voter_id: int) -> dict[str, Any]:
        """Name what `_EXPIRE` needs: whose matchups, and from when to when one is open."""
        soon = milliseconds(self.now + CLOCK_LEEWAY)
        return {"voter": voter_id, "now": self.issued_at, "soon": soon}

    def _check_limits(self, session: Session, voter_id: int, keys: networks.NetworkKeys | None) -> None:
        """Count this matchup against what voter and address may ask for; the network's day counts what is seen."""
        policy, who, now = self.policy, str(voter_id), self.now
        limits = (
            (MINUTE_SECONDS, policy.voter_minute, "pairs a minute"),
            (DAY_SECONDS, policy.voter_day, "pairs a day"),
        )
        for seconds, limit, what in limits:
            check(session, "issued/voter", who, limit, seconds=seconds, now=now, what=what)
        if keys is not None:
            own, of_all = keys.address.hex(), keys.month.hex()
            what = "pairs a day from one address"
            check(session, "issued/address", own, policy.address_day, seconds=DAY_SECONDS, now=now, what=what)
            what = "pairs a day from one network"
            check_left(
                session, SEEN_BY_NETWORK, of_all, policy.network_day, seconds=DAY_SECONDS, now=now, what=what
            )

    def _values(self, voter_id: int, network_key: bytes | None) -> dict[str, Any]:
        pair = self.pair
        low, high = sorted((pair.left_entry_id, pair.right_entry_id))
        values = (
            self.public_id,
            voter_id,
            pair.competition_id,
            pair.left_entry_id,
            pair.right_entry_id,
            low,
            high,
            self.who.slot,
            self.issued_at,
            self.expires_at,
            network_key,
            pair.probability,
            pair.question,
            pair.question_probability,
            pair.seen_before,
            self.simulated,
        )
        return dict(zip(_GIVEN, values, strict=True), voter=self.voter)
