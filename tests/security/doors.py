"""Applications with an admin, and browsers that sign in: argon2 at its cheapest, everything else as it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.arena.people import admins, passwords
from app.database.doors import Database
from app.edge import admin
from app.settings import Settings
from tests.web.factories import OURS, moment, parts_of

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NAME, PASSWORD = "ada", "four quiet rivers meet"
SECRET = "s" * 32
PROXY = {"REMOTE_ADDR": "10.0.0.1"}
HEADER = "X-Forwarded-User"
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{32})"')


@contextmanager
def application(database_url: str, folder: Path, **more: Any) -> Iterator[Flask]:
    """With one admin; closed in the end."""
    given = {"database_url": database_url, "data_dir": folder, "secret_key": SECRET, "refresh_seconds": 0}
    made = create_app(Settings.model_validate(given | more))
    made.extensions[admin.HASHER] = CHEAP
    add_admin(parts_of(made).database)
    yield made
    parts_of(made).database.close()


def team(database_url: str, folder: Path, **more: Any) -> Any:
    """An arena behind a login."""
    closed = {"profile": "team", "login_header": HEADER, "trusted_proxies": ["10.0.0.0/8"], "admins": ["root@x"]}
    return application(database_url, folder, **closed | more)


def add_admin(database: Database, name: str = NAME, password: str = PASSWORD) -> None:
    digest = passwords.hash_password(name, password, CHEAP)
    database.write(lambda session: admins.create(session, name, digest, now=moment()))


def sign_in(client: FlaskClient, name: str = NAME, password: str = PASSWORD, **more: Any) -> TestResponse:
    form = {"name": name, "password": password, "next": more.pop("next", "")}
    return client.post("/admin/login", data=form, headers=OURS, **more)


def form_token(client: FlaskClient, path: str = "/admin/password", **more: Any) -> str:
    """As the forms of this browser's pages carry it."""
    found = TOKEN.search(client.get(path, **more).text)
    return found[1] if found else ""


def deed(client: FlaskClient, path: str, reason: str = "because we say so", **form: str) -> TestResponse:
    """A form of the admin pages, filled in."""
    data = {"form_token": form_token(client), "reason": reason, **form}
    return client.post(path, data=data, headers=OURS)


def logged_in(login: str | None, peer: str = PROXY["REMOTE_ADDR"]) -> dict[str, Any]:
    """What a login proxy adds to a request of this login."""
    return {"headers": {HEADER: login} if login else {}, "environ_base": {"REMOTE_ADDR": peer}}
