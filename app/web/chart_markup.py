"""
The parts of a chart that repeat for every model, as markup: its points, and the rows of its table.

A template takes seven times as long for them, which was a quarter of a model page.
"""

from collections.abc import Iterable
from html import escape

from markupsafe import Markup

from app.web.charts import ScatterRow
from app.web.labels import Label
from app.web.svg import Mark, Plot


def write_points(plot: Plot) -> Markup:
    """Write each point of a plot as a link with its title, its names and its dot."""
    return Markup("\n".join(_write_point(mark, " broad" if plot.is_whole else "") for mark in plot.marks))  # noqa: S704


def write_rows(rows: Iterable[ScatterRow], *, has_basis: bool) -> Markup:
    """Write the same as rows of a table, with where x comes from if it `has_basis`."""
    return Markup("\n".join(_write_row(row, row.basis if has_basis else "") for row in rows))  # noqa: S704


def _write_row(row: ScatterRow, basis: str) -> str:
    own = ' class="own"' if row.is_marked else ""
    said = f' <span class="quiet">{escape(basis)}</span>' if basis else ""
    cells = " ".join(f"<td>{escape(cell)}</td>" for cell in (row.x, row.rating, row.interval, row.frontier))
    return f'<tr{own}><th scope="row"><a href="{escape(row.href)}">{escape(row.name)}</a>{said}</th> {cells}</tr>'


def _write_point(mark: Mark, kind: str) -> str:
    spot = mark.spot
    role = " best" if spot.is_on_frontier else " gone" if spot.is_retired else ""
    current = ' aria-current="true"' if spot.is_marked else ""
    name = _write_name(mark.label, kind) if mark.label else ""
    number = _write_name(mark.tag, " slim") if mark.tag and spot.is_on_frontier else ""
    radius = 6 if spot.is_marked else 5 if spot.is_on_frontier else 4
    return (
        f'<a href="{escape(spot.href)}" class="spot{role}"{current}><title>{escape(spot.title)}</title> '
        f'<svg x="{mark.x}%" y="{mark.y}"><circle class="reach" r="12"/>{name}{number}'
        f'<circle class="dot" r="{radius}"/></svg></a>'
    )


def _write_name(label: Label, kind: str) -> str:
    """Write a name beside its point, of one `kind` of window where a chart has two layouts."""
    leader = ""
    if label.leader:
        leader = f'<path class="leader{kind}" d="M0 0L{label.leader[0]} {label.leader[1]}"/>'
    of_kind = f' class="{kind.strip()}"' if kind else ""
    place = f'x="{label.x}" y="{label.y}" text-anchor="{label.anchor}"'
    return f"{leader}<text{of_kind} {place}>{escape(label.text)}</text> "
