"""`arena board`: the level that a mode's ratings stand on."""

import click

from app.cli.opening import Installation, actor, json_option, now, with_arena
from app.cli.output import print_result
from app.words import plural


@click.group()
def board() -> None:
    """Name the models whose mean rating is the level of a mode."""


@board.command()
@click.argument("mode")
@click.argument("models", nargs=-1, required=True)
@click.option("--value", type=float, help="Put the one model named at this rating instead.")
@click.option("--reason", required=True, help="Why; it is published.")
@json_option
@with_arena
def anchor(
    arena: Installation, mode: str, models: tuple[str, ...], value: float | None, reason: str, as_json: bool
) -> None:
    """
    Make MODELS (slugs, ranked on the board of MODE) the anchor of MODE, and compute its boards anew.

    No rating moves by that: the anchor's mean is put at what the board says of these models now, so that a list
    without the models that have retired keeps the level of the old one. With --value every rating of the mode
    moves by the same amount. The change stands in the public ledger; older lists are never edited.
    """
    from app.leaderboards.runs import anchors, refresh

    by = actor()
    change = arena.database.write(
        lambda session: anchors.change_anchor(
            session, mode, models, now=now(), actor=by, reason=reason, value=value
        )
    )
    boards = refresh.rebuild(arena.database, mode, now=now())
    moved = f"every rating moves by {change.shift:+.1f} Elo" if change.shift else "no rating moves"
    sentences = (
        f"{mode}: anchor {change.version} puts the mean of {len(models)} at {change.value:.1f} Elo; {moved}\n"
        f"{plural(len(boards), 'board')} computed anew"
    )
    answer = {"mode": mode, "models": models, "boards": boards} | change._asdict()
    print_result(answer, sentences, as_json=as_json)
