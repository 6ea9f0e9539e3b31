"""
What a voter waits for on the voting screen, in a real browser on a served arena of the demo's pictures.

    python scripts/bench/voting_screen.py [--votes 20] [--visits 5] [--data-dir FOLDER]

key to reveal, key to next pair: from the press of a key until the browser painted what it brought, on loopback.
Slow 4G: phones of 390 px and density 3 at 1.6 Mbit/s and 150 ms, each with an empty cache; the next pair after
four seconds of looking. Layout shift: what Chromium sums up over the votes, those that follow a key included.
Every painter of the demo draws for a few competitions, in an arena that is thrown away or in the given data
directory, which is kept. Needs a quiet machine. Exit 1 where a bar is missed.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from flask import Flask
from playwright.sync_api import Browser

from app import create_app
from app.arena.entries import generation
from app.cli.opening import Installation, now
from app.cli.seed import SEEDS, load_seeds
from app.demo import drawing
from app.gateway.generate import read_config
from app.gateway.transport import Client
from app.settings import Settings
from tests.web import factories
from tests.web.browsing import Visit, chromium, served, visiting

COMPETITIONS = ("apollo-11", "baby-animals", "vintage-cafe-logo")
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
"""1.6 Mbit/s down, 0.75 up, in bytes a second; milliseconds."""
LOOK = 4.0
BAR_MS, BAR_FIRST, BAR_NEXT = 60, 3.0, 0.15
WATCH = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  window.watch = (state) => {
    const arena = document.querySelector("[data-arena]");
    const pressed = new Promise((resolve) => addEventListener("keydown", resolve, { capture: true, once: true }));
    const changed = new Promise((resolve) => {
      new MutationObserver((_, self) => {
        if (arena.dataset.state === state) { self.disconnect(); resolve(); }
      }).observe(arena, { attributes: true, attributeFilter: ["data-state"] });
    });
    // A task that is posted in the frame's last callback runs once the frame was painted.
    const painted = changed.then(() => new Promise((resolve) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(performance.now());
      channel.port2.postMessage(null);
    })));
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`never ${state}`)), 10_000));
    const taken = Promise.all([pressed, painted]).then(([event, end]) => end - event.timeStamp);
    window.waited = Promise.race([taken, late]);
    window.waited.catch(() => {});
  };
}"""


@contextmanager
def arena(folder: Path) -> Iterator[str]:
    """Serve competitions for which every painter of the demo drew."""
    made = create_app(Settings(data_dir=folder, secret_key="s" * 32, log_level="error"))
    factories.parts_of(made).database.migrate()
    try:
        fill(made)
        with served(made) as address:
            yield address
    finally:
        factories.parts_of(made).database.close()


def fill(made: Flask) -> None:
    """Draw the pictures that are not there yet, as `arena demo` does."""
    parts = factories.parts_of(made)
    load_seeds(Installation(parts.settings, parts.database, parts.storage), (SEEDS,))
    with parts.database.reading() as session:
        missing = generation.find_missing(session, drawing.plan_contestants(COMPETITIONS, 0))
    context = generation.GenerationContext(parts.database, parts.storage, read_config(parts.settings), Client())
    for number, _ in enumerate(generation.generate_entries(context, missing, now=now), 1):
        print(f"\rpictures: {number} of {len(missing)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def measure_keys(browser: Browser, base: str, votes: int) -> tuple[list[float], list[float], float]:
    """Return milliseconds from key to reveal and from key to next pair, and the sum of layout shifts."""
    with visiting(browser, base, viewport={"width": 1366, "height": 768}) as visit:
        visit.start()
        visit.page.evaluate(WATCH)
        reveals, following = [], []
        for number in range(1, votes + 1):
            reveals.append(press(visit, "1", "revealed"))
            if number % 10 == 0:  # a card of the last ten votes comes before the next pair
                press(visit, "Space", "card")
            following.append(press(visit, "Space", "open"))
        return reveals, following, float(visit.page.evaluate("window.shift"))


def press(visit: Visit, key: str, state: str) -> float:
    """Press a key and return the milliseconds until the browser has painted the state it leads to."""
    visit.settle()
    visit.page.evaluate("(state) => window.watch(state)", state)
    visit.page.keyboard.press(key)
    return float(visit.page.evaluate("window.waited"))


def measure_slow(browser: Browser, base: str) -> tuple[float, float, int]:
    """Return seconds until the first pair and the next one are votable, and the bytes until the first is."""
    how = {"viewport": {"width": 390, "height": 664}, "device_scale_factor": 3, "has_touch": True}
    with visiting(browser, base, **how) as visit:
        received = slow_down(visit)
        visit.open("/arena")
        began = time.monotonic()
        visit.page.get_by_role("button", name="Show me a pair").click()
        visit.wait("open")
        first, weight = time.monotonic() - began, sum(received)
        visit.page.wait_for_timeout(LOOK * 1000)
        visit.press("1", "revealed")
        visit.settle()
        began = time.monotonic()
        visit.page.keyboard.press("Space")
        visit.wait("open")
        return first, time.monotonic() - began, weight


def slow_down(visit: Visit) -> list[int]:
    """Emulate slow 4G; returns a list that the bytes of every response are added to."""
    session = visit.page.context.new_cdp_session(visit.page)
    received: list[int] = []
    session.on("Network.loadingFinished", lambda one: received.append(int(one["encodedDataLength"])))
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    return received


def tell(name: str, value: float, bar: float, unit: str) -> bool:
    """Print a figure beside its bar; returns whether it is within."""
    met = value <= bar
    print(f"{name:<42}{value:9.2f} {unit:<3} {'within' if met else 'MISSES'} {bar:g}", flush=True)
    return met


def main() -> None:
    """Print every figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=20)
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--data-dir", type=Path)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        arena(given.data_dir or Path(folder)) as base,
        chromium() as browser,
    ):
        met = [*tell_keys(*measure_keys(browser, base, given.votes))]
        visits = [measure_slow(browser, base) for _ in range(given.visits)]
    first, later, weights = zip(*visits, strict=True)
    print(f"bytes of entrance, page and first pair: {min(weights) / 1000:.1f} to {max(weights) / 1000:.1f} KB")
    met.append(tell("slow 4G: first pair votable, worst", max(first), BAR_FIRST, "s"))
    met.append(tell("slow 4G: next pair after 4 s, worst", max(later), BAR_NEXT, "s"))
    sys.exit(not all(met))


def tell_keys(reveals: list[float], following: list[float], shift: float) -> Iterator[bool]:
    """Print what was measured with keys; yields for each bar whether it is met."""
    print(f"at most: {max(reveals):.0f} ms to the reveal, {max(following):.0f} ms to the next pair", flush=True)
    yield tell("key to reveal, median", statistics.median(reveals), BAR_MS, "ms")
    yield tell("key to next pair, median", statistics.median(following), BAR_MS, "ms")
    yield tell(f"layout shift over {len(reveals)} votes", shift, 0, "")


if __name__ == "__main__":
    main()
