"""The playground's form, sent as a browser sends it, and what stands on the page that comes back."""

import re
from html.parser import HTMLParser

from flask.testing import FlaskClient

from tests.web.catalogue import words
from tests.web.factories import OURS

SMALL = {"prompt": "a red cube", "model": "poster-pro", "size": "256x256"}


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the texts of its `pre` and `textarea`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open = False
        self.feed(html)

    @property
    def scripts(self) -> list[dict[str, str | None]]:
        """List the attributes of what a browser would run: data for search engines is no script."""
        return [
            found for tag, found in self.tags if tag == "script" and found.get("type") != "application/ld+json"
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"pre", "textarea"}:
            self._open = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in {"pre", "textarea"}

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[-1] += data


def ask(client: FlaskClient, *, status: int = 200, model: str | list[str] = "poster-pro", **form: str) -> str:
    given = {"prompt": "a red cube", "size": "256x256", **form}
    answer = client.post("/playground", data={"model": model, **given}, headers=OURS)
    assert answer.status_code == status, words(answer.text)
    return answer.text


def articles(html: str) -> list[str]:
    return re.findall(r"<article.*?</article>", html, re.DOTALL)


def pictures(html: str) -> list[str]:
    return re.findall(r'<img src="(/files/[^"]+)"', html)
