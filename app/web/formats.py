"""The functions that templates may call: numbers and times as people read them, static files, the menu."""

import re
from collections.abc import Iterable, MutableMapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask.templating import Environment
from markupsafe import Markup, escape
from werkzeug.routing import Map

from app.catalog.pricing import MICROS, dollars
from app.edge.identity import encode_id
from app.edge.static_files import read_static_file
from app.leaderboards.views.certainty import describe_place, describe_ranks, explain_doubt, is_decided, rank_span
from app.leaderboards.views.crowd import Crowd
from app.leaderboards.views.personal import Agreement
from app.web import board_columns
from app.web.addresses import public_url
from app.words import Mode, Outcome, ReportReason, explain_reason, label_reason, plural

STATIC = Path(__file__).parent / "static"
MENU = (
    ("Vote", "/arena"),
    ("Leaderboards", "/leaderboards"),
    ("Models", "/models"),
    ("Competitions", "/competitions"),
    ("Playground", "/playground"),
)
SMALL_PRINT = (
    ("Methodology", "/methodology"),
    ("Integrity", "/integrity"),
    ("API", "/docs"),
    ("Feed", "/feed.atom"),
)
ENOUGH = 10
"""Votes from which on a share is told."""
SURPRISE = 0.35
TOO = {
    Outcome.A: "picked A too",
    Outcome.B: "picked B too",
    Outcome.TIE: "called it a tie too",
    Outcome.BOTH_BAD: "found both bad too",
}
UNKNOWN = "\N{EN DASH}"
TRAILING = " \t\n.,;:!?([\"'/-\N{EN DASH}\N{EM DASH}\N{LEFT DOUBLE QUOTATION MARK}"
"""What an ellipsis takes the place of."""
CERTAINTY = (describe_place, describe_ranks, explain_doubt, is_decided, rank_span)


class PlainEnvironment(Environment):
    """Share one plain dictionary of globals among all templates."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template."""
        # Jinja's chain of mappings is copied key by key at every rendering, and searched so at every import.
        return self.globals if d is None else super().make_globals(d)


def install(app: Flask) -> None:
    """Give templates these names."""
    app.jinja_environment = PlainEnvironment
    for name in (
        elo,
        signed,
        percent,
        count,
        usd,
        per_1000,
        seconds,
        moment,
        mode_title,
        encode_id,
        plural,
        excerpt,
        mark_code,
        how_many,
        sized,
        srcset,
        *WORDS,
        *CERTAINTY,
    ):
        app.add_template_filter(name)
    app.jinja_env.tests["decided"] = is_decided
    app.add_template_global(public_url)
    app.add_template_global(static_url)
    app.add_template_global(menu)
    app.jinja_env.globals["board_columns"] = board_columns
    app.jinja_env.globals["report_reasons"] = tuple(ReportReason)


def mark_code(text: str) -> Markup:
    """Write a text as HTML, and what stands between backticks as code: the API's descriptions are Markdown."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped)


def excerpt(words: str, most: int) -> str:
    """Shorten a text to at most so many characters, at the end of a word and without what would follow it."""
    if len(words) <= most:
        return words
    start, space, _ = words[: most + 1].rpartition(" ")
    return f"{(start if space else words[:most]).rstrip(TRAILING)}\N{HORIZONTAL ELLIPSIS}"


def how_many(rows: Iterable[Any], attribute: str) -> int:
    """Count the rows that have this attribute, neither empty nor 0."""
    return sum(bool(getattr(row, attribute)) for row in rows)


def sized(url: str, side: int) -> str:
    """Return the address of a picture at so many pixels on its long side: 160, 320 or 640."""
    return url.replace(".webp", f"-{side}.webp")


@lru_cache(maxsize=1024)
def srcset(url: str, frame: tuple[int, int], sides: tuple[int, ...] = (160, 320, 640)) -> str:
    """List the sizes of a picture that fills a frame (pixels) with the width of each, as browsers choose among."""
    share = frame[0] / max(frame)
    return ", ".join(f"{sized(url, side)} {round(side * share)}w" for side in sides)


def outcome_label(outcome: str) -> str:
    """Name an answer in a table."""
    return Outcome(outcome).label


def outcome_sentence(outcome: str) -> str:
    """Tell a voter's answer back."""
    return Outcome(outcome).sentence


def tell_crowd(outcome: str, crowd: Crowd) -> str:
    """Tell how everybody else judged, once there are enough to say so, and whether the ratings expected it."""
    if crowd.of >= ENOUGH:
        words = f"{percent(crowd.same / crowd.of)} of {crowd.of} {TOO[Outcome(outcome)]}."
    elif crowd.of:
        words = f"{plural(crowd.of, 'other')} judged this pair."
    else:
        words = "Nobody else judged this pair yet."
    if crowd.expected is None:
        return words
    ratings = "A surprise: ratings" if crowd.expected < SURPRISE else "Ratings"
    return f"{words} {ratings} gave {outcome.upper()} {percent(crowd.expected)}."


def tell_agreement(agreement: Agreement) -> str:
    """Tell in how many votes a voter sided with the others; nothing where the others lean nowhere."""
    if not agreement.compared:
        return ""
    return f"With the crowd in {agreement.with_crowd} of {agreement.compared}."


def fine(points: float) -> str:
    """Format Elo points with one decimal, for differences that whole ones hide."""
    return f"{points:.1f}"


def fine_percent(share: float) -> str:
    """Format a share, 0 to 1, as per cent with one decimal below ten; something is never told as nothing."""
    if 0 < share < 0.001:
        return "less than 0.1\N{NO-BREAK SPACE}%"
    return percent(share) if share >= 0.1 else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def ordinal(number: int) -> str:
    """Format a place in a row: `1st`, `2nd`, `11th`."""
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def label_report(reason: str) -> str:
    """Name the reason of a report."""
    return ReportReason(reason).label


WORDS = (
    outcome_label,
    outcome_sentence,
    label_report,
    label_reason,
    explain_reason,
    fine,
    fine_percent,
    ordinal,
    tell_agreement,
)


def elo(rating: float | None) -> str:
    """Format Elo points as a whole number."""
    return UNKNOWN if rating is None else f"{rating:.0f}"


def signed(points: float | None) -> str:
    """Format a change with its sign, with a real minus."""
    if points is None:
        return UNKNOWN
    whole = round(points)
    return f"{whole:+d}".replace("-", "\N{MINUS SIGN}") if whole else "0"


def percent(share: float | None) -> str:
    """Format a share, 0 to 1, as whole per cent."""
    return UNKNOWN if share is None else f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def count(number: int) -> str:
    """Format a number with its thousands separated."""
    return f"{number:,}"


def usd(price: float | None) -> str:
    """Format US dollars, as exact as the price is."""
    return UNKNOWN if price is None else dollars(round(price * MICROS))


def per_1000(price: float | None) -> str:
    """Format what a thousand images cost in US dollars, such as `$16.00`."""
    return UNKNOWN if price is None else f"${1000 * price:,.2f}"


def seconds(duration: float | None) -> str:
    """Format seconds with one decimal, above a minute with none."""
    if duration is None:
        return UNKNOWN
    return f"{duration:.1f}\N{NO-BREAK SPACE}s" if duration < 60 else f"{duration:.0f}\N{NO-BREAK SPACE}s"


def moment(when: datetime) -> str:
    """Format a UTC minute, as a reader without a script sees it."""
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def mode_title(mode: str) -> str:
    """Name a mode, such as `Text to image`."""
    return Mode(mode).label


@cache
def static_url(name: str) -> str:
    """Address a static file with a mark of its content, so that a browser never mixes two releases."""
    return f"/static/{name}?v={read_static_file(STATIC / name).mark}"


def menu(small_print: bool = False) -> list[tuple[str, str]]:
    """List titles and paths of the pages this application really has."""
    return [(title, path) for title, path in (SMALL_PRINT if small_print else MENU) if has_route(path)]


def has_route(path: str) -> bool:
    """Tell whether this application answers GET there: pages link only to what exists."""
    return _answers(current_app.url_map, path)


@lru_cache(256)
def _answers(routes: Map, path: str) -> bool:
    return routes.bind("localhost").test(path, method="GET")
