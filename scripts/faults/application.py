"""The real application inside this process, for faults that a socket would only hide."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from flask import Flask
from pydantic import SecretStr

from app import create_app
from app.arena.entries import pack_format, pack_import
from app.arena.entries.pack_format import PackCompetition
from app.database.doors import Database
from app.gateway.storage import Storage
from app.settings import Settings
from scripts.faults.server import draw_pack
from scripts.faults.voters import OUTCOMES

Seen = tuple[int, str, str]
"""Status of the vote, matchup id, outcome."""


def populate(database: Database, folder: Path, competitions: int = 3, models: int = 6, shown: int = 0) -> None:
    """Make a migrated database with a small drawn pack in it, so many of its prompts held back as showcases."""
    database.migrate()
    pack = draw_pack(folder / "pack", competitions, models)
    slugs = [item.slug for item in pack_format.read_manifest(pack) if isinstance(item, PackCompetition)]
    storage, held_back = Storage(folder / "files"), slugs[len(slugs) - shown :]
    pack_import.import_pack(database, storage, pack, now=lambda: datetime.now(UTC), held_back=held_back)


@contextmanager
def application(
    folder: Path, database_url: str = "", profile: Literal["local", "public"] = "local"
) -> Iterator[Flask]:
    """Open the application over the database of this folder, or over another, as it stands."""
    url = database_url or f"sqlite:///{folder / 'blindvote.sqlite3'}"
    secret = SecretStr("s" * 32)
    app = create_app(
        Settings(
            database_url=url,
            data_dir=folder,
            secret_key=secret,
            profile=profile,
            refresh_seconds=0.2,
            log_level="error",
        )
    )
    try:
        yield app
    finally:
        app.extensions["blindvote"].database.close()


def judge(app: Flask, votes: int, seed: int, pairs: int = 20) -> Iterator[Seen]:
    """Vote on so many matchups, by a new voter every `pairs`; yield each one's status, id and outcome."""
    rng = random.Random(seed)
    for place in range(votes):
        if place % pairs == 0:
            client = app.test_client()
        issued = client.post("/api/v1/matchups", json={})
        if issued.status_code not in {200, 201}:
            yield issued.status_code, "", ""
            continue
        matchup, outcome = issued.get_json()["id"], rng.choice(OUTCOMES)
        answer = client.post(f"/api/v1/matchups/{matchup}/vote", json={"outcome": outcome})
        yield answer.status_code, matchup, outcome
