"""Follows everything a browser, a feed reader or a client of the API could follow, and keeps what it got."""

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

HOME = "http://localhost/"
MOST = 500
VARIANTS = 8
"""Of one path, by query: filters of a board multiply without end."""
NONCE = re.compile(rb"(?<=nonce[-=])[\"']?[\w-]{22}[\"']?")
"""Fresh for every answer."""
TEXT_LINK = re.compile(r"""(?:http://localhost|(?<=[\s"'(>]))/[A-Za-z0-9][\w./%?=&;+~-]*""")


@dataclass(frozen=True)
class Got:
    """An answer as it came; `told` is all of its text: address, headers and what can be read of the body."""

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    mimetype: str
    body: bytes

    @property
    def told(self) -> str:
        lines = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.path}\n{lines}\n{self.body.decode('latin-1')}\n{self.body.decode('utf-8', 'replace')}"

    def picture(self) -> Image.Image | None:
        """What it shows, if it is a picture made of pixels."""
        if not self.mimetype.startswith("image/") or self.mimetype == "image/svg+xml" or self.status != 200:
            return None
        image = Image.open(BytesIO(self.body))
        image.load()
        return image


class Page(HTMLParser):
    """Addresses in any attribute, and what forms that only read would ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self._form: tuple[str, dict[str, str]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        method = given.get("method", "get").lower()
        for name, value in given.items():
            if name not in {"formaction", "action"} or method == "get":
                self.links.update(part.split(" ")[0] for part in value.split(", ") if is_address(part))
        if tag == "form":
            self._form = (given.get("action", ""), {}) if method == "get" else None
        if self._form and given.get("name"):
            self._form[1][given["name"]] = given.get("value", "a")
        if self._form and tag == "option" and given.get("value"):
            name = next(reversed(self._form[1]), "")
            self.links.add(f"{self._form[0]}?{urlencode({name: given['value']})}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            self.links.add(f"{self._form[0]}?{urlencode(self._form[1])}")
            self._form = None


def is_address(text: str) -> bool:
    return text.startswith(("/", "?", HOME)) and not text.startswith("//")


def crawl(client: FlaskClient, first: Iterable[str], variants: int = VARIANTS, most: int = MOST) -> dict[str, Got]:
    """Every answer by its address; nothing but GET is ever sent. Of one path so many queries are followed."""
    waiting, found = deque(dict.fromkeys(first)), {}
    known = set(waiting)
    queries: Counter[str] = Counter()
    while waiting:
        path = waiting.popleft()
        found[path] = got(path, client.get(path))
        assert len(found) < most, "this arena has no end"
        for link in sorted(links(found[path])):
            bare, _, query = link.partition("?")
            queries[bare] += bool(query) and link not in known
            if link not in known and queries[bare] <= variants:
                known.add(link)
                waiting.append(link)
    return found


def got(path: str, answer: TestResponse) -> Got:
    return Got(path, answer.status_code, tuple(answer.headers.items()), answer.mimetype, answer.data)


def links(one: Got) -> set[str]:
    """Addresses on this server that an answer names, without fragments."""
    named = {value for name, value in one.headers if name in {"Location", "Content-Location"}}
    if one.mimetype == "text/html":
        named |= page_links(NONCE.sub(b"x", one.body))
    elif one.mimetype.endswith("json") and one.body:
        named |= {text for text in _strings(json.loads(one.body)) if is_address(text)}
    elif one.mimetype.startswith("text/") or one.mimetype.endswith(("xml", "javascript")):
        named |= set(TEXT_LINK.findall(one.body.decode()))
    here = urljoin(HOME, one.path)
    whole = {urlsplit(urljoin(here, name)) for name in named}
    return {
        url.path + (f"?{url.query}" if url.query else "")
        for url in whole
        if url.netloc == "localhost" and "{" not in url.path and not url.path.startswith("/static/")
    }


@lru_cache(maxsize=2 * MOST)
def page_links(page: bytes) -> frozenset[str]:
    """Find what a page with no nonce of its own links to, once however often it is crawled."""
    return frozenset(Page(page.decode()).links)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
