"""
Screenshots of readers' pages in light and dark, at 390 and 1280 pixels, and what a browser measures on them.

    python -m scripts.bench.screenshots DATA_FOLDER OUT_FOLDER [PATH ...] [--widths 390 1280]

Serves the data folder by itself. Prints for each page its height, bytes over the wire, whether it scrolls
sideways, and for charts how many names stand there and how many of them overlap or leave their drawing.
"""

import argparse
import re
from pathlib import Path

from playwright.sync_api import Page

from app import create_app
from app.settings import Settings
from tests.web.browsing import chromium, served

PATHS = (
    "/",
    "/arena",
    "/leaderboards/text-to-image",
    "/leaderboards/text-to-image/portrait",
    "/leaderboards/image-edit",
    "/charts/text-to-image",
    "/models",
    "/models/dall-e-2",
    "/competitions",
    "/competitions/baby-animals",
    "/compare/dall-e-2/dall-e-3",
    "/methodology",
    "/integrity",
    "/docs",
    "/me",
    "/nowhere",
)
MEASURE = """() => {
  const labels = [...document.querySelectorAll(".spot text")].filter((one) => one.getClientRects().length);
  const boxes = labels.map((one) => [one.getBoundingClientRect(), one.closest(".chart").getBoundingClientRect()]);
  let overlap = 0, outside = 0;
  boxes.forEach(([one, plot], at) => {
    if (one.left < plot.left - 1 || one.right > plot.right + 1) outside += 1;
    for (const [other] of boxes.slice(at + 1)) {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 0.5 && down > 3) overlap += 1;
    }
  });
  return { height: document.documentElement.scrollHeight, wide: document.documentElement.scrollWidth - innerWidth,
           names: labels.length, best: document.querySelectorAll(".spot.best").length,
           named: labels.filter((one) => one.closest(".best")).length, overlap, outside };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("paths", nargs="*", default=PATHS)
    parser.add_argument("--widths", nargs="*", type=int, default=[390, 1280])
    parser.add_argument("--schemes", nargs="*", default=["light", "dark"])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    app = create_app(Settings(data_dir=asked.data, log_level="error"))
    with served(app) as base, chromium() as browser:
        for scheme in asked.schemes:
            for width in asked.widths:
                context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
                page = context.new_page()
                for path in asked.paths:
                    found = shoot(page, base, path, asked.out, f"{scheme}-{width}")
                    print(f"{scheme:<6}{width:>5}  {path:<44} {found}")
                context.close()
    app.extensions["blindvote"].database.close()


def shoot(page: Page, base: str, path: str, out: Path, name: str) -> str:
    """Take a picture of the whole page, and describe what was measured on it."""
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    page.goto(base + path)
    page.wait_for_load_state("networkidle")
    file = re.sub(r"\W+", "-", path).strip("-") or "home"
    page.screenshot(path=out / f"{file}-{name}.png", full_page=True)
    found = page.evaluate(MEASURE)
    words = [f"{found['height']:>6} px", f"{sum(sizes) / 1000:>5.0f} KB"]
    words += [f"SIDEWAYS {found['wide']}"] if found["wide"] > 0 else []
    if found["names"]:
        words.append(
            f"{found['names']} names, {found['named']} of {found['best']} on the frontier, "
            f"{found['overlap']} overlap, {found['outside']} outside"
        )
    return " ".join(words)


if __name__ == "__main__":
    main()
