"""
Screenshots of every kind of page in light and dark, at 390 and 1280 pixels, and what a browser measures on them.

    python -m scripts.bench.screenshots DATA_FOLDER OUT_FOLDER [PATH ...] [--widths 390 1280] [--axe]

Serves the data folder by itself, in the profile `local`, and signs in as an admin that it makes there. Without a
PATH it takes the fixed pages, every board and chart of the sitemap, some competitions and models, and admin pages.
Prints for each page its height, bytes over the wire, whether it scrolls sideways, what axe finds, what the console
says, and for charts how many names stand there and how many of them overlap or leave their drawing.
"""

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, Response
from sqlalchemy.orm import Session

from app import create_app
from app.arena.people import admins
from app.edge.admin import cookie_name
from app.settings import Settings
from scripts.bench.arguments import existing_folder
from tests.web.browsing import chromium, find_violations, served

FIXED = (
    "/",
    "/arena",
    "/leaderboards/text-to-image?question=prompt",
    "/leaderboards/text-to-image?columns=change,votes,win_rate,both_bad,price,per_1000,speed,licence,requests",
    "/leaderboards/text-to-image?q=dale&sort=votes",
    "/charts/text-to-image?question=prompt",
    "/models",
    "/models?q=flux+shnell",
    "/models/dall-e-2",
    "/models/pixel-mini",
    "/models/gpt-image-2",
    "/models/flux.2-pro",
    "/models/dall-e-3",
    "/competitions",
    "/compare",
    "/compare/dall-e-2/dall-e-3",
    "/methodology",
    "/integrity",
    "/docs",
    "/docs/admin",
    "/playground",
    "/suggest",
    "/me",
    "/nowhere",
)
ADMIN = (
    "/admin",
    "/admin/flags",
    "/admin/votes",
    "/admin/competitions",
    "/admin/competitions/baby-animals",
    "/admin/reports",
    "/admin/suggestions",
    "/admin/gateway",
    "/admin/ledger",
    "/admin/password",
)
NAME = "screenshots"
OF_EACH = 3
"""Competitions and comparisons that are taken of the sitemap, at most, besides those above."""
SCROLL = """async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo(0, top);
    await new Promise(requestAnimationFrame);
  }
  scrollTo(0, 0);
}"""
"""Pass by every picture, so that lazy ones come too."""
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
    parser.add_argument("data", type=existing_folder)
    parser.add_argument("out", type=Path)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--widths", nargs="*", type=int, default=[390, 1280])
    parser.add_argument("--schemes", nargs="*", default=["light", "dark"])
    parser.add_argument("--axe", action="store_true", help="look for violations of WCAG too")
    parser.add_argument("--no-pictures", action="store_true", help="only measure")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    app = create_app(Settings(data_dir=asked.data, log_level="error"))
    with served(app) as base, chromium() as browser:
        paths = asked.paths or [*FIXED, *choose_paths(app), *ADMIN]
        for scheme in asked.schemes:
            for width in asked.widths:
                context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
                context.add_cookies([{"name": name_cookie(app, base), "value": sign_in(app), "url": base}])
                page = context.new_page()
                said: list[str] = []
                page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)  # noqa: B023
                for path in paths:
                    found = shoot(page, base, path, None if asked.no_pictures else asked.out, f"{scheme}-{width}")
                    found += [f"AXE {fault}" for fault in find_violations(page, (scheme,))] if asked.axe else []
                    found += [f"CONSOLE {one}" for one in said if "404" not in one]
                    said.clear()
                    print(f"{scheme:<6}{width:>5}  {path:<44} {' '.join(found)}", flush=True)
                context.close()
    app.extensions["blindvote"].database.close()


def choose_paths(app: Flask) -> list[str]:
    """Choose of the sitemap every board and chart, and some competitions and comparisons."""
    listed = re.findall(r"<loc>http://localhost(/[^<]*)</loc>", app.test_client().get("/sitemap.xml").text)
    whole = [path for path in listed if path.startswith(("/leaderboards/", "/charts/"))]
    for kind in ("/competitions/", "/compare/"):
        some = [path for path in listed if path.startswith(kind)]
        whole += list(dict.fromkeys([*some[:OF_EACH], *some[-OF_EACH:]]))
    return whole


def name_cookie(app: Flask, base: str) -> str:
    """Return the name of the cookie that holds an admin's session at this address."""
    with app.test_request_context(base_url=base):
        return cookie_name()


def sign_in(app: Flask) -> str:
    """Start a session of an admin of this name, who is made where there is none; returns the cookie's value."""
    database, now = app.extensions["blindvote"].database, datetime.now(UTC)

    def work(session: Session) -> str:
        if NAME not in {one.name for one in admins.list_admins(session, now=now)}:
            admins.create(session, NAME, "no password opens this", now=now)
        return admins.start_session(session, NAME, now=now).token

    token: str = database.write(work)
    return token


def shoot(page: Page, base: str, path: str, out: Path | None, name: str) -> list[str]:
    """Take a picture of the whole page where there is a folder for it, and describe what was measured on it."""
    sizes: list[int] = []

    def count(answer: Response) -> None:
        sizes.append(int(answer.headers.get("content-length", 0)))

    page.on("response", count)
    page.goto(base + path)
    page.evaluate(SCROLL)
    page.wait_for_load_state("networkidle")
    page.remove_listener("response", count)
    file = re.sub(r"\W+", "-", path).strip("-") or "home"
    if out:
        page.screenshot(path=out / f"{file}-{name}.png", full_page=True)
    found = page.evaluate(MEASURE)
    words = [f"{found['height']:>6} px", f"{sum(sizes) / 1000:>5.0f} KB"]
    words += [f"SIDEWAYS {found['wide']}"] if found["wide"] > 0 else []
    if found["names"]:
        words.append(
            f"{found['names']} names, {found['named']} of {found['best']} on the frontier, "
            f"{found['overlap']} overlap, {found['outside']} outside"
        )
    return words


if __name__ == "__main__":
    main()
