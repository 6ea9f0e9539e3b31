"""`arena recompute`: rebuilds tallies and boards from the vote log, or verifies them against it."""

import click

from app.cli.opening import json_option, migrate_option, now, open_installation
from app.cli.output import print_json


@click.command()
@click.option("--verify", is_flag=True, help="Write nothing; exit 1 if log, tallies and boards differ.")
@json_option
@migrate_option
def recompute(verify: bool, as_json: bool, migrate: bool) -> None:
    """Rebuild tallies and boards from the vote log, or prove that they equal it."""
    from app.leaderboards.runs import verify as proof

    database = open_installation(migrate=migrate).database
    if not verify:
        done = proof.recompute(database, now=now())
        if as_json:
            print_json({"repaired": done.repaired, "boards": done.boards})
        else:
            for slug in done.repaired:
                click.echo(f"repaired the tallies of {slug}")
            click.echo(f"{len(done.boards)} boards computed, {len(done.repaired)} competitions repaired")
        return
    report = proof.verify(database)
    if as_json:
        print_json(
            {
                "votes": report.votes,
                "tallies": report.tallies,
                "boards": report.boards,
                "stale": report.stale,
                "differences": [vars(difference) for difference in report.differences],
            }
        )
    else:
        for difference in report.differences:
            click.echo(
                f"{difference.kind} {difference.subject}: stored {difference.stored}, log {difference.from_log}"
            )
        click.echo(
            f"{report.votes} counted votes, {report.tallies} tallies, {report.boards} boards "
            f"({report.stale} waiting for a refresh): "
            + (f"{len(report.differences)} differences" if report.differences else "all equal to the log")
        )
    if report.differences:
        raise SystemExit(1)
