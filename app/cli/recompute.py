"""`arena recompute`: rebuilds tallies and boards from the vote log, or verifies them against it."""

import click

from app.cli.opening import Installation, json_option, now, with_arena
from app.cli.output import print_result
from app.leaderboards.runs import verify as proof
from app.words import plural


@click.command()
@click.option("--verify", is_flag=True, help="Write nothing; exit 1 if log, tallies and boards differ.")
@json_option
@with_arena
def recompute(arena: Installation, verify: bool, as_json: bool) -> None:
    """Rebuild tallies and boards from the vote log, or prove that they equal it."""
    if not verify:
        done = proof.recompute(arena.database, now=now())
        repaired = [f"repaired the tallies of {slug}" for slug in done.repaired]
        sentence = (
            f"{plural(len(done.boards), 'board')} computed, {plural(len(done.repaired), 'competition')} repaired"
        )
        answer = {"repaired": done.repaired, "boards": done.boards}
        print_result(answer, [*repaired, sentence], as_json=as_json)
        return
    report = proof.verify(arena.database)
    found = plural(len(report.differences), "difference") if report.differences else "all equal to the log"
    boards = f"{plural(report.boards, 'board')} ({report.stale} waiting for a refresh)"
    lines = [
        *(f"{one.kind} {one.subject}: stored {one.stored}, log {one.from_log}" for one in report.differences),
        f"{plural(report.votes, 'counted vote')}, {plural(report.tallies, 'tally', 'tallies')}, {boards}: {found}",
    ]
    answer = {name: getattr(report, name) for name in ("votes", "tallies", "boards", "stale")}
    print_result(answer | {"differences": [vars(one) for one in report.differences]}, lines, as_json=as_json)
    if report.differences:
        raise SystemExit(1)
