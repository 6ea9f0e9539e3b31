"""`arena rate`: a board from anybody's votes, without a database."""

import csv
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from app.cli import rate_parts, votes_file
from app.cli.output import print_json
from app.cli.rate_support import FileSupport, describe_support, find_support
from app.cli.votes_file import Votes
from app.elo_scale import Z_95
from app.files.text import escape_for_spreadsheet, escape_for_terminal, normalize
from app.malloc import return_large_blocks
from app.ratings import METHOD_VERSION, METHODS
from app.ratings.board import NoFiniteRating, Ratings
from app.ratings.scale import Anchor
from app.ratings.tallies import Log, Tallies
from app.ratings.voters import Ballots

HIGHEST_ANCHOR = 1_000_000


@dataclass(frozen=True)
class Published:
    """An arena's models in the order of its board, and the level they are counted from."""

    models: tuple[str, ...]
    anchored: tuple[str, ...]
    value: float

    def anchor(self, votes: Votes) -> Anchor:
        """Build the anchor from those anchored models that have votes in the file."""
        return Anchor(tuple(votes.models[name] for name in self.anchored if name in votes.models), self.value)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--method", type=click.Choice(["bradley_terry", "elo"]), default="bradley_terry", show_default=True)
@click.option("--prior", type=click.FloatRange(0, 100), help="Virtual games of each model; learnt when left out.")
@click.option("--interval", type=click.Choice(["prompt", "vote"]), default="prompt", show_default=True)
@click.option("--side-term", is_flag=True, help="Also estimate what being model_a is worth.")
@click.option("--anchor", metavar="MODEL=VALUE", help="Fix one model's rating; else the mean is 1000.")
@click.option("--category", help="Only votes of this category.")
@click.option("--question", help="Only votes on this question; of an arena's export `better` unless told.")
@click.option("--explain", metavar="MODEL", help="Say what makes one model's interval as wide as it is.")
@click.option("--format", "kind", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def rate(
    file: Path,
    method: str,
    prior: float | None,
    interval: str,
    side_term: bool,
    anchor: str | None,
    category: str | None,
    question: str | None,
    explain: str | None,
    kind: str,
) -> None:
    """
    Rate the votes of FILE: CSV, TSV, JSON or JSON lines, packed by gzip or not; `-` is standard input.

    The columns are model_a, model_b and winner: model_a, model_b, tie, both_bad, the winner's name, or the words
    of LMArena, FastChat, evalica, AutoArena and Kaggle; or counts in wins_a, wins_b, ties and both_bad; or the
    columns of the data sets GenAI-Bench, Pick-a-Pic, Rapidata, AlpacaEval, HPDv3 and MT-bench. A column
    competition or prompt (what was asked) makes honest intervals: votes on one prompt share it. So does a column
    voter: votes of one person share a taste. Rows with false in a column counted are left out. An arena's export
    has a column question, and only answers to one are rated: those to `better` unless told. One line on standard
    error says how the file was understood.

    Beside an export of an arena lies FILE.json: the file is checked against it, and rated on that arena's level.
    """
    return_large_blocks()
    board = _read_published(file)
    if prior is not None and not math.isfinite(prior):
        raise click.UsageError(f"--prior {prior}: this is no number")
    is_elo = method == "elo"
    votes = votes_file.read(file, category, ordered=is_elo, voters=not is_elo, question=question)
    click.echo(votes.summary, err=True)
    if board is not None:
        votes = votes.in_order(board.models)
    fixed = _anchor(votes, anchor) if anchor is not None or board is None else board.anchor(votes)
    if is_elo:
        if not votes.is_log:
            raise click.UsageError("Sequential Elo needs one vote a line, in their order; this file has counts.")
        ratings, support = METHODS["elo"](_log(votes), anchor=fixed), FileSupport()
    else:
        ratings, support = _rate(votes, fixed, prior=prior, interval=interval, side_term=side_term)
    if explain is not None and explain not in votes.models:
        raise click.UsageError(f"--explain {explain}: there is no model {explain!r} in the file")
    if explain is not None and is_elo:
        raise click.UsageError("Sequential Elo has no interval to explain.")
    rows = _standings(votes, ratings)
    if kind == "json":
        print_json(_document(rows, ratings, method, votes, support))
    elif kind == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(map(_spreadsheet_row, rows))
    else:
        _table(rows, ratings, method, int(votes.counts.sum()), support)
        if explain is not None:
            rate_parts.print_model(explain, votes.models[explain], ratings, support)


def _spreadsheet_row(row: dict[str, Any]) -> dict[str, Any]:
    """Write truths as the vote files do, and a name so that a spreadsheet computes nothing from it."""
    name = escape_for_spreadsheet(escape_for_terminal(row["model"]))
    return row | {"model": name, "provisional": "true" if row["provisional"] else "false"}


def _read_published(file: Path) -> Published | None:
    """Read the published board of the arena that FILE comes from. Raises InvalidManifest for another file."""
    if str(file) == "-" or not file.with_name(f"{file.name}.json").exists():
        return None
    from app.leaderboards.open_data import manifest

    found = manifest.read_provenance(file)
    if len(found.boards) > 1:
        click.echo(f"{file.name} holds votes of {len(found.boards)} boards, rated together here.", err=True)
    if len(found.boards) != 1:
        return None
    frozen = found.anchor(found.boards[0])
    return Published(found.boards[0].models, frozen.models if frozen else (), frozen.value if frozen else 1000.0)


def _anchor(votes: Votes, text: str | None) -> Anchor:
    if text is None:
        return Anchor()
    name, _, value = text.rpartition("=")
    name = normalize(name)
    if name not in votes.models:
        raise click.UsageError(f"--anchor {text}: there is no model {name!r} in the file")
    try:
        level = float(value)
    except ValueError:
        level = math.nan
    if not abs(level) <= HIGHEST_ANCHOR:
        raise click.UsageError(f"--anchor {text}: {value!r} is no number up to {HIGHEST_ANCHOR:,}")
    return Anchor((votes.models[name],), level)


def _rate(
    votes: Votes, anchor: Anchor, *, prior: float | None, interval: str, side_term: bool
) -> tuple[Ratings, FileSupport]:
    """Rate by Bradley-Terry. Raises NoFiniteRating where the votes fix no rating that numbers can hold."""
    tallies = _tallies(votes)
    try:
        ratings = METHODS["bradley_terry"](
            tallies,
            prior=prior,
            anchor=anchor,
            interval=interval,
            side_term=side_term,
            voters=_ballots(votes),
        )
        return ratings, find_support(votes, tallies, ratings)
    except (ArithmeticError, np.linalg.LinAlgError) as error:
        raise NoFiniteRating(
            f"these {int(votes.counts.sum()):,} votes can't be rated exactly: some pairs have far more than "
            "others; divide all counts by one number, so that a pair has a million at most"
        ) from error


def _tallies(votes: Votes) -> Tallies:
    """Tally by competition and pair, voters added up."""
    rows, counts = votes.without_voters()
    return Tallies(len(votes.models), *np.asarray(rows, dtype=np.intp).T, *counts.T)


def _ballots(votes: Votes) -> Ballots | None:
    """Tally voters in place of competitions; None where no row names one. Rows without a voter are one each."""
    if not votes.voters:
        return None
    unnamed = np.flatnonzero(votes.voter_of_row < 0)
    number = votes.voter_of_row.astype(np.intp, copy=unnamed.size > 0)
    number[unnamed] = len(votes.voters) + np.arange(unnamed.size)
    competition, left, right = np.asarray(votes.rows, dtype=np.intp).T
    return Ballots(Tallies(len(votes.models), number, left, right, *votes.counts.T), competition)


def _log(votes: Votes) -> Log:
    competition, left, right = np.array(votes.rows, dtype=np.intp).T
    return Log(len(votes.models), competition, left, right, np.array(votes.counts).argmax(axis=1))


def _standings(votes: Votes, ratings: Ratings) -> list[dict[str, Any]]:
    """List the models as the board's JSON does, best first; models without a rank come last."""
    rows = [_standing(name, place, ratings) for name, place in votes.models.items()]
    return sorted(rows, key=lambda row: (row["rank"] is None, row["rank"] or 0, -row["rating"]))


def _standing(name: str, i: int, ratings: Ratings) -> dict[str, Any]:
    votes = int(ratings.votes[i])
    wins, losses = int(ratings.wins[i]), int(ratings.losses[i])

    def known(value: float) -> float | None:
        return None if math.isnan(value) else round(float(value), 9)

    def ranked(value: int) -> int | None:
        return int(value) or None

    return {
        "rank": ranked(ratings.rank[i]),
        "of": ratings.of,
        "rank_low": ranked(ratings.rank_low[i]),
        "rank_high": ranked(ratings.rank_high[i]),
        "rank_ub": ranked(ratings.rank_ub[i]),
        "model": name,
        "rating": known(ratings.rating[i]),
        "rating_low": known(ratings.low[i]),
        "rating_high": known(ratings.high[i]),
        "interval": ratings.interval,
        "votes": votes,
        "wins": wins,
        "losses": losses,
        "ties": votes - wins - losses,
        "both_bad_rate": round(int(ratings.both_bad[i]) / votes, 6),
        "win_rate": round(wins / votes, 6),
        "provisional": bool(ratings.provisional[i]),
    }


def _document(
    rows: list[dict[str, Any]], ratings: Ratings, method: str, votes: Votes, support: FileSupport
) -> dict[str, Any]:
    side = ratings.side
    return {
        "run": {
            "votes": int(votes.counts.sum()),
            "method": method,
            "method_version": METHOD_VERSION,
            "tallies_sha256": votes.tallies_sha256(),
            "tau2": ratings.tau2,
            "parts": rate_parts.document(ratings, list(votes.models)),
            "side_term": side and {"advantage": side.advantage, "error": side.error},
            "support": describe_support(support),
        },
        "standings": rows,
    }


def _table(rows: list[dict[str, Any]], ratings: Ratings, method: str, votes: int, support: FileSupport) -> None:
    rows = [row | {"model": escape_for_terminal(row["model"])} for row in rows]
    width = max(5, *(len(row["model"]) for row in rows))
    click.echo(f"{'rank':>4}  {'range':>7}  {'model':<{width}}  {'Elo':>6}  {'95 %':>13}  {'votes':>7}  win rate")
    for row in rows:
        rank = row["rank"] or "-"
        spread = f"{row['rank_low']}-{row['rank_high']}" if row["rank_low"] else ""
        low, high = row["rating_low"], row["rating_high"]
        bounds = f"{low:.0f} to {high:.0f}" if low is not None else ""
        mark = " provisional" if row["provisional"] else ""
        click.echo(
            f"{rank:>4}  {spread:>7}  {row['model']:<{width}}  {row['rating']:>6.0f}  {bounds:>13}  "
            f"{row['votes']:>7}  {row['win_rate']:>7.0%}{mark}"
        )
    counted = f"{votes} {'vote' if votes == 1 else 'votes'}"
    click.echo(f"{counted}, {method}, {rate_parts.describe_interval(ratings)}")
    if ratings.side is not None:
        click.echo(f"model_a is worth {ratings.side.advantage:+.1f} ± {Z_95 * ratings.side.error:.1f} Elo")
    for line in describe_support(support):
        click.echo(line)
    parts = len(set(ratings.part.tolist()))
    if parts > 1:
        click.echo(f"The models fall into {parts} parts that never met: ratings across them rest on the prior.")
