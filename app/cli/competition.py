"""`arena competition`: create, open, close, set a target, list."""

from pathlib import Path

import click

from app.arena.entries import competitions
from app.arena.entries.inputs import delete_unused, store_beside
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_result
from app.words import plural

reason_option = click.option("--reason", help="Stands in the public ledger.")


def _read_target(_context: click.Context, _option: click.Parameter, votes: str) -> int | None:
    if votes != "none" and not (votes.isascii() and votes.isdigit() and len(votes) < 12):
        raise click.UsageError(f"{votes!r} is neither a number of votes nor none.")
    return None if votes == "none" else int(votes)


@click.group()
def competition() -> None:
    """Competitions: one prompt each, answered by many models."""


@competition.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_arena
def new(arena: Installation, file: Path, as_json: bool) -> None:
    """Create the competition of a TOML FILE, or change it to what the file says."""
    spec = competitions.read(file)
    key = store_beside(arena.storage, file.parent, spec)
    try:
        change = arena.database.write(lambda session: competitions.save(session, spec, now=now(), input_key=key))
    finally:
        delete_unused(arena.database, arena.storage, key)
    answer = {"kind": change.kind, "slug": spec.slug}
    print_result(answer, f"{change.kind} {spec.slug}", as_json=as_json)


@competition.command("open")
@click.argument("slug")
@reason_option
@json_option
@with_arena
def open_(arena: Installation, slug: str, reason: str | None, as_json: bool) -> None:
    """
    Let people vote on SLUG.

    Its images must stand in no other competition. Of one that was closed the ledger says that its images had been
    shown with names.
    """
    _set_status(arena, slug, "open", reason, as_json=as_json)


@competition.command()
@click.argument("slug")
@reason_option
@json_option
@with_arena
def close(arena: Installation, slug: str, reason: str | None, as_json: bool) -> None:
    """End the voting on SLUG. Its open matchups close with it, and its images may be seen with names."""
    _set_status(arena, slug, "closed", reason, as_json=as_json)


@competition.command(context_settings={"ignore_unknown_options": True})  # or -5 would be called an option
@click.argument("slug")
@click.argument("votes", metavar="VOTES|none", callback=_read_target)
@json_option
@with_arena
def target(arena: Installation, slug: str, votes: int | None, as_json: bool) -> None:
    """
    Set how many counted votes SLUG shall have; `none` removes the target.

    Lists show the progress towards it. Reaching it closes nothing by itself.
    """
    changed = arena.database.write(lambda session: competitions.set_target(session, slug, votes, now=now()))
    words = "no target" if votes is None else f"a target of {plural(votes, 'vote')}"
    sentence = f"{slug} has {'now' if changed else 'already'} {words}"
    print_result({"slug": slug, "target": votes, "changed": changed}, sentence, as_json=as_json)


@competition.command("list")
@json_option
@with_arena
def list_(arena: Installation, as_json: bool) -> None:
    """List every competition, drafts too, with models, images, counted votes and the progress to its target."""
    with arena.database.reading() as session:
        rows = competitions.list_competitions(session, drafts=True)
    names = ("slug", "title", "mode", "status", "prompt", "models", "entries", "votes", "target")
    answer = [
        {name: getattr(row, name) for name in names} | {"categories": [slug for slug, _ in row.categories]}
        for row in rows
    ]
    width = max((len(row.slug) for row in rows), default=4)
    lines = [f"{'slug':<{width}}  {'status':<6}  models  images   votes  target  categories"]
    for row in rows:
        categories = ", ".join(slug for slug, _ in row.categories) or "uncategorized"
        progress = "" if row.target is None else f"{row.votes / row.target:.0%}"
        counts = f"{row.models:>6}  {row.entries:>6}  {row.votes:>6}  {progress:>6}"
        lines.append(f"{row.slug:<{width}}  {row.status:<6}  {counts}  {categories}")
    print_result(answer, lines, as_json=as_json)


def _set_status(arena: Installation, slug: str, status: str, reason: str | None, *, as_json: bool) -> None:
    changed = arena.database.write(
        lambda session: competitions.set_status(session, slug, status, now=now(), reason=reason)
    )
    sentence = f"{slug} is {'now' if changed else 'already'} {status}"
    print_result({"slug": slug, "status": status, "changed": changed}, sentence, as_json=as_json)
