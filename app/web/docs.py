"""The documents of this installation: its API with examples that work here, and the pages of docs/."""

from functools import cache
from pathlib import Path
from typing import Any, cast

import nh3
from flask import Blueprint, Response, abort, current_app, render_template, send_from_directory
from markdown_it import MarkdownIt
from sqlalchemy.orm import Session

from app.arena.entries import competitions, entries
from app.catalog import lookup
from app.database.places import ROOT
from app.edge.context import today
from app.edge.page_cache import public_page, recall
from app.web import operations, snippets
from app.web.addresses import base_url
from app.web.api_examples import Samples
from app.web.snippets import ExampleCall
from app.web.structured import page_data
from app.words import MODES

blueprint = Blueprint("docs", __name__, url_prefix="/docs")
FOLDER = ROOT / "docs"
ELSEWHERE = {"methodology": "/methodology", "api": "/docs"}
"""Documents that are pages of their own here."""
PAINTER = "poster-pro"
"""A model that is in every seeded catalogue, and needs no key."""
MEDIA = {"svg": "image/svg+xml", "webp": "image/webp", "png": "image/png"}
"""Every other file is shown as text."""
SIDEWAYS = '<div class="wide" role="group" aria-label="Table" tabindex="0">'
"""A table wider than a phone scrolls in it, by keys too."""


@blueprint.get("")
def api() -> Response:
    """Document every operation of the API."""
    base, samples = base_url(), recall(_samples)
    return public_page((base, samples), lambda: _api(base, samples))


@blueprint.get("/<path:name>")
def document(name: str) -> Response:
    """Show a page of docs/, or a file that one names."""
    if name in _documents():
        base = base_url()
        return public_page((base,), lambda: _document(name, base))
    kind = MEDIA.get(name.rpartition(".")[2], "text/plain") if not name.endswith(".md") else None
    if kind is None:
        abort(404)
    return send_from_directory(FOLDER, name, mimetype=kind, max_age=3600)


@cache
def render(name: str) -> str:
    """Render a document as HTML, its headings with ids, its links to others as addresses here."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(_file(name).read_text(encoding="utf-8"))
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(tokens[place + 1].content))
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrs["href"] = address(name, str(inner.attrGet("href")))
            elif inner.type == "image":
                inner.attrs["src"] = address(name, str(inner.attrGet("src")))
    allowed = {tag: {*names, "id"} for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    allowed |= {heading: {"id"} for heading in ("h1", "h2", "h3", "h4")}
    html = nh3.clean(reader.renderer.render(tokens, reader.options, {}), attributes=allowed, link_rel=None)
    html = html.replace(' href="#elsewhere"', "").replace("<pre>", '<pre tabindex="0">')
    return html.replace("<table>", SIDEWAYS + "<table>").replace("</table>", "</table></div>")


def address(name: str, link: str) -> str:
    """Find where a document's link leads here: a document, a file, or for the rest of the project nowhere."""
    path, mark, fragment = link.partition("#")
    if not path or ":" in path or path.startswith("/"):
        return link
    target = (_file(name).parent / path).resolve()
    if not target.is_relative_to(FOLDER):
        return "#elsewhere"
    shown = _name(target) if target.suffix == ".md" else str(target.relative_to(FOLDER))
    return ELSEWHERE.get(shown, f"/docs/{shown}") + mark + fragment


def slug(heading: str) -> str:
    """Make a heading's id as code hosts do: `Ten minutes to a first image` is `ten-minutes-to-a-first-image`."""
    kept = (letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")


def list_documents() -> list[str]:
    """List the names of the documents that have a page under /docs/."""
    return [name for name in _documents() if name not in ELSEWHERE]


@cache
def _documents() -> dict[str, str]:
    """Read the titles of the documents, by name."""
    return {_name(path): _title(path) for path in sorted(FOLDER.rglob("*.md"))}


def _name(path: Path) -> str:
    """Name a document: `admin` for docs/admin.md, `deploy` for docs/deploy/README.md."""
    within = path.relative_to(FOLDER)
    return str(within.parent if within.name == "README.md" else within.with_suffix(""))


def _file(name: str) -> Path:
    """Find the file of a document by the name that `_name` gives it."""
    index = FOLDER / name / "README.md"
    return index if index.exists() else FOLDER / f"{name}.md"


def _title(path: Path) -> str:
    return next(line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# "))


def _document(name: str, base: str) -> str:
    path = ELSEWHERE.get(name, f"/docs/{name}")
    about = page_data(_documents()[name], f"{base}{path}", base, None)
    return render_template(
        "docs_page.html", structured=about, path=path, title=_documents()[name], text=render(name)
    )


def _api(base: str, samples: Samples) -> str:
    described: dict[str, Any] = cast("Response", current_app.view_functions["openapi"]()).get_json()
    return render_template(
        "docs.html",
        structured=page_data("API", f"{base}/docs", base, None),
        info=described["info"],
        groups=operations.groups(described, base, samples),
        gateway=_gateway(base),
        text=render("api"),
        documents=[(ELSEWHERE.get(name, f"/docs/{name}"), title) for name, title in _documents().items()],
    )


def _samples(session: Session) -> Samples:
    listed = competitions.list_competitions(session)
    entered = entries.entered_models(session)
    models = [model.slug for model in lookup.models(session, today()) if model.id in entered]
    known = next((one for one in listed if one.categories), None)
    return Samples(
        mode=known.mode if known else MODES[0],
        category=known.categories[0][0] if known else "portrait",
        competition=(known or listed[0]).slug if listed else "fantasy-warrior",
        model=models[0] if models else "dall-e-2",
    )


def _gateway(base: str) -> tuple[snippets.Example, ...]:
    fields = {"prompt": snippets.PROMPT, "size": "512x512"}
    drawn = snippets.example("Text to image", ExampleCall("generations", PAINTER, fields), base)
    codes = tuple(code for code in drawn.codes if code.language in {"cURL", "Python"})
    listing = (
        snippets.Snippet(
            "cURL", f'curl {base}/openai/v1/models \\\n  -H "Authorization: Bearer $BLINDVOTE_API_KEY"'
        ),
        snippets.Snippet(
            "Python",
            "from os import environ\n\nfrom openai import OpenAI\n\n"
            f'client = OpenAI(base_url="{base}/openai/v1", api_key=environ["BLINDVOTE_API_KEY"])\n\n'
            "for model in client.models.list():\n    print(model.id)",
        ),
    )
    return (
        snippets.Example(drawn.title, drawn.path, codes),
        snippets.Example("What this server can draw with", "/openai/v1/models", listing),
    )
