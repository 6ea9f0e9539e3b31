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

    No rating of the overall board moves by that: the anchor's mean is put at what it says of these models now, so
    that a list without the models that have retired keeps the level of the old one. With --value all its ratings
    move by the same amount. Boards of categories and competitions take their level from the same models, and move
    as far as these stand elsewhere there. The change stands in the public ledger; older lists are never edited.
    """
    from app.leaderboards.runs import anchors, refresh

    by = actor()
    change = arena.database.write(
        lambda session: anchors.change_anchor(
            session, mode, models, now=now(), actor=by, reason=reason, value=value
        )
    )
    boards = refresh.rebuild(arena.database, mode, now=now())
    named = plural(len(models), "model")
    moves = f"every rating of the overall board moves by {change.shift:+.1f} Elo"
    sentences = (
        f"{mode}: anchor {change.version} puts the mean of {named} at {change.value:.1f} Elo",
        moves if change.shift else "no rating of the overall board moves",
        f"{plural(len(boards), 'board')} computed anew",
    )
    answer = {"mode": mode, "models": models, "boards": boards} | change._asdict()
    print_result(answer, sentences, as_json=as_json)
