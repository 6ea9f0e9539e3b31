"""The public ledger: what was counted and what was not, how pairs were drawn, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, render_template

from app.edge.context import parts
from app.edge.integrity import read_report, read_versions
from app.edge.page_cache import public_page
from app.elo_scale import Z_95
from app.leaderboards.integrity.public_report import DayCounts, LedgerChange
from app.ratings import suspicion
from app.web.addresses import base_url
from app.web.structured import page_data
from app.web.svg import Scale

blueprint = Blueprint("integrity", __name__)

WIDTH, HEIGHT, GAP = 600, 96, 4
TESTS = {
    "exposure": "votes where one model shows",
    "likelihood": "votes against all others",
    "ring": "several networks for one model",
    "skips": "skips most of what it is shown",
    "by_hand": "by an admin",
}
ACTIONS = {
    "competition.draft": "Competition withdrawn to draft",
    "competition.open": "Competition opened",
    "competition.reopened": "Competition opened again, its images had been shown with names",
    "competition.closed": "Competition closed",
    "competition.showcase": "Competition held back as a showcase: shown with names, never judged",
    "entry.withdrawn": "Image withdrawn",
    "tallies.repaired": "Tallies repaired from the votes",
    "arena.restored": "Arena put back to what it was",
    "demo.cleared": "Demo removed",
}


QUALITIES = {
    "side": "Shown on the left",
    "margins": "A tenth more of the frame left empty",
    "pixels": "Twice the pixels of the original",
    "brightness": "A tenth of all levels brighter",
    "sharpness": "Finest detail twice as strong",
    "order": "On the left, at twice the votes of a sitting",
}
"""Qualities of pictures by the unit that their worth is told in."""


@dataclass(frozen=True)
class DayBar:
    """A day's column in pixels: what counted stands on the ground, what did not on top of it."""

    day: date
    x: float
    width: float
    counted_y: float
    counted_height: float
    rest_y: float
    rest_height: float


@blueprint.get("/integrity")
def integrity() -> Response:
    """Show the public report, the same for everybody."""
    base = base_url()
    return public_page((base, read_versions()), lambda: _page(base))


def _page(base: str) -> str:
    facts = read_report()
    counted = max((mode.swept_at for mode in facts.modes if mode.swept_at), default=None)
    return render_template(
        "integrity.html",
        structured=page_data("Integrity", f"{base}/integrity", base, counted),
        facts=facts,
        reasons=[why for why in facts.totals if why != "counted"],
        names={model.slug: model.name for mode in facts.modes for model in mode.models},
        bars=bars(facts.days),
        most=_most(facts.days),
        tests=TESTS,
        subject=subject,
        actions=ACTIONS,
        qualities=QUALITIES,
        z=Z_95,
        policy=parts().policy,
        skip_share=suspicion.SKIP_SHARE,
        skips_from=suspicion.SKIPS_FROM,
        alpha=suspicion.ALPHA,
    )


def bars(days: Sequence[DayCounts]) -> tuple[DayBar, ...]:
    """Place a column for each day; a day without votes has no height."""
    height, step = Scale(0, max(_most(days), 1), 0, HEIGHT), WIDTH / max(len(days), 1)
    drawn = []
    for number, day in enumerate(days):
        counted, rest = height.at([day.counted, sum(day.excluded.values())])
        x, width = round(number * step, 1), round(step - GAP, 1)
        drawn.append(DayBar(day.day, x, width, HEIGHT - counted, counted, round(HEIGHT - counted - rest, 1), rest))
    return tuple(drawn)


def subject(change: LedgerChange) -> str:
    """Name what a ledger line is about: a competition, or a model's image in one, never which image."""
    kind, _, name = change.subject.partition(":")
    if kind != "entry":
        return name or kind
    competition, model, *_ = name.split("/")
    return f"{model} in {competition}"


def _most(days: Sequence[DayCounts]) -> int:
    return max((day.counted + sum(day.excluded.values()) for day in days), default=0)
