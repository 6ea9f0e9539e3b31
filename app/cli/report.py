"""`arena report`: what an admin wants to know in the morning."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from app.cli.opening import json_option, migrate_option, now, open_installation
from app.cli.output import print_json

if TYPE_CHECKING:
    from app.leaderboards.integrity.advice import NextStep
    from app.leaderboards.integrity.morning_report import BoardPrecision, MorningReport


@click.command()
@click.option("--days", type=click.IntRange(1, 3_650), default=30, show_default=True)
@json_option
@migrate_option
def report(days: int, as_json: bool, migrate: bool) -> None:
    """
    Votes by day, how settled each board is, the way to the targets, and what to run next.

    Changes nothing. Days are those of UTC; skips are not counted.
    """
    from app.leaderboards.integrity import advice
    from app.leaderboards.integrity import morning_report as room

    with open_installation(migrate=migrate).database.reading() as session:
        summary = room.report(session, now=now(), days=days)
    steps = list(advice.suggest_steps(summary))
    if as_json:
        drafts = [draft.slug for draft in summary.drafts]
        print_json(asdict(summary) | {"drafts": drafts, "next": [asdict(step) for step in steps]})
        return
    _votes(summary)
    _boards(summary)
    _needs(summary)
    _next(steps)


def _votes(found: "MorningReport") -> None:
    counted = sum(day.counted for day in found.days)
    excluded = sum(day.excluded for day in found.days)
    click.echo(
        f"{len(found.days)} days: {counted} votes counted, {excluded} not, by {found.voters} voters", nl=False
    )
    click.echo(f", {found.new_voters} of them new")
    for day in found.days:
        if day.counted or day.excluded:
            click.echo(f"  {day.day}  {day.counted:>6} counted  {day.excluded:>5} not  {day.voters:>5} voters")


def _boards(found: "MorningReport") -> None:
    if not found.boards:
        click.echo("\nNo board yet.")
        return
    width = max(len(board.key) for board in found.boards)
    heads = "   votes  models  provisional  median ±  neighbours apart  votes to halve ±"
    click.echo(f"\n{'board':<{width}}{heads}")
    for board in found.boards:
        click.echo(f"{board.key:<{width}}{_numbers(board)}")


def _numbers(board: "BoardPrecision") -> str:
    half = "" if board.half_width is None else f"{board.half_width:.0f}"
    apart = "" if board.separated is None else f"{board.separated:.0%}"
    more = "more prompts" if board.votes_to_halve is None else f"{board.votes_to_halve} more"
    return f"{board.votes:>8}{board.models:>8}{board.provisional:>13}{half:>10}{apart:>18}{more:>18}"


def _needs(found: "MorningReport") -> None:
    for title, lines in (
        ("Targets", [f"{one.slug}: {one.votes} of {one.target} votes" for one in found.targets]),
        ("Widest intervals", [f"{one.key}: ±{one.half_width:.0f} Elo" for one in found.widest]),
        ("Fewest battles", [f"{one.slug} ({one.mode}): {one.votes}" for one in found.fewest]),
    ):
        if lines:
            click.echo(f"\n{title}")
            for line in lines:
                click.echo(f"  {line}")


def _next(steps: "list[NextStep]") -> None:
    if not steps:
        return
    click.echo("\nWhat to run next")
    for step in steps:
        click.echo(f"  {step.command}")
        click.echo(f"      {step.why}")
