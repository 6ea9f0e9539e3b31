"""`arena generate`: generates entries through the gateway."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict

import click

from app.arena.entries import generation
from app.arena.entries.generation import GenerationContext, GenerationTask
from app.catalog.pricing import MICROS
from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_json, progress_bar
from app.cli.traces import describe_traces, list_traces
from app.gateway.generate import read_config
from app.gateway.transport import Client


@click.command()
@click.argument("competition")
@click.option("--models", required=True, metavar="A,B", help="Slugs, separated by commas.")
@click.option("--samples", type=click.IntRange(1, 100), default=1, show_default=True, help="Images of each model.")
@click.option("--provider", help="The only provider to ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be made and what it would cost, and make nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before spending money.")
@json_option
@with_arena
def generate(
    arena: Installation,
    competition: str,
    models: str,
    samples: int,
    provider: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """
    Let models make their images for COMPETITION and enter them.

    Images that are there already are not made again, so that the command can be stopped and run once more.
    """
    context = GenerationContext(arena.database, arena.storage, read_config(arena.settings), Client())
    named = [name.strip() for name in models.split(",") if name.strip()]
    with arena.database.reading() as session:
        tasks = generation.find_missing(
            session, generation.plan_tasks(session, competition, named, samples, provider)
        )
    by_model = {task.place.model: task for task in tasks}
    estimates = {model: generation.estimate_cost(context, one, now=now()).cost for model, one in by_model.items()}
    micros = {model: cost.micros if cost else None for model, cost in estimates.items()}
    estimated = [micros[task.place.model] for task in tasks]
    say: Callable[[str], None] = (lambda text: click.echo(text, err=True)) if as_json else click.echo
    _print_plan(tasks, estimated, say)
    made, refused = 0, []
    if tasks and not dry_run:
        if not yes:
            click.confirm("Make them?", abort=True, err=True)
        refused = _generate(context, tasks)
        made = len(tasks) - len(refused)
        say(f"{made} made, {len(refused)} refused")
        for line in map(describe_traces, list_traces(arena, [competition])):
            say(line)
    if as_json:
        total = _add_up(estimated)
        print_json(
            {
                "missing": len(tasks),
                "estimated_usd": None if total is None else total / MICROS,
                "made": made,
                "refused": refused,
                "traces": [asdict(one) for one in list_traces(arena, [competition])],
            }
        )
    if refused:
        raise SystemExit(1)


def _print_plan(tasks: list[GenerationTask], estimated: list[int | None], say: Callable[[str], None]) -> None:
    if not tasks:
        say("Nothing to make: every image is there.")
        return
    by_model: dict[str, list[int | None]] = {}
    for task, micros in zip(tasks, estimated, strict=True):
        by_model.setdefault(task.place.model, []).append(micros)
    for model, costs in by_model.items():
        say(f"{model:<32} {len(costs):>4} images  {_dollars(costs)}")
    say(f"{'in all':<32} {len(tasks):>4} images  {_dollars(estimated)}")


def _dollars(costs: list[int | None]) -> str:
    total = _add_up(costs)
    return "at a price that the catalogue does not know" if total is None else f"about ${total / MICROS:.4f}"


def _add_up(costs: list[int | None]) -> int | None:
    """Add up costs in micro-dollars; None where one of them is not known."""
    known = [micros for micros in costs if micros is not None]
    return sum(known) if len(known) == len(costs) else None


def _generate(context: GenerationContext, tasks: list[GenerationTask]) -> list[dict[str, str | int]]:
    """Generate the entries, showing progress; return the refused ones with their reasons."""
    refused: list[dict[str, str | int]] = []
    with (
        progress_bar("making", len(tasks)) as advance,
        closing(generation.generate_entries(context, tasks, now=now)) as pictures,
    ):
        for drawn in pictures:
            advance(1)
            if drawn.refusal:
                place = drawn.task.place
                refused.append({"model": place.model, "sample": place.sample, "reason": drawn.refusal})
                click.echo(f"\nrefused  {place.model} sample {place.sample}: {drawn.refusal}", err=True)
    return refused
