"""The checks of `arena doctor`: one function per check, all of them listed in `CHECKS`."""

import secrets
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select

from app.arena.entries import near_duplicates
from app.catalog.tables import ImageModel, ModelAlias
from app.cli.database_checks import clock, database, keys, migrations, replica, rights, secret
from app.cli.doctor_context import CheckResult, DoctorContext, Level
from app.cli.image_checks import images
from app.cli.mounts import find_unmounted
from app.cli.replacing import BESIDE
from app.gateway.providers import KEY_NAMES, PROVIDERS, set_up, setting_stem
from app.gateway.providers.http import HttpProvider
from app.gateway.storage import StorageUnavailable
from app.leaderboards.runs import verify
from app.leaderboards.tables import Audit
from app.leaderboards.views import board_ages
from app.settings import find_misspelled
from app.words import plural

WAITING_SECONDS = 120
SWEEP_DAYS = 8
FREE_BYTES = 2**30
LEAST_BYTES = 2**27
LEFT_AFTER = timedelta(hours=1)
"""So long after its last change a half file is nobody's any more."""
PLAIN_LETTERS = 10
"""Different characters in a secret that was drawn and not thought up."""
PROVIDER_SECONDS = 5


def settings(context: DoctorContext) -> CheckResult:
    """Check for settings that work and that an operator may regret."""
    configured = context.settings
    problems = []
    if len(set(configured.secret_key.get_secret_value())) < PLAIN_LETTERS:
        problems.append("SECRET_KEY looks thought up: use 32 random bytes")
    problems += [f"{name} is no setting: did you mean {meant}?" for name, meant in find_misspelled().items()]
    if configured.profile == "public":
        if not configured.public_url.startswith("https://"):
            problems.append("PUBLIC_URL is not https: cookies travel in the clear")
        if not configured.trusted_hosts:
            problems.append("TRUSTED_HOSTS is empty: set the names this server answers to")
        if not configured.trusted_proxies:
            problems.append("TRUSTED_PROXIES is empty: behind a proxy all voters would be one network")
    if configured.profile == "local" and configured.host not in {"127.0.0.1", "::1", "localhost"}:
        problems.append("PROFILE is local and HOST is not: whoever reaches this machine votes without caps")
    return (
        CheckResult("warn", "; ".join(problems))
        if problems
        else CheckResult("ok", f"profile {configured.profile}")
    )


def storage(context: DoctorContext) -> CheckResult:
    """Check that a file can be stored; in a bucket that it comes back unchanged and can be deleted."""
    if not context.settings.storage_url:
        problem = context.storage.problem()
        folder = context.settings.data_dir / "files"
        remedy = "make it a folder that this user may write, with room"
        return (
            CheckResult("fail", f"{folder} takes no file ({problem}): {remedy}")
            if problem
            else CheckResult("ok", "a file can be stored")
        )
    key, data = f"probe/{secrets.token_hex(8)}.txt", secrets.token_bytes(1024)
    try:
        context.storage.put(key, data)
        same = context.storage.get(key) == data
        context.storage.delete(key)
    except StorageUnavailable as error:
        return CheckResult("fail", f"{context.settings.storage_url} takes no file: {error.cause}")
    return (
        CheckResult("ok", "a file goes in and comes back")
        if same
        else CheckResult(
            "fail", f"a file came back changed: look at what stands before {context.settings.storage_url}"
        )
    )


def blindness(context: DoctorContext) -> CheckResult:
    """Check that no picture of an open blind competition is entered elsewhere, where its maker's name is shown."""
    with context.database.reading() as session:
        found = near_duplicates.twins(session)
    shown = [pair for pair in found if pair.is_public]
    if not found:
        return CheckResult("ok", "no image of an open competition stands elsewhere")
    first = (shown or found)[0]
    example = f"{first.other} looks like {first.blind}"
    if shown:
        named = len({pair.other for pair in shown})
        return CheckResult(
            "fail", f"{example} and is shown with its name ({named} in all): {near_duplicates.WAY_OUT}"
        )
    return CheckResult(
        "warn", f"{example} and will tell its name ({len(found)} in all): {near_duplicates.WAY_OUT}"
    )


def disk(context: DoctorContext) -> CheckResult:
    """Check that the volume of database and images is mounted, its free space, and what lies there in vain."""
    if point := find_unmounted(context.settings.data_dir):
        return CheckResult("fail", f"{point} is in the system's table of volumes and not mounted: mount it")
    free = shutil.disk_usage(context.settings.data_dir).free
    level: Level = "fail" if free < LEAST_BYTES else "warn" if free < FREE_BYTES else "ok"
    told = f"{free / 2**30:.1f} GiB free in DATA_DIR" + ("" if level == "ok" else ": make room")
    left = _find_left(context)
    if not left:
        return CheckResult(level, told)
    others = f" and {len(left) - 1} more" if len(left) > 1 else ""
    told += (
        f"; a command that was killed left {left[0]}{others}: restore again if it was a restore, else delete that"
    )
    return CheckResult("warn" if level == "ok" else level, told)


def fonts(_context: DoctorContext) -> CheckResult:
    """Check that Pillow was built with FreeType and so brings the font the painter writes with."""
    from PIL import features

    if features.check("freetype2"):
        return CheckResult("ok", "Pillow brings its own")
    return CheckResult("fail", "Pillow was built without FreeType: install its wheel")


def providers(context: DoctorContext) -> CheckResult:
    """
    List which providers have a key, and settings of theirs that can't work.

    With --deep it also checks that their addresses answer. Nothing is generated.
    """
    made = set_up(context.settings)
    missing = ", ".join(f"{slug} ({KEY_NAMES[slug]})" for slug in PROVIDERS if slug not in made)
    told = f"set up: {', '.join(made)}" + (f"; without a key: {missing}" if missing else "")
    problems = [
        f"{slug} in OPENAI_COMPATIBLE has no {setting_stem(slug)}_UPSTREAM_URL"
        for slug in context.settings.openai_compatible
        if slug not in made
    ]
    problems += [
        f"{setting_stem(slug)}_UPSTREAM_URL does not begin with https:// or http://"
        for slug, one in made.items()
        if one.base_url and not one.base_url.startswith(("https://", "http://"))
    ]
    silent = [slug for slug, one in made.items() if context.deep and not _answers(one.base_url)]
    if silent:
        problems.append(f"no answer from {', '.join(silent)}: check the network and the address")
    return CheckResult("warn", "; ".join([*problems, told])) if problems else CheckResult("ok", told)


def offerings(context: DoctorContext) -> CheckResult:
    """Check that the models that settings name are in the catalogue."""
    default = context.settings.default_image_model
    named = [("DEFAULT_IMAGE_MODEL", default)] if default else []
    for slug, one in set_up(context.settings).items():
        if isinstance(one, HttpProvider):
            named += [(f"{setting_stem(slug)}_OFFERINGS", model) for model in one.offerings]
    with context.database.reading() as session:
        models = {*session.scalars(select(ImageModel.slug)), *session.scalars(select(ModelAlias.alias))}
    absent = [f"{setting} names {model!r}, which is no model" for setting, model in named if model not in models]
    if absent:
        return CheckResult("warn", "; ".join(absent))
    return CheckResult("ok", f"models that settings name: {len(named)}, all in the catalogue")


def tallies(context: DoctorContext) -> CheckResult:
    """Compare tallies and boards with the vote log."""
    report = verify.verify(context.database)
    if not report.is_exact:
        return CheckResult(
            "fail", f"{plural(len(report.differences), 'difference')}: `arena recompute` repairs them"
        )
    counts = f"{plural(report.votes, 'counted vote')}, {plural(report.tallies, 'tally', 'tallies')}"
    return CheckResult("ok", f"{counts} and the boards agree")


def boards(context: DoctorContext) -> CheckResult:
    """
    Check for boards that have been stale for long: readers and voters recompute them, so computing must be
    failing.
    """
    with context.database.reading() as session:
        found = board_ages.read_board_ages(session, context.now)
    late = [one.mode for one in found if one.stale and one.seconds > WAITING_SECONDS]
    if late:
        return CheckResult(
            "warn", f"{', '.join(late)} waiting for a refresh: open a board, or run `arena recompute`"
        )
    return CheckResult("ok", f"{sum(one.stale for one in found)} waiting for a refresh")


def sweep(context: DoctorContext) -> CheckResult:
    """Check when the integrity sweep last ran."""
    with context.database.reading() as session:
        last = session.scalar(select(func.max(Audit.at)))
        is_used = bool(board_ages.read_board_ages(session, context.now))
    if last is None and not is_used:
        return CheckResult("ok", "nothing to audit yet")
    if last is None or context.now - last > timedelta(days=SWEEP_DAYS):
        return CheckResult("warn", f"last one: {last or 'never'}: run `arena integrity sweep` every night")
    return CheckResult("ok", f"last one {last:%Y-%m-%d %H:%M} UTC")


CHECKS: dict[str, Callable[[DoctorContext], CheckResult]] = {
    "settings": settings,
    "database": database,
    "migrations": migrations,
    "keys": keys,
    "clock": clock,
    "replica": replica,
    "secret": secret,
    "rights": rights,
    "storage": storage,
    "images": images,
    "blindness": blindness,
    "disk": disk,
    "fonts": fonts,
    "providers": providers,
    "offerings": offerings,
    "tallies": tallies,
    "boards": boards,
    "sweep": sweep,
}

CHECKS_WITHOUT_DATABASE = ("settings", "rights", "storage", "disk", "fonts", "providers")
CHECKS_OF_FOLDER = ("rights", "storage", "disk")


def _find_left(context: DoctorContext) -> list[Path]:
    """Find what commands that were killed left half done: a database and a key to restore; with --deep images."""
    folder = context.settings.data_dir
    found = [*folder.glob(f"*.{BESIDE}*"), *folder.glob("secret_key.new")]
    found += folder.glob("files/*/*/.*") if context.deep else []
    old = (context.now - LEFT_AFTER).timestamp()
    return sorted(path for path in found if path.exists() and path.stat().st_mtime < old)


def _answers(url: str) -> bool:
    """Return whether an address answers at all; a refusal counts, since no key is sent."""
    if not url:
        return True
    try:
        httpx.get(url, timeout=PROVIDER_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return True
