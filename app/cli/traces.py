"""`arena integrity traces`: says how well the makers of pictures can be told from their files alone."""

from collections.abc import Iterable
from dataclasses import asdict

import click

from app.arena.errors import UnknownCompetition
from app.cli.opening import Installation, json_option, with_arena
from app.cli.output import print_result
from app.leaderboards.integrity.maker_guess import GuessShare
from app.leaderboards.integrity.picture_traces import CompetitionTraces, ModeTraces, read_traces
from app.words import MODES


@click.command()
@click.argument("competition", required=False)
@json_option
@with_arena
def traces(arena: Installation, competition: str | None, as_json: bool) -> None:
    """
    Say what the pictures' files tell of their makers, of COMPETITION or of every one.

    A simple classifier learns shape, scale, light, traces of formats and marks from all competitions but one and
    guesses the makers of that one's pictures, by the renditions that voters get. Pictures that are alone in a
    trait are named with their makers. Changes nothing.
    """
    modes = _read_modes(arena)
    found = [one for mode in modes for one in mode.competitions if competition in {None, one.slug}]
    if competition is not None and not found:
        raise UnknownCompetition(f"There is no competition {competition!r} with pictures to be judged.")
    parts = [
        {"mode": mode.mode, "guess": asdict(mode.guess), "by_kind": mode.by_kind} for mode in modes if mode.guess
    ]
    answer = {"modes": parts, "competitions": [asdict(one) for one in found]}
    lines = [*map(describe_traces, found), *(_describe_mode(mode) for mode in modes if mode.guess)]
    print_result(answer, lines, as_json=as_json)


def list_traces(arena: Installation, slugs: Iterable[str]) -> list[CompetitionTraces]:
    """List what the files of these competitions tell, as they are now, showcases left out."""
    wanted = set(slugs)
    modes = _read_modes(arena) if wanted else []
    return [one for mode in modes for one in mode.competitions if one.slug in wanted]


def _read_modes(arena: Installation) -> list[ModeTraces]:
    with arena.database.reading() as session:
        return [read_traces(session, mode) for mode in MODES]


def describe_traces(one: CompetitionTraces) -> str:
    """Describe in a line what a competition's files tell, the pictures that stand out by name."""
    parts = [_describe_guess(one.guess)]
    if one.outstanding:
        named = [f"{each.model} ({', '.join(each.kinds)})" for each in one.outstanding]
        parts.append(f"stand out: {', '.join(named)}")
    if one.unmeasured:
        parts.append(f"{one.unmeasured} not measured, run arena renditions {one.slug}")
    return f"{one.slug}: {'; '.join(parts)}"


def _describe_mode(mode: ModeTraces) -> str:
    kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in mode.by_kind.items())
    return f"{mode.mode}: {_describe_guess(mode.guess)}; by one kind alone: {kinds}"


def _describe_guess(guess: GuessShare | None) -> str:
    if guess is None:
        return "too few competitions to say how well files tell makers"
    return (
        f"files tell the maker of {guess.share:.0%} of {guess.pictures} pictures "
        f"({guess.low:.0%} to {guess.high:.0%}; chance {guess.chance:.0%})"
    )
