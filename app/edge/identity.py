"""
Who votes: 128 random bits in a signed cookie, made at the first POST and never before.

In the profile `team` a voter is a login, the same in every browser, and there is no cookie.
"""

import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from flask import Response, g, request
from itsdangerous import BadSignature, Signer
from werkzeug.http import dump_cookie, parse_cookie

from app.arena.people import logins
from app.edge import team
from app.edge.context import now, parts
from app.settings import Settings

NAME = "blindvote_voter"
TO_URLS, FROM_URLS = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
PADDING = b"==="
COOKIE_SECONDS = 400 * 24 * 3600
TOKEN_BYTES = 16
MOST_LETTERS = 128
"""More than any cookie of ours has; a longer one is not worth remembering."""
MOST_LETTERS_OF_ALL = 512
"""The most in all cookies of a request for its voter to be remembered."""


def voter() -> bytes | None:
    """Return the voter of this request, if it brought a login or a cookie of ours."""
    if "voter" in g:
        return cast("bytes | None", g.voter)
    if parts().settings.profile == "team":
        login = team.login()
        return None if login is None else logins.voter_token(_secret(), login)
    return _find_own(request.cookies, cookie_name(), _secret())[1]


def brought_foreign_cookie() -> bool:
    """Tell whether this request brought a cookie by the name of ours that this site did not give."""
    return bool(request.cookies.get(cookie_name()))


def read_cookie(value: str, secret: str) -> bytes | None:
    """Return the voter that a cookie of ours names; None for one that we did not sign."""
    return _read_signed(value, secret) if len(value) <= MOST_LETTERS else None


# Checking a signature takes 13 us: with more places, memory would grow for hours until all of them were taken.
@lru_cache(256)
def _read_signed(value: str, secret: str) -> bytes | None:
    try:
        return decode_id(_signer(secret).unsign(value).decode("ascii"))
    except (BadSignature, UnicodeDecodeError):
        return None


def read_voter(environ: dict[str, Any], settings: Settings) -> bytes | None:
    """Return the voter whose cookie came with a request that Flask has not seen; for profiles without logins."""
    cookies, name = environ.get("HTTP_COOKIE", ""), name_cookie(is_over_https(environ, settings))
    find = _find_voter if len(cookies) <= MOST_LETTERS_OF_ALL else _find_voter.__wrapped__
    return find(cookies, name, settings.secret_key.get_secret_value())


@lru_cache(256)
def _find_voter(cookies: str, name: str, secret: str) -> bytes | None:
    """Return the voter that the cookie of this name tells among all that a request brought."""
    return _find_own(parse_cookie(cookies), name, secret)[1]


def _find_own(given: Mapping[str, str], name: str, secret: str) -> tuple[str, bytes | None]:
    """Find the name of the cookie that tells the voter, and the voter: the plain name and None where none does."""
    for own in (name, _name_beside(name, secret)):
        if (value := given.get(own)) and (known := read_cookie(value, secret)) is not None:
            return own, known
    return name, None


def voter_or_new() -> bytes:
    """Return the voter of this request, made and sent back as a cookie where there was none."""
    known = voter()
    if parts().settings.profile == "team":
        return _logged_in(known)
    if known is None:
        g.voter = g.new_voter = make_token()
        return bytes(g.voter)
    return known


def is_new() -> bool:
    """Tell whether this request made its voter: nothing can be stored for one yet."""
    return "new_voter" in g


def send_cookie(response: Response) -> Response:
    """Set the voter's cookie after a request that made one."""
    if "new_voter" in g:
        response.headers.add("Set-Cookie", write_cookie(g.new_voter, request.environ, parts().settings))
    return response


def make_token() -> bytes:
    """Make the token of a voter who has none."""
    return secrets.token_bytes(TOKEN_BYTES)


def write_cookie(token: bytes, environ: dict[str, Any], settings: Settings) -> str:
    """Write the signed cookie of a new voter, as the header that sets it in the browser that sent the request."""
    value = _signer(settings.secret_key.get_secret_value()).sign(encode_id(token)).decode("ascii")
    secure = is_over_https(environ, settings)
    name = name_cookie(secure)
    if parse_cookie(environ.get("HTTP_COOKIE", "")).get(name):
        name = _name_beside(name, settings.secret_key.get_secret_value())
    return dump_cookie(name, value, max_age=COOKIE_SECONDS, path="/", secure=secure, httponly=True, samesite="Lax")


def encode_id(raw: bytes) -> str:
    """Write 16 bytes as 22 URL-safe characters."""
    # By binascii alone: what `base64` does around it takes six times as long, and every request names an id.
    return binascii.b2a_base64(raw, newline=False).translate(TO_URLS, b"=").decode("ascii")


def decode_id(text: str) -> bytes | None:
    """Read the 16 bytes of a public id; None when the text is none."""
    try:
        # Ids are written without padding, which the decoder insists on.
        raw = binascii.a2b_base64(text.encode("ascii").translate(FROM_URLS) + PADDING[: -len(text) % 4])
    except ValueError:
        return None
    # Written back and compared: decoding skips foreign characters, and one id must not have many spellings.
    return raw if len(raw) == TOKEN_BYTES and encode_id(raw) == text else None


def cookie_name() -> str:
    """Name the cookie of this request's voter."""
    return name_cookie(is_https())


def name_own_cookie() -> str:
    """Name the cookie by which this request's voter is known."""
    return _find_own(request.cookies, cookie_name(), _secret())[0]


def name_cookie(secure: bool) -> str:
    """Name the cookie; over https the name itself forbids a subdomain to set it."""
    return f"__Host-{NAME}" if secure else NAME


@lru_cache(4)
def _name_beside(name: str, secret: str) -> str:
    """
    Name the cookie for a browser that has one of another arena by the plain name.

    It keeps one jar for all ports of a host, where each arena would overwrite the voter of the other.
    """
    return f"{name}_{hmac.digest(secret.encode(), NAME.encode(), 'sha256')[:4].hex()}"


def _logged_in(known: bytes | None) -> bytes:
    """Store the voter with its login before anything is stored for it."""
    login, moment = team.login(), now()
    if known is None or login is None:
        raise team.LoginRequired("Log in to vote.")
    with parts().database.reading() as session:
        is_known = logins.is_known(session, known)
    if not is_known:
        parts().database.write(lambda session: logins.remember(session, known, login, now=moment))
    return known


def is_https() -> bool:
    """Tell whether this request's browser sees https."""
    return is_over_https(request.environ, parts().settings)


def is_over_https(environ: dict[str, Any], settings: Settings) -> bool:
    """Tell whether the browser sees https, which a proxy may speak for us."""
    return environ["wsgi.url_scheme"] == "https" or settings.public_url.startswith("https://")


def _signer(secret: str) -> Signer:
    return Signer(secret, salt=NAME, digest_method=hashlib.sha256)


def _secret() -> str:
    return parts().settings.secret_key.get_secret_value()
