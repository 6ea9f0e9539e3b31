"""Texts as programs take them from pages: no two words or numbers are glued where a tag stands between them."""

from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.web.factories import MODELS
from tests.web.test_model_browser import arena

__all__ = ["arena"]

PATHS = (
    "/",
    "/models",
    "/models/dall-e-2",
    "/models/gpt-image-2",
    "/models/flux.1-schnell",
    "/models/pixel-mini",
    f"/models/{MODELS[0].slug}",
    "/leaderboards/text-to-image",
    "/leaderboards/text-to-image?columns=change,votes,win_rate,both_bad,price,per_1000,speed,licence,requests",
    "/charts/text-to-image",
    "/charts/text-to-image?matrix=votes",
    "/compare",
    "/compare/dall-e-2/dall-e-3",
    f"/compare/{MODELS[0].slug}/{MODELS[1].slug}",
    "/competitions",
    "/competitions/apollo-11",
    "/competitions/shut",
    "/methodology",
    "/integrity",
    "/docs",
    "/playground",
    "/suggest",
    "/arena",
    "/me",
)


class Extractor(HTMLParser):
    """Collect the places where a letter or digit follows another with nothing but tags between them."""

    def __init__(self) -> None:
        super().__init__()
        self.glued: list[str] = []
        self._before, self._tags, self._hidden = "", "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in {"script", "style"}
        self._tags += f"<{tag}>"

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}
        self._tags += f"</{tag}>"

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        # A formula's index belongs to its letter.
        if self._tags not in {"", "<sub>"} and self._before[-1:].isalnum() and data[:1].isalnum():
            self.glued.append(f"{self._before[-30:]}{self._tags}{data[:30]}")
        self._before, self._tags = data, ""


@pytest.mark.parametrize("path", PATHS)
def test_no_extractor_glues_what_two_elements_say(arena: Flask, path: str) -> None:
    extractor = Extractor()
    extractor.feed(arena.test_client().get(path).text)
    assert extractor.glued == []
