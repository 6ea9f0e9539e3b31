"""`arena admin`: who may use the admin pages with a password."""

import sys

import click

from app.arena.people import admins, passwords
from app.arena.people.admins import AdminAccount
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_rows

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
@with_arena
def create(arena: Installation, name: str, from_stdin: bool) -> None:
    """Make NAME an admin; asks for the password, which is stored as a hash alone."""
    digest = _ask_password_hash(name, from_stdin)
    arena.database.write(lambda session: admins.create(session, name, digest, now=now()))
    click.echo(f"{name} may sign in at {_sign_in_address(arena)}")


@admin.command()
@click.argument("name")
@stdin_option
@with_arena
def password(arena: Installation, name: str, from_stdin: bool) -> None:
    """Give NAME another password; every session of theirs ends."""
    digest = _ask_password_hash(name, from_stdin)
    arena.database.write(lambda session: admins.set_password(session, name, digest, now=now()))
    click.echo(f"{name} has a new password and is signed out everywhere")


@admin.command()
@click.argument("name")
@with_arena
def disable(arena: Installation, name: str) -> None:
    """Let NAME in no more; every session of theirs ends. The name stays taken: it stands in the ledger."""
    arena.database.write(lambda session: admins.disable(session, name, now=now()))
    click.echo(f"{name} is disabled")


@admin.command("list")
@json_option
@with_arena
def list_(arena: Installation, as_json: bool) -> None:
    """List every admin with a password, disabled ones too."""
    with arena.database.reading() as session:
        accounts = admins.list_admins(session, now=now())
    print_rows(accounts, _describe, as_json=as_json)


def _describe(account: AdminAccount) -> str:
    disabled = account.disabled_at
    state = f"disabled {disabled:%Y-%m-%d}" if disabled else f"sessions: {account.sessions}"
    return f"{account.name}  since {account.created_at:%Y-%m-%d}  {state}"


def _ask_password_hash(name: str, from_stdin: bool) -> str:
    """Ask for a password. It is never an argument: shell histories and process lists show arguments."""
    from argon2 import PasswordHasher

    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return passwords.hash_password(name, password, PasswordHasher())


def _sign_in_address(arena: Installation) -> str:
    settings = arena.settings
    return f"{settings.public_url.rstrip('/') or f'http://{settings.host}:{settings.port}'}/admin"
