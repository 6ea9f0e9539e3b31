"""Providers, money and keys."""

from datetime import datetime

from flask import Response, request
from sqlalchemy.orm import Session

from app.arena import ledger
from app.edge.context import now, parts
from app.gateway import health, keys, operator_report
from app.gateway.generate import read_config
from app.gateway.providers import PROVIDERS
from app.web.admin.access import admin_page, blueprint, decide

DAYS = 14


@blueprint.get("/gateway")
def gateway() -> Response:
    """Show how providers are, what was spent per day, and who holds a key."""
    moment = now()
    slugs = (*PROVIDERS, *parts().settings.openai_compatible)
    with parts().database.reading() as session:
        return admin_page(
            "gateway.html",
            days=DAYS,
            records=operator_report.records(session, slugs, read_config(parts().settings).providers),
            rests=operator_report.rests(session, now=moment),
            spend=operator_report.spend(session, now=moment, days=DAYS),
            keys=keys.list_keys(session),
            now=moment,
        )


@blueprint.post("/gateway/wake")
def wake() -> Response:
    """Let a resting provider or offering be tried again at once."""
    name = request.form.get("name", "")

    def work(session: Session, *, now: datetime, **by: str) -> None:
        if name in {rest.name for rest in operator_report.rests(session, now=now)}:
            health.record_success(session, [name])
            ledger.note(session, "provider.woken", f"provider:{name}", now=now, **by)

    return decide(work, "admin.gateway")


@blueprint.post("/gateway/revoke")
def revoke() -> Response:
    """End a key at once, with the reason given, and note it in the ledger."""
    prefix = request.form.get("prefix", "")

    def work(session: Session, *, now: datetime, **by: str) -> None:
        keys.revoke_key(session, prefix, now=now)
        ledger.note(session, "key.revoked", f"key:{prefix}", now=now, **by)

    return decide(work, "admin.gateway")
