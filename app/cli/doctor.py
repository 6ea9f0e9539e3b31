"""`arena doctor`: whether this installation is well, and what to do where it is not."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy.engine import make_url

from app.cli.opening import json_option, now, print_json
from app.database.doors import Database
from app.gateway.storage import storage_of
from app.settings import Settings

if TYPE_CHECKING:
    from app.cli.checks import Finding, Patient


@click.command()
@click.option("--deep", is_flag=True, help="Look for every image and call the providers' addresses.")
@json_option
def doctor(deep: bool, as_json: bool) -> None:
    """
    Check settings, database, migrations, clock, storage, images, blindness, disk, providers, tallies and boards.

    Changes nothing but a probe file, which it deletes. Exit 0: well, maybe with warnings; 1: something failed.
    """
    from app.cli.checks import BEFORE_A_DATABASE, CHECKS, Finding, Patient

    given = Settings()
    is_new = _has_no_database(given)
    patient = Patient(given, Database(given.database_url), storage_of(given), deep, now())
    names = BEFORE_A_DATABASE if is_new else CHECKS
    found = [(name, _looked(CHECKS[name], patient)) for name in names]
    if is_new:
        found.append(("database", Finding("warn", "there is none yet: `arena seed` or `arena serve` makes it")))
    patient.database.close()
    if as_json:
        print_json([{"check": name, "level": one.level, "says": one.says} for name, one in found])
    else:
        for name, one in found:
            click.echo(f"{one.level:<5} {name:<11} {one.says}")
    if any(one.level == "fail" for _, one in found):
        raise SystemExit(1)


def _looked(check: "Callable[[Patient], Finding]", patient: "Patient") -> "Finding":
    from app.cli.checks import Finding

    try:
        return check(patient)
    except Exception as error:  # noqa: BLE001 (a check that can't be made is a finding, and the others go on)
        first = str(error).splitlines()[:1]
        return Finding("fail", f"could not be checked: {type(error).__name__}: {' '.join(first)[:200]}")


def _has_no_database(given: Settings) -> bool:
    """SQLite would make an empty file where there is none."""
    url = make_url(given.database_url)
    if not url.drivername.startswith("sqlite"):
        return False
    return not Path(url.database or "").exists()
