"""`arena report`: what an admin wants to know in the morning."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_result
from app.elo_scale import REMEDIES
from app.gateway.providers import set_up
from app.gateway.routing import servable
from app.leaderboards.integrity import advice, morning_report
from app.leaderboards.integrity.morning_report import BoardPrecision, MorningReport
from app.words import Mode, plural


@click.command()
@click.option("--days", type=click.IntRange(1, 3_650), default=30, show_default=True)
@json_option
@with_arena
def report(arena: Installation, days: int, as_json: bool) -> None:
    """
    Votes by day, how settled each board is, the way to the targets, and what to run next.

    Changes nothing. Days are those of UTC; skips are not counted.
    """
    providers = set_up(arena.settings)
    with arena.database.reading() as session:
        summary = morning_report.report(session, now=now(), days=days)
        served = {mode: {one.slug for one in servable(session, providers, now(), mode)} for mode in Mode}
    steps = list(advice.suggest_steps(summary, served))
    drafts = [draft.slug for draft in summary.drafts]
    answer = asdict(summary) | {"drafts": drafts, "next": [asdict(step) for step in steps]}
    tasks = [line for step in steps for line in (step.command, f"    {step.why}")]
    lines = [
        *_describe_votes(summary),
        *_describe_boards(summary),
        *_list_under(
            "Targets", [f"{one.slug}: {one.votes} of {plural(one.target, 'vote')}" for one in summary.targets]
        ),
        *_list_under("Widest intervals", [f"{one.key}: ±{one.half_width:.0f} Elo" for one in summary.widest]),
        *_list_under("Fewest battles", [f"{one.slug} ({one.mode}): {one.votes}" for one in summary.fewest]),
        *_list_under("What to run next", tasks),
    ]
    print_result(answer, lines, as_json=as_json)


def _describe_votes(found: MorningReport) -> Iterator[str]:
    counted = sum(day.counted for day in found.days)
    excluded = sum(day.excluded for day in found.days)
    voters = f"{plural(found.voters, 'voter')}, {found.new_voters} of them new"
    yield f"{plural(len(found.days), 'day')}: {plural(counted, 'vote')} counted, {excluded} not, by {voters}"
    for day in found.days:
        if day.counted or day.excluded:
            yield f"  {day.day}  {day.counted:>6} counted  {day.excluded:>5} not  by {plural(day.voters, 'voter')}"


def _describe_boards(found: MorningReport) -> list[str]:
    if not found.boards:
        return ["\nNo board yet."]
    width = max(len(board.key) for board in found.boards)
    heads = "   votes  models  provisional  median ±  neighbours apart  votes to halve ±"
    rows = (f"{board.key:<{width}}{_numbers(board)}" for board in found.boards)
    return [f"\n{'board':<{width}}{heads}", *rows]


def _numbers(board: BoardPrecision) -> str:
    half = "" if board.half_width is None else f"{board.half_width:.0f}"
    apart = "" if board.separated is None else f"{board.separated:.0%}"
    more = "" if board.limit is None else REMEDIES[board.limit]
    if board.votes_to_halve is not None:
        more = f"{board.votes_to_halve} more"
    return f"{board.votes:>8}{board.models:>8}{board.provisional:>13}{half:>10}{apart:>18}{more:>18}"


def _list_under(title: str, lines: list[str]) -> list[str]:
    """Put lines under a title; no title where there are none."""
    return [f"\n{title}", *(f"  {line}" for line in lines)] if lines else []
