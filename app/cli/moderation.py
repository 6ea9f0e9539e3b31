"""`arena moderation`: lists, keeps and withdraws pictures that voters reported."""

import click

from app.arena.voting import report_queue
from app.arena.voting.report_queue import ReportedPicture
from app.cli.opening import Installation, actor, json_option, now, with_arena
from app.cli.output import print_result, print_rows
from app.words import ReportReason, plural

NUMBER = click.IntRange(1, 2**31 - 1)
why_option = click.option("--reason", required=True, help="Stands in the ledger.")


@click.group()
def moderation() -> None:
    """List, keep and withdraw pictures that voters reported. Three independent reports let a picture rest."""


@moderation.command("list")
@json_option
@with_arena
def list_(arena: Installation, as_json: bool) -> None:
    """List the pictures that wait for a decision, those at rest first. /admin/reports shows them."""
    with arena.database.reading() as session:
        listed = report_queue.list_reported(session)
    print_rows(listed, _describe, as_json=as_json, if_none="None waits.")


@moderation.command()
@click.argument("number", type=NUMBER)
@why_option
@json_option
@with_arena
def keep(arena: Installation, number: int, reason: str, as_json: bool) -> None:
    """Let the picture of report NUMBER be drawn again; who reported it can't let it rest again."""
    closed = arena.database.write(
        lambda session: report_queue.keep(session, number, reason=reason, now=now(), actor=actor())
    )
    told = f"the picture of report {number} is kept, and {plural(closed, 'report')} closed"
    print_result({"report": number, "closed": closed}, told, as_json=as_json)


@moderation.command()
@click.argument("number", type=NUMBER)
@why_option
@json_option
@with_arena
def withdraw(arena: Installation, number: int, reason: str, as_json: bool) -> None:
    """Withdraw the picture of report NUMBER for good. Its votes stay counted; nobody is shown it again."""
    done = arena.database.write(
        lambda session: report_queue.withdraw(session, number, reason=reason, now=now(), actor=actor())
    )
    told = f"the picture of report {number} is {'now' if done else 'already'} withdrawn"
    print_result({"report": number, "withdrawn": True}, told, as_json=as_json)


def _describe(picture: ReportedPicture) -> str:
    reasons = ", ".join(f"{ReportReason(reason).label.lower()} {number}" for reason, number in picture.reasons)
    state = "rests" if picture.rested_at else "drawn"
    return (
        f"{picture.number:>5}  {picture.last_at:%Y-%m-%d}  {state}  {picture.competition:<32}  "
        f"{picture.reporters} reporters: {reasons}"
    )
