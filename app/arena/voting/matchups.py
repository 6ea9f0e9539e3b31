"""Issues matchups: reads what may be shown, lets matchmaking choose, and has the choice recorded under guards."""

import random
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.people.policy import FREE, Policy
from app.arena.tables import Category, Competition, Matchup, Voter, competition_categories
from app.arena.voting.matchmaking import PairingState, choose_pair, pool_of
from app.arena.voting.matchup_storage import Ticket
from app.arena.voting.pool import Pool
from app.arena.voting.seen_pairs import NEWCOMER, exclusions, standing
from app.catalog import lookup
from app.database.doors import Database, moment_of
from app.database.statements import Prepared

MODES = ("text-to-image", "image-edit")
ATTEMPTS = 4

_OWN = Prepared(
    lambda _: (
        select(Matchup.public_id, Matchup.competition_id, Matchup.issued_at, Matchup.expires_at)
        .join(Voter, Voter.id == Matchup.voter_id)
        .where(Matchup.public_id == bindparam("matchup"), Voter.token == bindparam("voter"))
    )
)
_ASKED = Prepared(
    lambda _: (
        select(
            Competition.slug,
            Competition.title,
            Competition.mode,
            Competition.prompt,
            Competition.input_key,
            Competition.frame_width,
            Competition.frame_height,
            Category.slug.label("category"),
            Category.title.label("category_title"),
        )
        .outerjoin(competition_categories, competition_categories.c.competition_id == Competition.id)
        .outerjoin(Category, Category.id == competition_categories.c.category_id)
        .where(Competition.id == bindparam("competition"))
        .order_by(Category.position, Category.slug)
    )
)
"""A row for each category, one at least."""


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
    is_newcomer: bool = False,
) -> Issued:
    """
    A new matchup for this voter, or the oldest open one when two are open.

    `network` is the prefix the request came from, kept as a salted key where the policy has limits for networks.
    `is_newcomer` says that the token was made for this request, so that nobody need look for what it has seen.
    Raises UnknownMode, UnknownCategory, UnknownCompetition, UnknownModel, NothingLeft, and TooMany beyond the
    policy's limits.
    """
    for attempt in range(ATTEMPTS):
        with database.reading() as session:
            within = _within(session, wish)
            who = NEWCOMER if is_newcomer and attempt == 0 else standing(session, voter, now=now)
            if len(who.waiting) == 2:
                return _issued(session, who.waiting[0])
            # The state may be a second old: after a refusal it is asked again before it is believed.
            state = pool.state(session, wish.mode, today=now.date(), fresh=attempt > 0)
            within = _narrowed(session, state, wish, within, policy.smallest_pool)
            pair = choose_pair(state, exclusions(session, who), rng, within)
            if pair is None and attempt > 0 and who.waiting:
                return _issued(session, who.waiting[0])
        if pair is None and attempt > 0:
            break
        if pair is not None:
            ticket = Ticket(voter, who, pair, rng.randbytes(16), now, matchup_seconds, network, simulated, policy)
            issued = database.write(partial(_recorded, ticket=ticket))
            if issued is not None:
                return issued
    raise errors.NothingLeft(_why_nothing(within, policy.smallest_pool))


def open_matchup(session: Session, voter: bytes, *, now: datetime) -> Issued | None:
    """This voter's oldest open matchup."""
    waiting = standing(session, voter, now=now).waiting
    return _issued(session, waiting[0]) if waiting else None


def matchup(session: Session, voter: bytes, public_id: bytes) -> Issued:
    """An own matchup, open or not. Raises MatchupNotFound."""
    row = _OWN.first(session, matchup=public_id, voter=voter)
    if row is None:
        raise errors.MatchupNotFound("No such matchup of yours.")
    return _issued(session, row)


def _recorded(session: Session, ticket: Ticket) -> Issued | None:
    """None when the choice no longer holds and must be made anew."""
    return _issued(session, ticket, is_new=True) if ticket.record(session) else None


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


def _issued(session: Session, row: Any, *, is_new: bool = False) -> Issued:
    """From the matchup's id, competition and times, as the database holds them."""
    facts = _ASKED.all(session, competition=row.competition_id)
    asked = facts[0]
    return Issued(
        public_id=row.public_id,
        issued_at=moment_of(row.issued_at),
        expires_at=moment_of(row.expires_at),
        slug=asked.slug,
        title=asked.title,
        mode=asked.mode,
        prompt=asked.prompt,
        categories=tuple((one.category, one.category_title) for one in facts if one.category is not None),
        has_input=asked.input_key is not None,
        frame=(asked.frame_width, asked.frame_height),
        is_new=is_new,
    )
