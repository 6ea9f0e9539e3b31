"""Edits a catalogue file the way an admin does, and loads the folder."""

from datetime import UTC, datetime
from pathlib import Path

from app.catalog.loading import SeedChange, load
from app.catalog.seeds import read_seeds
from app.database.doors import Database

DAY_1 = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY_2 = datetime(2026, 3, 9, 12, tzinfo=UTC)

CONTRACT = """
[[contracts]]
model = "{model}"
operation = "generation"
path = "images"
sources = ["page"]
checked = 2026-11-28
n = {{ field = "n", max = {most} }}
"""
"""A contract of a file `contracts/PROVIDER.toml`, by model and images per call."""


def edit(file: Path, old: str, new: str) -> None:
    """Replace text that stands in the file."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def load_folder(database: Database, folder: Path, now: datetime = DAY_1) -> list[SeedChange]:
    """Read and load every file."""
    seeds = read_seeds(folder)
    return database.write(lambda session: load(session, seeds, now=now))


def done(changes: list[SeedChange]) -> set[tuple[str, str, str]]:
    """What a load changed, without what it left."""
    return {(change.kind, change.table, change.key) for change in changes if change.kind != "unchanged"}
