"""
How many kilobytes a phone loads for home, a board and model pages, with every picture down to their ends.

    python -m scripts.bench.page_weights DATA_FOLDER [PATH ...]

Serves the data folder by itself, such as one of `readers_arena`. Each page is opened in Chromium
with nothing in its cache, 390 px wide at two pixels for one, and scrolled to its end, so that lazy pictures come
too. Counts bytes as they are sent, headers and compression included. Exit 1 where a page takes more than 400 KB.
"""

import argparse

from playwright.sync_api import Browser

from app import create_app
from app.settings import Settings
from scripts.bench.arguments import existing_folder
from tests.web.browsing import chromium, served

PATHS = ("/", "/leaderboards/text-to-image", "/models/dall-e-2", "/models/gpt-image-2")
PHONE = {"width": 390, "height": 844}
MOST_KB = 400


def main() -> None:
    """Print the weight of each page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=existing_folder)
    parser.add_argument("paths", nargs="*", default=PATHS)
    asked = parser.parse_args()
    app = create_app(Settings(data_dir=asked.folder, log_level="error"))
    missed = []
    with served(app) as address, chromium() as browser:
        for path in asked.paths:
            kb, requests = weigh(browser, address + path)
            print(f"{path:<36} {kb:>6.1f} KB in {requests} requests")
            missed += [path] if kb > MOST_KB else []
    if missed:
        raise SystemExit(f"above {MOST_KB} KB: {', '.join(missed)}")


def weigh(browser: Browser, url: str) -> tuple[float, int]:
    """Open a page and scroll it to its end; return its kilobytes and its requests."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2)  # type: ignore[arg-type]
    page, received = context.new_page(), list[int]()
    session = context.new_cdp_session(page)
    session.on("Network.loadingFinished", lambda one: received.append(int(one["encodedDataLength"])))
    session.send("Network.enable")
    page.goto(url)
    for _ in range(0, int(page.evaluate("document.documentElement.scrollHeight")), PHONE["height"]):
        page.mouse.wheel(0, PHONE["height"])
        page.wait_for_timeout(50)
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(received) / 1000, len(received)


if __name__ == "__main__":
    main()
