"""Issues matchups: reads what may be shown, lets matchmaking choose, and records the choice under guards."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import BigInteger, String, and_, bindparam, cast, func, select, update
from sqlalchemy.orm import Session

from app.arena import errors, networks
from app.arena.lanes import Ints
from app.arena.matchmaking import Exclusions, Pair, PairingState, choose_pair, pool_of
from app.arena.policy import DAY, FREE, MINUTE, Policy, check
from app.arena.pool import Pool
from app.arena.tables import Category, Competition, Entry, Matchup, Vote, Voter, competition_categories
from app.catalog import lookup
from app.db import Database, insert

MODES = ("text-to-image", "image-edit")
NAMES_LINGER = 50
"""Votes for which an entry whose name was seen stays away."""
ATTEMPTS = 4

# Written once: building a statement costs several times what running it does.
_ID = select(Voter.id).where(Voter.token == bindparam("voter"))
_HELD = _ID.with_for_update()
_OPEN = (
    select(Matchup)
    .where(Matchup.voter_id == _ID.scalar_subquery())
    .where(Matchup.closed_at.is_(None), Matchup.expires_at > bindparam("now"))
    .order_by(Matchup.id)
)
_EXPIRE = (
    update(Matchup)
    .where(Matchup.voter_id == bindparam("voter"), Matchup.closed_at.is_(None))
    .where(Matchup.expires_at <= bindparam("now"))
    .values(closed_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
_KEY = cast(Matchup.low_entry_id, BigInteger) * (1 << 32) + Matchup.high_entry_id
_HISTORY = select(func.aggregate_strings(cast(_KEY, String), ",")).where(Matchup.voter_id == _ID.scalar_subquery())
"""From an index alone; as one text, because ten thousand rows take five times as long."""
_LATEST = (
    select(Vote.matchup_id, Vote.outcome)
    .where(Vote.voter_id == _ID.scalar_subquery())
    .order_by(Vote.cast_at.desc())
    .limit(NAMES_LINGER)
    .subquery()
)
_NAMED = (
    select(Matchup.low_entry_id, Matchup.high_entry_id)
    .join(_LATEST, _LATEST.c.matchup_id == Matchup.id)
    .where(_LATEST.c.outcome != "skip")
)
"""
Entries whose names this voter has lately seen; a skip names nobody.

Counted in votes: these come in the order the names were seen, and never outnumber the matchups issued.
"""
_STANDING = (
    select(Entry.model_id)
    .join(Competition, Competition.id == Entry.competition_id)
    .where(Entry.id.in_((bindparam("one"), bindparam("other"))))
    .where(Entry.withdrawn_at.is_(None), Competition.status == "open")
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
    own = and_(Matchup.public_id == public_id, Voter.token == voter)
    row = session.scalars(select(Matchup).join(Voter, Voter.id == Matchup.voter_id).where(own)).one_or_none()
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
        session.execute(_EXPIRE, {"voter": voter_id, "now": self.now})
        waiting = _open_matchups(session, self.voter, self.now)
        if len(waiting) == 2 or (self.pair is None and waiting):
            return _issued(session, waiting[0], is_new=False)
        if self.pair is None or not _still_votable(session, self.pair, waiting):
            return None
        network_key = self._check_limits(session, voter_id)
        slot = 0 if not waiting else 1 - waiting[0].slot
        row = self._insert(session, self.pair, voter_id, slot, network_key)
        return None if row is None else _issued(session, row, is_new=True)

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

    def _insert(
        self, session: Session, pair: Pair, voter_id: int, slot: int, network_key: bytes | None
    ) -> Matchup | None:
        values = {
            "public_id": self.public_id,
            "voter_id": voter_id,
            "competition_id": pair.competition_id,
            "left_entry_id": pair.left_entry_id,
            "right_entry_id": pair.right_entry_id,
            "low_entry_id": min(pair.left_entry_id, pair.right_entry_id),
            "high_entry_id": max(pair.left_entry_id, pair.right_entry_id),
            "slot": slot,
            "issued_at": self.now,
            "expires_at": self.now + timedelta(seconds=self.matchup_seconds),
            "network_key": network_key,
            "probability": pair.probability,
            "seen_before": pair.seen_before,
            "simulated": self.simulated,
        }
        adding = insert(session, Matchup).values(values).on_conflict_do_nothing().returning(Matchup)
        row: Matchup | None = session.scalars(adding).one_or_none()
        return row


def _voter_id(session: Session, token: bytes, now: datetime) -> int:
    """Finds or makes the voter and holds its row, so that one voter's requests queue up."""
    known = session.scalars(_HELD, {"voter": token}).one_or_none()
    if known is not None:
        return known
    session.execute(insert(session, Voter).values(token=token, first_seen=now, votes=0).on_conflict_do_nothing())
    return session.scalars(_HELD, {"voter": token}).one()


def _open_matchups(session: Session, voter: bytes, now: datetime) -> list[Matchup]:
    """Oldest first. Loaded fresh: the transaction may have changed them."""
    return list(session.scalars(_OPEN, {"voter": voter, "now": now}))


def _still_votable(session: Session, pair: Pair, waiting: list[Matchup]) -> bool:
    """Both entries still stand, and the matchup that came first meanwhile shows neither of their models."""
    models = session.scalars(_STANDING, {"one": pair.left_entry_id, "other": pair.right_entry_id}).all()
    return len(models) == 2 and _models(session, waiting).isdisjoint(models)


def _exclusions(session: Session, voter: bytes, waiting: list[Matchup]) -> Exclusions:
    return Exclusions(_history(session, voter), _models(session, waiting), _named(session, voter))


def _history(session: Session, voter: bytes) -> Ints:
    """`lanes.pair_keys` of everything ever issued to this voter."""
    return np.fromstring(session.scalars(_HISTORY, {"voter": voter}).one() or "", np.int64, sep=",")


def _models(session: Session, waiting: list[Matchup]) -> frozenset[int]:
    shown = [entry for one in waiting for entry in (one.left_entry_id, one.right_entry_id)]
    return frozenset(session.scalars(select(Entry.model_id).where(Entry.id.in_(shown)))) if shown else frozenset()


def _named(session: Session, voter: bytes) -> frozenset[int]:
    return frozenset(entry for pair in session.execute(_NAMED, {"voter": voter}) for entry in pair)


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


def _issued(session: Session, row: Matchup, *, is_new: bool) -> Issued:
    competition = session.get_one(Competition, row.competition_id)
    return Issued(
        public_id=row.public_id,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        slug=competition.slug,
        title=competition.title,
        mode=competition.mode,
        prompt=competition.prompt,
        categories=tuple((category.slug, category.title) for category in competition.categories),
        has_input=competition.input_key is not None,
        frame=(competition.frame_width, competition.frame_height),
        is_new=is_new,
    )
