"""Pictures that voters reported."""

from flask import Response

from app.arena.voting import report_queue
from app.edge.context import parts
from app.web.admin.access import admin_page, blueprint, decide


@blueprint.get("/reports")
def reports() -> Response:
    """List the pictures that wait for a decision, those at rest first. No model is named."""
    with parts().database.reading() as session:
        return admin_page("reports.html", pictures=report_queue.list_reported(session))


@blueprint.get("/reports/<int(max=2147483647):report>.webp")
def reported_picture(report: int) -> Response:
    """Show a reported picture as voters saw it. Raises UnknownReport."""
    with parts().database.reading() as session:
        key = report_queue.read_rendition_key(session, report)
    headers = {"Cache-Control": "private, no-store"}
    return Response(parts().storage.get(key), mimetype="image/webp", headers=headers)


@blueprint.post("/reports/<int(max=2147483647):report>/keep")
def keep(report: int) -> Response:
    """Let the picture be drawn again. Raises UnknownReport, ReportDecided."""
    return decide(lambda session, **by: report_queue.keep(session, report, **by), "admin.reports")


@blueprint.post("/reports/<int(max=2147483647):report>/withdraw")
def withdraw_reported(report: int) -> Response:
    """Withdraw the picture; its votes stay. Raises UnknownReport, ReportDecided."""
    return decide(lambda session, **by: report_queue.withdraw(session, report, **by), "admin.reports")
