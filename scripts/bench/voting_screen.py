"""
What a voter waits for on the voting screen, in a real browser on a served arena of demo-sized pictures.

    python scripts/bench/voting_screen.py [--votes 20]

key to reveal, key to next pair: from the key until the browser painted what it brought, on loopback. Slow 4G: a
phone of 390 px and density 3 at 1.6 Mbit/s and 150 ms; the next pair after four seconds of looking. Layout shift:
what Chromium sums up over the votes. Needs a quiet machine. Exit 1 where a bar is missed.
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

from playwright.sync_api import Browser, Page

from app import create_app
from app.settings import Settings
from tests.web import factories
from tests.web.browsing import Visit, chromium, served, visiting

SIDE = 1024
COMPETITIONS = 12
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
"""1.6 Mbit/s down, 0.75 up, in bytes a second; milliseconds."""
LOOK = 4.0
BAR_MS, BAR_FIRST, BAR_NEXT = 60, 3.0, 0.15
WATCH = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  window.press = (key, state) => new Promise((resolve) => {
    const arena = document.querySelector("[data-arena]"), before = performance.now();
    const tell = () => resolve(performance.now() - before);
    const painted = () => requestAnimationFrame(() => requestAnimationFrame(tell));
    new MutationObserver((_, self) => { if (arena.dataset.state === state) { self.disconnect(); painted(); } })
      .observe(arena, { attributes: true, attributeFilter: ["data-state"] });
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
}"""
DEAF_MS = 450


@contextmanager
def arena() -> Iterator[str]:
    """Serve competitions of pictures that are as heavy as the demo's."""
    factories.FRAME = (SIDE, SIDE)
    with tempfile.TemporaryDirectory() as folder:
        made = create_app(Settings(data_dir=Path(folder), secret_key="s" * 32, log_level="error"))
        factories.parts_of(made).database.migrate()
        for number in range(COMPETITIONS):
            factories.competition(made, f"competition-{number}")
        with served(made) as address:
            yield address
        factories.parts_of(made).database.close()


def measure_keys(browser: Browser, base: str, votes: int) -> tuple[list[float], list[float], float]:
    """Return milliseconds from key to reveal and from key to next pair, and the sum of layout shifts."""
    with visiting(browser, base, viewport={"width": 1366, "height": 768}) as visit:
        visit.start()
        visit.page.evaluate(WATCH)
        reveals, following = [], []
        for _ in range(votes):
            visit.page.wait_for_timeout(DEAF_MS)
            reveals.append(press(visit.page, "1", "revealed"))
            visit.page.wait_for_timeout(DEAF_MS)
            following.append(press(visit.page, " ", "open"))
        return reveals, following, float(visit.page.evaluate("window.shift"))


def press(page: Page, key: str, state: str) -> float:
    """Press a key and return the milliseconds until the browser has painted the state it leads to."""
    return float(page.evaluate("([key, state]) => window.press(key, state)", [key, state]))


def measure_slow(browser: Browser, base: str) -> tuple[float, float, int]:
    """Return seconds until the first pair and the next one are votable, and the bytes until the first is."""
    how = {"viewport": {"width": 390, "height": 664}, "device_scale_factor": 3, "has_touch": True}
    with visiting(browser, base, **how) as visit:
        received = slow_down(visit)
        visit.open("/arena")
        began, before = time.monotonic(), sum(received)
        visit.page.get_by_role("button", name="Show me a pair").click()
        visit.wait("open")
        first, weight = time.monotonic() - began, sum(received) - before
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
    print(f"{name:<42}{value:9.2f} {unit:<3} {'within' if met else 'MISSES'} {bar:g}")
    return met


def main() -> None:
    """Print every figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=20)
    votes = parser.parse_args().votes
    with arena() as base, chromium() as browser:
        reveals, following, shift = measure_keys(browser, base, votes)
        first, later, weight = measure_slow(browser, base)
    print(f"key to reveal: at most {max(reveals):.0f} ms; to the next pair: at most {max(following):.0f} ms")
    print(f"bytes of the page and its first pair, as they came: {weight / 1000:.1f} KB")
    met = [
        tell("key to reveal, median", statistics.median(reveals), BAR_MS, "ms"),
        tell("key to next pair, median", statistics.median(following), BAR_MS, "ms"),
        tell("slow 4G: first pair votable", first, BAR_FIRST, "s"),
        tell("slow 4G: next pair after 4 s of looking", later, BAR_NEXT, "s"),
        tell(f"layout shift over {votes} votes", shift, 0, ""),
    ]
    sys.exit(not all(met))


if __name__ == "__main__":
    main()
