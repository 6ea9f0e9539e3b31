"""The admin's first page and the ledger of decisions."""

from flask import Response, request

from app.arena.entries import competitions
from app.arena.people import moderation
from app.edge.context import now, parts
from app.gateway import operator_report
from app.gateway.generate import read_config
from app.gateway.providers import PROVIDERS
from app.leaderboards.integrity import audit
from app.web.admin.access import admin_page, blueprint
from app.web.pagination import page_number
from app.words import MODES

ACTION_CHARACTERS = 40


@blueprint.get("")
def overview() -> Response:
    """Show today, and whatever waits or fails."""
    moment = now()
    ready = read_config(parts().settings).providers
    with parts().database.reading() as session:
        listed = [entry for entry in competitions.list_competitions(session) if entry.status == "open"]
        return admin_page(
            "overview.html",
            today=moderation.count_votes_today(session, now=moment),
            open_now=listed,
            spent=operator_report.spend(session, now=moment, days=1),
            rests=[rest for rest in operator_report.rests(session, now=moment) if rest.is_resting],
            records=operator_report.records(session, PROVIDERS, ready),
            swept_at=max(
                (swept.at for mode in MODES if (swept := audit.read_latest(session, mode))), default=None
            ),
            backup_at=moderation.find_last_action(session, "backup.made"),
        )


@blueprint.get("/ledger")
def ledger() -> Response:
    """Show what was done, by whom and why, the newest first."""
    action = request.args.get("action", "")[:ACTION_CHARACTERS]
    with parts().database.reading() as session:
        lines = moderation.list_ledger(session, action=action, page=page_number())
    return admin_page("ledger.html", lines=lines, action=action, page=page_number(), size=moderation.PAGE)
