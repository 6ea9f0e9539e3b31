"""
The floor under the load figures: the same server, framework and database doors, and nothing of the product.

One route stores a vote and counts it, as barely as it can be done; one sends a page from memory; one renders one.
Three more make a round: a pair, its two pictures and the vote on it, with prepared statements.
"""

import os
import time
from pathlib import Path

from flask import Blueprint, Flask, Response, jsonify, render_template_string, request
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Update,
    bindparam,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.database.doors import Database, insert
from app.database.statements import PreparedStatement
from app.gateway.storage import Storage, storage_of
from app.settings import Settings

TABLES = MetaData()
VOTES = Table(
    "bare_votes",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("token", LargeBinary(16), unique=True, nullable=False),
    Column("outcome", String, nullable=False),
)
COUNTS = Table(
    "bare_counts", TABLES, Column("pair", Integer, primary_key=True), Column("votes", Integer, nullable=False)
)
MATCHUPS = Table(
    "bare_matchups",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("token", LargeBinary(16), unique=True, nullable=False),
    Column("pair", Integer, nullable=False),
    Column("a_served", BigInteger),
    Column("b_served", BigInteger),
)
PAIRS = 2000
_NEW_MATCHUP = PreparedStatement(
    lambda insert: insert(MATCHUPS).values(token=bindparam("its_token"), pair=bindparam("its_pair"))
)
_MATCHUP = PreparedStatement(lambda _: select(MATCHUPS).where(MATCHUPS.c.token == bindparam("its_token")))
_NEW_VOTE = PreparedStatement(
    lambda insert: (
        insert(VOTES)
        .values(token=bindparam("its_token"), outcome=bindparam("its_outcome"))
        .on_conflict_do_nothing(index_elements=["token"])
    )
)
_TALLY = PreparedStatement(
    lambda insert: (
        insert(COUNTS)
        .values(pair=bindparam("its_pair"), votes=1)
        .on_conflict_do_update(index_elements=["pair"], set_={"votes": COUNTS.c.votes + 1})
    )
)


def _mark(side: str) -> PreparedStatement:
    column = MATCHUPS.c[f"{side}_served"]

    def build(_insert: object) -> Update:
        unseen = update(MATCHUPS).where(MATCHUPS.c.token == bindparam("its_token"), column.is_(None))
        return unseen.values({column: bindparam("now")})

    return PreparedStatement(build)


_MARKS = {side: _mark(side) for side in "ab"}
ROWS = """<!doctype html><title>Board</title><table>{% for row in rows %}
<tr>{% for cell in row %}<td class="figure">{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>{{ filler }}"""


def application() -> Flask:
    """Build the bare application; DATABASE_URL and BARE_PAGE (the file whose bytes are its page) configure it."""
    app = Flask(__name__)
    database = Database(os.environ["DATABASE_URL"])
    database.write(lambda session: TABLES.create_all(session.connection()))
    page = Path(os.environ["BARE_PAGE"]).read_bytes()

    @app.post("/vote/<token>")
    def vote(token: str) -> Response:
        outcome, key = str(request.get_json()["outcome"]), bytes.fromhex(token)

        def work(session: Session) -> None:
            row = insert(session, VOTES).values(token=key, outcome=outcome)
            session.execute(row.on_conflict_do_nothing(index_elements=["token"]))
            count = insert(session, COUNTS).values(pair=key[0] * 7 % PAIRS, votes=1)
            raised = {"votes": COUNTS.c.votes + 1}
            session.execute(count.on_conflict_do_update(index_elements=["pair"], set_=raised))

        database.write(work)
        return jsonify(outcome=outcome)

    @app.get("/page")
    def kept() -> Response:
        response = Response(page, mimetype="text/html")
        response.set_etag("bare")
        return response.make_conditional(request)

    @app.get("/rendered")
    def rendered() -> str:
        return render_template_string(ROWS, rows=[[r * c for c in range(8)] for r in range(40)])

    if picture := os.environ.get("BARE_PICTURE"):
        app.register_blueprint(rounds(database, storage_of(Settings()), picture))
    return app


def rounds(database: Database, storage: Storage, key: str) -> Blueprint:
    """Store what a round of voting stores, and send the file of this key as each picture, under our paths."""
    routes = Blueprint("rounds", __name__)

    @routes.post("/api/v1/matchups")
    def issue() -> Response:
        token = os.urandom(16)
        database.write(
            lambda session: _NEW_MATCHUP.change(session, its_token=token, its_pair=token[0] * 7 % PAIRS)
        )
        return jsonify(id=token.hex())

    @routes.get("/m/<token>/<any(a, b):side>.webp")
    def send_picture(token: str, side: str) -> Response:
        its = bytes.fromhex(token)
        with database.reading() as session:
            row = _MATCHUP.first(session, its_token=its)
        data = storage.get(key)
        if getattr(row, f"{side}_served") is None:
            database.write(
                lambda session: _MARKS[side].change(session, its_token=its, now=time.time_ns() // 10**6)
            )
        return Response(data, mimetype="image/webp", headers={"Cache-Control": "no-store"})

    @routes.post("/api/v1/matchups/<token>/vote")
    def vote(token: str) -> Response:
        outcome, its = str(request.get_json()["outcome"]), bytes.fromhex(token)

        def work(session: Session) -> None:
            row = _MATCHUP.first(session, its_token=its)
            if _NEW_VOTE.change(session, its_token=its, its_outcome=outcome):
                _TALLY.change(session, its_pair=row.pair)

        database.write(work)
        return jsonify(outcome=outcome)

    return routes


def main() -> None:
    """Serve the bare application as `arena serve` does."""
    from app.cli.serve import server

    server(
        "scripts.bench.bare:application", "127.0.0.1", int(os.environ["PORT"]), int(os.environ["WORKERS"])
    ).serve()


if __name__ == "__main__":
    main()
