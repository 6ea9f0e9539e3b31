"""`arena suggestions`: lists, accepts and refuses prompts that visitors suggested."""

import click

from app.arena.entries import suggestions as room
from app.cli.opening import json_option, migrate_option, now, open_installation, print_json

STATUSES = ("new", "accepted", "refused", "all")


@click.group()
def suggestions() -> None:
    """List, accept and refuse prompts from visitors. Nobody sees them before they are accepted."""


@suggestions.command("list")
@click.option("--status", type=click.Choice(STATUSES), default="new", show_default=True)
@json_option
@migrate_option
def list_(status: str, as_json: bool, migrate: bool) -> None:
    """List suggestions with their numbers, oldest first."""
    with open_installation(migrate=migrate).database.reading() as session:
        found = room.list_suggestions(session, None if status == "all" else status)
    if as_json:
        print_json([vars(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.id:>5}  {one.at:%Y-%m-%d}  {one.status:<8}  {one.competition or ''}")
        for line in one.prompt.splitlines():
            click.echo(f"       {line}")
    if not found:
        click.echo("There are none.")


@suggestions.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--title", required=True, help="Of the competition.")
@click.option("--slug", help="Its address; made of the title when left out.")
@json_option
@migrate_option
def accept(number: int, title: str, slug: str | None, as_json: bool, migrate: bool) -> None:
    """Make a draft competition of suggestion NUMBER. Give it images, then open it."""
    database = open_installation(migrate=migrate).database
    done = database.write(lambda session: room.accept(session, number, title, slug=slug, now=now()))
    if as_json:
        print_json(vars(done))
        return
    click.echo(f"suggestion {number} is the draft {done.competition}")
    click.echo(f"next: arena generate {done.competition} --models …; arena competition open {done.competition}")


@suggestions.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, help="Stands in the ledger; the prompt does not.")
@json_option
@migrate_option
def refuse(number: int, reason: str, as_json: bool, migrate: bool) -> None:
    """Refuse suggestion NUMBER."""
    database = open_installation(migrate=migrate).database
    done = database.write(lambda session: room.refuse(session, number, reason=reason, now=now()))
    if as_json:
        print_json(vars(done))
    else:
        click.echo(f"suggestion {number} is refused")
