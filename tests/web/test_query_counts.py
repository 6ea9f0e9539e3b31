"""The statements that a cold page takes: one fixed number, however many models and competitions there are."""

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from app.arena.tables import Voter
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.database.statements import PreparedStatement
from app.leaderboards.runs import refresh
from tests.leaderboards import factories
from tests.web.factories import moment, parts_of

PATHS = ("/", "/leaderboards/text-to-image", "/leaderboards/text-to-image/portrait", "/models/model-1")
FEW, MANY = 6, 62


def ask_cold(app: Flask, path: str) -> tuple[int, str]:
    """Ask for a page after a commit, and return how many statements it took, prepared ones too, and its text."""
    parts_of(app).database.write(lambda session: session.add(Voter(first_seen=moment())))
    parts_of(app).pages._pages.clear()
    asked: list[object] = []
    run = PreparedStatement.run

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PreparedStatement, "run", lambda self, *given: (asked.append(self), run(self, *given))[1])
        event.listen(Engine, "before_cursor_execute", note)
        try:
            answer = app.test_client().get(path)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    return len(asked), answer.text


def settle(database: Database) -> None:
    """Compute every board, so that no page does."""
    refresh.rebuild(database, factories.MODE, now=moment())


def grow(session: Session) -> None:
    """Bring the arena to MANY models, with two further competitions that all of them take part in."""
    factories.add_models(session, MANY - FEW)
    models = list(session.scalars(select(ImageModel.id).order_by(ImageModel.id)))
    for slug in ("wide", "wider"):
        made = factories.add_competition(session, slug, models)
        factories.everybody_meets(session, made, models)


def test_cold_pages_take_one_number_of_statements(app: Flask) -> None:
    database = parts_of(app).database
    factories.world(database, models=FEW, competitions=3)
    settle(database)
    few = {path: [ask_cold(app, path)[0] for _ in range(2)][1] for path in PATHS}
    database.write(grow)
    settle(database)
    many = {path: [ask_cold(app, path) for _ in range(2)][1] for path in PATHS}
    assert {path: count for path, (count, _) in many.items()} == few
    assert f"of {MANY}" in many["/models/model-1"][1], "every model is on the board"
    assert all(0 < count <= 40 for count in few.values()), few
