"""`arena suggestions`: lists, accepts and refuses prompts that visitors suggested."""

import click

from app.arena.entries import suggestions as visitor_prompts
from app.arena.entries.suggestions import SuggestionDetails
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_result, print_rows

STATUSES = ("new", "accepted", "refused", "all")


@click.group()
def suggestions() -> None:
    """List, accept and refuse prompts from visitors. Nobody sees them before they are accepted."""


@suggestions.command("list")
@click.option("--status", type=click.Choice(STATUSES), default="new", show_default=True)
@json_option
@with_arena
def list_(arena: Installation, status: str, as_json: bool) -> None:
    """List suggestions with their numbers, oldest first."""
    with arena.database.reading() as session:
        listed = visitor_prompts.list_suggestions(session, None if status == "all" else status)
    print_rows(listed, _describe, as_json=as_json, if_none="There are none.")


@suggestions.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--title", required=True, help="Of the competition.")
@click.option("--slug", help="Its address; made of the title when left out.")
@json_option
@with_arena
def accept(arena: Installation, number: int, title: str, slug: str | None, as_json: bool) -> None:
    """Make a draft competition of suggestion NUMBER. Give it images, then open it."""
    done = arena.database.write(
        lambda session: visitor_prompts.accept(session, number, title, slug=slug, now=now())
    )
    name = done.competition
    following = f"next: arena generate {name} --models …; arena competition open {name}"
    print_result(vars(done), f"suggestion {number} is the draft {name}\n{following}", as_json=as_json)


@suggestions.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, help="Stands in the ledger; the prompt does not.")
@json_option
@with_arena
def refuse(arena: Installation, number: int, reason: str, as_json: bool) -> None:
    """Refuse suggestion NUMBER."""
    done = arena.database.write(lambda session: visitor_prompts.refuse(session, number, reason=reason, now=now()))
    print_result(vars(done), f"suggestion {number} is refused", as_json=as_json)


def _describe(suggestion: SuggestionDetails) -> str:
    head = f"{suggestion.id:>5}  {suggestion.at:%Y-%m-%d}  {suggestion.status:<8}  {suggestion.competition or ''}"
    return "\n".join([head, *(f"       {line}" for line in suggestion.prompt.splitlines())])
