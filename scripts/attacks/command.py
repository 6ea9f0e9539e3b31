"""Attacks a simulated arena with bought or scripted votes, and checks that the defences hold."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from app.cli.opening import json_option
from app.cli.output import print_json
from app.settings import one_thread_for_numpy


@click.command("attack-sim")
@click.option("--models", default=30, show_default=True, type=click.IntRange(8, 400))
@click.option("--votes", default=20_000, show_default=True, type=click.IntRange(200), help="Honest ones.")
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1), help="Worlds to average over.")
@click.option("--share", default=5.0, show_default=True, type=click.FloatRange(0.1, 50), help="Attacker's, in %.")
@click.option("--honest-skips", default=0.0, show_default=True, type=click.FloatRange(0, 50), help="In %.")
@click.option(
    "--through",
    default="rating",
    show_default=True,
    type=click.Choice(["rating", "arena"]),
    help="The rating code alone, or one world through issuing, voting, the sweep and the refresh as well.",
)
@json_option
def attack_sim(
    models: int, votes: int, seeds: int, share: float, honest_skips: float, through: str, as_json: bool
) -> None:
    """
    Attack a simulated arena and print what its target gains.

    With 30 models and 20,000 votes the gates of docs/integrity.md are checked: exit 1 when one fails. They are
    meant for 20 worlds, which take some eight minutes; over fewer one may fail by chance.
    """
    one_thread_for_numpy()
    if through == "arena":
        _through_arena(models, votes, share / 100, as_json)
    else:
        _through_rating(models, votes, seeds, share / 100, honest_skips / 100, as_json)


def _through_rating(models: int, votes: int, seeds: int, share: float, skips: float, as_json: bool) -> None:
    from scripts.attacks import gates, grid

    shares = sorted({0.01, 0.02, 0.05, 0.1, 0.2, share})
    wanted = [attack for attack in grid.attacks(shares, share) if attack.rank < models]
    rows, clean = grid.run(
        wanted, models=models, votes=votes, seeds=seeds, skips=skips, progress=_progress(as_json)
    )
    is_gated = (models, votes, skips) == (gates.MODELS, gates.VOTES, 0)
    checked = list(gates.gates(rows, clean)) if is_gated else []
    if as_json:
        print_json({"rows": [asdict(row) for row in rows], "clean": asdict(clean), "gates": _verdicts(checked)})
    else:
        _print_rows(rows)
        _print_strategies()
        click.echo("\nWhere nobody attacks")
        for name, value in asdict(clean).items():
            click.echo(f"  {name:<20} {value:.4f}" if value < 1 else f"  {name:<20} {value:.1f}")
        click.echo("")
        _print_gates(checked)
    _fail_unless_held(checked)


def _through_arena(models: int, votes: int, share: float, as_json: bool) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from scripts.attacks import arena, gates

    with TemporaryDirectory() as folder:
        run = arena.run(Path(folder), models=models, votes=votes, share=share, progress=_progress(as_json))
        found = list(run)
    is_gated = (models, votes, share) == (gates.MODELS, gates.VOTES, gates.MAIN_SHARE)
    checked = list(gates.arena_gates(found)) if is_gated else []
    if as_json:
        print_json({"attacks": [asdict(one) for one in found], "gates": _verdicts(checked)})
    else:
        click.echo(
            "\nstrategy share defences  gained (ranks / Elo)  matchups  votes refused  honest excluded, clipped"
        )
        for one in found:
            gain = f"{one.gain.ranks:8.1f} /{one.gain.elo:6.1f}"
            sizes = f"{one.matchups:15} {one.votes:7} {one.refused:8}"
            honest = f"{one.honest.excluded:17.2%}, {one.honest.clipped:.2%}"
            click.echo(f"{one.attack.strategy:<8} {one.attack.share:5.0%} {one.defence:<8}{gain}{sizes}{honest}")
        _print_strategies()
        click.echo("")
        _print_gates(checked)
    _fail_unless_held(checked)


def _print_rows(rows: Sequence[Any]) -> None:
    click.echo(
        "strategy share   votes rank accounts networks  gained: no defence   with caps   with all (ranks / Elo)"
    )
    for row in rows:
        of = row.attack
        gains = "  ".join(f"{gain.ranks:6.1f} /{gain.elo:6.1f}" for gain in row.gains.values())
        where = f"{of.strategy:<8} {of.share:5.0%} {row.votes:7} {of.rank:4} {of.account:8} {row.networks:8}"
        click.echo(f"{where}  {gains}")


def _print_strategies() -> None:
    from scripts.attacks.strategies import STRATEGIES

    click.echo("\nStrategies: each attacker")
    for name, what in STRATEGIES.items():
        click.echo(f"  {name}  {what}")


def _print_gates(checked: Sequence[Any]) -> None:
    if not checked:
        click.echo("Gates are for 30 models and 20,000 votes without honest skips: not checked.")
    for gate in checked:
        verdict = "holds" if gate.holds else "FAILS"
        click.echo(f"  {verdict}  {gate.name}: {gate.figure:.2f} of at most {gate.limit:.2f} {gate.unit}")


def _verdicts(checked: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(gate) | {"holds": gate.holds} for gate in checked]


def _fail_unless_held(checked: Sequence[Any]) -> None:
    if not all(gate.holds for gate in checked):
        raise SystemExit(1)


def _progress(as_json: bool) -> Any:
    def show(step: str) -> None:
        click.echo(f"\r{step:<30}", nl=False, err=True)

    return (lambda _: None) if as_json else show
