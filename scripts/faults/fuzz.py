"""
Hostile requests inside this process: no answer of 500 or above, and no JSON answer outside what is published.

Schemathesis makes good and bad requests of every operation of /api/v1/openapi.json and of the OpenAI-compatible
routes; hypothesis makes JSON bodies, and raw paths, queries, headers, cookies and methods for every route.

    python scripts/faults/fuzz.py [--cases 10000] [--bodies 2000] [--raw 4000] [--seed N]
                                  [--database sqlite|postgres]

Prints what was asked and each finding. Exit 1 where there is one. It takes some ten minutes.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.arena.entries import competitions
from app.arena.people import admins
from app.arena.tables import Category, Competition
from app.catalog.loading import load
from app.catalog.seeds import batches, read_seeds
from app.database.doors import Database
from app.edge.admin import Administrator, form_token
from app.gateway import keys
from scripts.faults import hostile
from scripts.faults.application import application, populate
from tests.postgres import running

ROOT = Path(__file__).resolve().parent.parent.parent
SEEDS = ROOT / "scripts" / "seeds" / "catalog"
OPEN = "pixel-mini"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
WRITES = (
    "/arena",
    "/me/delete",
    "/playground",
    "/suggest",
    "/admin/login",
    "/api/v1/matchups",
    "/api/v1/suggestions",
)
DRAWN = 100
"""One in so many requests for images may draw; it takes a second."""
SHOWN = 20
"""Findings printed in full."""


@dataclass
class World:
    """An arena with a voter, an admin and a key; what a hostile client knows of it."""

    app: Flask
    voter: str
    admin: str
    form_token: str
    bearer: str
    matchups: list[str]

    @property
    def known(self) -> dict[str, list[str]]:
        """Return what is known by the names that variables of rules have."""
        return {
            "matchup_id": self.matchups,
            "slug": ["c0", "m0", OPEN],
            "a": ["m0"],
            "b": ["m1"],
            "category": ["portrait"],
            "mode": ["text-to-image", "image-edit"],
            "model_id": [OPEN, "dall-e-2", f"painter/{OPEN}"],
            "side": ["a", "b", "input"],
            "deed": ["open", "close", "exclude", "restore"],
            **{name: ["1", "2"] for name in ("number", "flag", "suggestion")},
        }


@dataclass
class Findings:
    """What should not have been answered, and how often what was."""

    answers: dict[str, Counter[int]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return sum(sum(counted.values()) for counted in self.answers.values())

    def count(self, part: str, status: int) -> None:
        """Count one answer."""
        self.answers.setdefault(part, Counter())[status] += 1

    def report(self, part: str, what: str, request: str) -> None:
        """Keep the newest finding of each kind."""
        self.wrong.setdefault(f"{part}: {what}", request)

    def told(self) -> None:
        """Print answers and findings."""
        for part, counted in sorted(self.answers.items()):
            print(f"{sum(counted.values()):>7} {part}  {dict(sorted(counted.items()))}")
        for what, request in list(self.wrong.items())[:SHOWN]:
            print(f"\nFOUND {what}\n  {request}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=10_000, help="made from the two documents")
    arguments.add_argument("--bodies", type=int, default=2_000, help="JSON bodies, to every route that takes one")
    arguments.add_argument("--raw", type=int, default=4_000, help="raw requests, to every route")
    arguments.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blindvote-fuzz-")))
        url = ""
        if options.database == "postgres":
            url = stack.enter_context(running()).format(database="postgres")
        made = stack.enter_context(world(folder, url))
        began = time.monotonic()
        print(f"{options.database}, seed {options.seed}")
        found = attack(made, options.cases, options.bodies, options.raw, options.seed)
        minutes = (time.monotonic() - began) / 60
    found.told()
    print(f"\n{found.cases} requests in {minutes:.1f} minutes, {len(found.wrong)} findings")
    return 1 if found.wrong else 0


@contextmanager
def world(folder: Path, url: str = "", catalogue: Path = SEEDS) -> Iterator[World]:
    """Make a small arena in this folder."""
    url = url or f"sqlite:///{folder / 'blindvote.sqlite3'}"
    now = datetime.now(UTC)
    with closing(Database(url)) as database:
        populate(database, folder, competitions=2, models=5)
        for part in batches(read_seeds(catalogue)):
            database.write(lambda session: load(session, part, now=now))  # noqa: B023
        database.write(_categorised)
        database.write(lambda session: admins.create(session, "ada", "$none$", now=now))
        token = database.write(lambda session: admins.start_session(session, "ada", now=now)).token
        _, secret = database.write(lambda session: keys.create_key(session, "fuzz", now=now))
    with application(folder, url) as app:
        voter, matchups = _voter(app)
        with app.test_request_context():
            form = form_token(Administrator("ada", token))
        yield World(app, voter, f"blindvote_admin={token}", form, secret, matchups)


def _categorised(session: Session) -> None:
    competitions.save_category(session, competitions.CategoryFile(slug="portrait", title="Portrait"))
    category = session.scalars(select(Category)).one()
    for competition in session.scalars(select(Competition)):
        competition.categories.append(category)


def _voter(app: Flask) -> tuple[str, list[str]]:
    """Return the cookie of a voter with a vote, a skip, an undone vote and two open matchups."""
    client = app.test_client()
    matchups = []
    for outcome in ("a", "skip", "tie", None, None):
        matchups.append(client.post("/api/v1/matchups", json={}).get_json()["id"])
        if outcome:
            client.post(f"/api/v1/matchups/{matchups[-1]}/vote", json={"outcome": outcome})
    client.delete(f"/api/v1/matchups/{matchups[2]}/vote")
    cookie = client.get_cookie("blindvote_voter")
    assert cookie
    return f"blindvote_voter={cookie.value}", matchups


def attack(made: World, cases: int, bodies: int, raw: int, first: int) -> Findings:
    """Send at least so many requests of each kind; return what was found."""
    found = Findings()
    fetched = schemathesis.openapi.from_dict(made.app.test_client().get("/api/v1/openapi.json").get_json())
    documents = [fetched, schemathesis.openapi.from_dict(hostile.gateway_document())]
    operations = [one.ok() for document in documents for one in document.get_all_operations()]
    number = first
    while found.cases < cases:
        each = max(2, min(100, (cases - found.cases) // (2 * len(operations)) + 1))
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                number += 1
                many(operation.as_strategy(generation_mode=mode), partial(ask, made, found), each, number)
    paths = [rule.rule for rule in made.app.url_map.iter_rules()]
    posted = [path for path in paths if path in WRITES or path.endswith("/vote") or "/images/" in path]
    many(hostile.requests(posted, made.known), partial(post, made, found), bodies, first)
    many(hostile.requests(paths, made.known), partial(send, made, found), raw, first + 1)
    return found


def many(strategy: st.SearchStrategy[Any], act: Callable[[Any], None], count: int, number: int) -> None:
    """Call `act` on so many examples, or on all where there are fewer."""

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(example: Any) -> None:
        act(example)

    with suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
        run()


def ask(made: World, found: Findings, case: Case) -> None:
    """Draw a request that a document describes, or nearly; every second one knows ids that exist."""
    label = case.operation.label
    turn = found.cases
    for name in case.path_parameters:
        if turn % 2 and name in made.known:
            choices = made.known[name]
            case.path_parameters[name] = choices[turn // 2 % len(choices)]
    sent = {"Accept-Encoding": "identity"}
    cookies = dict([made.voter.split("=", 1)]) if turn % 3 else {}
    if "/images/" in label and turn % DRAWN:
        case.query = {**case.query, "dryRun": "true"}
    if "/openai/" in label and turn % 8:
        sent["Authorization"] = f"Bearer {made.bearer}"
    response = case.call(headers=sent, cookies=cookies, app=made.app)
    found.count(label, response.status_code)
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        for failure in group.exceptions:
            found.report(label, f"{response.status_code} {type(failure).__name__}", str(group)[:1500])


def post(made: World, found: Findings, environ: dict[str, Any]) -> None:
    """Draw a body, sent properly to a route that takes one."""
    typed = environ["CONTENT_TYPE"] if environ["CONTENT_TYPE"].isascii() else ""
    proper = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": typed or "application/json"}
    proper |= {"CONTENT_LENGTH": str(len(environ["body"])), "HTTP_SEC_FETCH_SITE": "same-origin"}
    proper |= {"QUERY_STRING": "dryRun=true" if found.cases % DRAWN else "", "HTTP_HOST": "localhost"}
    send(made, found, environ | proper, part="bodies")


def send(made: World, found: Findings, environ: dict[str, Any], part: str = "raw") -> None:
    """Send a raw request straight into the application."""
    whole = EnvironBuilder(path="/").get_environ() | environ
    body = whole.pop("body")
    path = whole["PATH_INFO"]
    if path.startswith("/admin") and not path.startswith("/admin/log"):
        whole["HTTP_COOKIE"] = made.admin
        body = body.replace(b"form_token=", f"form_token={made.form_token}&x=".encode())
    elif not found.cases % 3:
        whole["HTTP_COOKIE"] = made.voter
    if path.startswith("/openai") and found.cases % 4:
        whole["HTTP_AUTHORIZATION"] = f"Bearer {made.bearer}"
    whole["wsgi.input"] = BytesIO(body)
    content, status, _ = run_wsgi_app(made.app, whole, buffered=True)
    answer = b"".join(content)
    found.count(part, int(status[:3]))
    if status >= "500" or b"Traceback" in answer:
        request = f"{whole['REQUEST_METHOD']} {hostile.quoted(path)}?{whole['QUERY_STRING']}\n  {body[:300]!r}\n  "
        shown = {name: value for name, value in whole.items() if name.startswith(("HTTP_", "CONTENT"))}
        found.report(part, f"{status[:3]} at {path.split('/')[1]}", f"{request}{shown}\n  {answer[:300]!r}")


if __name__ == "__main__":
    sys.exit(main())
