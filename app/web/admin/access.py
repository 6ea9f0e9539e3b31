"""Signing in and out, and what every admin page does: check who acts and the form's token, and take a reason."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.people import admins, moderation, passwords
from app.arena.voting import report_queue
from app.edge import admin, team
from app.edge.after_commit import tell_stored
from app.edge.context import now, parts
from app.edge.headers import nonce
from app.edge.origin import SAFE_METHODS
from app.web.responses import private_page, see_other

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
OPEN = frozenset({"admin.login", "admin.sign_in"})
SHORTEST_REASON, LONGEST_REASON = 3, 500


@blueprint.before_request
def guard() -> Response | None:
    """Let only admins pass, and only what comes from a form of theirs. Raises AdminRequired."""
    if request.endpoint in OPEN:
        return None
    if admin.administrator() is None and request.method in SAFE_METHODS:
        where = url_for("admin.login", next=request.full_path.removesuffix("?"))
        return see_other(where)
    who = admin.acting()
    if request.method not in SAFE_METHODS:
        admin.check_form(who)
    return None


@blueprint.get("/login")
def login() -> Response:
    """Show the form; redirect those who are signed in already."""
    target = admin.local_path(request.args.get("next", ""))
    if admin.administrator() is not None:
        return see_other(target)
    return _login(target)


@blueprint.post("/login")
def sign_in() -> Response:
    """Start a session with a new id, or show the form again."""
    target = admin.local_path(request.form.get("next", ""))
    try:
        name = request.form.get("name", "")
        token = admin.sign_in(name, request.form.get("password", ""))
    except admins.SignInFailed as failed:
        return _login(target, str(failed), 403)
    except errors.TooMany as locked:
        response = _login(target, "Too many wrong passwords. Wait some minutes, then try again.", 429)
        response.headers["Retry-After"] = str(locked.retry_after)
        return response
    return tell_stored(token, lambda token: _let_in(target, token, name))


@blueprint.post("/logout")
def logout() -> Response:
    """End the session on the server."""
    return admin.sign_out(see_other(url_for("admin.login")))


@blueprint.get("/password")
def password() -> Response:
    """Show the form to change one's own password."""
    return _password()


@blueprint.post("/password")
def change_password() -> Response:
    """Change the password, given the present one, and end every session of this admin. Raises TooMany."""
    who, database, moment = admin.acting(), parts().database, now()
    if who.token is None:
        abort(400, "Your password is with your login, not here.")
    try:
        admin.check_password(who.name, request.form.get("password", ""))
        fresh = passwords.hash_password(who.name, request.form.get("new_password", ""), admin.hasher())
    except (admins.SignInFailed, passwords.WeakPassword) as refused:
        return _password(str(refused), 400)

    def work(session: Session) -> str:
        admins.set_password(session, who.name, fresh, now=moment, actor=who.actor)
        return admins.start_session(session, who.name, now=moment).token

    return tell_stored(database.write(work), lambda token: admin.send_cookie(done("admin.overview"), token))


def admin_page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page for admins, which nobody caches."""
    who = admin.acting()
    with parts().database.reading() as session:
        waiting = moderation.count_undecided_flags(session)
        reported = report_queue.count_reported(session)
    return private_page(
        f"admin/{template}",
        status,
        nonce=nonce(),
        who=who,
        form_token=admin.form_token(who),
        waiting=waiting,
        reported=reported,
        is_done="done" in request.args,
        **values,
    )


def decide(work: Callable[..., object], endpoint: str, **values: Any) -> Response:
    """
    Do in one transaction what an admin decided, then redirect to the page that shows it.

    `work` is given the session and by name who decided (`actor`), `now` and the `reason`.
    """
    by = {"actor": admin.acting().actor, "now": now(), "reason": reason()}
    stored = parts().database.write(lambda session: work(session, **by))
    return tell_stored(stored, lambda _: done(endpoint, **values))


def done(endpoint: str, **values: Any) -> Response:
    """Redirect to the page, which says that it happened."""
    return see_other(url_for(endpoint, **values, done=1))


def reason() -> str:
    """Read why, in the words of who acts; 400 without any."""
    given = " ".join(request.form.get("reason", "").split())
    if not SHORTEST_REASON <= len(given) <= LONGEST_REASON:
        abort(400, f"Say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters. It stands in the ledger.")
    return given


def number(name: str) -> int | None:
    """Read a number of the form, None for none; 400 for what is no number."""
    given = request.form.get(name, "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        abort(400, f"{name} must be a whole number.")
    return int(given)


def _let_in(target: str, token: str, name: str) -> Response:
    return admin.remember_browser(admin.send_cookie(see_other(target), token), name)


def _login(target: str, problem: str | None = None, status: int = 200) -> Response:
    return private_page(
        "admin/login.html", status, nonce=nonce(), target=target, problem=problem, login=team.login()
    )


def _password(problem: str | None = None, status: int = 200) -> Response:
    return admin_page(
        "password.html", status, problem=problem, shortest=passwords.SHORTEST, longest=passwords.LONGEST
    )
