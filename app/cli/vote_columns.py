"""Finds the columns of a table of votes by the names that arenas and tools give them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from app.cli.vote_words import (
    COUNTS,
    ONE_HOT,
    A,
    Reader,
    read_checked_winner,
    read_choices,
    read_counts,
    read_generator,
    read_one_hot,
    read_points,
    read_times,
    read_two_games,
    read_win_or_draw,
    read_winner,
)
from app.files.tables import Table, normalize_column
from app.files.text import InvalidFile, escape_for_terminal, shorten
from app.words import BETTER

ALIASES = {
    "model_a": (
        *("model_a", "modela", "left", "model_left", "modelleft", "left_model", "leftmodel"),
        *("model_1", "model1", "model_name_a", "model_a_name"),
    ),
    "model_b": (
        *("model_b", "modelb", "right", "model_right", "modelright", "right_model", "rightmodel"),
        *("model_2", "model2", "model_name_b", "model_b_name"),
    ),
    "winner": ("winner", "outcome"),
    "loser": ("loser",),
    "draw": ("draw", "is_draw", "tie", "is_tie"),
    "competition": ("competition",),
    "prompt": ("prompt",),
    "voter": ("voter",),
    "category": ("category",),
    "counted": ("counted",),
    "question": ("question",),
}
"""What a column means, and under which names it comes."""
ANSWER_COLUMNS = (
    ("vote_type", "vote", "preference", "preferred", "choice"),
    ("winner_model", "preferred_model", "chosen_model", "best_model", "overall_winner", "comparison"),
)
"""
Names of the column winner where there is none of that name: GenAI-Bench's and those of forms, else those of
preference data sets and of Label Studio's template.
"""
TIMES = frozenset(
    {"count", "counts", "votes", "vote_count", "num_votes", "n_votes", "frequency", "freq", "weight", "weights"}
)
"""Names of the column that says how many votes a row with a winner stands for."""
LOSER_COLUMNS = ("loser_model", "rejected_model")
SIDES = frozenset({"left", "right"})
"""Beside columns that name the models, such as `model_left`, these hold what was shown."""
TIES = {"counts": "ties", "one column per outcome": "winner_tie"}
"""What a column of draws is called, by the kind of outcome it stands beside."""
ROLES = {name: role for role, names in ALIASES.items() for name in names}
SYNONYMS = {
    "win_a": "wins_a",
    "win_b": "wins_b",
    "a_wins": "wins_a",
    "b_wins": "wins_b",
    "model_a_wins": "wins_a",
    "model_b_wins": "wins_b",
    "votes_a": "wins_a",
    "votes_b": "wins_b",
    "votes_image1": "wins_a",
    "votes_image2": "wins_b",
    "tie_count": "ties",
    "draws": "ties",
    "bothbad": "both_bad",
}
"""Other names of the columns of counts, Rapidata's among them."""
POINTS = ("points_of_model_a", "points_of_model_b")
GAMES = ("g1_winner", "g2_winner")
GENERATOR, CHOICES = "preferred_generator", "choice_dist"
PICK_A_PIC = {
    "model_0": "model_a",
    "model_1": "model_b",
    "label_0": POINTS[0],
    "label_1": POINTS[1],
    "caption": "prompt",
    "user_id": "voter",
    "has_label": "counted",
}
"""The Pick-a-Pic datasets count from 0: `model_1` is model B there."""
ALPACA_EVAL = {
    "generator_1": "model_a",
    "generator_2": "model_b",
    "preference": GENERATOR,
    "instruction": "prompt",
    "annotator": "voter",
}
HPDV3 = {"model1": "model_a", "model2": "model_b"}
MECHANICAL_TURK = {"workerid": "voter", "assignmentstatus": "counted"}
DATA_SETS = (
    (frozenset({"model_0", "model_1", "label_0", "label_1"}), PICK_A_PIC),
    (frozenset({"generator_1", "generator_2", "preference"}), ALPACA_EVAL),
    (frozenset({*HPDV3, CHOICES}), HPDV3),
    (frozenset({"hitid", *MECHANICAL_TURK}), MECHANICAL_TURK),
)
"""Columns by which a data set is known, and what its columns mean."""
OWN_EXPORT = frozenset({"competition", "category", "voter", "at", "question"})
"""Columns by which an export of an arena is known; elsewhere a column question may hold anything."""
KNOWN = frozenset({*ROLES, *ONE_HOT, *COUNTS, *SYNONYMS, *PICK_A_PIC, *GAMES, CHOICES}).union(
    *(told for told, _ in DATA_SETS), *ANSWER_COLUMNS, LOSER_COLUMNS
)
SINGLE_READERS = {"preferred generators": read_generator, "choices": read_choices}
"""Readers of kinds that have one column."""
ANSWERS = frozenset({"response_a_id", "response_b_id"})


@dataclass(frozen=True)
class ColumnPlan:
    """
    The cells of a row that are read: `places` in the row, named by `names` up to the outcome's own cells.

    `written` has the columns' names as the file writes them.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    written: dict[str, str]
    first_outcome: int
    read_counts: Reader
    outcome_column: str
    ignored: tuple[str, ...]
    is_log: bool
    question: str | None = None
    """Rows of other questions do not count; None where all rows are of one."""

    @property
    def has_voters(self) -> bool:
        """Tell whether the column of voters is read."""
        return "voter" in self.names


def plan_columns(
    table: Table, category: str | None, *, voters: bool = False, question: str | None = None
) -> ColumnPlan:
    """
    Decide which columns to read; that of the voter only where asked for.

    Of an arena's own export the question is `better` unless another is asked for.

    Raises InvalidFile where a column is missing, stands twice or contradicts another.
    """
    columns = _name_columns([SYNONYMS.get(name, name) for name in map(normalize_column, table.columns)])
    found = _find_roles(table, columns)
    prompt = found.pop("prompt", None)
    if prompt is not None:
        found.setdefault("competition", prompt)
    if question is None and set(columns) >= OWN_EXPORT:
        question = BETTER
    asked = {"voter": voters, "category": category is not None, "question": question is not None}
    found = _without(found, *(role for role, is_asked in asked.items() if not is_asked))
    draw = found.pop("draw", None)
    if {"winner", "loser"} <= found.keys() and not {"model_a", "model_b"} & found.keys():
        return _with_times(table, columns, _plan_names(table, found, draw))
    _refuse_missing(table, columns, found, {"category": category, "question": question})
    loser = found.pop("loser", None)
    kinds = {
        "winner": [found["winner"]] if "winner" in found else [],
        "one column per outcome": [columns.index(name) for name in columns if name in ONE_HOT],
        "counts": [columns.index(name) for name in COUNTS if name in columns],
        "points": [columns.index(name) for name in POINTS if name in columns],
        "preferred generators": [columns.index(GENERATOR)] if GENERATOR in columns else [],
        "choices": [columns.index(CHOICES)] if CHOICES in columns else [],
        "two games": [columns.index(name) for name in GAMES if name in columns],
    }
    given = [kind for kind, places in kinds.items() if places]
    if len(given) > 1:
        raise InvalidFile(f"{_first(table)}: it has {' and '.join(given)}; keep the one that is meant")
    if not given:
        missing = "there is neither a column winner nor the columns wins_a and wins_b"
        raise InvalidFile(f"{_first(table)}: {missing}{_list_columns(table)}")
    places = kinds[given[0]]
    names = [columns[place] for place in places]
    is_count = given[0] in {"counts", "choices"}
    if draw is not None and given[0] in TIES:
        places, names = _add_ties(table, places, names, draw, TIES[given[0]])
    if given[0] == "winner" and (draw, loser) != (None, None):
        read, places = _check_winner(table, {"winner": places[0], "draw": draw, "loser": loser})
    else:
        read = _choose_reader(table, given[0], names, places)
    told = ", ".join(table.columns[place].strip() for place in places)
    plan = _plan(table, _without(found, "winner"), places, read, told, is_log=not is_count)
    return replace(plan if is_count else _with_times(table, columns, plan), question=question)


def _plan_names(table: Table, found: dict[str, int], draw: int | None) -> ColumnPlan:
    """Read a table whose columns winner and loser hold names; a column that marks draws may stand beside."""
    found = {"model_a": found["winner"], "model_b": found["loser"]} | _without(found, "winner", "loser")
    if draw is None:
        return _plan(table, found, [], lambda _cells, _one, _other: A, "winner and loser", is_log=True)
    read = partial(read_win_or_draw, column=table.columns[draw].strip())
    return _plan(table, found, [draw], read, "winner, loser and draw", is_log=True)


def _with_times(table: Table, columns: Sequence[str], plan: ColumnPlan) -> ColumnPlan:
    """Let a row count as often as its column of votes says. Raises InvalidFile where two columns say it."""
    given = [place for place, name in enumerate(columns) if name in TIMES]
    if not given:
        return plan
    column, *more = (table.columns[place].strip() for place in given)
    if more:
        raise InvalidFile(f"{_first(table)}: {column} and {more[0]} both mean how often a row counts; keep one")
    return replace(
        plan,
        places=(*plan.places, *given),
        names=(*plan.names, "times"),
        read_counts=partial(read_times, read=plan.read_counts, column=column),
        outcome_column=f"{plan.outcome_column}, {column}",
        ignored=tuple(name for name in plan.ignored if name != column),
        is_log=False,
    )


def _find_roles(table: Table, columns: Sequence[str]) -> dict[str, int]:
    twice = [name for name in columns if name in KNOWN and columns.count(name) > 1]
    if twice:
        raise InvalidFile(f"{_first(table)}: the column {twice[0]} stands there twice")
    found: dict[str, int] = {}
    for place, name in enumerate(columns):
        role = ROLES.get(name)
        if role in found:
            other = table.columns[found[role]]
            raise InvalidFile(f"{_first(table)}: {other} and {table.columns[place]} both mean {role}; keep one")
        if role is not None:
            found[role] = place
    return found


def _refuse_missing(
    table: Table, columns: Sequence[str], found: dict[str, int], wanted: dict[str, str | None]
) -> None:
    missing = [role for role in ("model_a", "model_b") if role not in found]
    missing += [role for role, value in wanted.items() if value is not None and role not in found]
    if not missing:
        return
    hint = _list_columns(table)
    if missing[:2] == ["model_a", "model_b"]:
        hint += "; a row is one vote: the names of two models in model_a and model_b, and the winner"
    if set(columns) & ANSWERS:
        hint += "; these name answers and not models: join them with the table of answers first"
    raise InvalidFile(f"{_first(table)}: the column {missing[0]} is missing{hint}")


def _list_columns(table: Table) -> str:
    there = ", ".join(escape_for_terminal(shorten(column.strip())) or "(no name)" for column in table.columns[:20])
    return f"; it has {there}" if there else ""


def _add_ties(
    table: Table, places: list[int], names: list[str], draw: int, meaning: str
) -> tuple[list[int], list[str]]:
    """Read a column of draws as the ties of the other columns. Raises InvalidFile where it is a second one."""
    if meaning in names:
        other = table.columns[places[names.index(meaning)]]
        raise InvalidFile(f"{_first(table)}: {other} and {table.columns[draw]} both mean {meaning}; keep one")
    return [*places, draw], [*names, meaning]


def _name_columns(columns: list[str]) -> list[str]:
    """Call columns by what they mean in the data set that has them, and where nothing says who won, the answer."""
    has_winner = not {"winner", "outcome"}.isdisjoint(columns)
    for told, meanings in DATA_SETS:
        if told <= set(columns) and not (has_winner and meanings is not MECHANICAL_TURK):
            columns = [meanings.get(name, name) for name in columns]
            if meanings is MECHANICAL_TURK:
                columns = [name.removeprefix("input_").removeprefix("answer_") for name in columns]
    return _name_outcome(_without_contents(columns))


def _without_contents(columns: list[str]) -> list[str]:
    """Take the meaning from `left` and `right` where other columns name both models."""
    others = set(columns) - SIDES
    is_named = all(not others.isdisjoint(ALIASES[role]) for role in ("model_a", "model_b"))
    if not (is_named and set(columns) >= SIDES):
        return columns
    return [f"{name}_content" if name in SIDES else name for name in columns]


def _name_outcome(columns: list[str]) -> list[str]:
    """Call the one column with an answer winner, where no column says who won, and the one beside it loser."""
    if {*ONE_HOT, *COUNTS, "winner", "outcome"} & set(columns):
        return columns
    given = ([name for name in columns if name in known] for known in ANSWER_COLUMNS)
    answers = next(filter(None, given), [])
    if "loser" not in columns and any(name in ANSWER_COLUMNS[1] for name in answers):
        columns = ["loser" if name in LOSER_COLUMNS else name for name in columns]
    return ["winner" if [name] == answers else name for name in columns]


def _check_winner(table: Table, found: dict[str, int | None]) -> tuple[Reader, list[int]]:
    """Read a winner beside columns that say again whether it was a draw, or who lost."""
    places = {role: place for role, place in found.items() if place is not None}
    written = {role: table.columns[place].strip() for role, place in places.items()}
    return partial(read_checked_winner, columns=written), list(places.values())


def _choose_reader(table: Table, kind: str, names: list[str], places: list[int]) -> Reader:
    written = [table.columns[place].strip() for place in places]
    if kind == "winner":
        return partial(read_winner, column=written[0])
    if kind == "counts":
        if not {"wins_a", "wins_b"} <= set(names):
            raise InvalidFile(f"{_first(table)}: counts need both columns wins_a and wins_b")
        return partial(read_counts, columns=written, outcomes=[COUNTS.index(name) for name in names])
    if kind == "points":
        return partial(read_points, columns=written)
    if kind in SINGLE_READERS:
        return partial(SINGLE_READERS[kind], column=written[0])
    if kind == "two games":
        if len(names) < len(GAMES):
            raise InvalidFile(f"{_first(table)}: it needs both columns g1_winner and g2_winner")
        return partial(read_two_games, columns=written)
    if not {"winner_model_a", "winner_model_b"} <= set(names):
        raise InvalidFile(f"{_first(table)}: it needs both columns winner_model_a and winner_model_b")
    return partial(read_one_hot, columns=written, outcomes=[ONE_HOT[name] for name in names])


def _plan(
    table: Table, found: dict[str, int], outcome: list[int], read: Reader, told: str, *, is_log: bool
) -> ColumnPlan:
    places = (*found.values(), *outcome)
    ignored = [shorten(column.strip()) or "(no name)" for i, column in enumerate(table.columns) if i not in places]
    names = (*found, *(f"outcome {place}" for place in range(len(outcome))))
    written = {role: table.columns[place].strip() for role, place in found.items()}
    return ColumnPlan(places, names, written, len(found), read, told, tuple(ignored), is_log)


def _without(found: dict[str, int], *roles: str) -> dict[str, int]:
    return {role: place for role, place in found.items() if role not in roles}


def _first(table: Table) -> str:
    return f"{table.name} line 1" if table.unit == "line" else f"{table.name} item 1"
