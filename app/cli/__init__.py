"""The `arena` command. Exit 0: done; 1: failed, or a difference was found; 2: bad usage or input."""

import sys

import click
from pydantic import ValidationError

from app import __version__
from app.cli import (
    admin,
    attack_sim,
    backup,
    competition,
    demo,
    doctor,
    entry,
    generate,
    integrity,
    keys,
    pack,
    rate,
    recompute,
    report,
    seed,
    serve,
    suggestions,
    votes,
)

FAILURES = frozenset({"database_busy", "database_in_use", "internal_error"})


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="arena")
def group() -> None:
    """Blindvote: people judge, blind, images that models made from the same prompt."""


for command in (
    seed.seed,
    pack.pack,
    pack.import_pack,
    competition.competition,
    entry.entry,
    generate.generate,
    keys.keys,
    admin.admin,
    rate.rate,
    integrity.integrity,
    attack_sim.attack_sim,
    recompute.recompute,
    report.report,
    votes.votes,
    suggestions.suggestions,
    demo.demo,
    backup.backup,
    backup.restore,
    doctor.doctor,
    serve.serve,
):
    group.add_command(command)


def main() -> None:
    """Entry point: what a room refuses is one line on standard error, not a traceback."""
    try:
        group(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What was done is kept; run the same command again to go on.", err=True)
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            click.echo(f"Settings: {name + ': ' if name else ''}{problem['msg']}", err=True)
        sys.exit(2)
    except Exception as error:
        code = getattr(error, "code", None)
        if not isinstance(code, str):
            raise
        click.echo(f"{error} ({code})", err=True)
        sys.exit(1 if code in FAILURES else 2)
