"""`arena entry`: add, withdraw and replace single images."""

from pathlib import Path
from typing import Literal, get_args

import click

from app.arena.entries import competitions, entries, renditions
from app.arena.entries.alignment import align_renditions
from app.arena.entries.entries import EntryDetails, EntryKey, StoredPicture
from app.arena.entries.pack_format import describe_frames
from app.arena.entries.renditions import Picture
from app.arena.voting import replacement
from app.catalog.pricing import MICROS
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import FiniteRange, print_result
from app.words import plural

Role = Literal["contestant", "showcase"]
sample_option = click.option("--sample", type=click.IntRange(0, 10_000), default=0, show_default=True)
role_option = click.option("--role", type=click.Choice(get_args(Role)), default="contestant", show_default=True)
vouched_option = click.option(
    "--no-visible-mark",
    metavar="WHY",
    help="Enter a picture that looks blank or marked, and is not. Kept with the entry and in the ledger.",
)


@click.group()
def entry() -> None:
    """Entries: the images that stand in a competition."""


@entry.command()
@click.argument("competition")
@click.argument("model")
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@sample_option
@role_option
@click.option("--prompt", help="The prompt as it was sent, where it is not the competition's.")
@click.option("--seconds", type=FiniteRange(0, 86_400), help="How long the model took.")
@click.option("--cost-usd", type=FiniteRange(0, 1_000), help="What the image cost.")
@click.option("--provider", help="Who ran the model.")
@click.option("--licence", help="Under which licence the image may be shown.")
@vouched_option
@with_arena
def add(
    arena: Installation,
    competition: str,
    model: str,
    image: Path,
    sample: int,
    role: Role,
    prompt: str | None,
    seconds: float | None,
    cost_usd: float | None,
    provider: str | None,
    licence: str | None,
    no_visible_mark: str | None,
) -> None:
    """Enter IMAGE of MODEL into COMPETITION. An unknown model becomes a stub of the catalogue."""
    place = EntryKey(competition, model, sample, role)
    if notice := describe_frames(image.read_bytes()):
        click.echo(f"{image.name}: {notice}", err=True)
    picture = _read_picture(arena, competition, image, no_visible_mark)
    cost = None if cost_usd is None else round(cost_usd * MICROS)
    source = {"file": image.name} | entries.describe_exception(no_visible_mark)
    facts = EntryDetails(prompt, provider, seconds, cost, licence, source)

    def enter(stored: StoredPicture) -> bool:
        return arena.database.write(lambda session: entries.add(session, place, stored, facts, now=now()))

    added = entries.store_for(arena.database, arena.storage, picture, enter)
    align_renditions(arena.database, arena.storage, competition)
    click.echo(f"{'added' if added else 'unchanged'} {model} sample {sample} in {competition}")


@entry.command()
@click.argument("competition")
@click.argument("model")
@click.option("--reason", required=True, help="Stands in the public ledger.")
@sample_option
@role_option
@with_arena
def withdraw(arena: Installation, competition: str, model: str, reason: str, sample: int, role: Role) -> None:
    """Take an image out of COMPETITION. Its votes stay counted; nobody is shown it again."""
    place = EntryKey(competition, model, sample, role)
    done = arena.database.write(lambda session: entries.withdraw(session, place, reason=reason, now=now()))
    click.echo(f"{model} sample {sample} of {competition} is {'now' if done else 'already'} withdrawn")


@entry.command()
@click.argument("competition")
@click.argument("model")
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", required=True, help="Stands in the public ledger.")
@click.option("--sample", type=click.IntRange(0, 10_000), help="Which one goes; not needed where only one stands.")
@click.option("--keep-votes", is_flag=True, help="Votes on the old image stay counted.")
@vouched_option
@json_option
@with_arena
def replace(
    arena: Installation,
    competition: str,
    model: str,
    image: Path,
    reason: str,
    sample: int | None,
    keep_votes: bool,
    no_visible_mark: str | None,
    as_json: bool,
) -> None:
    """
    Put IMAGE in the place of the one that MODEL has in COMPETITION.

    The old one is withdrawn and its votes no longer count, with the reason `replaced`; the new one starts as the
    model's next sample. Stop it and run it again as you like.
    """
    picture = _read_picture(arena, competition, image, no_visible_mark)
    order = replacement.ReplacementOrder(
        competition, model, sample, image.name, reason, keep_votes, no_visible_mark
    )
    done = replacement.replace(arena.database, arena.storage, order, picture, now=now)
    align_renditions(arena.database, arena.storage, competition)
    verb = "is" if done.is_new else "was already"
    sentence = (
        f"sample {done.old} of {model} in {competition} {verb} replaced by sample {done.new}\n"
        f"{plural(done.excluded, 'vote')} on it no longer counted"
    )
    print_result(vars(done), sentence, as_json=as_json)


def _read_picture(arena: Installation, competition: str, image: Path, no_visible_mark: str | None) -> Picture:
    """Read an image as an entry of a competition. Raises EntryRefused, UnknownCompetition."""
    with arena.database.reading() as session:
        frame, is_edit = competitions.read_frame(session, competition)
    return renditions.picture(image.read_bytes(), frame, no_visible_mark, is_edit=is_edit)
