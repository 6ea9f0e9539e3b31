"""docs/methodology.md and the page /methodology are the same words, numbers of the code included."""

import re
import shutil
from html import unescape
from pathlib import Path

from app.web.docs import render
from tests.web.conftest import running


def words(html: str) -> list[str]:
    """A line per paragraph, heading and point, without marks."""
    parts = re.findall(r"<(h1|h2|p|li)\b[^>]*>(.*?)</\1>", html, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", part)).split()) for _, part in parts]


def test_page_and_document_are_equal(sqlite_template: Path, tmp_path: Path) -> None:
    """An arena without votes has nothing of its own to add to the page."""
    shutil.copy(sqlite_template, tmp_path / "empty.sqlite3")
    for app in running(f"sqlite:///{tmp_path / 'empty.sqlite3'}", tmp_path):
        page = app.test_client().get("/methodology").text
    article = page.split('<article class="prose method">')[1].split("</article>")[0]
    assert words(render("methodology")) == words(article)
    assert len(words(article)) > 20
