"""The votes as open data, in one file: made on disk first, so that no reader holds the database."""

import base64
import secrets
import tempfile
from contextlib import ExitStack
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any, BinaryIO, Literal, cast

from flask import Response, jsonify, request, send_file
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.api.blueprints import make_blueprint
from app.api.errors import respond
from app.arena.log.vote_export import ExportSelection
from app.arena.people import networks
from app.arena.people.policy import DAY_SECONDS, check
from app.edge.context import now, parts, refresh
from app.edge.problems import named
from app.leaderboards.open_data import votes_file
from app.leaderboards.open_data.manifest import Provenance, VotesManifest
from app.words import MODES, Mode

AT_ONCE = 2
"""Exports that one process makes at the same time; voting has the rest of it."""
NETWORK_DAY = 20
"""Exports a day for one network, where there are limits for networks."""
SECRET_BYTES = 32
MIMETYPES = {"csv": "text/csv", "jsonl": "application/jsonl"}

blueprint = make_blueprint(__name__, "/votes", "open data", "Every counted vote, without a trace of who cast it.")
_places = BoundedSemaphore(AT_ONCE)


class ManifestQuery(BaseModel):
    """The boards that an export is about."""

    mode: Mode | None = Field(None, description="Only this mode, hence one overall board.")


class VotesQuery(ManifestQuery):
    """The query of an export: its votes, and how they are written."""

    format: Literal["csv", "jsonl"] = Field("csv", description="A table, or one JSON object a line.")


class OpenVote(BaseModel):
    """One vote, as a line of `jsonl`; `csv` has the same columns."""

    model_a: str
    model_b: str
    winner: Literal["model_a", "model_b", "tie", "both_bad"]
    competition: str
    category: str = Field(description="Slugs joined by semicolons; empty where it has none.")
    voter: str = Field(description="One voter has one name within a file, and another one in the next file.")
    at: str = Field(description="The minute, in UTC.")
    question: str = Field(
        description="Slug of the question that was answered; the overall boards are of `better`."
    )


FILES: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    "200": {
        "description": "Counted votes of people in the order they were cast, as a file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": OpenVote.model_json_schema()},
        },
        "headers": {
            "Repr-Digest": {"description": "SHA-256 of the file (RFC 9530).", "schema": {"type": "string"}},
            "X-Votes": {"description": "How many votes it holds.", "schema": {"type": "integer"}},
            "X-Methodology": {"description": "The boards' `method/version`.", "schema": {"type": "string"}},
            "X-Runs": {
                "description": "`mode=run` of the overall boards at that moment.",
                "schema": {"type": "string"},
            },
        },
    }
}


@blueprint.get("", responses=FILES)
def get_votes(query: VotesQuery) -> Response:
    """
    Return every counted vote of people, as a file.

    `arena rate` makes the board of it again, and anybody may analyse it. Nothing in it tells who voted.
    """
    if not _places.acquire(blocking=False):
        return respond(named("exports_busy", "Others are downloading the votes right now. Try again in a moment."))
    try:
        _charge()
        file, manifest = _make_export(query)
    finally:
        _places.release()
    stamp = manifest.created_at.strftime("%Y-%m-%dT%H%MZ")
    name = f"votes-{query.mode or 'all'}-{stamp}.{query.format}"
    response = send_file(
        file, MIMETYPES[query.format], as_attachment=True, download_name=name, conditional=False, etag=False
    )
    response.call_on_close(file.close)
    return _describe(response, manifest)


@blueprint.get("/manifest", responses={"200": Provenance})
def get_manifest(query: ManifestQuery) -> Response:
    """
    Return where the votes come from.

    That is today's overall boards with the hashes of their tallies, the method, and the anchors of their levels.
    """
    refresh(parts(), *MODES)
    with parts().database.reading() as session:
        return jsonify(votes_file.read_current_provenance(session, query.mode).model_dump(mode="json"))


def _make_export(query: VotesQuery) -> tuple[BinaryIO, VotesManifest]:
    """Write votes and runs of one snapshot into a file without a name, which goes when it is closed."""
    refresh(parts(), *MODES)
    secret = secrets.token_bytes(SECRET_BYTES)
    with ExitStack() as unless_made:
        file = cast("BinaryIO", unless_made.enter_context(tempfile.TemporaryFile()))
        with parts().database.reading() as session:
            made = votes_file.write_open(
                session, file, ExportSelection(query.mode), query.format, now=now(), secret=secret
            )
        file.seek(0)
        unless_made.pop_all()
        return file, made


def _describe(response: Response, manifest: VotesManifest) -> Response:
    digest = base64.b64encode(bytes.fromhex(manifest.sha256)).decode("ascii")
    response.headers.update(
        {
            "Repr-Digest": f"sha-256=:{digest}:",
            "X-Votes": str(manifest.votes),
            "X-Methodology": f"{manifest.methodology.method}/{manifest.methodology.version}",
            "X-Runs": ", ".join(f"{board.mode}={board.run}" for board in manifest.boards),
            "Content-Length": str(manifest.bytes),
            "Cache-Control": "no-store",
        }
    )
    return response


def _charge() -> None:
    """Count this request against what its network may ask for in a day. Raises TooMany."""
    found, moment, network = parts(), now(), networks.prefix(request.remote_addr)
    if not found.policy.knows_networks:
        return

    def work(session: Session) -> None:
        who = networks.keys(session, network, now=moment).day.hex()
        what = "downloads of the votes a day from one network"
        check(session, "export/network", who, NETWORK_DAY, seconds=DAY_SECONDS, now=moment, what=what)

    found.database.write(work)
