"""Votes into a file, with what anybody needs to check it and to compute the board anew."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.log import vote_export
from app.arena.log.vote_export import LOG_COLUMNS, ExportSelection
from app.arena.log.vote_format import Format
from app.catalog.tables import ImageModel
from app.leaderboards.open_data.manifest import AnchorVersion, BoardRun, Methodology, Provenance, VotesManifest
from app.leaderboards.runs.compute import METHOD
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, ModeAnchor, RatingRun, Standing
from app.ratings import METHOD_VERSION
from app.words import MODES

ROWS = 1_000
"""Turned into text at once."""
TRUTHS = frozenset({"counted", "seen_before", "simulated"})


def read_current_provenance(session: Session, mode: str | None = None) -> Provenance:
    """Read the overall boards' current runs and every anchor there was, of one mode or of all."""
    modes = MODES if mode is None else (mode,)
    slugs = dict(session.execute(select(ImageModel.id, ImageModel.slug)).all())
    runs = session.execute(
        select(Board.mode, RatingRun)
        .join(Board, Board.current_run_id == RatingRun.id)
        .where(Board.key.in_([key(one) for one in modes]))
        .order_by(Board.mode)
    )
    anchors = session.scalars(
        select(ModeAnchor).where(ModeAnchor.mode.in_(modes)).order_by(ModeAnchor.mode, ModeAnchor.version)
    )
    return Provenance(
        methodology=Methodology(method=METHOD, version=METHOD_VERSION),
        boards=tuple(_board(session, of, run, slugs) for of, run in runs),
        anchors=tuple(
            AnchorVersion(
                mode=row.mode,
                version=row.version,
                models=tuple(slugs[model] for model in row.model_ids if model in slugs),
                value=row.value,
                created_at=row.created_at,
            )
            for row in anchors
        ),
    )


def write_open(
    session: Session, file: BinaryIO, chosen: ExportSelection, kind: Format, *, now: datetime, secret: bytes
) -> VotesManifest:
    """Write open data, as `arena rate` reads it. `secret` makes the pseudonyms and is best forgotten."""
    rows = vote_export.read_open_rows(session, chosen, secret)
    votes, size, sha256 = _write(file, chosen.columns, rows, kind)
    return VotesManifest(
        **dict(read_current_provenance(session, chosen.mode)),
        kind="open",
        format=kind,
        columns=chosen.columns,
        mode=chosen.mode,
        uncounted=chosen.uncounted,
        simulated=chosen.simulated,
        votes=votes,
        bytes=size,
        sha256=sha256,
        created_at=now,
    )


def write_log(
    session: Session, file: BinaryIO, mode: str | None, kind: Format, *, now: datetime, secret: bytes
) -> VotesManifest:
    """Write every vote as it stands in the log, to be imported elsewhere."""
    votes, size, sha256 = _write(file, LOG_COLUMNS, vote_export.read_log_rows(session, mode, secret), kind)
    return VotesManifest(
        **dict(read_current_provenance(session, mode)),
        kind="log",
        format=kind,
        columns=LOG_COLUMNS,
        mode=mode,
        uncounted=True,
        simulated=True,
        votes=votes,
        bytes=size,
        sha256=sha256,
        created_at=now,
    )


def _board(session: Session, mode: str, run: RatingRun, slugs: dict[int, str]) -> BoardRun:
    members = select(Standing.model_id).where(Standing.run_id == run.id).order_by(Standing.model_id)
    return BoardRun(
        mode=mode,
        run=run.id,
        computed_at=run.computed_at,
        votes=run.votes,
        tallies_sha256=run.tallies_sha256,
        anchor_version=run.anchor_version,
        models=tuple(slugs[model] for model in session.scalars(members)),
    )


def _write(
    file: BinaryIO, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]], kind: Format
) -> tuple[int, int, str]:
    """Write rows and return the votes, bytes and SHA-256 of what was written."""
    hashed, votes, size = hashlib.sha256(), 0, 0

    def put(text: str) -> None:
        nonlocal size
        data = text.encode()
        hashed.update(data)
        size += file.write(data)

    if kind == "csv":
        put(",".join(columns) + "\n")
    while part := list(islice(rows, ROWS)):
        votes += len(part)
        put(_csv(columns, part) if kind == "csv" else _json_lines(columns, part))
    return votes, size, hashed.hexdigest()


def _csv(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """Write cells so that they read back the same: empty for nothing, a fraction with every digit."""
    text = StringIO()
    truths = [place for place, name in enumerate(columns) if name in TRUTHS]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_worded(row, truths) for row in rows] if truths else rows)
    return text.getvalue()


def _worded(row: tuple[Any, ...], truths: list[int]) -> list[Any]:
    cells = list(row)
    for place in truths:
        cells[place] = "true" if cells[place] else "false"
    return cells


def _json_lines(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    return "".join(
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, separators=(",", ":")) + "\n"
        for row in rows
    )
