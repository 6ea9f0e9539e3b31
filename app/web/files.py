"""Pictures: nameless ones for their voter, and those whose maker readers may know."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, request
from werkzeug.datastructures import Headers

from app.arena import errors
from app.arena.entries import gallery, renditions, sheets
from app.arena.voting import pictures
from app.arena.voting.expected_pictures import PaddedPicture
from app.edge.context import Parts, now, parts
from app.edge.identity import decode_id, voter
from app.web.responses import audience

blueprint = Blueprint("files", __name__)
BLIND_HEADERS = frozenset(
    {
        "content-type",
        "content-length",
        "cache-control",
        "x-content-type-options",
        "content-security-policy",
        "cross-origin-resource-policy",
    }
)
MEDIA_SECONDS = 3600


class BlindResponse(Response):
    """Sends a fixed set of headers, whatever others add: a header more could tell two pictures apart."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """Return only the headers that every blind file has."""
        sent = super().get_wsgi_headers(environ)
        return Headers([(name, value) for name, value in sent if name.lower() in BLIND_HEADERS])


@blueprint.get("/m/<matchup_id>/<any(a, b, input):side>-640.webp")
def small_matchup_image(matchup_id: str, side: str) -> Response:
    """Send one side of an own matchup at 640 pixels or less."""
    return matchup_image(matchup_id, side, small=True)


@blueprint.get("/m/<matchup_id>/<any(a, b, input):side>.webp")
def matchup_image(matchup_id: str, side: str, *, small: bool = False) -> Response:
    """Send one side of an own matchup, padded to the length that all files of its size and competition have."""
    is_sent = request.method != "HEAD"
    data = read_blind_picture(parts(), voter(), matchup_id, side, small=small, now=now(), is_sent=is_sent)
    return BlindResponse(data, mimetype="image/webp", headers={"Cache-Control": "no-store"})


def read_blind_picture(
    wired: Parts,
    who: bytes | None,
    matchup_id: str,
    side: str,
    *,
    small: bool,
    now: datetime,
    is_sent: bool = True,
) -> bytes:
    """
    Read one side of this voter's matchup as it is sent, and mark it as served. Raises MatchupNotFound.

    It is not marked unless it `is_sent`: of a picture whose headers alone are told, nobody has seen anything.
    """
    matchup = decode_id(matchup_id)
    if who is None or matchup is None:
        raise errors.MatchupNotFound
    if is_sent and (expected := wired.expected.take(matchup, side)) is not None:
        served = pictures.ServedPicture(matchup, side, now, wired.policy, who, expected)
        if (data := _read_expected(wired, served, expected, small=small)) is not None:
            return data
    with wired.database.reading() as session:
        file = pictures.blind_file(session, who, matchup, side, small=small, now=now)
    stored = wired.pictures.get(file.key)
    length = max(file.length, renditions.file_bytes(len(stored))) if side == "input" else file.length
    data = renditions.padded(stored, length)
    if file.is_first_time and is_sent:
        served = pictures.ServedPicture(matchup, side, now, wired.policy)
        wired.database.write_batched(pictures.mark_all_served, served)
    return data


def _read_expected(
    wired: Parts, served: pictures.ServedPicture, expected: PaddedPicture, *, small: bool
) -> bytes | None:
    """Read a picture that is not looked up first, and mark it; None where it is not what was expected."""
    key, length = expected.name_file(small=small)
    try:
        data = renditions.padded(wired.pictures.get(key), length)
    except (FileNotFoundError, ValueError):
        return None
    return data if wired.database.write_batched(pictures.mark_all_served, served) else None


@blueprint.get("/media/<token>-160.webp")
def tiny_thumbnail(token: str) -> Response:
    """Serve a picture at 160 pixels or less, for rows; the next size of pictures of older versions."""
    try:
        return media(token, side=160)
    except FileNotFoundError:
        return media(token, side=320)


@blueprint.get("/media/<token>-320.webp")
def thumbnail(token: str) -> Response:
    """Serve a picture at 320 pixels or less, for lists."""
    return media(token, side=320)


@blueprint.get("/media/<token>-640.webp")
def small_media(token: str) -> Response:
    """Serve a picture at 640 pixels or less, for galleries on fine screens."""
    return media(token, side=640)


@blueprint.get("/media/<token>.webp")
def media(token: str, *, side: int = 0) -> Response:
    """Serve a picture by its opaque name, where this reader may know who made it."""
    with parts().database.reading() as session:
        file = pictures.media_file(session, f"media/{token}.webp", voter(), side=side)
    if file is None:
        abort(404)
    try:
        return _picture(file.key, is_public=file.is_public)
    except FileNotFoundError:  # versions before this size of thumbnail made none
        return _picture(file.larger, is_public=file.is_public)


@blueprint.get("/sheets/<token>-160.webp")
def small_tile(token: str) -> Response:
    """Serve a nameless picture of an open competition's sheet at 160 pixels or less."""
    return tile(token, renditions.tiny_key)


@blueprint.get("/sheets/<token>-320.webp")
def large_tile(token: str) -> Response:
    """Serve a nameless picture of an open competition's sheet at 320 pixels or less."""
    return tile(token, str)


@blueprint.get("/sheets/<token>.webp")
def tile(token: str, name: Callable[[str], str] | None = None) -> Response:
    """Serve a nameless picture of a sheet: its small blind rendition unless a tile is asked for."""
    if not parts().policy.shows_sheets:
        abort(404)
    key = f"sheets/{token}.webp"
    with parts().database.reading() as session:
        file = sheets.find_sheet_file(session, key)
    if file is None:
        abort(404)
    if name is not None:
        data = parts().storage.get(name(key))
    else:
        data = renditions.padded(parts().storage.get(file.rendition_key), file.length)
    return BlindResponse(
        data, mimetype="image/webp", headers={"Cache-Control": f"private, max-age={MEDIA_SECONDS}"}
    )


@blueprint.get("/competitions/<slug>/input.webp")
def input_image(slug: str) -> Response:
    """Serve the image that an image-edit competition asks to change."""
    with parts().database.reading() as session:
        key = gallery.read_input_key(session, slug)
    return _picture(key, is_public=True)


@blueprint.get("/competitions/<slug>/mask-outline.png")
def mask_outline(slug: str) -> Response:
    """Serve the outline of what a competition's mask lets the models change, transparent elsewhere."""
    with parts().database.reading() as session:
        key = gallery.read_outline_key(session, slug)
    return _picture(key, is_public=True)


def _picture(key: str, *, is_public: bool) -> Response:
    headers = {"Cache-Control": f"{audience()}, max-age={MEDIA_SECONDS}" if is_public else "private, no-store"}
    kind = "image/png" if key.endswith(".png") else "image/webp"
    return Response(parts().storage.get(key), mimetype=kind, headers=headers)
