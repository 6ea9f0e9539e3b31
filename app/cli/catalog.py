"""`arena catalog`: whether the catalogue agrees with itself."""

from collections import Counter

import click

from app.arena.entries import entries
from app.catalog.audit import audit as audit_models
from app.cli.opening import json_option, migrate_option, now, open_installation
from app.cli.output import print_json


@click.group()
def catalog() -> None:
    """Check the catalogue of models."""


@catalog.command()
@json_option
@migrate_option
def audit(as_json: bool, migrate: bool) -> None:
    """Check every model's limits, prices, status, sources and names. Exit 1: there are errors."""
    with open_installation(migrate=migrate).database.reading() as session:
        findings = audit_models(session, now().date(), entries.entered_models(session))
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        for one in findings:
            click.echo(f"{one.level:<7}  {one.check:<16}  {one.model}: {one.message}")
        counts = Counter(one.level for one in findings)
        click.echo(f"Errors: {counts['error']}. Warnings: {counts['warning']}.")
    if any(one.level == "error" for one in findings):
        raise SystemExit(1)
