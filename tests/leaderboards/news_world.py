"""
An arena whose truth is known, refreshed many times with votes between, and what its news said each time.

A statistician calls an entry noise when nothing in the truth stands behind it: a model said to have left its ranks
whose strength nobody changed, a decided first place of a model that is not the best, a newcomer that was there
before, a closing that nobody ordered. A planted change is sure in the first refresh whose standings are sure.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.elo_scale import ELO_PER_LOGIT
from app.leaderboards.runs.refresh import refresh
from app.leaderboards.tables import Board, Standing
from app.leaderboards.views.news import NewsItem, read_news
from tests.leaderboards.factories import MODE, START, add_category, add_competition, add_entry, add_models, tally
from tests.leaderboards.reading import rest_over

IMPROVEMENT = 150
BEST_BY = 120
"""Elo between the best model and the second."""


@dataclass(frozen=True)
class Plan:
    """Sizes of a world, and the refreshes at which something is planted."""

    models: int = 12
    competitions: int = 4
    votes: int = 40
    refreshes: int = 60
    prompt_sd: float = 15
    improves_at: int | None = None
    joins_at: int | None = None
    closes_at: int | None = None
    hours: float = 6


@dataclass
class World:
    """The truth, in Elo points by model id, and what happened: news by first refresh, when plants were sure."""

    plan: Plan
    rng: np.random.Generator
    models: list[int] = field(default_factory=list)
    competitions: list[int] = field(default_factory=list)
    strength: dict[int, float] = field(default_factory=dict)
    prompts: dict[tuple[int, int], float] = field(default_factory=dict)
    first_told: dict[tuple[str, str, str], tuple[int, NewsItem]] = field(default_factory=dict)
    sure: dict[str, int] = field(default_factory=dict)
    improved: str | None = None
    newcomer: str | None = None

    def level(self, competition: int, model: int) -> float:
        """Return a model's strength at one prompt."""
        return self.strength[model] + self.prompts[competition, model]

    def best(self) -> str:
        """Name the model that is truly the best over all prompts."""
        means = {
            model: float(np.mean([self.level(competition, model) for competition in self.competitions]))
            for model in self.models
        }
        return f"model-{max(means, key=lambda model: means[model])}"

    def noise(self) -> list[NewsItem]:
        """List the entries that nothing in the truth stands behind."""
        return [item for number, item in self.first_told.values() if not self._is_true(item, number)]

    def _is_true(self, item: NewsItem, number: int) -> bool:
        slug = item.place.slug if item.place else None
        planted = self.plan.improves_at
        reasons = {
            "opened": number == 0,
            "new": slug == self.newcomer,
            "left": slug == self.improved and planted is not None and number >= planted,
            "decided": slug == self.best(),
            "closed": item.board.key == "competition:c1" and self.plan.closes_at is not None,
        }
        return reasons[item.kind]


def play(database: Database, plan: Plan, seed: int) -> World:
    """Run a world to its end."""
    world = World(plan, np.random.default_rng(seed))
    database.write(lambda session: _begin(session, world))
    before: dict[str, Standing] = {}
    for number in range(plan.refreshes):
        now = START + number * timedelta(hours=plan.hours)
        database.write(lambda session: _happen(session, world, number))  # noqa: B023
        rest_over(database)
        refresh(database, MODE, now=now, refresh_seconds=0)
        with database.reading() as session:
            for item in read_news(session, now):
                about = item.place.slug if item.place and item.kind not in {"opened", "closed"} else ""
                told = item.kind, item.board.key, f"{about} {item.day}"
                world.first_told.setdefault(told, (number, item))
            standings = _standings(session)
        if plan.improves_at is None or number < plan.improves_at:
            before = standings
        _note_what_is_sure(world, number, before, standings)
    return world


def _begin(session: Session, world: World) -> None:
    plan = world.plan
    world.models = add_models(session, plan.models)
    portrait = add_category(session, "portrait")
    world.competitions = [
        add_competition(session, f"c{n}", world.models, [portrait] if n % 2 else [])
        for n in range(1, plan.competitions + 1)
    ]
    steps = -30.0 * np.arange(plan.models) - BEST_BY * (np.arange(plan.models) > 0)
    for model, elo in zip(world.models, steps, strict=True):
        _enter(world, model, float(elo))


def _enter(world: World, model: int, elo: float) -> None:
    world.strength[model] = elo
    for competition in world.competitions:
        world.prompts[competition, model] = world.rng.normal(0, world.plan.prompt_sd)


def _happen(session: Session, world: World, number: int) -> None:
    """Plant what this refresh is to plant, then cast its votes."""
    plan = world.plan
    if number == plan.improves_at:
        chosen = world.models[-3]
        world.strength[chosen] += IMPROVEMENT
        world.improved = f"model-{chosen}"
    if number == plan.joins_at:
        _join(session, world)
    if number == plan.closes_at:
        closing = update(Competition).where(Competition.slug == "c1")
        at = START + number * timedelta(hours=plan.hours)
        session.execute(closing.values(status="closed", closed_at=at))
        world.sure["closed"] = number
    is_closed = plan.closes_at is not None and number >= plan.closes_at
    _vote(session, world, world.competitions[1:] if is_closed else world.competitions)


def _join(session: Session, world: World) -> None:
    (model,) = add_models(session, 1)
    world.models.append(model)
    _enter(world, model, -200)
    for competition in world.competitions:
        add_entry(session, competition, model)
    world.newcomer = f"model-{model}"


def _vote(session: Session, world: World, competitions: list[int]) -> None:
    cast: Counter[tuple[int, int, int, bool]] = Counter()
    for _ in range(world.plan.votes):
        competition = int(world.rng.choice(competitions))
        left, right = (int(model) for model in world.rng.choice(world.models, 2, replace=False))
        gap = world.level(competition, left) - world.level(competition, right)
        cast[competition, left, right, bool(world.rng.random() < 1 / (1 + np.exp(-gap / ELO_PER_LOGIT)))] += 1
    for (competition, left, right, left_wins), votes in cast.items():
        tally(session, competition, left, right, votes * left_wins, votes * (not left_wins))


def _standings(session: Session) -> dict[str, Standing]:
    rows = session.execute(
        select(ImageModel.slug, Standing)
        .join(Standing, Standing.model_id == ImageModel.id)
        .join(Board, Board.current_run_id == Standing.run_id)
        .where(Board.key == MODE, Standing.rank.is_not(None))
    )
    return dict(rows.all())


def _note_what_is_sure(world: World, number: int, before: dict[str, Standing], now: dict[str, Standing]) -> None:
    """Note the refresh in which the standings alone leave no doubt about a plant."""
    best = world.best()
    others = max((row.rating_high for slug, row in now.items() if slug != best), default=np.inf)
    if best in now and now[best].rank_high == 1 and now[best].rating_low > others:
        world.sure.setdefault("decided", number)
    if world.newcomer in now:
        world.sure.setdefault("new", number)
    moved, was = now.get(world.improved or ""), before.get(world.improved or "")
    if moved and was and (moved.rank or 0) < (was.rank_low or 0) and moved.rating_low > was.rating_high:
        world.sure.setdefault("left", number)


def told_late(world: World) -> dict[str, tuple[int | None, int]]:
    """List plants that were not told in the refresh that made them sure: kind to (told, sure)."""
    told: dict[str, int] = {}
    for number, item in world.first_told.values():
        if item.board.title is None or item.kind == "closed":
            told[item.kind] = min(number, told.get(item.kind, number))
    return {kind: (told.get(kind), at) for kind, at in world.sure.items() if told.get(kind, np.inf) > at}


LONG = Plan(votes=60, refreshes=200, improves_at=30, joins_at=80, closes_at=120, hours=1.5)
SHORT = replace(
    LONG, models=8, competitions=3, votes=150, refreshes=60, improves_at=12, joins_at=30, closes_at=50, hours=5
)
