"""A real Chromium on a served arena."""

import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
"""First the engine without windows around it: a visit takes an eighth of the CPU time of a whole browser."""
DRIVES_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
"""The marks of a file whose tests drive a browser."""
PATIENCE_MS = 30_000
"""How long a browser is waited for: a machine that runs much beside it proves nothing sooner."""
expect.set_options(timeout=PATIENCE_MS)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
READ_COLOURS_ONCE = """() => {
  const { prototype } = axe.commons.color.Color, parse = prototype.parseString, read = new Map();
  prototype.parseString = function (text) {
    if (!read.has(text)) {
      const { r, g, b, alpha } = parse.call(this, text);
      read.set(text, { r, g, b, alpha });
    }
    return Object.assign(this, read.get(text));
  };
}"""
"""Axe reads the same few colours for each element anew, which is half of what its rules on contrast take."""
RUN_AXE = """(options) => axe.run(options).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
  nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ""}`)))"""


def find_violations(page: Page, schemes: tuple[str, ...] = ("dark", "light")) -> list[str]:
    """
    Say which rules of accessibility a page breaks; in the dark only those of colours, as the rest is the same.

    Nothing but the text of violations leaves the browser: Playwright checks what does value by value. The path of
    each element, which axe would work out for what is right too, is not told.
    """
    found: list[str] = []
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(READ_COLOURS_ONCE)
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        rules = RULES if scheme == "light" else COLOURS
        options = {"runOnly": rules, "resultTypes": ["violations"], "selectors": False}
        found += [f"{scheme}: {violation}" for violation in page.evaluate(RUN_AXE, options)]
    return found


@dataclass
class Visit:
    """A page of one browser, and what its console complained about."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def start(self) -> None:
        """From the entrance to a pair that can be judged."""
        self.open("/arena")
        self.page.get_by_role("button", name="Show me a pair").click()
        self.wait("open")

    def wait(self, state: str) -> None:
        """Wait for a state of the screen's module: the server's page has a state before the module runs."""
        self.page.wait_for_selector(f'[data-arena][data-live][data-state="{state}"]')

    def settle(self) -> None:
        """Wait until presses are heard again: for a moment after every change of the screen they are not."""
        self.page.wait_for_timeout(450)

    def hold_still(self) -> None:
        """
        Let presses be heard again, and stop the page's clock: the next change of the screen deafens it for good.

        On a busy machine a second press would else come when the moment after the first is over. The clock must
        have been installed before the page was opened; it goes on with `page.clock.resume()`.
        """
        now = self.page.evaluate("Date.now()")
        self.page.clock.pause_at(datetime.fromtimestamp(now / 1000 + 10, UTC))

    def press(self, key: str, state: str) -> None:
        """Press a key that the screen listens to by now, and wait for what it brings."""
        if key in {"Space", "Enter"}:  # answers by letter, digit and arrow are heard at once
            self.settle()
        self.page.keyboard.press(key)
        self.wait(state)

    @property
    def pair(self) -> str:
        return self.page.get_attribute("[data-arena]", "data-id") or ""

    @property
    def status(self) -> str:
        return self.page.inner_text("[data-status]")


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def served(app: "WSGIApplication", port: int = 0) -> Iterator[str]:
    """The address of an application on loopback; on a free port unless one is named."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def in_pieces(app: Flask) -> "WSGIApplication":
    """The same application over a slow line: a page comes in small pieces, and the browser draws what it has."""

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        environ["HTTP_ACCEPT_ENCODING"] = "identity"
        response = Response.from_app(app, environ, buffered=True)
        if response.mimetype == "text/html":
            page = response.get_data()
            response = Response(dribble(page), headers=response.headers, status=response.status)
            del response.content_length
        return response(environ, start)

    return answer


def dribble(page: bytes, size: int = 400, pause: float = 0.03) -> Iterator[bytes]:
    """Yield so many bytes at a time with a pause of so many seconds, about two frames of a screen, after each."""
    for start in range(0, len(page), size):
        yield page[start : start + size]
        time.sleep(pause)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, *flags: str) -> Iterator[Browser]:
    """A browser of its own, with further flags."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One for all tests of a process, each of which visits in a context of its own."""
    with launched(playwright) as one:
        yield one


@contextmanager
def visiting(browser: Browser, base: str, **how: object) -> Iterator[Visit]:
    """A browser context of its own; `how` as Playwright's `new_context` takes it."""
    context = browser.new_context(**how)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(context.new_page(), base)
    visit.page.on(
        "console", lambda said: visit.complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    context.close()
