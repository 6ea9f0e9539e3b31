"""`arena generate`: generates entries through the gateway."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from app.catalog.pricing import MICROS
from app.cli.opening import json_option, migrate_option, now, open_installation
from app.cli.output import print_json, progress_bar
from app.cli.traces import describe_traces, list_traces

if TYPE_CHECKING:
    from app.arena.entries.generation import GenerationContext, GenerationTask


@click.command()
@click.argument("competition")
@click.option("--models", required=True, metavar="A,B", help="Slugs, separated by commas.")
@click.option("--samples", type=click.IntRange(1, 100), default=1, show_default=True, help="Images of each model.")
@click.option("--provider", help="The only provider to ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be made and what it would cost, and make nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before spending money.")
@json_option
@migrate_option
def generate(
    competition: str,
    models: str,
    samples: int,
    provider: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    migrate: bool,
) -> None:
    """
    Let models make their images for COMPETITION and enter them.

    Images that are there already are not made again, so that the command can be stopped and run once more.
    """
    from app.arena.entries import generation
    from app.gateway.generate import means
    from app.gateway.wire import Client

    arena = open_installation(migrate=migrate)
    studio = generation.GenerationContext(arena.database, arena.storage, means(arena.settings), Client())
    named = [name.strip() for name in models.split(",") if name.strip()]
    with arena.database.reading() as session:
        orders = generation.find_missing(
            session, generation.plan_tasks(session, competition, named, samples, provider)
        )
    models_asked = {order.place.model: order for order in orders}
    costs = {model: _estimate_micros(studio, order) for model, order in models_asked.items()}
    estimated = [costs[order.place.model] for order in orders]
    say: Callable[[str], None] = (lambda text: click.echo(text, err=True)) if as_json else click.echo
    _print_plan(orders, estimated, say)
    made, refused = 0, []
    if orders and not dry_run:
        if not yes:
            click.confirm("Make them?", abort=True, err=True)
        refused = _generate(studio, orders)
        made = len(orders) - len(refused)
        say(f"{made} made, {len(refused)} refused")
        for line in map(describe_traces, list_traces(arena, [competition])):
            say(line)
    if as_json:
        known = [micros for micros in estimated if micros is not None]
        print_json(
            {
                "missing": len(orders),
                "estimated_usd": sum(known) / MICROS if len(known) == len(orders) else None,
                "made": made,
                "refused": refused,
                "traces": [asdict(one) for one in list_traces(arena, [competition])],
            }
        )
    if refused:
        raise SystemExit(1)


def _estimate_micros(studio: "GenerationContext", order: "GenerationTask") -> int | None:
    """Estimate a task's cost in micro-dollars; None where no price is known."""
    from app.arena.entries import generation

    cost = generation.estimate_cost(studio, order, now=now()).cost
    return cost.micros if cost else None


def _print_plan(orders: "list[GenerationTask]", estimated: list[int | None], say: Callable[[str], None]) -> None:
    if not orders:
        say("Nothing to make: every image is there.")
        return
    by_model: dict[str, list[int | None]] = {}
    for order, micros in zip(orders, estimated, strict=True):
        by_model.setdefault(order.place.model, []).append(micros)
    for model, costs in by_model.items():
        say(f"{model:<32} {len(costs):>4} images  {_dollars(costs)}")
    say(f"{'in all':<32} {len(orders):>4} images  {_dollars(estimated)}")


def _dollars(costs: list[int | None]) -> str:
    prices = [micros for micros in costs if micros is not None]
    if len(prices) < len(costs):
        return "at a price that the catalogue does not know"
    return f"about ${sum(prices) / MICROS:.4f}"


def _generate(studio: "GenerationContext", orders: "list[GenerationTask]") -> list[dict[str, str | int]]:
    """Generate the entries, showing progress; return the refused ones with their reasons."""
    from app.arena.entries import generation

    refused: list[dict[str, str | int]] = []
    with (
        progress_bar("making", len(orders)) as advance,
        closing(generation.generate_entries(studio, orders, now=now)) as pictures,
    ):
        for drawn in pictures:
            advance(1)
            if drawn.refusal:
                place = drawn.order.place
                refused.append({"model": place.model, "sample": place.sample, "reason": drawn.refusal})
                click.echo(f"\nrefused  {place.model} sample {place.sample}: {drawn.refusal}", err=True)
    return refused
