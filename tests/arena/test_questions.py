"""Questions: a pair asks one, its tallies and versions are its own, and the migration loses none of them."""

import random
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from app.arena import errors, questions
from app.arena.log import vote_export
from app.arena.tables import Competition, Matchup, QuestionVersion, Tally
from app.arena.voting.matchmaking import question_chances
from app.arena.voting.matchups import MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot, VoteRecord, cast_votes
from app.database.doors import Database
from app.leaderboards.integrity import audit, certificates
from app.leaderboards.runs import refresh
from app.leaderboards.runs.verify import recompute, verify
from app.leaderboards.tables import Board
from scripts.bench.every_pair import everything, probabilities
from tests.factories import NOW, cast, issue, make_arena, make_competition, undo

MODE = "text-to-image"


def asked(database: Database, slug: str = "prompt", **more: object) -> None:
    database.write(lambda session: questions.add_question(session, slug, now=NOW, **more))  # type: ignore[arg-type]


def voter(number: int) -> bytes:
    return number.to_bytes(16, "big")


def tallied(database: Database) -> dict[str, int]:
    with database.reading() as session:
        rows = session.scalars(select(Tally)).all()
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.question] = sums.get(row.question, 0) + row.left_wins + row.right_wins + row.ties + row.both_bad
    return sums


def vote_often(database: Database, votes: int, *, seed: int = 1, question: str | None = None) -> dict[str, int]:
    """Votes of as many voters, for the model with the smaller id; returns how many were asked what."""
    rng, pool, counts = random.Random(seed), Pool(), dict[str, int]()
    for number in range(votes):
        who = voter(1000 * seed + number)
        shown = issue(database, who, rng=rng, pool=pool, wish=MatchupFilter(question=question))
        cast(database, shown.public_id, rng.choice(["a", "a", "b", "tie"]), who)
        counts[shown.question] = counts.get(shown.question, 0) + 1
    return counts


def test_an_arena_asks_better_alone_until_it_asks_more(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    shown = issue(database)
    assert (shown.question, shown.question_words) == ("better", "Which is better?")
    with database.reading() as session:
        listed = questions.list_questions(session)
        assert session.scalars(select(Matchup.question_probability)).all() == [1.0]
    assert [one.slug for one in listed if not one.retired] == ["better"]
    assert [one.slug for one in listed] == ["better", "prompt", "text", "photo"]


def test_tallies_versions_and_boards_are_by_question(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=5)
    asked(database)
    counts = vote_often(database, 40)
    assert set(counts) == {"better", "prompt"}
    assert tallied(database) == counts
    with database.reading() as session:
        of_better = sum(session.scalars(select(Competition.version)))
        of_prompt = sum(session.scalars(select(QuestionVersion.version)))
    assert {"better": of_better, "prompt": of_prompt} == counts
    refresh.refresh(database, MODE, now=NOW)
    with database.reading() as session:
        assert refresh.find_stale(session, MODE) == []
        keys = set(session.scalars(select(Board.key)))
    assert {MODE, f"{MODE}?question=prompt", "competition:c0", "competition:c0?question=prompt"} <= keys
    assert verify(database).is_exact


def test_a_vote_makes_the_boards_of_its_question_stale_and_no_other(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=5)
    asked(database)
    vote_often(database, 20)
    refresh.refresh(database, MODE, now=NOW)
    vote_often(database, 1, seed=2, question="prompt")
    with database.reading() as session:
        stale = {board.scope.question for board in refresh.find_stale(session, MODE)}
    assert stale == {"prompt"}


def test_votes_on_two_questions_in_one_call_are_counted_by_question(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    asked(database)
    pool = Pool()
    shown = [
        (who, issue(database, who, pool=pool, wish=MatchupFilter(question=question)))
        for who, question in ((voter(1), "better"), (voter(2), "prompt"), (voter(3), "prompt"))
    ]
    ballots = [Ballot(who, one.public_id, "a", NOW, 1800) for who, one in shown]
    results, _ = database.write(lambda session: cast_votes(session, ballots))
    assert [one.question for one in results if isinstance(one, VoteRecord)] == ["better", "prompt", "prompt"]
    assert tallied(database) == {"better": 1, "prompt": 2}
    assert verify(database).is_exact


def test_an_undone_vote_leaves_its_own_question(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    asked(database)
    shown = issue(database, wish=MatchupFilter(question="prompt"))
    cast(database, shown.public_id, "b")
    assert tallied(database) == {"prompt": 1}
    undo(database, shown.public_id)
    assert tallied(database) == {"prompt": 0}
    assert verify(database).is_exact


def test_a_wrong_tally_of_a_question_is_found_and_repaired(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    asked(database)
    counts = vote_often(database, 30)

    def spoil(session: object) -> None:
        row = session.scalars(select(Tally).where(Tally.question == "prompt")).first()  # type: ignore[attr-defined]
        row.ties += 1

    database.write(spoil)
    [found] = [one for one in verify(database).differences if one.kind == "tally"]
    assert "(prompt)" in found.subject
    recompute(database, now=NOW)
    assert tallied(database) == counts
    assert verify(database).is_exact


def test_a_drawn_question_has_the_probability_of_its_share(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=5)
    asked(database, share=3.0)
    counts = vote_often(database, 80)
    with database.reading() as session:
        rows = set(session.execute(select(Matchup.question, Matchup.question_probability)).all())
    assert rows == {("better", 0.25), ("prompt", 0.75)}
    assert 45 <= counts["prompt"] <= 75


def test_a_question_is_asked_where_it_fits(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2)
    database.write(lambda session: make_competition(session, "c0", categories=("text-rendering",)))
    asked(database, "text", share=1000.0)
    pool, rng = Pool(), random.Random(3)
    seen = {
        (shown.slug, shown.question)
        for number in range(30)
        if (shown := issue(database, voter(number + 1), pool=pool, rng=rng))
    }
    assert {slug for slug, question in seen if question == "text"} == {"c0"}
    assert ("c1", "better") in seen
    with pytest.raises(errors.NothingLeft):
        issue(database, voter(99), wish=MatchupFilter(competition="c1", question="text"))


def test_a_competition_names_its_own_questions(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1)
    asked(database)
    database.write(lambda session: make_competition(session, "c0", questions={"prompt": 1.0}))
    assert issue(database).question == "prompt"
    with database.reading() as session, pytest.raises(errors.UnknownQuestion):
        questions.read_question(session, "beauty")


def test_a_retired_question_is_asked_no_more_and_keeps_its_votes(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    asked(database)
    vote_often(database, 5, question="prompt")
    assert database.write(lambda session: questions.retire_question(session, "prompt", now=NOW)).changed
    assert set(vote_often(database, 10, seed=2)) == {"better"}
    assert tallied(database) == {"better": 10, "prompt": 5}
    with pytest.raises(errors.InvalidQuestion):
        database.write(lambda session: questions.retire_question(session, "better", now=NOW))


def test_a_new_question_needs_words(database: Database) -> None:
    with pytest.raises(errors.InvalidQuestion):
        asked(database, "calm")
    asked(database, "calm", words="Which is calmer?", modes=(MODE,))
    with database.reading() as session:
        assert questions.read_question(session, "calm").words == "Which is calmer?"


def test_votes_never_stand_for_words_that_nobody_read(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    asked(database, "calm", words="Which is calm?")
    asked(database, "calm", words=" Which is calmer? ")
    vote_often(database, 3, question="calm")
    asked(database, "calm", words="Which is calmer?", share=0.5)
    with pytest.raises(errors.InvalidQuestion, match="has votes, on “Which is calmer\\?”"):
        asked(database, "calm", words="Which is louder?")
    asked(database, "calm", words="Welches ist ruhiger?", is_reworded=True)
    with database.reading() as session:
        assert questions.read_question(session, "calm").words == "Welches ist ruhiger?"


def test_the_migration_goes_down_and_up_with_votes(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=5)
    asked(database)
    counts = vote_often(database, 40)
    refresh.refresh(database, MODE, now=NOW)
    before = verify(database)
    database.migrate("0017")
    database.migrate()
    assert tallied(database) == counts
    again = verify(database)
    assert (again.is_exact, again.votes) == (True, before.votes)
    recompute(database, now=NOW)
    assert verify(database).is_exact


def test_a_sweep_certifies_the_boards_of_each_question(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    asked(database)
    vote_often(database, 40)
    refresh.refresh(database, MODE, now=NOW)
    audit.audit_boards(database, now=NOW)
    with database.reading() as session:
        certified = certificates.read_certificates(session, MODE)
    tallies = tallied(database)
    assert certified[MODE].votes == tallies["better"]
    assert certified[f"{MODE}?question=prompt"].votes == tallies["prompt"]
    assert certified[f"{MODE}?question=prompt"].votes_to_change_first >= 0


def test_a_log_brings_its_questions_along(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    asked(database)
    counts = vote_often(database, 30)
    with database.reading() as session:
        rows = list(vote_export.read_log_rows(session, None, b"secret"))
        opened = list(vote_export.read_open_rows(session, vote_export.ExportSelection(), b"secret"))
    where = vote_export.LOG_COLUMNS.index("question")
    assert {question: sum(row[where] == question for row in rows) for question in counts} == counts
    assert {question: sum(row[-1] == question for row in opened) for question in counts} == counts


def test_pairs_that_ask_better_are_drawn_as_if_nothing_else_were_asked(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=6)
    vote_often(database, 60)
    with database.reading() as session:
        alone = Pool().state(session, MODE, today=NOW.date())
    asked(database, share=3.0)
    vote_often(database, 20, seed=2, question="prompt")
    with database.reading() as session:
        both = Pool().state(session, MODE, today=NOW.date())
    anything = everything(alone)
    assert np.allclose(probabilities(both, anything), probabilities(alone, anything))
    assert [one.question for one in both.beside] == ["prompt"]
    chances = {
        one.question: chance for one, chance in question_chances(both, np.ones(len(both.competitions), dtype=bool))
    }
    assert chances == {"better": 0.25, "prompt": 0.75}
    assert not np.allclose(probabilities(both.beside[0], anything), probabilities(both, anything))
