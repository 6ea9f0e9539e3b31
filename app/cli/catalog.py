"""`arena catalog`: whether the catalogue agrees with itself."""

from collections import Counter

import click

from app.arena.entries import entries
from app.catalog.audit import audit as audit_models
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_result


@click.group()
def catalog() -> None:
    """Check the catalogue of models."""


@catalog.command()
@json_option
@with_arena
def audit(arena: Installation, as_json: bool) -> None:
    """Check every model's limits, prices, status, sources and names. Exit 1: there are errors."""
    with arena.database.reading() as session:
        findings = audit_models(session, now().date(), entries.entered_models(session))
    counts = Counter(one.level for one in findings)
    lines = [f"{one.level:<7}  {one.check:<16}  {one.model}: {one.message}" for one in findings]
    lines.append(f"Errors: {counts['error']}. Warnings: {counts['warning']}.")
    print_result([vars(finding) for finding in findings], lines, as_json=as_json)
    if counts["error"]:
        raise SystemExit(1)
