"""`arena question`: list, add and retire what pairs ask."""

import re

import click

from app.arena import questions
from app.arena.questions import LARGEST_SHARE, QuestionDetails
from app.cli.opening import Installation, json_option, migrate_option, now, open_installation, with_arena
from app.cli.output import FiniteRange, print_result, print_rows
from app.words import MODES


@click.group()
def question() -> None:
    """Questions: each pair asks one, and each has boards of its own. `better` makes the overall ones."""


@question.command("list")
@json_option
@with_arena
def list_(arena: Installation, as_json: bool) -> None:
    """List every question with its share, and where it fits; retired ones too."""
    with arena.database.reading() as session:
        listed = questions.list_questions(session)
    print_rows(listed, _describe, as_json=as_json, if_none="There are none.")


@question.command()
@click.argument("slug")
@click.option("--words", help="As a voter reads them. Needed for a new question.")
@click.option(
    "--mode", "modes", multiple=True, type=click.Choice([mode.value for mode in MODES]), help="Only there."
)
@click.option("--category", "categories", multiple=True, help="Only in competitions of this category.")
@click.option(
    "--share",
    type=FiniteRange(0, LARGEST_SHARE, min_open=True),
    help="Weight beside the other questions that fit; `better` has 1.",
)
@click.option(
    "--reworded", is_flag=True, help="The new words ask the same as the old ones, such as a translation."
)
@json_option
@migrate_option
def add(
    slug: str,
    words: str | None,
    modes: tuple[str, ...],
    categories: tuple[str, ...],
    share: float | None,
    reworded: bool,
    as_json: bool,
    migrate: bool,
) -> None:
    """
    Ask SLUG from now on: one that comes with the arena (prompt, text, photo), a retired one, or a new one.

    What is there already changes only in what you give. A competition file may name its own questions and shares.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > questions.LONGEST_SLUG:
        raise click.UsageError(f"{slug!r} is no slug: small letters and digits, joined by hyphens.")
    database = open_installation(migrate=migrate).database
    done = database.write(
        lambda session: questions.add_question(
            session,
            slug,
            now=now(),
            words=words,
            modes=modes,
            categories=categories,
            share=share,
            is_reworded=reworded,
        )
    )
    print_result(vars(done), f"asks now: {_describe(done)}", as_json=as_json)


@question.command()
@click.argument("slug")
@click.option("--reason", help="Stands in the public ledger.")
@json_option
@with_arena
def retire(arena: Installation, slug: str, reason: str | None, as_json: bool) -> None:
    """Ask SLUG no more. Its votes and its boards stay. Competitions that name it ask what else they name."""
    done = arena.database.write(lambda session: questions.retire_question(session, slug, now=now(), reason=reason))
    sentence = f"{slug} is {'now' if done.changed else 'already'} retired"
    if done.named_by:
        sentence += f"; named by {', '.join(done.named_by)}, asked there no more"
    print_result({"slug": slug, "retired": True, **vars(done)}, sentence, as_json=as_json)


def _describe(one: QuestionDetails) -> str:
    where = ", ".join((*one.modes, *one.categories)) or "everywhere"
    state = "retired" if one.retired else f"share {one.share:g}"
    return f"{one.slug:<12}  {state:<10}  {one.words}  ({where})"
