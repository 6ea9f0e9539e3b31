"""Small worlds for tests: plain functions that make what a test needs and nothing else."""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image
from sqlalchemy.orm import Session

from app.arena.entries import competitions, entries, renditions
from app.arena.entries.competitions import CategoryFile, CompetitionFile
from app.arena.voting import matchups, vote_casting
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot, VoteRecord
from app.catalog.seeds import SHIPPED, Seeds, read_seeds
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.snapshots import make_once

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FRAME = (64, 64)
_READ: dict[tuple[bool, tuple[tuple[str, str], ...]], Seeds] = {}


def read_catalogue(folder: Path = SHIPPED) -> Seeds:
    """Read a folder's catalogue, once for all tests whose files say the same: reading is most of the work."""
    written = tuple(sorted((str(path.relative_to(folder)), path.read_text()) for path in folder.rglob("*.toml")))
    key = folder.resolve() == SHIPPED.resolve(), written
    if key not in _READ:
        _READ[key] = read_seeds(folder)
    return _READ[key]


@cache
def picture_bytes(seed: int, size: tuple[int, int] = FRAME, format_: str = "PNG") -> bytes:
    """Noise in blocks: every seed looks like nothing else."""
    blocks = Image.frombytes("RGB", (8, 8), random.Random(seed).randbytes(192))
    buffer = BytesIO()
    blocks.resize(size, Image.Resampling.NEAREST).save(buffer, format_)
    return buffer.getvalue()


def make_competition(
    session: Session,
    slug: str = "teapots",
    *,
    categories: tuple[str, ...] = (),
    status: str = "open",
    mode: str = "text-to-image",
    prompt: str | None = None,
    **more: object,
) -> None:
    """A competition with its categories."""
    for category in categories:
        competitions.save_category(session, CategoryFile(slug=category, title=category.title()))
    spec = CompetitionFile.model_validate(
        {
            "slug": slug,
            "title": slug.title(),
            "mode": mode,
            "prompt": prompt or f"A picture of {slug}",
            "frame": FRAME,
            "status": status,
            "categories": categories,
            "input": "input.png" if mode == "image-edit" else None,
            **more,
        }
    )
    input_key = "inputs/0123456789.webp" if mode == "image-edit" else None
    competitions.save(session, spec, now=NOW, input_key=input_key)


def make_entry(
    session: Session, storage: Storage, competition: str, model: str, *, seed: int, sample: int = 0
) -> None:
    """One image of one model."""
    stored = entries.store(storage, _encode(seed))
    entries.add(session, entries.EntryKey(competition, model, sample), stored, entries.EntryDetails(), now=NOW)


@cache
def _encode(seed: int) -> renditions.Picture:
    """Every test of a process draws the same few pictures: encoding them is most of what an entry costs."""
    return renditions.picture(picture_bytes(seed), FRAME)


def make_arena(
    database: Database, folder: Path, *, competitions: int = 2, models: int = 3, samples: int = 1
) -> Storage:
    """Competitions `c0`… in which models `m0`… stand."""
    storage = Storage(folder / "files")

    def work(session: Session) -> None:
        for c in range(competitions):
            make_competition(session, f"c{c}")
            for m in range(models):
                for s in range(samples):
                    seed = (c * models + m) * samples + s
                    make_entry(session, storage, f"c{c}", f"m{m}", seed=seed, sample=s)

    make_once(database, ("arena", competitions, models, samples), lambda: database.write(work), storage)
    return storage


def issue(
    database: Database,
    voter: bytes = b"v" * 16,
    *,
    now: datetime = NOW,
    wish: MatchupFilter = MatchupFilter(),  # noqa: B008
    rng: random.Random | None = None,
    pool: Pool | None = None,
) -> BlindMatchup:
    """A matchup for this voter."""
    return matchups.issue(
        database,
        pool or Pool(),
        voter,
        wish,
        now=now,
        rng=rng or random.SystemRandom(),
        matchup_seconds=1800,
    )


def cast(
    database: Database, matchup: bytes, outcome: str, voter: bytes = b"v" * 16, *, now: datetime = NOW
) -> VoteRecord:
    """A vote."""
    ballot = Ballot(voter, matchup, outcome, now, 1800)
    return database.write(lambda s: vote_casting.cast_vote(s, ballot))


def undo(database: Database, matchup: bytes, voter: bytes = b"v" * 16, *, now: datetime = NOW) -> None:
    """A vote taken back."""
    database.write(lambda s: vote_casting.undo(s, voter, matchup, now=now, undo_seconds=600))


def later(**delta: float) -> datetime:
    """So much after NOW."""
    return NOW + timedelta(**delta)


def hole(size: tuple[int, int] = (64, 64)) -> bytes:
    """A mask as OpenAI reads it: the left half is transparent and to be edited."""
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    buffer = BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()
