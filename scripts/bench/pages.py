"""
How heavy the pages are: bytes, and milliseconds of CPU to answer, for a board of 40 models with prices.

    python scripts/bench/pages.py [--models 40]

cold: rendered, every rating another than before. kept: sent again, nothing changed. 304: the reader has it.
marked: sent again after somebody wrote something that changes no page. Beside each, in the same run: a bare Flask
page of the same bytes that is kept with its ETag, and a bare Jinja table of the same number of rows.

The bar: a board, a model page and the home page cold within 6 ms. A machine may be slow or shared, so the bare
table is the measure of time: it takes 0.5 ms where the bar was set, and a bar is missed where a page takes more
than 6 ms and more than twelve times the bare table. Exit 1 where one is. It takes some ten seconds.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import brotli
from flask import Flask, Response, request
from sqlalchemy import update
from werkzeug.test import EnvironBuilder

from app import create_app
from app.arena.tables import Voter
from app.edge.context import Parts
from app.leaderboards.tables import Standing
from app.settings import Settings, one_thread_for_numpy
from tests.leaderboards import factories

PATHS = (
    "/leaderboards/text-to-image",
    "/",
    "/models",
    "/models/model-1",
    "/charts/text-to-image",
    "/competitions",
    "/api/v1/leaderboards/text-to-image",
)
BAR_MS, BAR_TIMES = 6.0, 12.0
BARRED = ("/leaderboards/text-to-image", "/", "/models/model-1")
ROUNDS = 15
ROWS = """<!doctype html><table>{% for row in rows %}<tr>{% for cell in row %}
<td role="cell" class="number" data-label="A cell of the table"><b>{{ cell }}</b> <span>of it</span></td>
{% endfor %}</tr>{% endfor %}</table>"""
CELLS = 12


def main() -> None:
    one_thread_for_numpy()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=int, default=40)
    models = arguments.parse_args().models
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), secret_key="s" * 32, log_level="error"))
        parts: Parts = app.extensions["blindvote"]
        parts.database.migrate()
        ids, _ = factories.world(parts.database, models=models, competitions=7)
        for number, model in enumerate(ids, 1):
            parts.database.write(lambda session: factories.add_price(session, model, 0.003 * number))  # noqa: B023
        print(f"{models} models, 7 competitions; milliseconds of CPU, medians; x: times the bare page or template")
        print(f"{'path':<36}{'bytes':>7} {'brotli':>7} {'cold':>13} {'kept':>13} {'304':>6} {'marked':>7}")
        missed = []
        for path in PATHS:
            text, met = _row(app, parts, path, models)
            print(text)
            missed += [] if met or path not in BARRED else [path]
    print(
        f"within the bar of {BAR_MS:g} ms or {BAR_TIMES:g}x: {', '.join(sorted({*BARRED} - {*missed})) or 'none'}"
    )
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _row(app: Flask, parts: Parts, path: str, models: int) -> tuple[str, bool]:
    """Return a line of the table, and whether its cold render is within the bar."""
    asked = _environ(path)
    answer = app.test_client().get(path)
    again = asked | {"HTTP_IF_NONE_MATCH": _etag(app, asked)}
    times: dict[str, list[float]] = {name: [] for name in ("cold", "kept", "304", "marked", "page", "template")}
    bare, page = _bare(models, answer.data)
    for _ in range(ROUNDS):
        app.extensions["blindvote"].pages._pages.clear()  # noqa: SLF001 (only a bench empties it)
        parts.database.write(
            lambda session: session.execute(update(Standing).values(rating=Standing.rating + 0.01))
        )
        times["cold"].append(_cpu_ms(app, asked))
        times["template"].append(_cpu_ms(bare, _environ("/template")))
        for _ in range(5):
            times["kept"].append(_cpu_ms(app, asked))
            times["304"].append(_cpu_ms(app, again))
            times["page"].append(_cpu_ms(bare, page))
        parts.database.write(lambda session: session.add(Voter(first_seen=datetime.now(UTC))))
        times["marked"].append(_cpu_ms(app, asked))
    ms = {name: statistics.median(values) for name, values in times.items()}
    cold = f"{ms['cold']:.1f} ({ms['cold'] / ms['template']:.1f}x)"
    kept = f"{ms['kept']:.3f} ({ms['kept'] / ms['page']:.2f}x)"
    sizes = f"{len(answer.data):>7} {len(brotli.compress(answer.data, quality=5)):>7}"
    text = f"{path:<36}{sizes} {cold:>13} {kept:>13} {ms['304']:>6.3f} {ms['marked']:>7.2f}"
    return text, ms["cold"] <= BAR_MS or ms["cold"] <= BAR_TIMES * ms["template"]


def _bare(models: int, body: bytes) -> tuple[Flask, dict[str, Any]]:
    """Build the least that this stack can do: a page kept in memory, compressed, and a template of plain cells."""
    app = Flask("bare")
    packed = brotli.compress(body, quality=5)
    rows = [[f"{row}.{cell}" for cell in range(CELLS)] for row in range(models)]
    table = app.jinja_env.from_string(ROWS)

    @app.get("/kept")
    def kept() -> Response:
        response = Response(packed, mimetype="text/html")
        response.set_etag("bare")
        response.headers["Cache-Control"] = "public, no-cache"
        response.headers["Content-Encoding"] = "br"
        response.make_conditional(request)
        return response

    @app.get("/template")
    def template() -> str:
        return table.render(rows=rows)

    return app, _environ("/kept")


def _environ(path: str) -> dict[str, Any]:
    headers = [("Host", "localhost"), ("Accept-Encoding", "gzip, br")]
    return EnvironBuilder(path=path, headers=headers).get_environ()


def _etag(app: Flask, asked: dict[str, Any]) -> str:
    return dict(_answer(app, asked)[1])["ETag"]


def _cpu_ms(app: Flask, asked: dict[str, Any]) -> float:
    began = time.process_time()
    status, _ = _answer(app, asked)
    spent = 1000 * (time.process_time() - began)
    if status[:3] not in {"200", "304"}:
        raise SystemExit(f"{asked['PATH_INFO']} failed")
    return spent


def _answer(app: Callable[..., Any], asked: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Return status and headers, the body read, with no client between."""
    told: list[Any] = []
    body = app(dict(asked), lambda status, headers, _error=None: told.extend((status, headers)))
    for _ in body:
        pass
    getattr(body, "close", lambda: None)()
    return told[0], told[1]


if __name__ == "__main__":
    main()
