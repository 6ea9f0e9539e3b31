"""
What home, a board and a model page cost beside another checkout's: CPU, and the model page's height in Chromium.

    git worktree add /tmp/old b16c6f7 && (cd /tmp/old && scripts/setup)
    python scripts/bench/model_page.py /tmp/old [--turns 40] [--only heights|cost] [--shots FOLDER]

Each checkout builds the same arena from its own catalogue: the seed's seven competitions, 24 models with
images, 700 votes. heights: CSS pixels of the whole page at 1280 and 390 px, every fold as the page opens it.
votes: rendered anew when every rating is another than before. first: rendered for the first time since the
catalogue changed. CPU time, by turns in one run, medians. Exit 1 where a page is higher than 60 % or costs more
than 1.1 times.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent.parent
if "--serve" not in sys.argv:
    # A serving process imports the checkout it was started in.
    sys.path.insert(0, str(ROOT))

ENTERED = (
    *("dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1.5", "gpt-image-2", "flux.1-dev", "flux.1-schnell"),
    *("flux1.1-pro", "flux.2-pro", "flux.2-max", "gemini-2.5-flash-image", "gemini-3-pro-image", "ideogram-v3"),
    *("imagen-4.0-generate-001", "qwen-image", "recraft-v3", "recraft-v4", "seedream-4", "seedream-4.5"),
    *("stable-diffusion-3.5-large", "stable-diffusion-xl", "hunyuan-image-3", "z-image-turbo", "midjourney"),
)
VOTES = 700
PAGES = {
    "retired, with votes": "dall-e-2",
    "served, with votes": "gpt-image-2",
    "without votes": "flux.1-kontext-pro",
    "hollow, without votes": "dall-e-mini",
}
LISTS = {"home": "/", "board": "/leaderboards/text-to-image"}
WIDTHS = (1280, 390)
MOST_HEIGHT, MOST_COST = 0.6, 1.1


@dataclass(frozen=True)
class Served:
    """A checkout's arena in a process of its own."""

    address: str
    orders: IO[str]
    answers: IO[str]

    def cpu_ms(self, kind: str, path: str) -> float:
        """Render a page anew, `kind` being `votes` or `first`, and return the CPU that it took."""
        self.orders.write(f"{kind} {path}\n")
        self.orders.flush()
        return float(self.answers.readline())


def main() -> None:
    """Print both checkouts' figures and their ratios."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("other", type=Path)
    arguments.add_argument("--turns", type=int, default=40)
    arguments.add_argument("--only", choices=("heights", "cost"))
    arguments.add_argument("--shots", type=Path, help="keep a picture of every page here")
    arguments.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.serve:
        serve(options.other)
        return
    with ExitStack() as stack:
        old, new = (stack.enter_context(_started(checkout)) for checkout in (options.other.resolve(), ROOT))
        missed = [] if options.only == "cost" else _compare_heights(old, new, options.shots)
        missed += [] if options.only == "heights" else _compare_costs(old, new, options.turns)
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _compare_heights(old: Served, new: Served, shots: Path | None) -> list[str]:
    missed = []
    print(f"{'height, px':<24}{'width':>6} {'old':>7} {'new':>7} {'ratio':>6}")
    for what, slug in PAGES.items():
        for width in WIDTHS:
            before, after = (
                _height(served, slug, width, shots and shots / f"{slug}-{width}-{name}.png")
                for name, served in (("old", old), ("new", new))
            )
            print(f"{what:<24}{width:>6} {before:>7} {after:>7} {after / before:>6.2f}")
            missed += [f"height of {slug} at {width} px"] if after > MOST_HEIGHT * before else []
    return missed


def _height(served: Served, slug: str, width: int, shot: Path | None) -> int:
    from tests.web.browsing import chromium

    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(f"{served.address}/models/{slug}")
        height = int(page.evaluate("document.documentElement.scrollHeight"))
        if shot:
            shot.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=shot, full_page=True)
    return height


def _compare_costs(old: Served, new: Served, turns: int) -> list[str]:
    missed = []
    print(f"{'CPU, ms':<24}{'':>6} {'old':>7} {'new':>7} {'ratio':>6}")
    paths = LISTS | {what: f"/models/{slug}" for what, slug in PAGES.items()}
    for what, path in paths.items():
        for kind in ("votes", "first") if what in PAGES else ("votes",):
            times = [[side.cpu_ms(kind, path) for side in (old, new)] for _ in range(turns)]
            before, after = (statistics.median(side) for side in zip(*times[2:], strict=True))
            print(f"{what:<24}{kind:>6} {before:>7.2f} {after:>7.2f} {after / before:>6.2f}")
            missed += [f"cost of {path}, {kind}"] if after > MOST_COST * before else []
    return missed


@contextmanager
def _started(checkout: Path) -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="blindvote-model-page-") as folder:
        own = checkout / ".venv" / "bin" / "python"
        process = subprocess.Popen(
            [own if own.exists() else sys.executable, __file__, folder, "--serve"],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin
        assert process.stdout
        try:
            yield Served(process.stdout.readline().strip(), process.stdin, process.stdout)
        finally:
            process.stdin.close()
            process.wait(60)


def serve(folder: Path) -> None:
    """Build the arena, print its address, and render a page for each line of the standard input."""
    from tests.web.browsing import served
    from tests.web.conftest import running

    database = f"sqlite:///{folder / 'arena.sqlite3'}"
    for app in running(database, folder):
        _fill(app)
        with served(app) as address:
            print(address, flush=True)
            for line in sys.stdin:
                kind, path = line.split()
                print(_render(app, kind, path), flush=True)


def _fill(app: Any) -> None:
    from tests.web import catalogue, factories

    factories.parts_of(app).database.migrate()
    catalogue.load_folder(app, catalogue.SEEDS / "catalog")
    catalogue.load_competitions(app, *catalogue.COMPETITIONS)
    catalogue.at(app, catalogue.TODAY)
    for number, slug in enumerate(catalogue.COMPETITIONS):
        for position, model in enumerate(ENTERED):
            factories.enter(app, slug, catalogue.Named(model, model), seed=100 * number + position)
    factories.votes(app, VOTES)


def _render(app: Any, kind: str, path: str) -> float:
    """Change what the page is made from, forget the kept page, and return the milliseconds of CPU to answer."""
    from sqlalchemy import text, update
    from werkzeug.test import EnvironBuilder

    from app.leaderboards.tables import Standing

    database = app.extensions["blindvote"].database
    database.write(lambda session: session.execute(update(Standing).values(rating=Standing.rating + 0.01)))
    if kind == "first":
        database.write(lambda session: session.execute(text("UPDATE catalog_state SET version = version + 1")))
        # Reading the whole catalogue anew is no part of a page: any request does that.
        app.test_client().get("/models/midjourney")
    app.extensions.pop("blindvote.answers", None)
    pages = getattr(app.extensions["blindvote"], "pages", None)
    if pages is not None:
        pages._pages.clear()  # noqa: SLF001 (only a bench empties it)
    environ = EnvironBuilder(path=path, headers=[("Host", "localhost"), ("Accept-Encoding", "br")]).get_environ()
    began = time.process_time()
    body = app(environ, lambda *_: None)
    for _ in body:
        pass
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    main()
