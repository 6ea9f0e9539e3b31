"""The administrators: a login that the operator named, or somebody who gave a password in this browser."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import cast

from argon2 import PasswordHasher
from flask import Response, current_app, g, request

from app.arena.people import admins, networks
from app.arena.people.admins import TOUCH_INTERVAL
from app.edge import logs, team
from app.edge.context import now, parts
from app.edge.identity import is_https
from app.errors import Refusal

NAME = "blindvote_admin"
KNOWN_BROWSER = "blindvote_admin_browser"
"""A cookie that says which account this browser has signed in to before; it opens nothing by itself."""
KNOWN_DAYS = 180
HOME = "/admin"
LOCAL = re.compile(r"/admin(?:[/?][A-Za-z0-9._~/?=&%+-]*)?")
PORT = re.compile(r":([0-9]{1,5})$")
HASHER = "blindvote.hasher"
CSRF_BYTES = 32


class AdminRequired(Refusal, code="admin_required"):
    """The refusal of a request that only an administrator may make."""


class StaleForm(Refusal, code="stale_form"):
    """A form that this session did not give out."""


@dataclass(frozen=True)
class Administrator:
    """An admin at work; `token` is their session's, None for a login."""

    name: str
    token: str | None

    @property
    def actor(self) -> str:
        """Name them as the ledger does; no name of an admin can look like another actor's."""
        return f"admin {self.name}"


def administrator() -> Administrator | None:
    """Return who administers by this request; None for a visitor."""
    if "administrator" not in g:
        g.administrator = _by_login() or _by_session()
    return cast("Administrator | None", g.administrator)


def acting() -> Administrator:
    """Return who administers by this request. Raises AdminRequired."""
    who = administrator()
    if who is None:
        raise AdminRequired("No admin is signed in here, or the session has ended: nothing was done. Sign in.")
    return who


def form_token(who: Administrator) -> str:
    """Make the token that every form of this session carries, beside the check of where a request comes from."""
    secret = parts().settings.secret_key.get_secret_value().encode()
    of = f"form of {'session' if who.token else 'login'}\0{who.token or who.name}"
    return hmac.new(secret, of.encode(), hashlib.sha256).hexdigest()[:CSRF_BYTES]


def check_form(who: Administrator) -> None:
    """Check that a form was given out by this session. Raises StaleForm."""
    given = request.form.get("form_token", "")
    if not hmac.compare_digest(given.encode(), form_token(who).encode()):
        raise StaleForm("This form is from an earlier session: nothing was done. Open its page again.")


def sign_in(name: str, password: str) -> str:
    """Start a session and return its token. Raises what admins.check_password does."""
    database, moment, old = parts().database, now(), request.cookies.get(cookie_name())
    check_password(name, password)
    made = database.write(lambda session: admins.start_session(session, name, now=moment, instead_of=old))
    logs.event("admin.signed_in", level="info", admin=made.name)
    return made.token


def check_password(name: str, password: str) -> None:
    """Check a password for this request's network; a wrong one goes to the security log, without the name."""
    network = networks.prefix(request.remote_addr)
    try:
        admins.check_password(
            parts().database,
            name,
            password,
            network=network,
            hasher=hasher(),
            now=now(),
            browser=_known_browser(name),
        )
    except admins.SignInFailed:
        logs.event("admin.sign_in_failed", client=network)
        raise


def sign_out(response: Response) -> Response:
    """End the session in the database, and delete the cookie."""
    token = request.cookies.get(cookie_name())
    if token:
        parts().database.write(lambda session: admins.end_session(session, token))
    response.delete_cookie(cookie_name(), path="/", secure=is_https(), httponly=True, samesite="Strict")
    return response


def send_cookie(response: Response, token: str) -> Response:
    """Set the session's cookie, which goes with the browser's window; how long it counts, the database says."""
    response.set_cookie(cookie_name(), token, httponly=True, samesite="Strict", secure=is_https(), path="/")
    return response


def remember_browser(response: Response, name: str) -> Response:
    """Let this browser's later attempts at the account be counted apart from those of strangers."""
    nonce = secrets.token_urlsafe(16)
    response.set_cookie(
        _name_cookie(KNOWN_BROWSER),
        f"{nonce}.{_browser_mark(name, nonce)}",
        max_age=KNOWN_DAYS * 24 * 3600,
        httponly=True,
        samesite="Strict",
        secure=is_https(),
        path="/",
    )
    return response


def local_path(given: str) -> str:
    """Return where to go after signing in: the page asked for if it is one of ours, else the first one."""
    return given if LOCAL.fullmatch(given) else HOME


def hasher() -> PasswordHasher:
    """Return the password hasher: the library's defaults, unless the application was given another."""
    return cast("PasswordHasher", current_app.extensions.setdefault(HASHER, PasswordHasher()))


def cookie_name() -> str:
    """Name the session's cookie."""
    return _name_cookie(NAME)


def _name_cookie(name: str) -> str:
    """
    Name a cookie for this request's port; over https the name itself forbids a subdomain to set it.

    Browsers have one jar for all ports of a host, where two arenas would sign each other's admins out.
    """
    port = PORT.search(request.host)
    own = f"{name}_{port[1]}" if port else name
    return f"__Host-{own}" if is_https() else own


def _known_browser(name: str) -> str | None:
    """Return the nonce of a browser that has signed in to this account before; None for any other."""
    nonce, _, mark = request.cookies.get(_name_cookie(KNOWN_BROWSER), "").partition(".")
    return nonce if nonce and hmac.compare_digest(mark.encode(), _browser_mark(name, nonce).encode()) else None


def _browser_mark(name: str, nonce: str) -> str:
    secret = parts().settings.secret_key.get_secret_value().encode()
    return hmac.new(secret, f"browser of admin\0{name}\0{nonce}".encode(), hashlib.sha256).hexdigest()


def _by_login() -> Administrator | None:
    login = team.login()
    return Administrator(login, None) if login is not None and login in parts().settings.admins else None


def _by_session() -> Administrator | None:
    token, moment = request.cookies.get(cookie_name()), now()
    if not token:
        return None
    with parts().database.reading() as session:
        known = admins.find_session(session, token, now=moment)
    if known is None:
        return None
    name, seen_at = known
    if moment - seen_at >= TOUCH_INTERVAL:
        parts().database.write(lambda session: admins.touch(session, token, now=moment))
    return Administrator(name, token)
