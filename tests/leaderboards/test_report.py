"""The report: numbers that can be counted by hand, and advice that follows from them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.arena.entries import competitions, suggestions
from app.database.doors import Database
from app.leaderboards.integrity.advice import suggest_steps
from app.leaderboards.integrity.morning_report import MorningReport, convergence, report
from app.leaderboards.runs import refresh, verify
from app.leaderboards.tables import Standing
from app.words import Mode
from tests.leaderboards.factories import MODE, START, add_competition, add_models, cast
from tests.leaderboards.logs import judged


def made(database: Database, days: int = 3, **later: float) -> MorningReport:
    with database.reading() as session:
        return report(session, now=START + timedelta(**later), days=days)


def test_days_voters_and_the_way_to_a_target(database: Database) -> None:
    def work(session: Session) -> None:
        models = add_models(session, 3)
        teapot = add_competition(session, "teapot", models)
        add_competition(session, "kettle", models[:2])
        add_competition(session, "sketch", models[:2], status="draft")
        for day, counted in ((-3, True), (-1, True), (-1, True), (-1, False), (0, True)):
            cast(session, teapot, models[0], models[1], "a", counted=counted, at=START + timedelta(days=day))
        cast(session, teapot, models[0], models[2], "skip", counted=False)
        competitions.set_target(session, "teapot", 4, now=START)
        suggestions.suggest(session, b"v" * 16, "A teapot made of glass", now=START)

    database.write(work)
    refresh.rebuild(database, MODE, now=START)
    found = made(database)
    assert [(day.day.day, day.counted, day.excluded, day.voters) for day in found.days] == [
        (27, 0, 0, 0),
        (28, 2, 1, 3),
        (1, 1, 0, 1),
    ]
    assert found.voters == 4
    assert [(one.slug, one.votes, one.target) for one in found.targets] == [("teapot", 4, 4)]
    assert [(one.slug, one.votes, one.absent) for one in found.fewest] == [
        ("model-3", 0, ("kettle",)),
        ("model-1", 4, ()),
        ("model-2", 4, ()),
    ]
    assert found.waiting == 1
    for served, filled in (
        ({Mode(MODE): {"model-3"}}, "arena generate kettle --models model-3"),
        ({Mode(MODE): {"model-1"}, Mode.IMAGE_EDIT: {"model-3"}}, "arena entry add kettle model-3 IMAGE"),
    ):
        assert [step.command for step in suggest_steps(found, served)] == [
            "arena competition close teapot",
            "arena competition open sketch",
            filled,
            "arena suggestions list",
        ]
    assert sum(day.counted for day in made(database, days=30).days) == 4


def test_boards_by_how_settled_they_are(database: Database) -> None:
    judged(database)
    before = verify.verify(database)
    found = made(database, hours=3)
    assert [board.key for board in found.boards] == [
        MODE,
        f"{MODE}/food",
        f"{MODE}/portrait",
        "competition:c1",
        "competition:c2",
        "competition:c3",
    ]
    assert {board.models for board in found.boards} == {7}
    assert [board.half_width for board in found.widest] == sorted(
        (board.half_width for board in found.boards if board.key.startswith("competition:")), reverse=True
    )
    targets = [step for step in suggest_steps(found, {}) if "target" in step.command]
    for step, board in zip(targets, found.widest, strict=False):
        assert int(step.command.split()[-1]) > 2 * board.votes
    assert verify.verify(database) == before


@pytest.fixture
def standing() -> Callable[..., Standing]:
    def one(
        rank: int | None, rating: float, half: float, of_votes: float, *, provisional: bool = False
    ) -> Standing:
        return Standing(
            rank=rank,
            rating=rating,
            rating_low=rating - half,
            rating_high=rating + half,
            vote_low=rating - of_votes,
            vote_high=rating + of_votes,
            provisional=provisional,
        )

    return one


def test_halving_votes_alone_takes_four_times_as_many(standing: Callable[..., Standing]) -> None:
    rows = [
        standing(1, 1100, 20, 20),
        standing(2, 1030, 20, 20),
        standing(3, 1000, 20, 20),
        standing(None, 9, 9, 9),
    ]
    found = convergence("teapot", 500, rows)
    assert (found.half_width, found.separated, found.votes_to_halve) == (20, 0.5, 1500)
    assert (found.models, found.provisional) == (4, 0)


def test_what_limits_a_board_is_named_by_the_parts_of_its_intervals(standing: Callable[..., Standing]) -> None:
    """In the order of `PARTS`: votes, prompts, voters, pairs."""
    at_its_limit = [standing(1, 1100, 50, 30)]
    for limit, parts in (("prompts", None), ("voters", [30, 0, 40, 5]), ("pairs", [30, 0, 1, 40])):
        stored = None if parts is None else {"models": {"1": parts}}
        assert convergence("competition:x", 9, at_its_limit, stored).limit == limit
    assert convergence("x", 9, [standing(1, 1100, 50, 48)], {"models": {"1": [48, 0, 14, 0]}}).limit is None
    assert convergence("x", 2, [standing(None, 1100, 200, 200)]).limit is None


def test_a_target_counts_votes_on_other_questions_too(database: Database) -> None:
    judged(database)
    found = made(database, hours=3)
    more = {slug: 3 * votes for slug, votes in found.votes.items()}
    for alone, asked in zip(suggest_steps(found, {}), suggest_steps(replace(found, votes=more), {}), strict=True):
        if "target" in alone.command:
            board = next(one for one in found.widest if one.key.endswith(alone.command.split()[-2]))
            assert int(alone.command.split()[-1]) == board.votes + (board.votes_to_halve or 0)
            assert int(asked.command.split()[-1]) == 3 * int(alone.command.split()[-1])


def test_new_voters_are_some_of_those_who_voted(database: Database) -> None:
    def work(session: Session) -> None:
        models = add_models(session, 2)
        teapot = add_competition(session, "teapot", models)
        cast(session, teapot, *models, "a", at=START - timedelta(days=9))
        cast(session, teapot, *models, "a", undone=True)
        cast(session, teapot, *models, "skip", counted=False)

    database.write(work)
    found = made(database)
    assert (found.voters, found.new_voters) == (1, 1)
    assert (made(database, days=30).voters, made(database, days=30).new_voters) == (2, 2)


def test_prompts_limit_what_votes_can_do(standing: Callable[..., Standing]) -> None:
    at_their_limit = [standing(1, 1100, 50, 30, provisional=True)]
    assert convergence("x", 500, at_their_limit).votes_to_halve is None
    # 50^2 = 48^2 + 14^2; a half of 25 leaves 25^2 - 14^2 for the votes' part
    assert convergence("x", 500, [standing(1, 1100, 50, 48)]).votes_to_halve == 2186
    assert convergence("x", 500, at_their_limit).provisional == 1
    assert convergence("x", 0, []).half_width is None
