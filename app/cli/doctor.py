"""`arena doctor`: checks this installation and says what to do where something is wrong."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from app.cli.checks import CHECKS, CHECKS_OF_FOLDER, CHECKS_WITHOUT_DATABASE
from app.cli.doctor_context import CheckResult, DoctorContext
from app.cli.opening import json_option, now
from app.cli.output import print_result
from app.database.doors import Database, DatabaseBusy
from app.gateway.storage import storage_of
from app.settings import Settings, read_without_writing


@click.command()
@click.option("--deep", is_flag=True, help="Look for every image and call the providers' addresses.")
@json_option
def doctor(deep: bool, as_json: bool) -> None:
    """
    Check settings, database, migrations, clock, storage, images, blindness, disk, providers, tallies and boards.

    Changes nothing but a probe file, which it deletes. Exit 0: well, maybe with warnings; 1: something failed;
    2: the settings can't be read.
    """
    settings = read_without_writing()
    is_new = _has_no_database(settings)
    context = DoctorContext(settings, Database(settings.database_url), storage_of(settings), deep, now())
    names: Iterable[str] = CHECKS_WITHOUT_DATABASE if is_new else CHECKS
    if not settings.data_dir.is_dir():
        names = [name for name in names if name not in CHECKS_OF_FOLDER]
    results = [(name, run_check(CHECKS[name], context)) for name in names]
    if not (is_new or settings.data_dir.is_dir()):
        missing = f"DATA_DIR {settings.data_dir} is not there: mount it, or correct DATA_DIR"
        results.append(("disk", CheckResult("fail", missing)))
    if is_new:
        results.append(("database", _look_at_new(settings)))
    context.database.close()
    answer = [{"check": name, "level": one.level, "says": one.says} for name, one in results]
    lines = [f"{one.level:<5} {name:<11} {one.says}" for name, one in results]
    print_result(answer, lines, as_json=as_json)
    if any(one.level == "fail" for _, one in results):
        raise SystemExit(1)


def run_check(check: Callable[[DoctorContext], CheckResult], context: DoctorContext) -> CheckResult:
    """Run one check; one that can't be made is a finding, too."""
    try:
        return check(context)
    except DatabaseBusy as error:
        return CheckResult("fail", str(error.cause))
    except PermissionError as error:
        remedy = "let DATA_DIR and all in it belong to who serves the arena"
        return CheckResult("fail", f"this user may not read {error.filename}: {remedy}")
    except Exception as error:  # noqa: BLE001 (a check that can't be made is a finding, and the others go on)
        first = str(error).splitlines()[:1]
        return CheckResult("fail", f"could not be checked: {type(error).__name__}: {' '.join(first)[:200]}")


def _look_at_new(given: Settings) -> CheckResult:
    """Tell what a missing SQLite file may mean: a new arena, or a volume that is not mounted."""
    folder = _find_file(given).parent
    blocking = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if not blocking.is_dir():
        return CheckResult("fail", f"{blocking} is a file: name a folder in DATA_DIR, or move the file away")
    if not os.access(blocking, os.W_OK | os.X_OK):
        return CheckResult("fail", f"there is none in {folder}, and this user may not write in {blocking}: let it")
    made = "`arena seed` or `arena serve` makes it; if there was one, mount its volume or correct "
    made += "DATA_DIR first" if folder == given.data_dir else "DATABASE_URL first"
    where = f" yet in {folder}" if folder.is_dir() else f", nor its folder {folder}"
    return CheckResult("warn", f"there is none{where}: {made}")


def _find_file(given: Settings) -> Path:
    return Path(make_url(given.database_url).database or "")


def _has_no_database(given: Settings) -> bool:
    """Return whether SQLite's file is missing: connecting to it would create an empty one."""
    return given.database_url.startswith("sqlite") and not _find_file(given).exists()
