"""Issues matchups: reads what may be shown, lets matchmaking choose, and stores the choice if it still holds."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries.inputs import mask_key
from app.arena.errors import read_mode
from app.arena.people.policy import FREE, Policy
from app.arena.questions import read_question
from app.arena.tables import Category, Competition, Entry, Matchup, Voter, competition_categories
from app.arena.tally_tables import PairQuestion
from app.arena.voting.expected_pictures import ExpectedPictures, PaddedPicture
from app.arena.voting.matchmaking import Exclusions, Pair, PairingState, choose_pair, find_competitions, has_pair
from app.arena.voting.matchup_storage import NewMatchup, make_public_id
from app.arena.voting.pool import Pool, competitions_with
from app.arena.voting.seen_pairs import NEWCOMER, VoterState, list_exclusions, read_voter_state, read_waiting
from app.catalog import lookup
from app.database.aliases import alias
from app.database.columns import moment_of
from app.database.doors import Database
from app.database.statements import Call, PackedStatement
from app.words import Mode

ATTEMPTS = 4

_LEFT, _RIGHT = alias(Entry), alias(Entry)
_OWN = PackedStatement(
    lambda _: (
        select(Matchup.public_id, Matchup.competition_id, Matchup.question, Matchup.issued_at, Matchup.expires_at)
        .join(Voter, Voter.id == Matchup.voter_id)
        .where(Matchup.public_id == bindparam("matchup"), Voter.token == bindparam("voter"))
    )
)
_PROMPT = PackedStatement(
    lambda _: (
        select(
            Competition.slug,
            Competition.title,
            Competition.mode,
            Competition.prompt,
            Competition.input_key,
            Competition.frame_width,
            Competition.frame_height,
            Competition.rendition_side,
            Category.slug.label("category"),
            Category.title.label("category_title"),
            PairQuestion.words,
            _LEFT.rendition_key.label("a_key"),
            _RIGHT.rendition_key.label("b_key"),
            Competition.file_bytes,
            Competition.small_file_bytes,
        )
        .select_from(Matchup)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(_LEFT, _LEFT.id == Matchup.left_entry_id)
        .join(_RIGHT, _RIGHT.id == Matchup.right_entry_id)
        .outerjoin(PairQuestion, PairQuestion.slug == Matchup.question)
        .outerjoin(competition_categories, competition_categories.c.competition_id == Competition.id)
        .outerjoin(Category, Category.id == competition_categories.c.category_id)
        .where(Matchup.public_id == bindparam("matchup"))
        .order_by(Category.position, Category.slug)
    )
)
"""What a matchup shows: a row for each category, one at least."""


@dataclass(frozen=True)
class MatchupFilter:
    """A voter's choice of what to judge, by slugs."""

    mode: str = Mode.TEXT_TO_IMAGE
    category: str | None = None
    competition: str | None = None
    model: str | None = None
    """A model to help: only its competitions are drawn from, and it is shown there no more than otherwise."""
    question: str | None = None
    """The one question to be asked; drawn anew for each pair where it is None."""

    @property
    def names_nothing(self) -> bool:
        """Tell whether any pair of the mode will do."""
        return (self.category, self.competition, self.model, self.question) == (None, None, None, None)


ANY_PAIR = MatchupFilter()
"""What most voters wish for."""


class BlindMatchup(NamedTuple):
    """A matchup without a name in it: all that may leave the server before the vote."""

    public_id: bytes
    issued_at: datetime
    expires_at: datetime
    slug: str
    title: str
    mode: str
    prompt: str
    categories: tuple[tuple[str, str], ...]
    """The (slug, title) of each category."""
    has_input: bool
    has_mask: bool
    frame: tuple[int, int]
    question: str
    question_words: str
    """As the voter reads them, such as `Which is better?`."""
    rendition_side: int
    """Pixels of the large renditions on their long side, for all entries alike; 0 where nobody has told them."""
    is_new: bool


def issue(
    database: Database,
    pool: Pool,
    voter: bytes,
    wish: MatchupFilter,
    *,
    now: datetime,
    rng: random.Random,
    matchup_seconds: int,
    network: str = "",
    address: str = "",
    simulated: bool = False,
    policy: Policy = FREE,
    is_newcomer: bool = False,
    expected: ExpectedPictures | None = None,
) -> BlindMatchup:
    """
    Issue a new matchup to this voter, or the oldest open one when two are open.

    `network` is the prefix the request came from, kept as a salted key where the policy has limits for networks;
    `address` is whom in it, whose salted key lives in a day's count alone.
    `is_newcomer` says that the token was made for this request, so that nobody need look for what it has seen.
    `expected` remembers the pictures of a new matchup, for when they are fetched.
    Raises UnknownMode, UnknownCategory, UnknownCompetition, UnknownModel, UnknownQuestion, NothingLeft, and
    TooMany beyond the policy's limits.
    """
    for attempt in range(ATTEMPTS):
        is_first = attempt == 0
        # Reading and choosing lock nothing. What came in between is seen by the statement that stores the choice.
        state, within = _find_choices(database, pool, wish, policy.smallest_pool, now.date(), fresh=not is_first)
        who = NEWCOMER
        if not (is_first and is_newcomer):
            with database.reading(is_single=True) as session:
                who = read_voter_state(session, voter, now=now, limits_guesses=policy.limits_guesses)
        exclusions = list_exclusions(who, limits_guesses=policy.limits_guesses)
        pair = None
        if len(who.waiting) < 2:
            pair = _choose_owed(state, who, exclusions, rng, wish.question) or choose_pair(
                state, exclusions, rng, within, wish.question
            )
        if len(who.waiting) == 2 or (pair is None and not is_first and who.waiting):
            with database.reading() as session:
                return _blind_matchup(session, who.waiting[0])
        if pair is None:
            if is_first:
                continue
            raise _nothing_left(state, exclusions, within, policy.smallest_pool)
        public_id = make_public_id(now, rng)
        new = NewMatchup(voter, who, pair, public_id, now, matchup_seconds, network, address, simulated, policy)
        prompts = database.write(partial(_store, new=new))
        if prompts is not None:
            if expected is not None:
                expected.expect(public_id, *_list_pictures(prompts[0]))
            return _tell_blind(new, prompts, is_new=True)
    raise errors.NothingLeft("The competitions change at this moment. Ask for a pair again.")


def open_matchup(session: Session, voter: bytes, *, now: datetime) -> BlindMatchup | None:
    """Read this voter's oldest open matchup."""
    waiting = read_waiting(session, voter, now=now)
    return _blind_matchup(session, waiting[0]) if waiting else None


def matchup(session: Session, voter: bytes, public_id: bytes) -> BlindMatchup:
    """Read one's own matchup, open or not. Raises MatchupNotFound."""
    row = _OWN.first(session, matchup=public_id, voter=voter)
    if row is None:
        raise errors.MatchupNotFound
    return _blind_matchup(session, row)


def _store(session: Session, new: NewMatchup) -> list[Any] | None:
    """Store a chosen matchup, and read what it shows; None when the choice no longer holds: choose anew."""
    return new.record(session, beside=_ask_prompt(new))


def _list_pictures(row: Any) -> tuple[PaddedPicture, PaddedPicture]:
    """List how both sides of a matchup are stored, by a row of its prompt."""
    lengths = row.file_bytes, row.small_file_bytes
    return PaddedPicture(row.a_key, *lengths), PaddedPicture(row.b_key, *lengths)


def _find_choices(
    database: Database, pool: Pool, wish: MatchupFilter, smallest_pool: int, today: date, *, fresh: bool
) -> tuple[PairingState, frozenset[int] | None]:
    """Find what may be shown in a mode, and the competitions to draw from, as ids; None for all."""
    if not fresh and wish.names_nothing and (recent := pool.recent_state(wish.mode)):
        return recent, None
    with database.reading() as session:
        within = _competitions_of(session, wish)
        # The state may be a second old: after a refusal it is asked again before it is believed.
        state = pool.state(session, wish.mode, today=today, fresh=fresh)
        return state, _narrowed(session, state, wish, within, smallest_pool, today)


def _competitions_of(session: Session, wish: MatchupFilter) -> frozenset[int] | None:
    """Look up the competitions that competition or category name, as ids; None for all of the mode."""
    read_mode(wish.mode)
    if wish.question is not None:
        read_question(session, wish.question)
    if wish.competition is not None:
        row = session.execute(
            select(Competition.id, Competition.mode).where(
                Competition.slug == wish.competition, Competition.status != "draft"
            )
        ).one_or_none()
        if row is None or row.mode != wish.mode:
            raise errors.UnknownCompetition("No such competition in this mode.")
        return frozenset({row.id})
    if wish.category is not None:
        category = session.scalars(select(Category.id).where(Category.slug == wish.category)).one_or_none()
        if category is None:
            raise errors.UnknownCategory("No such category.")
        member = competition_categories.c
        return frozenset(session.scalars(select(member.competition_id).where(member.category_id == category)))
    return None


def _narrowed(
    session: Session,
    state: PairingState,
    wish: MatchupFilter,
    within: frozenset[int] | None,
    smallest_pool: int,
    today: date,
) -> frozenset[int] | None:
    """Give the competitions to draw from, as ids; None for all."""
    if wish.category is None and wish.competition is None and wish.model is None:
        return None
    pool = find_competitions(state, fewest_models=smallest_pool)
    if wish.model is not None:
        pool &= competitions_with(session, lookup.find_id(session, wish.model), wish.mode, today)
    return pool if within is None else pool & within


def _choose_owed(
    state: PairingState,
    who: VoterState,
    exclusions: Exclusions,
    rng: random.Random,
    question: str | None,
) -> Pair | None:
    """
    Choose from the competition of a pair that could not be loaded; None where nothing is owed or left.

    It asks the voter's question where the competition has it, else one of its own.
    """
    if who.owed_competition is None:
        return None
    there = frozenset({who.owed_competition})
    return choose_pair(state, exclusions, rng, there, question) or choose_pair(state, exclusions, rng, there)


def _nothing_left(
    state: PairingState, exclusions: Exclusions, within: frozenset[int] | None, smallest_pool: int
) -> errors.NothingLeft:
    if smallest_pool and within is not None and not within:
        what = f"that takes an open competition of {smallest_pool} models."
        return errors.NothingOpen(f"Nothing can be judged here by itself: {what}")
    if not has_pair(state, Exclusions(), within):
        return errors.NothingOpen(
            "Nothing can be judged here now: that takes an open competition of two pictures."
        )
    if exclusions.limits_guesses and has_pair(state, exclusions, within):
        return errors.JudgedEnough(
            "You have judged enough here: the next pair could be guessed from names you saw."
        )
    return errors.NothingLeft("You have judged every pair there is here.")


def _ask_prompt(row: Any) -> Call:
    """Name the statement that reads what a voter is shown of a matchup beside its pictures."""
    return _PROMPT, {"matchup": row.public_id}


def _blind_matchup(session: Session, row: Any) -> BlindMatchup:
    """Read a matchup to show by its id, competition and times, as the database holds them."""
    statement, values = _ask_prompt(row)
    return _tell_blind(row, statement.all(session, **values))


def _tell_blind(row: Any, rows: Sequence[Any], *, is_new: bool = False) -> BlindMatchup:
    """Make a matchup to show from the rows of its prompt, one for each category."""
    competition = rows[0]
    return BlindMatchup(
        public_id=row.public_id,
        issued_at=moment_of(row.issued_at),
        expires_at=moment_of(row.expires_at),
        slug=competition.slug,
        title=competition.title,
        mode=competition.mode,
        prompt=competition.prompt,
        categories=tuple((one.category, one.category_title) for one in rows if one.category is not None),
        has_input=competition.input_key is not None,
        has_mask=mask_key(competition.input_key) is not None,
        frame=(competition.frame_width, competition.frame_height),
        question=row.question,
        question_words=competition.words or row.question,
        rendition_side=competition.rendition_side,
        is_new=is_new,
    )
