"""Issues matchups: reads what may be shown, lets matchmaking choose, and records the choice under guards."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, String, bindparam, cast, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from app.arena import errors, networks
from app.arena.lanes import Ints
from app.arena.matchmaking import Exclusions, Pair, PairingState, choose_pair, pool_of
from app.arena.policy import DAY, FREE, MINUTE, Policy, check
from app.arena.pool import Pool
from app.arena.tables import Category, Competition, Entry, Matchup, Vote, Voter, competition_categories
from app.catalog import lookup
from app.db import Database, milliseconds, moment_of
from app.prepared import Prepared

MODES = ("text-to-image", "image-edit")
NAMES_LINGER = 50
"""Votes for which an entry whose name was seen stays away."""
ATTEMPTS = 4

_ID = select(Voter.id).where(Voter.token == bindparam("voter")).scalar_subquery()
_MATCHUP = select(
    Matchup.public_id,
    Matchup.competition_id,
    Matchup.left_entry_id,
    Matchup.right_entry_id,
    Matchup.slot,
    Matchup.issued_at,
    Matchup.expires_at,
)
_OWN = Prepared(lambda _: _MATCHUP.where(Matchup.public_id == bindparam("matchup"), Matchup.voter_id == _ID))
_OPEN = Prepared(
    lambda _: (
        _MATCHUP.where(Matchup.voter_id == _ID, Matchup.closed_at.is_(None))
        .where(Matchup.expires_at > bindparam("now"))
        .order_by(Matchup.id)
    )
)
_EXPIRE = Prepared(
    lambda _: (
        update(Matchup)
        .where(Matchup.voter_id == bindparam("voter"), Matchup.closed_at.is_(None))
        .where(Matchup.expires_at <= bindparam("now"))
        .values(closed_at=bindparam("now"))
    )
)
_HELD = Prepared(lambda _: select(Voter.id).where(Voter.token == bindparam("voter")).with_for_update())
_ENTER = Prepared(
    lambda insert: (
        insert(Voter)
        .values(token=bindparam("voter"), first_seen=bindparam("now"), votes=0)
        .on_conflict_do_nothing()
    )
)
_KEY = cast(Matchup.low_entry_id, BigInteger) * (1 << 32) + Matchup.high_entry_id
_HISTORY = Prepared(
    # A literal column: a literal string would be filled in at execution only.
    lambda _: select(func.aggregate_strings(cast(_KEY, String), literal_column("','"))).where(  # type: ignore[arg-type]
        Matchup.voter_id == _ID
    )
)
"""From an index alone; as one text, because ten thousand rows take five times as long."""
_LATEST = (
    select(Vote.matchup_id, Vote.outcome)
    .where(Vote.voter_id == _ID)
    .order_by(Vote.cast_at.desc())
    .limit(NAMES_LINGER)
    .subquery()
)
_NAMED = Prepared(
    lambda _: (
        select(Matchup.low_entry_id, Matchup.high_entry_id)
        .join(_LATEST, _LATEST.c.matchup_id == Matchup.id)
        .where(_LATEST.c.outcome != "skip")
    )
)
"""
Entries whose names this voter has lately seen; a skip names nobody.

Counted in votes: these come in the order the names were seen, and never outnumber the matchups issued.
"""
_MODELS = Prepared(
    lambda _: select(Entry.model_id).where(or_(Entry.id == bindparam("one"), Entry.id == bindparam("other")))
)
_STANDING = Prepared(
    lambda _: (
        select(Entry.model_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(or_(Entry.id == bindparam("one"), Entry.id == bindparam("other")))
        .where(Entry.withdrawn_at.is_(None), Competition.status == "open")
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
    "seen_before",
    "simulated",
)
_RECORD = Prepared(
    lambda insert: (
        insert(Matchup).values({name: bindparam(f"its_{name}") for name in _FIELDS}).on_conflict_do_nothing()
    )
)
_ASKED = Prepared(
    lambda _: select(
        Competition.slug,
        Competition.title,
        Competition.mode,
        Competition.prompt,
        Competition.input_key,
        Competition.frame_width,
        Competition.frame_height,
    ).where(Competition.id == bindparam("competition"))
)
_FILED = Prepared(
    lambda _: (
        select(Category.slug, Category.title)
        .join(competition_categories, competition_categories.c.category_id == Category.id)
        .where(competition_categories.c.competition_id == bindparam("competition"))
        .order_by(Category.position, Category.slug)
    )
)


@dataclass(frozen=True)
class Wish:
    """What a voter asked to judge. Slugs."""

    mode: str = "text-to-image"
    category: str | None = None
    competition: str | None = None
    model: str | None = None
    """To be helped: narrows to the competitions it stands in, and is shown there no more than otherwise."""


@dataclass(frozen=True)
class Issued:
    """A matchup without a name in it: all that may leave the server before the vote."""

    public_id: bytes
    issued_at: datetime
    expires_at: datetime
    slug: str
    title: str
    mode: str
    prompt: str
    categories: tuple[tuple[str, str], ...]
    """(slug, title)"""
    has_input: bool
    frame: tuple[int, int]
    is_new: bool


def issue(
    database: Database,
    pool: Pool,
    voter: bytes,
    wish: Wish,
    *,
    now: datetime,
    rng: random.Random,
    matchup_seconds: int,
    network: str = "",
    simulated: bool = False,
    policy: Policy = FREE,
) -> Issued:
    """
    A new matchup for this voter, or the oldest open one when two are open.

    `network` is the prefix the request came from, kept as a salted key where the policy has limits for networks.
    Raises UnknownMode, UnknownCategory, UnknownCompetition, UnknownModel, NothingLeft, and TooMany beyond the
    policy's limits.
    """
    for attempt in range(ATTEMPTS):
        with database.reading() as session:
            within = _within(session, wish)
            waiting = _open_matchups(session, voter, now)
            pair = None
            if len(waiting) < 2:
                state = pool.state(session, wish.mode, today=now.date(), fresh=attempt > 0)
                within = _narrowed(session, state, wish, within, policy.smallest_pool)
                pair = choose_pair(state, _exclusions(session, voter, waiting), rng, within)
                if pair is None and attempt == 0:
                    continue  # the state may be a second old: look again before saying so
        if pair is None and not waiting:
            break
        ticket = _Ticket(voter, pair, rng.randbytes(16), now, matchup_seconds, network, simulated, policy)
        issued = database.write(ticket.record)
        if issued is not None:
            return issued
    raise errors.NothingLeft(_why_nothing(within, policy.smallest_pool))


def open_matchup(session: Session, voter: bytes, *, now: datetime) -> Issued | None:
    """This voter's oldest open matchup."""
    waiting = _open_matchups(session, voter, now)
    return _issued(session, waiting[0], is_new=False) if waiting else None


def matchup(session: Session, voter: bytes, public_id: bytes) -> Issued:
    """An own matchup, open or not. Raises MatchupNotFound."""
    row = _OWN.first(session, matchup=public_id, voter=voter)
    if row is None:
        raise errors.MatchupNotFound("No such matchup of yours.")
    return _issued(session, row, is_new=False)


@dataclass(frozen=True)
class _Ticket:
    """What the recording transaction needs; its work can be run again."""

    voter: bytes
    pair: Pair | None
    public_id: bytes
    now: datetime
    matchup_seconds: int
    network: str
    simulated: bool
    policy: Policy

    def record(self, session: Session) -> Issued | None:
        """The matchup, or None when the choice no longer holds and must be made anew."""
        voter_id = _voter_id(session, self.voter, self.now)
        _EXPIRE.change(session, voter=voter_id, now=milliseconds(self.now))
        waiting = _open_matchups(session, self.voter, self.now)
        if len(waiting) == 2 or (self.pair is None and waiting):
            return _issued(session, waiting[0], is_new=False)
        if self.pair is None or not _still_votable(session, self.pair, waiting):
            return None
        network_key = self._check_limits(session, voter_id)
        slot = 0 if not waiting else 1 - waiting[0].slot
        if not self._insert(session, self.pair, voter_id, slot, network_key):
            return None
        return _issued(session, _OWN.first(session, matchup=self.public_id, voter=self.voter), is_new=True)

    def _check_limits(self, session: Session, voter_id: int) -> bytes | None:
        """Counts this matchup against what voter and network may ask for; returns the network's key to keep."""
        policy, who, now = self.policy, str(voter_id), self.now
        limits = ((MINUTE, policy.voter_minute, "matchups a minute"), (DAY, policy.voter_day, "matchups a day"))
        for seconds, limit, what in limits:
            check(session, "issued/voter", who, limit, seconds=seconds, now=now, what=what)
        if not policy.knows_networks:
            return None
        keys = networks.keys(session, self.network, now=now)
        what = "matchups a day from one network"
        check(session, "issued/network", keys.day.hex(), policy.network_day, seconds=DAY, now=now, what=what)
        return keys.month

    def _insert(self, session: Session, pair: Pair, voter_id: int, slot: int, network_key: bytes | None) -> bool:
        low, high = sorted((pair.left_entry_id, pair.right_entry_id))
        until = milliseconds(self.now + timedelta(seconds=self.matchup_seconds))
        values = (
            self.public_id,
            voter_id,
            pair.competition_id,
            pair.left_entry_id,
            pair.right_entry_id,
            low,
            high,
            slot,
            milliseconds(self.now),
            until,
            network_key,
            pair.probability,
            pair.seen_before,
            self.simulated,
        )
        given = {f"its_{name}": value for name, value in zip(_FIELDS, values, strict=True)}
        return bool(_RECORD.change(session, **given))


def _voter_id(session: Session, token: bytes, now: datetime) -> int:
    """Finds or makes the voter and holds its row, so that one voter's requests queue up."""
    known = _HELD.first(session, voter=token)
    if known is None:
        _ENTER.change(session, voter=token, now=milliseconds(now))
        known = _HELD.first(session, voter=token)
    return int(known.id)


def _open_matchups(session: Session, voter: bytes, now: datetime) -> list[Any]:
    """Oldest first."""
    return _OPEN.all(session, voter=voter, now=milliseconds(now))


def _still_votable(session: Session, pair: Pair, waiting: list[Any]) -> bool:
    """Both entries still stand, and the matchup that came first meanwhile shows neither of their models."""
    rows = _STANDING.all(session, one=pair.left_entry_id, other=pair.right_entry_id)
    return len(rows) == 2 and _models(session, waiting).isdisjoint(row.model_id for row in rows)


def _exclusions(session: Session, voter: bytes, waiting: list[Any]) -> Exclusions:
    named = frozenset(entry for pair in _NAMED.all(session, voter=voter) for entry in pair)
    return Exclusions(_history(session, voter), _models(session, waiting), named)


def _history(session: Session, voter: bytes) -> Ints:
    """`lanes.pair_keys` of everything ever issued to this voter."""
    return np.fromstring(_HISTORY.first(session, voter=voter)[0] or "", np.int64, sep=",")


def _models(session: Session, waiting: list[Any]) -> frozenset[int]:
    return frozenset(
        row.model_id
        for shown in waiting
        for row in _MODELS.all(session, one=shown.left_entry_id, other=shown.right_entry_id)
    )


def _within(session: Session, wish: Wish) -> frozenset[int] | None:
    if wish.mode not in MODES:
        raise errors.UnknownMode(f"The modes are {' and '.join(MODES)}.")
    if wish.competition is not None:
        found = session.execute(
            select(Competition.id, Competition.mode).where(
                Competition.slug == wish.competition, Competition.status != "draft"
            )
        ).one_or_none()
        if found is None or found.mode != wish.mode:
            raise errors.UnknownCompetition("No such competition in this mode.")
        return frozenset({found.id})
    if wish.category is not None:
        category = session.scalars(select(Category.id).where(Category.slug == wish.category)).one_or_none()
        if category is None:
            raise errors.UnknownCategory("No such category.")
        filed = competition_categories.c
        return frozenset(session.scalars(select(filed.competition_id).where(filed.category_id == category)))
    return None


def _narrowed(
    session: Session, state: PairingState, wish: Wish, within: frozenset[int] | None, smallest_pool: int
) -> frozenset[int] | None:
    """The wish's competitions as the state knows them; None for all."""
    if wish == Wish(wish.mode):
        return None
    model = None
    if wish.model is not None:
        model = lookup.ids(session, [wish.model]).get(wish.model)
        if model is None:
            raise lookup.UnknownModel(f"There is no model {wish.model!r}.")
    pool = pool_of(state, models=smallest_pool, model=model)
    return pool if within is None else pool & within


def _why_nothing(within: frozenset[int] | None, smallest_pool: int) -> str:
    if smallest_pool and within is not None and not within:
        return f"Nothing can be judged here by itself: that takes an open competition of {smallest_pool} models."
    return "You have judged every pair there is here."


def _issued(session: Session, row: Any, *, is_new: bool) -> Issued:
    asked = _ASKED.first(session, competition=row.competition_id)
    return Issued(
        public_id=row.public_id,
        issued_at=moment_of(row.issued_at),
        expires_at=moment_of(row.expires_at),
        slug=asked.slug,
        title=asked.title,
        mode=asked.mode,
        prompt=asked.prompt,
        categories=tuple(tuple(row) for row in _FILED.all(session, competition=row.competition_id)),
        has_input=asked.input_key is not None,
        frame=(asked.frame_width, asked.frame_height),
        is_new=is_new,
    )
