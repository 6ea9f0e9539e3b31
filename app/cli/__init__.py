"""The `arena` command. Exit 0: done; 1: failed, or a difference was found; 2: bad usage or input."""

import errno
import logging
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from app import __version__
from app.cli.memory_tuning import garbage_collector_off
from app.cli.stopping import end_stopped, find_stop, stoppable

FAILURES = frozenset({
    "database_busy", "database_in_use", "folder_served", "images_elsewhere", "images_replaced", "internal_error",
    "not_mounted", "port_taken", "schema_refused", "storage_unavailable",
})  # fmt: skip
DECLINED = "Nothing was done."
UNANSWERED = "\nNobody answered. Run this in a terminal, or with an option that answers (--help)."
COMMANDS = {
    "admin": "Admins who sign in at /admin with a password.",
    "backup": "Write the arena into FILE while it serves: one state of the database, every image, the secret key.",
    "board": "Name the models whose mean rating is the level of a mode.",
    "catalog": "Check the catalogue of models.",
    "competition": "Competitions: one prompt each, answered by many models.",
    "demo": "Fill the arena with pictures drawn by code and simulated votes, and serve it meanwhile.",
    "doctor": "Check settings, database, migrations, clock, storage, images, blindness, disk, providers, "
    "tallies and boards.",
    "entry": "Entries: the images that stand in a competition.",
    "generate": "Let models make their images for COMPETITION and enter them.",
    "import-pack": "Import the images of FOLDER, or of a zip archive of one, as its manifest.json lists them.",
    "integrity": "Test the votes, audit the boards, list and change quarantines.",
    "keys": "Keys of the gateway at /openai/v1.",
    "model": "Models of the catalogue.",
    "moderation": "List, keep and withdraw pictures that voters reported.",
    "pack": "Write FOLDER/manifest.json, which `arena import-pack FOLDER` reads.",
    "question": "Questions: each pair asks one, and each has boards of its own.",
    "rate": "Rate the votes of FILE: CSV, TSV, JSON or JSON lines, packed by gzip or not; `-` is standard input.",
    "recompute": "Rebuild tallies and boards from the vote log, or prove that they equal it.",
    "renditions": "Render both sizes of every picture of COMPETITIONS, or of all.",
    "report": "Votes by day, how settled each board is, the way to the targets, and what to run next.",
    "restore": "Put a backup in this installation's place: database, images and secret key.",
    "seed": "Load catalogue and competition files, or folders of them; scripts/seeds when no PATH is given.",
    "serve": "Serve the arena.",
    "setup": "Ask how this installation is to run, try each answer, and write its settings and its unit.",
    "suggestions": "List, accept and refuse prompts from visitors.",
    "votes": "Export votes as open data for anybody, or the whole log for another arena, and import such a log "
    "(docs/data.md).",
}
"""With the first sentence of their help: listing them loads none."""
OS_REMEDIES = {
    errno.ENOSPC: " Make room; what was there before is as it was.",
    errno.EDQUOT: " Make room; what was there before is as it was.",
    errno.EACCES: " Let the user who runs this read and write it.",
    errno.EROFS: " Choose a folder on a disk that can be written, in DATA_DIR or as the file's place.",
}
"""What to do about errors of the operating system, by their number."""
EXTRAS = {"psycopg": "postgres", "obstore": "s3"}
"""Packages that only some installations have, and the extras that bring them."""
MODULES = {"import-pack": "pack", "restore": "backup"}
"""Commands that share the module of another."""


class LazyGroup(click.Group):
    """A click group that imports a command's module only when that command runs, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the commands by name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; None where there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        with garbage_collector_off():
            module = import_module(f"app.cli.{MODULES.get(cmd_name, name)}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Format the list of commands from COMMANDS, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="arena")
def group() -> None:
    """Blindvote: people judge, blind, images that models made from the same prompt."""


def main() -> None:
    """Run `arena`: a refusal becomes one line on standard error and an exit code, not a traceback."""
    os.umask(0o077)  # before any setting is read: a secret key is written then
    _escape_what_cannot_be_shown()
    logging.getLogger("app").addHandler(logging.NullHandler())  # a command says by itself what the log would
    try:
        with stoppable():
            group(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except KeyboardInterrupt as stop:
        end_stopped(stop)
    except Exception as error:
        if (cause := find_stop(error)) is not None:
            end_stopped(cause)
        if isinstance(error, click.Abort):
            click.echo(UNANSWERED if isinstance(error.__context__, EOFError) else DECLINED, err=True)
            sys.exit(1)
        if _report_settings_error(error):
            sys.exit(2)
        is_from_driver = type(error).__module__.startswith("sqlalchemy.")  # whose codes are none of ours
        code = None if is_from_driver else getattr(error, "code", None)
        told = getattr(error, "cause", None) or (error if isinstance(code, str) else _describe(error))
        if told is None:
            raise
        click.echo(f"{told} ({code})" if isinstance(code, str) else told, err=True)
        sys.exit(1 if code in FAILURES or is_from_driver or isinstance(error, OSError) else 2)


def _describe(error: Exception) -> str | None:
    """Describe a failure of machine, packages, terminal or database; None for a fault of this program."""
    if isinstance(error, UnicodeEncodeError):
        odd = next((word for word in sys.argv if any("\ud800" <= letter <= "\udfff" for letter in word)), None)
        return None if odd is None else f"{odd} is not UTF-8. Set what it was typed in, or comes from, to UTF-8."
    if isinstance(error, OSError) and error.strerror:
        remedy = OS_REMEDIES.get(error.errno or 0, "")
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}.{remedy}"
    # SQLAlchemy's own text is the statement with what was to be stored.
    refusal = getattr(error, "orig", None)
    if refusal is not None:
        return f"The database refused what this command wanted to store: {str(refusal).splitlines()[0]}."
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        extra = EXTRAS[error.name]
        return (
            f"This needs the package {error.name}, which the extra {extra} brings: "
            f"run scripts/setup in a checkout, or pip install 'FILE.whl[{extra}]' with the file installed."
        )
    return None


def _escape_what_cannot_be_shown() -> None:
    """Write characters that the encoding of the output lacks as escapes, instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _report_settings_error(error: Any) -> bool:
    """Print a line for each invalid setting; return whether the error was about settings."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return False
    for line in describe_settings_error(error):
        click.echo(f"Settings: {line}", err=True)
    return True


def describe_settings_error(error: Any) -> list[str]:
    """Describe each invalid setting in a line, by its name in the environment."""
    return [
        (f"{str(one['loc'][0]).upper()}: " if one["loc"] else "") + one["msg"].removeprefix("Value error, ")
        for one in error.errors()
    ]
