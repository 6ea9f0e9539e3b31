"""The level of a mode: frozen once, moved by nobody but a command that leaves a line."""

from statistics import fmean

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.tables import LedgerLine
from app.database.doors import Database
from app.leaderboards.runs.anchors import AnchorRefused, AnchorSet, change_anchor, read_anchor
from app.leaderboards.runs.refresh import rebuild, refresh
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.reading import current, rest_over, stale_keys, standings


def stored(database: Database) -> AnchorSet:
    with database.reading() as session:
        return read_anchor(session, MODE)


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(LedgerLine.action).order_by(LedgerLine.id)))


def settled_world(database: Database) -> tuple[list[int], list[int]]:
    """Enough even votes that every model is settled, prompts or not."""

    def work(session: Session) -> tuple[list[int], list[int]]:
        models = factories.add_models(session, 6)
        made = [factories.add_competition(session, f"c{number}", models) for number in range(1, 6)]
        for number, competition in enumerate(made):
            factories.everybody_meets(session, competition, models, votes=200, seed=number)
        return models, made

    return database.write(work)


def test_until_five_models_are_settled_the_mean_of_all_is_1000(database: Database) -> None:
    factories.world(database, models=4)
    refresh(database, MODE, now=START)
    assert stored(database) == AnchorSet(0, (), 1000.0)
    assert current(database, MODE).anchor_version == 0
    assert fmean(row.rating for row in standings(database, MODE).values()) == pytest.approx(1000)


def test_the_anchor_is_frozen_with_the_fifth_settled_model(database: Database) -> None:
    settled_world(database)
    refresh(database, MODE, now=START)
    anchor = stored(database)
    rows = standings(database, MODE)
    assert (anchor.version, anchor.value) == (1, 1000.0)
    assert len(anchor.model_ids) >= 5
    assert fmean(rows[model].rating for model in anchor.model_ids) == pytest.approx(1000)
    assert {current(database, key).anchor_version for key in (MODE, "competition:c1")} == {1}
    assert actions(database) == ["anchor.frozen"]
    assert stale_keys(database) == []


def test_a_weak_newcomer_moves_nobody(database: Database) -> None:
    models, competitions = settled_world(database)
    refresh(database, MODE, now=START)
    before = standings(database, MODE)

    def work(session: Session) -> int:
        newcomer = factories.add_models(session, 1)[0]
        for competition in competitions:
            for rival in models:
                factories.tally(session, competition, rival, newcomer, 10)
        return newcomer

    newcomer = database.write(work)
    rest_over(database)
    refresh(database, MODE, now=START)
    after = standings(database, MODE)
    assert after[newcomer].rating < 500
    assert all(after[model].rating == pytest.approx(before[model].rating, abs=3) for model in models)
    assert stored(database).version == 1


def test_a_new_anchor_keeps_the_level_and_leaves_a_line(database: Database) -> None:
    settled_world(database)
    refresh(database, MODE, now=START)
    before = standings(database, MODE)
    anchor = database.write(
        lambda session: change_anchor(
            session, MODE, ["model-1", "model-2", "model-6"], now=START, actor="ann", reason="new models"
        )
    )
    now = stored(database)
    assert (anchor.version, anchor.value, anchor.shift) == (2, now.value, 0)
    assert now.value == pytest.approx(fmean(before[model].rating for model in now.model_ids))
    assert actions(database) == ["anchor.frozen", "anchor.changed"]
    assert MODE in stale_keys(database)
    rebuild(database, MODE, now=START)
    after = standings(database, MODE)
    assert all(after[model].rating == pytest.approx(before[model].rating) for model in before)
    assert current(database, MODE).anchor_version == 2


def test_one_model_at_a_fixed_rating(database: Database) -> None:
    models, _ = settled_world(database)
    refresh(database, MODE, now=START)
    before = standings(database, MODE)
    database.write(
        lambda session: change_anchor(
            session, MODE, ["model-3"], value=1200.0, now=START, actor="ann", reason="as agreed"
        )
    )
    rebuild(database, MODE, now=START)
    after = standings(database, MODE)
    shift = 1200 - before[models[2]].rating
    assert after[models[2]].rating == pytest.approx(1200)
    assert all(after[model].rating - before[model].rating == pytest.approx(shift) for model in models)


@pytest.mark.parametrize("models", [[], ["nobody"], ["model-1", "model-7"]])
def test_only_ranked_models_can_be_the_anchor(database: Database, models: list[str]) -> None:
    settled_world(database)
    database.write(lambda session: factories.add_models(session, 1))
    refresh(database, MODE, now=START)
    with pytest.raises(AnchorRefused):
        database.write(
            lambda session: change_anchor(session, MODE, models, now=START, actor="ann", reason="why not")
        )
    assert stored(database).version == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 4001.0])
def test_a_fixed_rating_is_one_of_this_world(database: Database, value: float) -> None:
    settled_world(database)
    refresh(database, MODE, now=START)
    with pytest.raises(AnchorRefused):
        database.write(
            lambda session: change_anchor(
                session, MODE, ["model-1"], value=value, now=START, actor="ann", reason="why not"
            )
        )
    assert stored(database).version == 1
