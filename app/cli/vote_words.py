"""The words in which arenas, tools and people write who won: closed lists, compared without case and marks."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from app.files.text import fold_spelling, normalize, quote
from app.words import Outcome

Counts = tuple[int, int, int, int]
"""Wins of A, wins of B, ties, both bad."""

A, B, TIE, BOTH_BAD = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)
NOTHING = (0, 0, 0, 0)
OPPOSITES = {A: B, B: A}
NAMES = {A: "model_a", B: "model_b", TIE: "tie", BOTH_BAD: "both_bad"}
COUNT_DIGITS = 12
SKIPS = frozenset({Outcome.SKIP.value, "skipped"})
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
STATES = {"approved": True, "submitted": True, "rejected": False}
"""What became of an answer on Mechanical Turk, and whether it counts."""
NOUNS = (
    *("model", "image", "picture", "assistant", "response", "answer", "option", "output"),
    *("candidate", "system", "player", "side", "vote"),
)
VERDICTS = (
    *("win", "wins", "won", "better", "slightlybetter", "muchbetter"),
    *("isbetter", "isthebest", "isslightlybetter", "ismuchbetter"),
)


def _spell(*sides: str) -> str:
    """Return the words for one side of a pair; a number needs a noun or a verdict beside it."""
    seats = [seat for side in sides for noun in ("", *NOUNS) for seat in (noun + side, side + noun)]
    told = [f"{before}{seat}" for seat in seats for before in ("prefer", "iprefer")]
    told += [seat + verdict for seat in seats for verdict in VERDICTS]
    return " ".join(word for word in (*seats, *told) if not word.isdigit())


WORDS: dict[str, Counts] = {
    word: outcome
    for outcome, words in {
        A: f"{_spell('a', '1', 'left', 'first')} a>b a>>b b<a b<<a",
        B: f"{_spell('b', '2', 'right', 'second')} b>a b>>a a<b a<<b",
        TIE: "tie tied ties itsatie draw drawn itsadraw equal bothareequal even tievote same aboutthesame similar "
        "nopreference bothgood botharegood equallygood bothequallygood bothareequallygood tiebothgood "
        "tieinconsistent a=b b=a a==b -",
        BOTH_BAD: "bothbad botharebad equallybad bothequallybad bothareequallybad bothbadvote tiebothbad bothpoor "
        "neitherisgood",
    }.items()
    for word in words.split()
}
_WHOLE = re.compile(r"(?<=[0-9])[.,]0{1,2}$")
"""What spreadsheets and pandas write after whole numbers; three zeros may be thousands."""
_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
_MARKS = re.compile(r"[^\w<>=]|_")


def read_truth(text: str, column: str) -> bool:
    """Read true/false, 1/0 (1.0/0.0, too) or yes/no in any case. Raises ValueError."""
    try:
        return TRUTHS[_WHOLE.sub("", text.strip().casefold())]
    except KeyError:
        raise ValueError(f"column {column}: {quote(text)} is none of true, false, 1, 0, yes, no") from None


def read_counted(text: str, column: str) -> bool:
    """Read whether a row counts, also from the state of an answer on Mechanical Turk. Raises ValueError."""
    state = STATES.get(text.strip().casefold())
    return read_truth(text, column) if state is None else state


def read_count(text: str, column: str) -> int:
    """Read a whole number of at most 12 digits, `3.0` and `3,0` too; nothing is 0. Raises ValueError."""
    text = _WHOLE.sub("", text.strip()) or "0"
    if not text.isascii() or not text.isdigit():
        raise ValueError(
            f"column {column}: {quote(text)} is no whole number from 0; write thousands without separators"
        )
    if len(text) > COUNT_DIGITS:
        raise ValueError(f"column {column}: {quote(text)} has more than {COUNT_DIGITS} digits")
    return int(text)


def read_winner(cells: Sequence[str], model_a: str, model_b: str, *, column: str) -> Counts:
    """
    Read who won, as a word of WORDS or as the winner's own name; NOTHING for a skip.

    Raises ValueError for any other word, and for a name that is also a word with another meaning.
    """
    word = normalize(cells[0])
    meant = _find_meaning(word)
    named = A if word == model_a else B if word == model_b else None
    if meant is not None and named is not None and meant != named:
        raise ValueError(f"column {column}: {quote(word)} is the name of a model and a word for another outcome")
    outcome = named if meant is None else meant
    if outcome is None:
        # imgsys.org has 0 for model A, pandas recipes for LMArena have 1.
        why = ": which model a number means differs from file to file" if _NUMBER.fullmatch(word) else ""
        raise ValueError(
            f"column {column}: {quote(cells[0])} is no outcome{why}; write model_a, model_b, tie, both_bad or the "
            "winner's name"
        )
    return outcome


def read_checked_winner(cells: Sequence[str], model_a: str, model_b: str, *, columns: Mapping[str, str]) -> Counts:
    """
    Read who won where columns `draw` or `loser` say it, too; `columns` has their names as they are written.

    Raises ValueError where they contradict each other: each could be the one that is meant.
    """
    said = dict(zip(columns, cells, strict=True))
    winner, draw, loser = said["winner"], said.get("draw", "").strip(), said.get("loser", "").strip()
    is_draw = read_truth(draw, columns["draw"]) if draw else None
    if is_draw and not winner.strip():
        return TIE
    outcome = read_winner([winner], model_a, model_b, column=columns["winner"])
    if (is_draw and outcome in OPPOSITES) or (is_draw is False and outcome == TIE):
        raise ValueError(
            f"column {columns['draw']}: {quote(draw)} contradicts {columns['winner']}, {quote(winner)}"
        )
    lost = read_winner([loser], model_a, model_b, column=columns["loser"]) if loser else None
    if lost is not None and lost != OPPOSITES.get(outcome) and {lost, outcome} & OPPOSITES.keys():
        raise ValueError(
            f"column {columns['loser']}: {quote(loser)} contradicts {columns['winner']}, {quote(winner)}"
        )
    return outcome


@lru_cache(1024)
def _find_meaning(word: str) -> Counts | None:
    plain = word if word == "-" else _MARKS.sub("", fold_spelling(word))
    return NOTHING if plain in SKIPS else WORDS.get(plain)


def read_win_or_draw(cells: Sequence[str], _winner: str, _loser: str, *, column: str) -> Counts:
    """Read whether the pair of a winner and a loser was a draw; an empty cell is none. Raises ValueError."""
    return TIE if cells[0].strip() and read_truth(cells[0], column) else A


def read_one_hot(
    cells: Sequence[str], _one: str, _other: str, *, columns: Sequence[str], outcomes: Sequence[Counts]
) -> Counts:
    """Read columns of which exactly one is true. Raises ValueError."""
    true = [
        outcome for text, name, outcome in zip(cells, columns, outcomes, strict=True) if read_truth(text, name)
    ]
    if len(true) != 1:
        raise ValueError(f"column {columns[0]}: of {', '.join(columns)} exactly one is 1, here {len(true)} are")
    return true[0]


def read_counts(
    cells: Sequence[str], _one: str, _other: str, *, columns: Sequence[str], outcomes: Sequence[int]
) -> Counts:
    """Read a count for each of these outcomes, by its place in COUNTS. Raises ValueError."""
    counts = list(NOTHING)
    for text, column, outcome in zip(cells, columns, outcomes, strict=True):
        counts[outcome] = read_count(text, column)
    return counts[0], counts[1], counts[2], counts[3]


def read_points(cells: Sequence[str], _one: str, _other: str, *, columns: Sequence[str]) -> Counts:
    """Read the points of both models: 1 and 0 for a win, 0.5 each for a tie. Raises ValueError."""
    given = tuple(_WHOLE.sub("", text.strip()).replace(",", ".") for text in cells)
    outcome = POINTS.get(given)
    if outcome is None:
        raise ValueError(
            f"column {columns[0]}: {quote(cells[0])} and {quote(cells[1])} in {columns[1]} are not 1 and 0, 0 and "
            "1, or 0.5 each"
        )
    return outcome


def read_generator(cells: Sequence[str], _one: str, _other: str, *, column: str) -> Counts:
    """
    Read AlpacaEval's number: 1 where the first output is preferred, 2 the second, 0 or 1.5 a tie.

    Weighted numbers between count for the nearer output, and an empty cell for nothing, as AlpacaEval's own counts
    have it (metrics/helpers.py). Raises ValueError.
    """
    told = cells[0].strip().replace(",", ".")
    if told.casefold() in {"", "nan", "none"}:
        return NOTHING
    number = float(told) if _NUMBER.fullmatch(told) else math.nan
    if number in {0, 1.5}:
        return TIE
    if not 1 <= number <= 2:
        raise ValueError(f"column {column}: {quote(cells[0])} is no number from 1 to 2")
    return A if number < 1.5 else B


def read_choices(cells: Sequence[str], _one: str, _other: str, *, column: str) -> Counts:
    """
    Read how many people chose each image of HPDv3, as `[12, 7]`: the first image is the one that is preferred.

    Without numbers that counts once. Raises ValueError where the first image has fewer.
    """
    told = cells[0].strip().strip("[]")
    if not told or told.casefold() in {"nan", "none", "null"}:
        return A
    chosen = [read_count(part, column) for part in re.split(r"[;,]", told)]
    if len(chosen) != len(("first", "second")):
        raise ValueError(f"column {column}: {quote(cells[0])} are not two numbers")
    if chosen[0] < chosen[1]:
        raise ValueError(f"column {column}: {quote(cells[0])} contradicts that the first image is preferred")
    return chosen[0], chosen[1], 0, 0


def read_two_games(cells: Sequence[str], model_a: str, model_b: str, *, columns: Sequence[str]) -> Counts:
    """Read MT-bench's two games with sides changed: what both say, else a tie (FastChat). Raises ValueError."""
    games = [read_winner([text], model_a, model_b, column=name) for text, name in zip(cells, columns, strict=True)]
    return games[0] if games[0] == games[1] else TIE


def read_times(cells: Sequence[str], model_a: str, model_b: str, *, read: "Reader", column: str) -> Counts:
    """Read an outcome, and in the last cell how many votes had it. Raises ValueError."""
    told = _WHOLE.sub("", cells[-1].strip())
    if not (told.isascii() and told.isdigit() and len(told) <= COUNT_DIGITS):
        raise ValueError(
            f"column {column}: {quote(cells[-1])} is no whole number of votes; without this column each row is one"
        )
    wins_a, wins_b, ties, both_bad = (int(told) * count for count in read(cells[:-1], model_a, model_b))
    return wins_a, wins_b, ties, both_bad


POINTS: Mapping[tuple[str, ...], Counts] = {("1", "0"): A, ("0", "1"): B, ("0.5", "0.5"): TIE}
ONE_HOT: Mapping[str, Counts] = {
    "winner_model_a": A,
    "winner_model_b": B,
    "winner_tie": TIE,
    "winner_both_bad": BOTH_BAD,
    "winner_bothbad": BOTH_BAD,
    "winner_tie_(bothbad)": BOTH_BAD,
}
COUNTS = ("wins_a", "wins_b", "ties", "both_bad")
Reader = Callable[[Sequence[str], str, str], Counts]
"""Cells, model A and model B to what a row adds."""
