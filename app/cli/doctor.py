"""`arena doctor`: checks this installation and says what to do where something is wrong."""

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
    from app.cli.checks import CheckResult, DoctorContext


@click.command()
@click.option("--deep", is_flag=True, help="Look for every image and call the providers' addresses.")
@json_option
def doctor(deep: bool, as_json: bool) -> None:
    """
    Check settings, database, migrations, clock, storage, images, blindness, disk, providers, tallies and boards.

    Changes nothing but a probe file, which it deletes. Exit 0: well, maybe with warnings; 1: something failed.
    """
    from app.cli.checks import CHECKS, CHECKS_WITHOUT_DATABASE, CheckResult, DoctorContext

    settings = Settings()
    is_new = _has_no_database(settings)
    patient = DoctorContext(settings, Database(settings.database_url), storage_of(settings), deep, now())
    names = CHECKS_WITHOUT_DATABASE if is_new else CHECKS
    results = [(name, _run_check(CHECKS[name], patient)) for name in names]
    if is_new:
        results.append(
            ("database", CheckResult("warn", "there is none yet: `arena seed` or `arena serve` makes it"))
        )
    patient.database.close()
    if as_json:
        print_json([{"check": name, "level": one.level, "says": one.says} for name, one in results])
    else:
        for name, one in results:
            click.echo(f"{one.level:<5} {name:<11} {one.says}")
    if any(one.level == "fail" for _, one in results):
        raise SystemExit(1)


def _run_check(check: "Callable[[DoctorContext], CheckResult]", patient: "DoctorContext") -> "CheckResult":
    from app.cli.checks import CheckResult

    try:
        return check(patient)
    except Exception as error:  # noqa: BLE001 (a check that can't be made is a finding, and the others go on)
        first = str(error).splitlines()[:1]
        return CheckResult("fail", f"could not be checked: {type(error).__name__}: {' '.join(first)[:200]}")


def _has_no_database(given: Settings) -> bool:
    """Return whether SQLite's file is missing: connecting to it would create an empty one."""
    url = make_url(given.database_url)
    if not url.drivername.startswith("sqlite"):
        return False
    return not Path(url.database or "").exists()
