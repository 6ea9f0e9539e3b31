"""The methodology page: how votes become ratings, in plain words, with the numbers the code itself uses."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template

from app.arena.entries import renditions
from app.arena.voting import matchmaking, seen_pairs
from app.edge.context import now, parts, refresh
from app.edge.page_cache import public_page, reading_page, recall
from app.elo_scale import ELO_PER_LOGIT, RANKED_FROM, SETTLED_FROM, SETTLED_WITHIN, Z_95
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.audit import BoardAudit
from app.leaderboards.runs import anchors
from app.leaderboards.views import boards
from app.leaderboards.views.boards import BoardView
from app.leaderboards.views.question_differences import read_correlations
from app.web.addresses import base_url
from app.web.structured import page_data
from app.words import MODES

blueprint = Blueprint("methodology", __name__)


@dataclass(frozen=True)
class ModeNow:
    """The data that one mode's overall board rests on today."""

    mode: str
    board: BoardView
    swept: BoardAudit | None


@blueprint.get("/methodology")
def methodology() -> Response:
    """Show the method, its constants, and what the last audit found."""
    refresh(parts(), *MODES)
    runs = recall(boards.read_current).runs
    of_modes = frozenset(item for item in runs.items() if item[0].partition("?")[0] in MODES)
    base = base_url()
    made_from = (base, of_modes, tuple(recall(audit.read_latest_id, mode) for mode in MODES))
    return public_page(made_from, lambda: _page(base))


def _page(base: str) -> str:
    with reading_page() as session:
        rated = [
            ModeNow(mode, boards.read_board(session, mode, now=now()), audit.read_latest(session, mode))
            for mode in MODES
        ]
        correlations = read_correlations(session)
    modes = [mode for mode in rated if mode.board.run]
    changed = max((mode.board.run.computed_at for mode in modes if mode.board.run), default=None)
    return render_template(
        "methodology.html",
        **_constants(),
        structured=page_data("Methodology", f"{base}/methodology", base, changed),
        modes=modes,
        correlations=correlations,
    )


def _constants() -> dict[str, Any]:
    """Return the calculator's constants; they are imported late because the calculator loads numpy."""
    from app.leaderboards.runs import voters  # noqa: PLC0415
    from app.ratings import METHOD_VERSION, board, ranks  # noqa: PLC0415
    from app.ratings.elo import K  # noqa: PLC0415

    return {
        "z": Z_95,
        "voters_at_once": voters.AT_ONCE,
        "ranked_from": RANKED_FROM,
        "settled_from": SETTLED_FROM,
        "settled_within": round(SETTLED_WITHIN),
        "elo_per_logit": ELO_PER_LOGIT,
        "draws": ranks.DRAWS,
        "level": round(100 * ranks.LEVEL),
        "anchor_level": round(anchors.LEVEL),
        "settled_models": anchors.SETTLED_MODELS,
        "prompt_from": board.PROMPTS_FROM,
        "method_version": METHOD_VERSION,
        "k": K,
        "uniform_share": matchmaking.UNIFORM_SHARE,
        "exposure_cap": round(matchmaking.EXPOSURE_CAP),
        "names_linger": seen_pairs.NAMES_LINGER,
        "file_step": renditions.STEP_BYTES // 1024,
    }
