"""`arena admin`: who may use the admin pages with a password."""

import sys

import click

from app.arena.people import admins, passwords
from app.cli.opening import Opened, json_option, migrate_option, now, opened, print_json

stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def admin() -> None:
    """
    Admins who sign in at /admin with a password.

    A login proxy can name admins instead: see LOGIN_HEADER and ADMINS.
    """


@admin.command()
@click.argument("name")
@stdin_option
@migrate_option
def create(name: str, from_stdin: bool, migrate: bool) -> None:
    """Make NAME an admin; asks for the password, which is stored as a hash alone."""
    arena = opened(migrate=migrate)
    digest = _digest(name, from_stdin)
    arena.database.write(lambda session: admins.create(session, name, digest, now=now()))
    click.echo(f"{name} may sign in at {_place(arena)}")


@admin.command()
@click.argument("name")
@stdin_option
@migrate_option
def password(name: str, from_stdin: bool, migrate: bool) -> None:
    """Give NAME another password; every session of theirs ends."""
    arena = opened(migrate=migrate)
    digest = _digest(name, from_stdin)
    arena.database.write(lambda session: admins.set_password(session, name, digest, now=now()))
    click.echo(f"{name} has a new password and is signed out everywhere")


@admin.command()
@click.argument("name")
@migrate_option
def disable(name: str, migrate: bool) -> None:
    """Let NAME in no more; every session of theirs ends. The name stays taken: it stands in the ledger."""
    database = opened(migrate=migrate).database
    database.write(lambda session: admins.disable(session, name, now=now()))
    click.echo(f"{name} is disabled")


@admin.command("list")
@json_option
@migrate_option
def list_(as_json: bool, migrate: bool) -> None:
    """Every admin with a password, disabled ones too."""
    with opened(migrate=migrate).database.reading() as session:
        found = admins.listing(session, now=now())
    if as_json:
        print_json([vars(one) for one in found])
        return
    for one in found:
        state = f"disabled {one.disabled_at:%Y-%m-%d}" if one.disabled_at else f"sessions: {one.sessions}"
        click.echo(f"{one.name}  since {one.created_at:%Y-%m-%d}  {state}")


def _digest(name: str, from_stdin: bool) -> str:
    """Never an argument: those stand in the shell's history and in the list of processes."""
    from argon2 import PasswordHasher

    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return passwords.digest(name, given, PasswordHasher())


def _place(arena: Opened) -> str:
    settings = arena.settings
    return f"{settings.public_url.rstrip('/') or f'http://{settings.host}:{settings.port}'}/admin"
