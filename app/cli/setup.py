"""`arena setup`: asks how an installation is to run, tries each answer, and writes the settings and the unit."""

import getpass
import os
import secrets
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import click
from pydantic import ValidationError

from app.cli import describe_settings_error
from app.cli.doctor_context import CheckResult, DoctorContext
from app.cli.opening import now
from app.cli.proxy_trial import try_proxy
from app.cli.sole_server import PortTaken, check_port
from app.database.doors import Database, DatabaseBusy
from app.gateway.storage import storage_of
from app.settings import SECRET_BYTES, Settings

PASSWORD_BYTES = 15
UNIT = """\
[Unit]
Description=Blindvote, an arena for image models
Wants=network-online.target
After=network-online.target postgresql.service
RequiresMountsFor="{data}"

[Service]
Type=exec
User={user}
EnvironmentFile={environment}
ExecStart="{command}" serve --migrate --existing
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
KillMode=mixed
UMask=0027
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths="{data}"
PrivateTmp=true

[Install]
WantedBy=multi-user.target
"""


def _answer_all(context: click.Context, _option: click.Parameter, yes: bool) -> None:
    """Answer every question with its default."""
    if yes:
        for option in context.command.params:
            if isinstance(option, click.Option):
                option.prompt = None


@click.command()
@click.option("--profile", type=click.Choice(["local", "team", "public"]), default="local", prompt=True)
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("data"), prompt="Data folder")
@click.option("--host", default="127.0.0.1", prompt="Address to listen at")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, prompt=True)
@click.option("--public-url", default="", prompt="Address that people open, empty without a proxy")
@click.option(
    "--trusted-proxies", default="", prompt="Networks of the proxy, such as 127.0.0.1/32; empty without one"
)
@click.option(
    "--login-header", default="", help="For the team profile: the header in which the proxy names who logged in."
)
@click.option("--database-url", default="", prompt="PostgreSQL's address, empty for SQLite")
@click.option("--storage-url", default="", prompt="Bucket for images (s3://...), empty for the data folder")
@click.option("--admin", default="", prompt="Name of the first admin, empty for none")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to write.")
@click.option("--yes", is_flag=True, is_eager=True, expose_value=False, callback=_answer_all,
              help="Ask nothing: take what is given and the defaults.")  # fmt: skip
def setup(output: Path, admin: str, **answers: object) -> None:
    """
    Ask how this installation is to run, try each answer, and write its settings and its unit.

    It tries the port, the database and its rights, the place of the images, room on the disk, clock, and proxy:
    PUBLIC_URL must lead here with its headers. The admin gets a password that is shown once. Nothing is written
    where an answer does not hold, and no file is replaced.
    """
    environment = {name.upper(): str(value) for name, value in answers.items() if value not in {"", None}}
    environment["SECRET_KEY"] = secrets.token_urlsafe(SECRET_BYTES)
    if host := urlsplit(environment.get("PUBLIC_URL", "")).hostname:
        # Health checks and whoever looks after the machine ask by its own address.
        environment["TRUSTED_HOSTS"] = ",".join(dict.fromkeys((host, "127.0.0.1")))
    environment["DATA_DIR"] = str(Path(environment["DATA_DIR"]).resolve())
    files = [output / "blindvote.env", output / "blindvote.service"]
    if existing := [str(file) for file in files if file.exists()]:
        raise click.UsageError(f"{' and '.join(existing)} exist already: move them away, or use --output.")
    settings = _read_settings(environment)
    failed = False
    for name, result in _try_all(settings, output):
        click.echo(f"{result.level:<5} {name:<9} {result.says}")
        failed |= result.level == "fail"
    if failed:
        click.echo("Nothing was written. Correct what fails and run the same command again.", err=True)
        sys.exit(1)
    command = Path(sys.argv[0]).resolve()
    _write(files[0], format_environment(environment))
    _write(files[1], format_unit(files[0].resolve(), command, settings.data_dir))
    if admin:
        _make_admin(settings, admin)
    click.echo(f"Wrote {files[0]} (it holds the secret key) and {files[1]}. Next:")
    start = f"set -a; . {shlex.quote(str(files[0]))}; set +a; {shlex.quote(str(command))}"
    click.echo(f"  {start} seed\n  {start} serve")


def _read_settings(environment: dict[str, str]) -> Settings:
    """Check the answers as the server will read them. Raises UsageError."""
    try:
        return Settings.model_validate({name.lower(): value for name, value in environment.items()})
    except ValidationError as error:
        raise click.UsageError("\n".join(describe_settings_error(error))) from None


def _try_all(settings: Settings, output: Path) -> Iterator[tuple[str, CheckResult]]:
    """Try the port, both folders, the database's rights, and what the doctor checks before there is an arena."""
    from app.cli.checks import CHECKS
    from app.cli.doctor import run_check

    yield "port", _try_port(settings)
    folders = [_try_folder("--output", output, 0o755), _try_folder("DATA_DIR", settings.data_dir, 0o700)]
    yield from (("folder", tried) for tried in folders)
    if any(tried.level == "fail" for tried in folders):
        return
    database = Database(settings.database_url)
    yield "database", _try_database(database)
    context = DoctorContext(settings, database, storage_of(settings), deep=False, now=now())
    for name in ("settings", "rights", "storage", "disk", "fonts", *(() if database.is_sqlite else ("clock",))):
        yield name, run_check(CHECKS[name], context)
    database.close()
    if settings.public_url:
        yield "proxy", run_check(lambda context: try_proxy(context.settings), context)


def _make_admin(settings: Settings, name: str) -> None:
    """Make an admin with a password that is drawn and shown once."""
    from argon2 import PasswordHasher

    from app.arena.people import admins, passwords

    password, database = secrets.token_urlsafe(PASSWORD_BYTES), Database(settings.database_url)
    digest = passwords.hash_password(name, password, PasswordHasher())
    database.write(lambda session: admins.create(session, name, digest, now=now()))
    database.close()
    click.echo(
        f"{name} signs in at /admin with the password {password} (shown once; `arena admin password {name}`)."
    )


def _try_port(settings: Settings) -> CheckResult:
    try:
        check_port(settings.host, settings.port)
    except (PortTaken, OSError) as error:
        return CheckResult("fail", str(error))
    return CheckResult("ok", f"{settings.host}:{settings.port} is free")


def _try_folder(name: str, folder: Path, mode: int) -> CheckResult:
    """Make the folder where there is none, and find out whether files can be written to it."""
    if not str(folder).isprintable():
        return CheckResult(
            "fail", f"{name}: {str(folder)!r} has a line break or a control character. Name another"
        )
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        return CheckResult(
            "fail", f"{name}: {folder} takes no files: {error.strerror}. Name another, or give rights"
        )
    return CheckResult("ok", f"{folder} takes files")


def _try_database(database: Database) -> CheckResult:
    """Create the tables of a new database, and write to it: what is missing is then named."""
    from app.database.causes import CAUSES

    try:
        if database.is_empty():
            database.migrate()
    except DatabaseBusy as error:
        return CheckResult("fail", str(error.cause))
    problem = None if database.pending() else database.find_problem(5)
    return CheckResult("fail", str(CAUSES[problem])) if problem else CheckResult("ok", "can be read and written")


def format_environment(environment: dict[str, str]) -> str:
    """Quote each value that needs it, as a shell, systemd and compose all read it."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())


def format_unit(environment: Path, command: Path, data: Path) -> str:
    """Fill in the unit; what systemd would read in another way is escaped, within its quotes and without."""
    plain = str(environment).replace("%", "%%")
    quoted = (str(place).replace("%", "%%").replace("\\", r"\\").replace('"', r"\"") for place in (command, data))
    return UNIT.format(
        user=getpass.getuser(), environment=plain, **dict(zip(("command", "data"), quoted, strict=True))
    )


def _write(file: Path, content: str) -> None:
    """Write a new file that its owner alone can read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(content)
