"""The pages: server-rendered HTML that works without a script."""

from contextlib import suppress

from flask import Flask

from app.database.doors import DatabaseBusy
from app.demo import simulated_voters
from app.edge.page_cache import recall
from app.web import (
    admin,
    arena,
    atom,
    board_markup,
    boards,
    cards,
    chart_markup,
    compare,
    competitions,
    docs,
    errors,
    feeds,
    files,
    formats,
    health,
    integrity,
    landscape,
    me,
    methodology,
    metrics,
    models,
    pages,
    picture_reports,
    playground,
    suggest,
    taste,
)

__all__ = ["errors", "install"]

MARKUP = (
    board_markup.write_rank,
    board_markup.write_numbers,
    board_markup.write_interval,
    chart_markup.write_points,
    chart_markup.write_rows,
)
"""What templates hand over to Python: the markup that repeats for every model."""
BLUEPRINTS = (
    pages.blueprint,
    arena.blueprint,
    picture_reports.blueprint,
    boards.blueprint,
    models.blueprint,
    playground.blueprint,
    compare.blueprint,
    landscape.blueprint,
    cards.blueprint,
    atom.blueprint,
    feeds.blueprint,
    competitions.blueprint,
    suggest.blueprint,
    me.blueprint,
    taste.blueprint,
    methodology.blueprint,
    docs.blueprint,
    integrity.blueprint,
    files.blueprint,
    health.blueprint,
    metrics.blueprint,
    admin.blueprint,
)


def install(app: Flask) -> None:
    """Register every page and what templates may call."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    formats.install(app)
    for write in MARKUP:
        app.add_template_filter(write)
    app.context_processor(_demo)


def _demo() -> dict[str, bool]:
    """Tell templates whether pages carry the banner that says where these pictures and votes come from."""
    with suppress(DatabaseBusy):  # the page that says so needs no banner
        return {"is_demo": recall(simulated_voters.is_demo)}
    return {"is_demo": False}
