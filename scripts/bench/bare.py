"""
The floor under the load figures: the same server, framework and database doors, and nothing of the product.

One route stores a vote and counts it, as barely as it can be done; one sends a page from memory; one renders one.
"""

import os
from pathlib import Path

from flask import Flask, Response, jsonify, render_template_string, request
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.orm import Session

from app.database.doors import Database, insert

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
PAIRS = 2000
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

    return app


def main() -> None:
    """Serve the bare application as `arena serve` does."""
    from app.cli.serve import server

    server(
        "scripts.bench.bare:application", "127.0.0.1", int(os.environ["PORT"]), int(os.environ["WORKERS"])
    ).serve()


if __name__ == "__main__":
    main()
