"""Simulated voters judge pictures, not names; what they say is flagged, bounded and can be taken away."""

import random
from functools import lru_cache
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.entries import competitions, entries, renditions
from app.arena.entries.entries import EntryDetails, EntryKey
from app.arena.entries.generation import painter_seed
from app.arena.tables import Competition, Entry, LedgerLine, Matchup, Tally, Vote, Voter
from app.arena.voting.pool import Pool
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.database.places import ROOT
from app.demo import clear, edits, simulated_voters
from app.demo.simulated_voters import FINISHES, WEIGHTS, Appearance, make_voter
from app.gateway.storage import Storage
from app.leaderboards.runs.refresh import rebuild
from app.leaderboards.runs.verify import verify
from app.painter.painters import PAINTERS
from app.painter.report import Kind
from app.ratings.board import rate
from app.ratings.tallies import Tallies
from tests.factories import FRAME, NOW, cast, issue, make_competition, make_entry, picture_bytes

SEEDS = [path for path in (ROOT / "scripts/seeds/competitions").glob("*.toml") if path.name != "categories.toml"]
PROMPTS = {competitions.read(path).slug: competitions.read(path).prompt for path in sorted(SEEDS)}
SIZE = (1024, 1024)
looks = st.builds(
    Appearance,
    finish=st.sampled_from(FINISHES),
    faults=st.dictionaries(st.sampled_from(sorted(WEIGHTS)), st.floats(0, 1)).map(lambda d: tuple(d.items())),
)


@lru_cache
def gallery() -> dict[tuple[str, str], Appearance]:
    """Every picture of the demo, as voters see it."""
    return {
        (slug, painter): simulated_voters.describe_picture(
            prompt, painter, painter_seed(EntryKey(slug, painter)), SIZE
        )
        for slug, prompt in PROMPTS.items()
        for painter in PAINTERS
    }


@pytest.mark.parametrize("seed", range(8))
def test_after_600_votes_the_board_follows_the_painters_qualities(seed: int) -> None:
    rng, names = random.Random(seed), list(PAINTERS)
    counts = {"a": np.zeros((8, 8), int), "b": np.zeros((8, 8), int), "tie": np.zeros((8, 8), int)}
    for turn in range(600):
        slug, (one, other) = rng.choice(list(PROMPTS)), rng.sample(range(8), 2)
        seen = gallery()[slug, names[one]], gallery()[slug, names[other]]
        outcome = make_voter(turn % simulated_voters.SMALLEST_CROWD).outcome(*seen, rng)
        counts["tie" if outcome == "both_bad" else outcome][one, other] += 1
    left, right = np.nonzero(~np.eye(8, dtype=bool))
    nothing = np.zeros(56, int)
    columns = [counts[outcome][left, right] for outcome in ("a", "b", "tie")]
    ratings = rate(Tallies(8, nothing, left, right, *columns, nothing)).rating
    quality = np.array([PAINTERS[name].quality for name in names])
    assert np.corrcoef(ratings.argsort().argsort(), quality.argsort().argsort())[0, 1] >= 0.8


@lru_cache
def edits_gallery() -> dict[tuple[str, str], Appearance]:
    """Every edit of the demo, as voters see it: seven painters, five of them where there is a mask."""
    return {
        (edit.slug, painter): simulated_voters.describe_edit(
            edit.prompt, painter, painter_seed(EntryKey(edit.slug, painter)), masked=edit.drawn.mask is not None
        )
        for edit in edits.EDITS
        for painter in PAINTERS
        if painter != "lowpoly-3" and not (edit.drawn.mask and painter in {"neon-turbo", "halftone-1"})
    }


@pytest.mark.parametrize("seed", range(8))
def test_after_300_votes_the_board_of_edits_follows_the_painters_qualities(seed: int) -> None:
    rng, seen = random.Random(seed), edits_gallery()
    names = [name for name in PAINTERS if name != "lowpoly-3"]
    counts = {outcome: np.zeros((7, 7), int) for outcome in ("a", "b", "tie")}
    for turn in range(300):
        slug = rng.choice(edits.EDITS).slug
        one, other = rng.sample([name for name in names if (slug, name) in seen], 2)
        voter = make_voter(turn % simulated_voters.SMALLEST_CROWD)
        outcome = voter.outcome(seen[slug, one], seen[slug, other], rng)
        counts["tie" if outcome == "both_bad" else outcome][names.index(one), names.index(other)] += 1
    left, right = np.nonzero(~np.eye(7, dtype=bool))
    nothing = np.zeros(42, int)
    columns = [counts[outcome][left, right] for outcome in ("a", "b", "tie")]
    ratings = rate(Tallies(7, nothing, left, right, *columns, nothing)).rating
    quality = np.array([PAINTERS[name].quality for name in names])
    assert np.corrcoef(ratings.argsort().argsort(), quality.argsort().argsort())[0, 1] >= 0.8


def test_voters_mind_every_fault_that_a_painter_can_make() -> None:
    assert set(get_args(Kind)) == set(WEIGHTS)


@given(one=looks, other=looks, number=st.integers(0, 60))
def test_neither_side_is_favoured(one: Appearance, other: Appearance, number: int) -> None:
    """The error is symmetric: what one draw gives to the left, its mirror image gives to the right."""
    who, mirrored = make_voter(number), {"a": "b", "b": "a", "tie": "tie", "both_bad": "both_bad"}

    class Fixed(random.Random):
        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

        def uniform(self, a: float, b: float) -> float:
            return a + (b - a) * self.share

    for share in (0.1, 0.25, 0.75):
        assert who.outcome(one, other, Fixed(share)) == mirrored[who.outcome(other, one, Fixed(1 - share))]


@given(seen=looks, kind=st.sampled_from(sorted(WEIGHTS)), number=st.integers(0, 60))
def test_a_fault_more_never_helps(seen: Appearance, kind: str, number: int) -> None:
    worse = Appearance(seen.finish, (*seen.faults, (kind, 0.5)))
    assert make_voter(number).appeal(worse) < make_voter(number).appeal(seen)


def test_voters_differ_and_stay_who_they_are() -> None:
    crowd = [make_voter(number) for number in range(60)]
    assert len({who.token for who in crowd}) == len({who.noise for who in crowd}) == 60
    make_voter.cache_clear()
    assert [make_voter(number) for number in range(60)] == crowd


def make_demo(database: Database, folder: Path, painters: int = 4) -> Storage:
    """Two competitions of demo models, one of others. The files show noise; the facts say what a painter drew."""
    storage = Storage(folder / "files")

    def work(session: Session) -> None:
        for number, slug in enumerate(("cube", "car", "real")):
            make_competition(session, slug)
            for place, painter in enumerate(list(PAINTERS)[:painters]):
                seed = 100 * number + place
                if slug == "real":
                    make_entry(session, storage, slug, f"real-{place}", seed=seed)
                    continue
                stored = entries.store(storage, renditions.picture(picture_bytes(seed, (256, 256)), FRAME))
                facts = EntryDetails(
                    "a red car", "painter", 0.5, 10, "CC0-1.0", {"painter": painter, "seed": seed}
                )
                entries.add(session, EntryKey(slug, painter), stored, facts, now=NOW)
        for row in session.scalars(select(ImageModel).where(ImageModel.slug.in_(PAINTERS))):
            row.demo = True

    database.write(work)
    return storage


def vote(database: Database, total: int, seed: int = 0) -> list[str]:
    cast_votes = simulated_voters.cast_votes(
        database, Pool(), total, now=lambda: NOW, rng=random.Random(seed), matchup_seconds=1800
    )
    return list(cast_votes)


def count(database: Database, what: type) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(what)).one()


def is_demo(database: Database) -> bool:
    with database.reading() as session:
        return simulated_voters.is_demo(session)


def test_votes_are_flagged_counted_and_go_to_demo_models_alone(database: Database, tmp_path: Path) -> None:
    make_demo(database, tmp_path)
    assert len(vote(database, 30)) == 30
    with database.reading() as session:
        assert simulated_voters.count_votes(session) == 30
        assert set(session.scalars(select(Matchup.simulated))) == {True}
        judged = select(Competition.slug).join(Matchup, Matchup.competition_id == Competition.id)
        assert set(session.scalars(judged)) == {"cube", "car"}
    rebuild(database, "text-to-image", now=NOW)
    report = verify(database)
    assert (report.votes, report.is_exact) == (30, True)


def test_votes_are_counted_up_to_the_total(database: Database, tmp_path: Path) -> None:
    make_demo(database, tmp_path)
    cast_votes = simulated_voters.cast_votes(
        database, Pool(), 20, now=lambda: NOW, rng=random.Random(1), matchup_seconds=1800
    )
    for _ in range(7):  # stopped half-way
        next(cast_votes)
    cast_votes.close()
    assert len(vote(database, 20, seed=2)) == 13
    assert vote(database, 20, seed=3) == []


def test_casting_ends_when_everything_is_judged(database: Database, tmp_path: Path) -> None:
    make_demo(database, tmp_path, painters=2)
    assert len(vote(database, 200)) == 2 * simulated_voters.SMALLEST_CROWD


def test_a_competition_with_any_other_model_is_left_alone(database: Database, tmp_path: Path) -> None:
    storage = make_demo(database, tmp_path)
    database.write(lambda session: make_entry(session, storage, "car", "real-9", seed=999))
    vote(database, 10)
    with database.reading() as session:
        assert set(simulated_voters.read_open_competitions(session)) == {"cube"}
        assert len(set(session.scalars(select(Matchup.competition_id)))) == 1


def test_it_is_a_demo_as_long_as_anything_of_it_stands(database: Database, tmp_path: Path) -> None:
    assert not is_demo(database)
    storage = make_demo(database, tmp_path)
    assert is_demo(database)
    vote(database, 5)
    clear.clear_demo(database, storage, now=lambda: NOW)
    assert not is_demo(database)


def test_clearing_takes_the_demo_and_nothing_else(database: Database, tmp_path: Path) -> None:
    storage = make_demo(database, tmp_path)
    vote(database, 40)
    person, names = b"p" * 16, []
    for _ in range(2):
        matchup = issue(database, person)
        cast(database, matchup.public_id, "a", person)
        names.append(matchup.slug)
    waiting = issue(database, person)
    files = {path for path in (tmp_path / "files").rglob("*") if path.is_file()}
    done = clear.clear_demo(database, storage, now=lambda: NOW)
    assert (done.matchups, done.excluded) == (40, 2 - names.count("real"))
    assert done.deleted + done.withdrawn == 8
    assert count(database, Competition) == 3
    assert count(database, Vote) == 2
    assert count(database, Voter) == 1
    assert count(database, Entry) == 4 + done.withdrawn
    left = {path for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert left < files
    assert len(files - left) == 5 * done.deleted  # the original, and renditions of four sizes
    with database.reading() as session:
        reasons = session.scalars(select(Vote.reason).where(~Vote.counted)).all()
        assert set(reasons) <= {"demo"}
        tallied = Tally.left_wins + Tally.right_wins + Tally.ties + Tally.both_bad
        assert (session.scalars(select(func.sum(tallied))).one() or 0) == names.count("real")
        open_ones = session.scalars(select(Matchup.public_id).where(Matchup.closed_at.is_(None))).all()
        assert list(open_ones) == ([waiting.public_id] if waiting.slug == "real" else [])
        assert len(session.scalars(select(LedgerLine).where(LedgerLine.action == "demo.cleared")).all()) == 1
    assert verify(database).differences == ()


def test_clearing_stopped_half_way_goes_on(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = make_demo(database, tmp_path)
    vote(database, 40)
    rebuild(database, "text-to-image", now=NOW)
    writes, real_write = [0], database.write

    def failing(work: object) -> object:
        writes[0] += 1
        if writes[0] > 3:
            raise KeyboardInterrupt
        return real_write(work)  # type: ignore[arg-type]

    monkeypatch.setattr("app.demo.clear_arena.MATCHUPS", 9)
    monkeypatch.setattr(database, "write", failing)
    with pytest.raises(KeyboardInterrupt):
        clear.clear_demo(database, storage, now=lambda: NOW)
    monkeypatch.setattr(database, "write", real_write)
    half = verify(database)
    assert not half.differences
    assert 0 < half.votes < 40
    clear.clear_demo(database, storage, now=lambda: NOW)
    assert (count(database, Vote), count(database, Matchup), count(database, Voter)) == (0, 0, 0)
    assert verify(database).differences == ()
    assert clear.clear_demo(database, storage, now=lambda: NOW) == clear.ClearedCounts(0, 0, 0, 0)
