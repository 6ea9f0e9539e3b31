"""An arena for buyers: models with prices, times, licences and a log of requests, some of them retired."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Entry
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.gateway import log
from app.gateway.log import Attempt
from tests.leaderboards import factories
from tests.web.conftest import running
from tests.web.factories import moment

MODELS = 26


def buyers_arena(template: Path, folder: Path) -> Iterator[Flask]:
    """26 ranked models, the dearer the better: every fifth retired, every third open, two with what they cost."""
    shutil.copy(template, folder / "buyers.sqlite3")
    database = Database(f"sqlite:///{folder / 'buyers.sqlite3'}")
    ids, _ = factories.world(database, models=MODELS, competitions=5)
    for number, model in enumerate(ids):
        database.write(lambda session: factories.add_price(session, model, 0.2 / (number + 1)))  # noqa: B023
    database.write(lambda session: _describe(session, ids))
    for outcome, times in (("ok", 18), ("timeout", 2), ("moderated", 5)):
        for number in range(times):
            database.write(lambda session: log_request(session, ids[0], outcome, 2.0 + number))  # noqa: B023
    database.close()
    yield from running(f"sqlite:///{folder / 'buyers.sqlite3'}", folder)


def _describe(session: Session, ids: list[int]) -> None:
    for number, model in enumerate(ids):
        licence = "Apache-2.0" if number % 3 == 0 else "proprietary"
        if number == MODELS - 1:
            licence = "A Community Licence of a Rather Long Name (not for the EU, the UK and South Korea)"
        sunset = date(2026, 1, 1) if number % 5 == 4 else None
        name = f"Model {number} of a rather long name"
        session.execute(
            update(ImageModel)
            .where(ImageModel.id == model)
            .values(licence=licence, sunset=sunset, name=name, creator="Acme")
        )
    for entry in session.scalars(select(Entry)):
        entry.seconds = 30.0 - ids.index(entry.model_id)
        if entry.model_id in ids[:2]:
            entry.cost_micros = 16_000
    factories.raise_version(session)


def log_request(session: Session, model: int, outcome: str, seconds: float) -> None:
    """Log a request with one attempt at the provider `acme`."""
    made = int(outcome == "ok")
    row = log.begin(
        session,
        request_id=f"{model}-{outcome}-{seconds}",
        payer="test",
        key_id=None,
        model_id=model,
        request={},
        now=moment() - timedelta(hours=1),
        reserved_micros=0,
    )
    tried = Attempt(f"acme/{model}", "acme", "m", outcome, made, seconds, 0)
    log.finish(session, row, outcome=outcome, attempts=[tried], seconds=seconds if made else None)
