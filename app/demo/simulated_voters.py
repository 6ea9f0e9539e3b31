"""
Simulated voters: they judge by the faults of the two pictures before them and by tastes of their own.

None of them knows a model's name. Their votes are marked as simulated, and only demo models get them.
"""

import hashlib
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries.inputs import mask_key
from app.arena.entries.showcases import arena_state
from app.arena.questions import add_question
from app.arena.tables import Competition, Entry, LedgerLine, Matchup, Vote
from app.arena.voting import matchups, vote_casting
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot
from app.catalog import lookup
from app.catalog.lookup import recall_equal
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.database.statements import PreparedStatement
from app.painter.painters import PAINTERS
from app.words import BETTER, Mode, Outcome

SMALLEST_CROWD = 40
VOTES_PER_VOTER = 60
"""More voters come rather than that one of them votes more often than this."""
WEIGHTS: Mapping[str, float] = {
    "missing subject": 1.2,
    "swapped colours": 0.6,
    "wrong letters": 0.9,
    "unreadable letters": 1.2,
    "colours not as asked": 0.9,
    "medium not as asked": 1.4,
    "broken edges": 0.7,
    "greyed night": 1.5,
    "warped": 0.8,
    "low detail": 0.5,
    "wrong object": 1.6,
    "edit left out": 1.4,
    "visible mask border": 1.2,
    "whole picture changed": 1.4,
}
"""How much the mean voter minds each kind of fault, in logits at full severity."""
OBEDIENCE = frozenset({
    "missing subject", "swapped colours", "wrong letters", "colours not as asked", "medium not as asked",
    "wrong object", "edit left out", "whole picture changed",
})  # fmt: skip
"""The faults of pictures that do not follow their prompt; all others are of how a picture looks."""
STERNNESS, LENIENCE = 2.0, 0.1
"""How much more, and how much less, voters mind either kind when asked which picture follows the prompt."""
FOLLOWS_PROMPT = "prompt"
SPREAD = 0.3
# Written once: building a statement costs several times what running it does.
_DEMO_ENTRIES = (
    select(Entry.id)
    .join(ImageModel, ImageModel.id == Entry.model_id)
    .where(ImageModel.demo, Entry.withdrawn_at.is_(None))
)
_HAS_SIMULATED = PreparedStatement(
    lambda _: select(exists(select(Matchup.id).where(Matchup.simulated)).label("has_simulated"))
)
_HAS_DEMO_ENTRIES = PreparedStatement(lambda _: select(exists(_DEMO_ENTRIES).label("has_entries")))
FINISHES = ("flat", "painted", "lit", "glowing")


@dataclass(frozen=True)
class Appearance:
    """Describe what a voter sees of a picture: its finish and its faults with their severities, 0 to 1."""

    finish: str
    faults: tuple[tuple[str, float], ...]


OpenCompetitions = Mapping[str, Mapping[int, Appearance]]
"""The competitions that simulated voters may judge: slug to the appearances of its entries, by entry id."""


@dataclass(frozen=True)
class SimulatedVoter:
    """A voter's weights, tastes and limits in logits; `noise` is the scale of a comparison's logistic error."""

    token: bytes
    weights: Mapping[str, float]
    tastes: Mapping[str, float]
    noise: float
    tie_below: float
    bad_below: float

    def appeal(self, look: Appearance, question: str = BETTER) -> float:
        """Return how much a picture appeals as an answer to a question, in logits: 0 without faults and taste."""
        if question == FOLLOWS_PROMPT:
            scale = {kind: STERNNESS if kind in OBEDIENCE else LENIENCE for kind, _ in look.faults}
            minded = sum(scale[kind] * self.weights[kind] * severity for kind, severity in look.faults)
            return LENIENCE * self.tastes[look.finish] - minded
        return self.tastes[look.finish] - sum(self.weights[kind] * severity for kind, severity in look.faults)

    def outcome(self, left: Appearance, right: Appearance, rng: random.Random, question: str = BETTER) -> str:
        """Judge two pictures: one of a, b, tie, both_bad."""
        one, other = self.appeal(left, question), self.appeal(right, question)
        chance = rng.uniform(1e-9, 1 - 1e-9)
        lead = one - other + self.noise * math.log(chance / (1 - chance))
        if max(one, other) < self.bad_below and abs(lead) < 1:
            return Outcome.BOTH_BAD
        if abs(lead) < self.tie_below:
            return Outcome.TIE
        return "a" if lead > 0 else "b"


@lru_cache(maxsize=1024)
def make_voter(number: int) -> SimulatedVoter:
    """
    Make the voter of this number, always the same one. Tokens may be guessed: cookies with a token are signed.

    Voters come in pairs of opposite tastes, so that the crowd as a whole prefers no finish.
    """
    name = f"blindvote simulated voter {number}"
    rng, shared = random.Random(name), random.Random(f"tastes {number // 2}")  # noqa: S311  (no secrets)
    side = 1 if number % 2 else -1
    return SimulatedVoter(
        token=hashlib.sha256(name.encode()).digest()[:16],
        weights={kind: weight * rng.lognormvariate(0, SPREAD) for kind, weight in WEIGHTS.items()},
        tastes={finish: side * shared.gauss(0, SPREAD) for finish in FINISHES},
        noise=rng.uniform(0.7, 1.1),
        tie_below=rng.uniform(0.1, 0.35),
        bad_below=rng.uniform(-2.6, -1.7),
    )


@lru_cache(maxsize=1024)
def describe_picture(prompt: str, painter: str, seed: int, size: tuple[int, int]) -> Appearance:
    """Describe the picture that a painter makes of these, without painting it."""
    from app.painter import report  # noqa: PLC0415  (the painter's scenes load when first used)

    found = report.faults(prompt, painter, seed, size)
    return Appearance(report.finish(painter), tuple((fault.kind, fault.severity) for fault in found))


@lru_cache(maxsize=1024)
def describe_edit(prompt: str, painter: str, seed: int, *, masked: bool) -> Appearance:
    """Describe the edit that a painter makes of these, without drawing it."""
    from app.painter import report  # noqa: PLC0415
    from app.painter.editing import flaws  # noqa: PLC0415

    found = flaws.faults(prompt, painter, seed, masked=masked)
    return Appearance(report.finish(painter), tuple((fault.kind, fault.severity) for fault in found))


def is_demo(session: Session) -> bool:
    """Return whether an entry of a demo model or a simulated matchup is left."""
    return bool(_HAS_SIMULATED.first(session).has_simulated) or _has_demo_entries(session)


def _has_demo_entries(session: Session) -> bool:
    """Look through every entry, once in each state of arena and catalogue, since every cold page asks."""
    catalogue = lookup.recall(session, "version", None, lambda: lookup.version(session))
    state = arena_state(session), catalogue
    return recall_equal(session, "demo entries", state, lambda: bool(_HAS_DEMO_ENTRIES.first(session).has_entries))


def count_votes(session: Session, mode: Mode = Mode.TEXT_TO_IMAGE) -> int:
    """Count the simulated votes of a mode, without skips."""
    query = select(func.count()).select_from(Vote).join(Matchup, Matchup.id == Vote.matchup_id)
    query = query.join(Competition, Competition.id == Matchup.competition_id).where(Competition.mode == mode)
    return session.scalars(query.where(Matchup.simulated, Vote.outcome != Outcome.SKIP)).one()


def ask_both(session: Session, *, now: datetime) -> None:
    """Ask which picture follows the prompt, too, unless somebody decided about that question before."""
    by_hand = select(LedgerLine.id).where(LedgerLine.subject == f"question:{FOLLOWS_PROMPT}").limit(1)
    if session.scalar(by_hand) is None:
        add_question(session, FOLLOWS_PROMPT, now=now)


def read_open_competitions(session: Session, mode: Mode = Mode.TEXT_TO_IMAGE) -> OpenCompetitions:
    """
    Read the competitions of a mode that simulated voters may judge.

    They are open, have two contestants or more, and all of them were drawn by the painter for demo models.
    """
    rows = session.execute(
        select(Competition.slug, Competition.input_key, Entry, ImageModel.demo)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(Competition.mode == mode, Competition.status == "open")
        .where(Entry.role == "contestant", Entry.withdrawn_at.is_(None))
        .order_by(Competition.slug, Entry.id)
    )
    appearances: dict[str, dict[int, Appearance | None]] = {}
    for slug, input_key, entry, demo in rows:
        appearances.setdefault(slug, {})[entry.id] = _entry_appearance(entry, input_key) if demo else None
    looks = {slug: {n: seen for n, seen in field.items() if seen} for slug, field in appearances.items()}
    return {slug: field for slug, field in looks.items() if len(field) == len(appearances[slug]) > 1}


def cast_votes(
    database: Database,
    pool: Pool,
    total: int,
    *,
    mode: Mode = Mode.TEXT_TO_IMAGE,
    now: Callable[[], datetime],
    rng: random.Random,
    matchup_seconds: int,
) -> Iterator[str]:
    """
    Cast simulated votes until a mode has `total` or nobody finds anything left to judge; yield each outcome.

    Each vote is issued and cast as a person's vote is.
    """
    with database.reading() as session:
        done = count_votes(session, mode)
    crowd = max(SMALLEST_CROWD, -(-total // VOTES_PER_VOTER))
    first, turns, idle = done, 0, 0
    open_to_us: OpenCompetitions = {}
    while done < total and idle < crowd:
        if turns % crowd == 0:  # reading it costs more than a vote: once a round of the crowd is often enough
            with database.reading() as session:
                open_to_us = read_open_competitions(session, mode)
        who = make_voter((first + turns) % crowd)
        outcome = _cast_one_vote(database, pool, open_to_us, mode, who, now, rng, matchup_seconds)
        turns, idle = turns + 1, 0 if outcome else idle + 1
        if outcome:
            done += 1
            yield outcome


def _cast_one_vote(
    database: Database,
    pool: Pool,
    open_to_us: OpenCompetitions,
    mode: Mode,
    who: SimulatedVoter,
    now: Callable[[], datetime],
    rng: random.Random,
    matchup_seconds: int,
) -> str | None:
    """Cast one vote; None when the voter has judged everything, or was given what no simulated voter may judge."""
    for slug in rng.sample(sorted(open_to_us), len(open_to_us)):
        try:
            issued = matchups.issue(
                database,
                pool,
                who.token,
                MatchupFilter(mode=mode, competition=slug),
                now=now(),
                rng=rng,
                matchup_seconds=matchup_seconds,
                simulated=True,
            )
            outcome = _judge(database, who, issued, open_to_us[slug], rng)
            ballot = Ballot(who.token, issued.public_id, outcome, now(), matchup_seconds)
            database.write(partial(vote_casting.cast_vote, ballot=ballot))
        except (errors.NothingLeft, errors.MatchupClosed, errors.UnknownCompetition):
            continue
        return outcome if outcome != Outcome.SKIP else None
    return None


def _judge(
    database: Database,
    who: SimulatedVoter,
    issued: BlindMatchup,
    looks: Mapping[int, Appearance],
    rng: random.Random,
) -> str:
    """Judge a matchup; skip it where an entry was added meanwhile or an older matchup is still open."""
    sides = select(Matchup.left_entry_id, Matchup.right_entry_id).where(Matchup.public_id == issued.public_id)
    with database.reading() as session:
        left, right = session.execute(sides).one()
    if left not in looks or right not in looks:
        return Outcome.SKIP
    return who.outcome(looks[left], looks[right], rng, issued.question)


def _entry_appearance(entry: Entry, input_key: str | None) -> Appearance | None:
    painter, seed = entry.source.get("painter"), entry.source.get("seed")
    if painter not in PAINTERS or not isinstance(seed, int):
        return None
    if input_key is not None:
        return describe_edit(entry.prompt, painter, seed, masked=mask_key(input_key) is not None)
    return describe_picture(entry.prompt, painter, seed, (entry.width, entry.height))
