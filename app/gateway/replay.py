"""
Keeps answers for a while, so that a request that is sent again is paid for once.

A request comes again with the same Idempotency-Key, or as a stock client's own retry, which says by a header how
often it was tried. It gets the kept answer, or joins the request that is still running, in whatever process.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, select
from sqlalchemy.orm import Session

from app.database.doors import DatabaseBusy, insert
from app.database.group_commit import LostRace
from app.errors import Refusal
from app.gateway import files
from app.gateway.adjustments import Adjustment
from app.gateway.attempts import GeneratedImage
from app.gateway.errors import (
    AllProvidersFailed,
    GatewayError,
    IdempotencyKeyReused,
    RequestInterrupted,
)
from app.gateway.files import LinkedFile
from app.gateway.generation import DeliveredImage, Generation
from app.gateway.log import Attempt
from app.gateway.normalize import ChosenDefault
from app.gateway.providers.base import Usage
from app.gateway.request import ImageRequest
from app.gateway.storage import Storage
from app.gateway.tables import KeptRequest, StoredImage

LEASE = timedelta(seconds=45)
"""How long a running request counts as running after its process last said so."""
KEY_SECONDS = 24 * 3600
RETRY_SECONDS = 60
"""How long an answer without a key waits for a client's own retry: SDKs pause for some seconds after a timeout."""
EXPIRED_AT_ONCE = 50
PLAIN = (
    *("request_id", "model", "provider", "provider_name", "requested", "cost_micros"),
    *("linked", "inline", "quality", "background", "queue_seconds"),
)
"""What of a generation is kept as it is."""


@dataclass(frozen=True)
class Repetition:
    """
    The way in which a request may come again: by its key, or as retry number `retries` of the same body.

    `key_id` is the caller's API key; nobody joins another caller's request.
    """

    key_id: int
    fingerprint: str
    idempotency_key: str | None = None
    retries: int = 0

    @property
    def seconds(self) -> int:
        """Return how many seconds the answer is kept."""
        return KEY_SECONDS if self.idempotency_key else RETRY_SECONDS


@dataclass(frozen=True)
class Claim:
    """The row of a request, and whether the one who claimed it carries it out or waits for another who does."""

    row_id: int
    is_owner: bool


def fingerprint(request: ImageRequest) -> str:
    """Digest everything that makes two requests the same, files included."""
    values = {**vars(request), "images": None, "mask": None}
    del values["dry_run"]  # of which nothing is kept
    pictures = [hashlib.sha256(data).hexdigest() for data in (*request.images, request.mask or b"")]
    return hashlib.sha256(json.dumps([values, pictures], sort_keys=True, default=repr).encode()).hexdigest()


def claim(session: Session, repetition: Repetition, *, now: datetime) -> Claim:
    """
    Find the request that this one repeats, or write down a new one.

    Raises IdempotencyKeyReused when the key came with another request.
    """
    _expire(session, now)
    row = None if repetition.idempotency_key else _find_retried(session, repetition, now)
    if row is None:
        row_id = _add(session, repetition, now)
        if row_id is not None:
            return Claim(row_id, is_owner=True)
        row = _same_key(session, repetition)
    if row.fingerprint != repetition.fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key came with another request before; use a new one.")
    return _join(row, repetition, now)


def renew(session: Session, row_id: int, *, now: datetime) -> bool:
    """Say that the request is still worked on; return whether anybody has joined and waits for it."""
    row = session.get(KeptRequest, row_id)
    if row is None:
        return False
    row.held_until = now + LEASE
    row.expires_at = max(row.expires_at, now + LEASE)
    return row.wanted_until > now


def want(session: Session, row_id: int, *, now: datetime) -> None:
    """Say that somebody waits for the answer."""
    row = session.get(KeptRequest, row_id, with_for_update=True)
    if row is not None:
        _want(row, now)


def _want(row: KeptRequest, now: datetime) -> None:
    row.wanted_until = now + LEASE
    # A clock that was ahead leaves a lease for days. Whoever still works on the request renews a shorter one.
    row.held_until = min(row.held_until, now + LEASE)


def keep(session: Session, row_id: int, made: Generation, generation_id: int, *, until: datetime) -> None:
    """Keep an answer; its files are held by links that nobody is given."""
    row = session.get(KeptRequest, row_id)
    if row is None:
        return
    held = [files.another_link(drawn.file) for drawn in made.drawn if drawn.file]
    for file in held:
        files.link_until(session, file, generation_id, until)
    row.state, row.expires_at, row.answer = "done", until, _write_answer(made, [file.token for file in held])


def fail(session: Session, row_id: int, error: Exception, *, now: datetime, may_retry: bool) -> None:
    """Keep an error for those who joined; who comes with the key, or after an error to be retried, begins anew."""
    row = session.get(KeptRequest, row_id)
    if row is None:
        return
    row.state, row.expires_at = "failed" if may_retry else "refused", now + timedelta(seconds=RETRY_SECONDS)
    names = ("code", "param", "retry_after")
    row.answer = {"message": str(error), **{name: getattr(error, name, None) for name in names}}


def outcome(session: Session, row_id: int, *, now: datetime) -> dict[str, Any] | None:
    """
    Read a kept answer; None while the request is running.

    Raises the error that the request ended in, or RequestInterrupted when nobody works on it any more.
    """
    row = session.get(KeptRequest, row_id)
    if row is None or (row.state == "running" and row.held_until <= now):
        raise RequestInterrupted("The work on this request stopped before it was done. Send it again.")
    if row.state == "running":
        return None
    if row.state != "done":
        raise _error(row.answer or {})
    return row.answer


def restore(session: Session, answer: dict[str, Any], *, now: datetime, link_seconds: int) -> list[LinkedFile]:
    """Issue new links to the files of a kept answer. Raises RequestInterrupted when they are gone."""
    rows = [session.get(StoredImage, image["token"]) for image in answer["images"]]
    held = [LinkedFile(row.token, row.key, row.media_type) for row in rows if row is not None]
    if len(held) < len(rows):
        raise RequestInterrupted("The images of this request are gone. Send it again.")
    fresh = [files.another_link(file) for file in held]
    until = now + timedelta(seconds=link_seconds)
    for file, row in zip(fresh, rows, strict=True):
        if row is not None and answer["linked"]:
            files.link_until(session, file, row.generation_id, until)
    return fresh


def read(answer: dict[str, Any], fresh: Sequence[LinkedFile], storage: Storage) -> Generation:
    """Build the generation again, its bytes only where they go out."""
    delivered = tuple(
        DeliveredImage(_picture(image, storage.get(file.key) if answer["inline"] else b""), file)
        for image, file in zip(answer["images"], fresh, strict=True)
    )
    plain = {name: answer[name] for name in PLAIN if name in answer}  # an older version kept fewer
    return Generation(
        **plain,
        drawn=delivered,
        attempts=tuple(Attempt(**attempt) for attempt in answer["attempts"]),
        adjustments=tuple(Adjustment(**adjustment) for adjustment in answer["adjustments"]),
        usage=Usage(**answer["usage"]) if answer["usage"] else None,
        defaults=tuple(ChosenDefault(**default) for default in answer["defaults"]),
    )


def _add(session: Session, repetition: Repetition, now: datetime) -> int | None:
    """Write a new request down; None when its key is there already."""
    adding = insert(session, KeptRequest).values(
        key_id=repetition.key_id,
        idempotency_key=repetition.idempotency_key,
        fingerprint=repetition.fingerprint,
        retries=repetition.retries,
        state="running",
        held_until=now + LEASE,
        wanted_until=now,
        expires_at=now + timedelta(seconds=repetition.seconds),
        answer=None,
    )
    row_id: int | None = session.execute(adding.on_conflict_do_nothing().returning(KeptRequest.id)).scalar()
    return row_id


def _same_key(session: Session, repetition: Repetition) -> KeptRequest:
    row = session.scalar(
        select(KeptRequest)
        .where(
            KeptRequest.key_id == repetition.key_id,
            KeptRequest.idempotency_key == repetition.idempotency_key,
        )
        .with_for_update()
    )
    if row is None:
        raise LostRace
    return row


def _find_retried(session: Session, repetition: Repetition, now: datetime) -> KeptRequest | None:
    """
    Find what this is a retry of.

    Clients surely retry what failed, then what still runs; the latest is the likeliest. Each retry takes another
    request, so that of several equal ones that time out together none is lost.
    """
    if not repetition.retries:
        return None
    likely = case({"failed": 0, "running": 1}, value=KeptRequest.state, else_=2)
    likeliest = (
        select(KeptRequest.id)
        .where(
            KeptRequest.key_id == repetition.key_id,
            KeptRequest.fingerprint == repetition.fingerprint,
            KeptRequest.idempotency_key.is_(None),
            KeptRequest.retries < repetition.retries,
            KeptRequest.state != "refused",
            KeptRequest.expires_at > now,
        )
        .order_by(likely, KeptRequest.id.desc())
        .limit(1)
    )
    while (row_id := session.scalar(likeliest)) is not None:
        free = select(KeptRequest).where(KeptRequest.id == row_id, KeptRequest.retries < repetition.retries)
        row = session.scalar(free.with_for_update())
        if row is not None:  # else another retry was faster
            return row
    return None


def _join(row: KeptRequest, repetition: Repetition, now: datetime) -> Claim:
    """Wait for whoever carries it out, or carry out what failed or was left behind."""
    row.retries = max(row.retries, repetition.retries)
    _want(row, now)
    is_over = row.state in {"failed", "refused"} or (row.state == "running" and row.held_until <= now)
    if is_over:
        row.state, row.answer, row.held_until = "running", None, now + LEASE
        row.expires_at = now + timedelta(seconds=repetition.seconds)
    return Claim(row.id, is_owner=is_over)


def _expire(session: Session, now: datetime) -> None:
    """Forget what is over; the files of its answers end by themselves."""
    over = select(KeptRequest.id).where(KeptRequest.expires_at <= now).limit(EXPIRED_AT_ONCE)
    session.execute(delete(KeptRequest).where(KeptRequest.id.in_(over.scalar_subquery())))


def _write_answer(made: Generation, tokens: Sequence[str]) -> dict[str, Any]:
    images = [
        {
            "token": token,
            "format": drawn.picture.format,
            "size": drawn.picture.size,
            "revised_prompt": drawn.picture.revised_prompt,
            "offering": drawn.picture.offering,
        }
        for token, drawn in zip(tokens, made.drawn, strict=True)
    ]
    return {
        **{name: getattr(made, name) for name in PLAIN},
        "images": images,
        "attempts": [asdict(attempt) for attempt in made.attempts],
        "adjustments": [asdict(adjustment) for adjustment in made.adjustments],
        "usage": asdict(made.usage) if made.usage else None,
        "defaults": [asdict(default) for default in made.defaults],
    }


def _picture(image: dict[str, Any], data: bytes) -> GeneratedImage:
    size = (image["size"][0], image["size"][1])
    return GeneratedImage(data, image["format"], size, image["revised_prompt"], image["offering"])


def _error(told: dict[str, Any]) -> Refusal:
    """Build the error again from its code."""
    kinds: dict[str, type[Refusal]] = {kind.code: kind for kind in GatewayError.__subclasses__()}
    kind = {**kinds, DatabaseBusy.code: DatabaseBusy}.get(told["code"], AllProvidersFailed)
    error: Refusal = Refusal.__new__(kind)
    Refusal.__init__(error, told["message"], param=told["param"], retry_after=told["retry_after"])
    return error
