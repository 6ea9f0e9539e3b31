"""The fact sheet of a model page: what follows from the catalogue alone, rendered when a fact of it changes."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.catalog import lookup, parameters
from app.catalog.lookup import ModelPage, ModelSummary
from app.catalog.size_prices import list_size_prices
from app.web import facts
from app.web.formats import mode_title

SHAPES = ("sizes", "aspect_ratios", "resolutions")
"""Limits that the parameter reference lists."""
NOTE = '<a href="#source-{0}" role="doc-noteref" aria-label="Source {0}">[{0}]</a>'

Marks = Mapping[str, Markup]
"""The numbers of a fact's sources, by fact, set apart so that no reader of the text takes them for a figure."""


@dataclass(frozen=True)
class Detail:
    """One line of a model's details; `link` is where its text leads, and `code` marks what is typed as it is."""

    name: str
    text: str
    marks: Markup
    link: str | None = None
    note: str = ""
    code: bool = False


@dataclass(frozen=True)
class FactSheet:
    """The rendered parts of a page, empty where the catalogue knows nothing; `about` has a heading of its own."""

    prices: Markup
    parameters: Markup
    about: Markup
    sources: Markup
    marks: Marks


def read_fact_sheet(session: Session, page: ModelPage, successor: ModelSummary | None, today: date) -> FactSheet:
    """Render a model's fact sheet, or recall the one that was made from the same facts on this day."""
    facts_of = page, successor, today
    return lookup.recall_equal(session, ("fact sheet", page.id), facts_of, lambda: _render(page, successor, today))


def source_marks(page: ModelPage) -> Marks:
    """Write the numbers of each fact's sources, such as ` [1] [3]`; nothing for a fact without one."""
    marks: defaultdict[str, Markup] = defaultdict(Markup)
    for fact, numbers in facts.footnotes(page).items():
        notes = " ".join(map(NOTE.format, numbers))
        marks[fact] = Markup(f"<sup>&nbsp;{notes}</sup>")  # noqa: S704 (numbers)
    return marks


def list_details(page: ModelPage, successor: ModelSummary | None, marks: Marks) -> tuple[Detail, ...]:
    """List what the catalogue states of a model, in the order of its page."""
    return tuple(detail for detail in _details(page, successor, marks) if detail.text)


def _render(page: ModelPage, successor: ModelSummary | None, today: date) -> FactSheet:
    marks, groups = source_marks(page), parameters.group_rows(page.parameters)
    modes = [(mode, mode_title(mode)) for mode in page.modes]
    shapes, ways = facts.size_tables(page.limits), facts.behaviours(page.parameters)
    stale = facts.stale_days(page, today)
    return FactSheet(
        _part("prices", page, list_size_prices(page), facts, marks) if page.offerings else Markup(),
        _part("parameters", page, groups, modes, shapes, ways, facts, marks) if groups else Markup(),
        _part("about", page, list_details(page, successor, marks), template="_model_about.html"),
        _part("sources", page, stale, facts, template="_model_about.html") if page.sources else Markup(),
        marks,
    )


def _part(name: str, *given: Any, template: str = "") -> Markup:
    """Call the macro of this name in its template."""
    module = current_app.jinja_env.get_template(template or f"_model_{name}.html").module
    return Markup(getattr(module, name)(*given))  # noqa: S704 (a macro escapes what it is given)


def _details(page: ModelPage, successor: ModelSummary | None, marks: Marks) -> tuple[Detail, ...]:
    status = page.shown_status.capitalize() if page.stated_status else ""
    also = f"also {', '.join(page.aliases)}" if page.aliases else ""
    heir, link = (successor.name, f"/models/{successor.slug}") if successor else ("", None)
    return (
        Detail("Status", status, marks["status"], note=facts.checked(page, "status")),
        Detail("Model ID", page.slug, Markup(), note=also, code=True),
        Detail("Creator", page.creator or "", marks["creator"], _list(creator=page.creator)),
        Detail("Family", page.family or "", Markup(), _list(q=page.family)),
        Detail("Released", facts.released(page.released) or "", marks["released"]),
        Detail("Deprecated", _day(page.deprecated_on), marks["deprecated_on"]),
        Detail("Sunset", _day(page.sunset), marks["sunset"]),
        Detail("Successor", heir, marks["successor"], link),
        Detail("Licence", page.licence or "", marks["licence"], _list(licence=page.licence)),
        *_making(page, marks),
        *(
            Detail(name, value if key not in SHAPES else "", marks[f"limits.{key}"])
            for key, name, value in facts.limit_rows(page.limits)
        ),
    )


def _making(page: ModelPage, marks: Marks) -> tuple[Detail, ...]:
    """Tell what the model is made of, and where that is written."""
    weights = "Open, to download" if page.weights else "Open" if page.open_weights else "Closed"
    known = "" if page.open_weights is None else weights
    count = facts.parameters(page.parameter_count) if page.parameter_count else ""
    return (
        Detail("Weights", known, marks["weights"] + marks["open_weights"], page.weights),
        Detail("Parameters", count, marks["parameter_count"]),
        Detail("Architecture", page.architecture or "", marks["architecture"]),
        *(
            Detail(name, facts.host(link) if link else "", marks[fact], link)
            for name, fact, link in (("Paper", "paper", page.paper), ("Home page", "homepage", page.homepage))
        ),
    )


def _day(when: date | None) -> str:
    return facts.day(when) if when else ""


def _list(**query: str | None) -> str:
    """Address the list of models that share this."""
    return f"/models?{urlencode(query)}"
