"""A log exported from one database and imported into one of the other kind: the same tallies, the same boards."""

import csv
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.log import vote_import
from app.arena.log.vote_export import ExportSelection
from app.arena.log.vote_format import InvalidImport, read_votes
from app.arena.tables import Competition, LedgerLine, Matchup, Tally, Vote, Voter
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.leaderboards.open_data import votes_file
from app.leaderboards.open_data.manifest import InvalidManifest, VotesManifest, manifest_path
from app.leaderboards.open_data.votes_import import VotesImport, import_votes
from app.leaderboards.runs import verify
from app.leaderboards.tables import Board, ModeAnchor, Standing
from tests import conftest
from tests.leaderboards.factories import MODE, START, cast
from tests.leaderboards.logs import field, judged

NUMBERS = (
    Standing.rating,
    Standing.rating_low,
    Standing.rating_high,
    Standing.rank,
    Standing.rank_low,
    Standing.rank_high,
    Standing.rank_ub,
    Standing.votes,
    Standing.wins,
    Standing.ties,
    Standing.both_bad,
    Standing.provisional,
    Standing.borrowed,
)


def written(database: Database, file: Path, kind: Any = "csv") -> VotesManifest:
    with file.open("wb") as data, database.reading() as session:
        manifest = votes_file.write_log(session, data, None, kind, now=START, secret=b"k" * 32)
    manifest_path(file).write_text(manifest.model_dump_json())
    return manifest


def imported(database: Database, file: Path) -> VotesImport:
    return import_votes(database, file, now=START, progress=lambda _: None)


def tallies(database: Database) -> set[tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.execute(
            select(
                Competition.slug,
                Tally.left_model_id,
                Tally.right_model_id,
                Tally.left_wins,
                Tally.right_wins,
                Tally.ties,
                Tally.both_bad,
            ).join(Competition, Competition.id == Tally.competition_id)
        )
        return {tuple(row) for row in rows if any(row[3:])}


def standings(database: Database) -> dict[tuple[str, str], tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.execute(
            select(Board.key, ImageModel.slug, *NUMBERS)
            .join(Standing, Standing.run_id == Board.current_run_id)
            .join(ImageModel, ImageModel.id == Standing.model_id)
        )
        return {(key, slug): tuple(numbers) for key, slug, *numbers in rows}


def log(database: Database) -> list[tuple[Any, ...]]:
    """Everything a vote is, but for the names of matchups and voters."""
    with database.reading() as session:
        rows = session.execute(
            select(
                Matchup.left_entry_id,
                Matchup.right_entry_id,
                Matchup.issued_at,
                Matchup.probability,
                Matchup.seen_before,
                Matchup.simulated,
                Vote.outcome,
                Vote.cast_at,
                Vote.dwell_ms,
                Vote.counted,
                Vote.reason,
                Vote.undone_at,
                Voter.votes,
            )
            .join(Matchup, Matchup.id == Vote.matchup_id)
            .join(Voter, Voter.id == Vote.voter_id)
            .order_by(Vote.id)
        )
        return [tuple(row) for row in rows]


@pytest.fixture
def other(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A second arena, on PostgreSQL where the first is on SQLite and the other way round."""
    name = f"other_{uuid.uuid4().hex[:12]}"
    if database.is_sqlite and not request.config.getoption("--no-postgres"):
        server, template = request.getfixturevalue("postgres_server").split("#")
        conftest._administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        second = Database(server.format(database=name))
        yield second
        second.close()
        conftest._administer(server, f"DROP DATABASE {name} WITH (FORCE)")
        return
    path = tmp_path / f"{name}.sqlite3"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    second = Database(f"sqlite:///{path}")
    yield second
    second.close()


def test_a_round_trip_is_exact(database: Database, other: Database, tmp_path: Path) -> None:
    judged(database)
    field(other)
    kind = "csv" if database.is_sqlite else "jsonl"
    file = tmp_path / f"log.{kind}"
    manifest = written(database, file, kind)
    assert manifest.votes == 1200
    assert manifest.anchors[0].version == 1
    report = imported(other, file)
    assert (report.votes, report.already, report.anchors) == (1200, 0, (MODE,))
    assert tallies(other) == tallies(database)
    assert standings(other) == standings(database)
    assert len(standings(other)) == 7 * 6  # overall, two categories, three competitions
    assert log(other) == log(database)
    assert verify.verify(other).is_exact


def test_again_and_after_a_stop_it_adds_only_what_is_missing(
    database: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    judged(database, votes=600)
    file, target = tmp_path / "log.csv", _empty(sqlite_template, tmp_path / "target.sqlite3")
    written(database, file)
    stop_after = [2]

    def stop(_done: int) -> None:
        stop_after[0] -= 1
        if not stop_after[0]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_votes(target, file, now=START, progress=stop)
    assert verify.verify(target).votes > 0
    assert _told(target) == [500], (
        "whoever reads the ledger sees what is stored, also of an import that was stopped"
    )
    assert [d for d in verify.verify(target).differences if d.kind == "tally"] == []
    report = imported(target, file)
    assert (report.votes, report.already) == (100, 500)
    assert imported(target, file).votes == 0
    assert tallies(target) == tallies(database)
    assert standings(target) == standings(database)
    assert _told(target) == [600]
    _younger_log_of_the_same_arena(database, target, file)
    target.close()


def _told(database: Database) -> list[int]:
    """The votes that each line of the ledger says were imported."""
    with database.reading() as session:
        lines = session.scalars(select(LedgerLine).where(LedgerLine.action == "votes.imported"))
        return [line.detail["votes"] for line in lines]


def _younger_log_of_the_same_arena(database: Database, target: Database, file: Path) -> None:
    """Its voters have other names, and are still found again."""
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Voter))
    database.write(lambda session: cast(session, 1, 1, 2, "a", at=START + timedelta(hours=2)) and None)
    written(database, file)
    report = imported(target, file)
    assert (report.votes, report.voters) == (1, 1)
    with target.reading() as session:
        assert session.scalar(select(func.count()).select_from(Voter)) == (before or 0) + 1
    assert tallies(target) == tallies(database)


def _empty(template: Path, path: Path) -> Database:
    shutil.copy(template, path)
    target = Database(f"sqlite:///{path}")
    field(target)
    return target


@pytest.fixture(scope="module")
def three(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Database]]:
    """A log of three votes, and an arena in which nobody has voted."""
    folder = tmp_path_factory.mktemp("three")
    source = _empty(sqlite_template, folder / "source.sqlite3")

    def work(session: Session) -> None:
        for number, outcome in enumerate(("a", "tie", "b")):
            cast(session, 1, number + 1, number + 2, outcome, at=START + timedelta(seconds=number))

    source.write(work)
    written(source, folder / "log.csv")
    source.close()
    target = _empty(sqlite_template, folder / "target.sqlite3")
    yield folder / "log.csv", target
    target.close()


@pytest.fixture
def small(three: tuple[Path, Database], tmp_path: Path) -> tuple[Path, Database]:
    """A copy of the log to spoil; the arena is everybody's, since nothing is ever stored in it."""
    file, target = three
    for path in (file, manifest_path(file)):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / file.name, target


def _rewritten(file: Path, line: int, **values: str) -> None:
    """Changed, with a manifest made to fit."""
    rows = list(csv.DictReader(file.open(newline="")))
    rows[line - 2] |= values
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    _sign(file)


def _sign(file: Path) -> None:
    import hashlib

    facts = json.loads(manifest_path(file).read_text())
    facts["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest_path(file).write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"model_a": "model-99"}, "line 3: model-99 has no sample 0 in c1 here"),
        ({"sample_b": "4"}, "line 3: model-3 has no sample 4 in c1 here"),
        ({"competition": "c9"}, "line 3: model-2 has no sample 0 in c9 here"),
        ({"model_a": "model-3"}, "line 3: model-3 meets itself"),
        ({"outcome": "left"}, "line 3: outcome: "),
        ({"counted": "perhaps"}, "line 3: counted: "),
        ({"reason": "voter_cap"}, "line 3: a vote that counts"),
        ({"counted": "false"}, "line 3: a vote that counts"),
        ({"undone_at": "2026-03-01T12:00:00Z"}, "line 3: a vote that counts"),
        ({"cast_at": "yesterday"}, "line 3: cast_at: "),
        ({"cast_at": "2026-03-01T12:00:00"}, "line 3: cast_at: "),
        ({"matchup": "x" * 32}, "line 3: matchup: "),
        ({"probability": "2"}, "line 3: probability: "),
        ({"dwell_ms": "long"}, "line 3: dwell_ms: "),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_stored(
    small: tuple[Path, Database], values: dict[str, str], complaint: str
) -> None:
    file, target = small
    _rewritten(file, 3, **values)
    with pytest.raises(InvalidImport, match=complaint):
        imported(target, file)
    with target.reading() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 0
        assert session.scalar(select(func.count()).select_from(ModeAnchor)) == 0


@pytest.mark.parametrize(
    ("spoiled", "complaint"),
    [
        (lambda line: line[:-20], "line 2: this is no JSON, or the line is cut off"),
        (lambda line: f"[{line}]", "line 2: this is no JSON object"),
        (lambda line: line.replace("{", '{"voter": "another", ', 1), "line 2: voter stands there twice"),
        (lambda line: line.replace('"probability": ', '"probability": NaN, "was": '), "line 2: probability: nan"),
    ],
)
def test_a_line_that_is_no_vote_is_named(
    small: tuple[Path, Database], tmp_path: Path, spoiled: Callable[[str], str], complaint: str
) -> None:
    file, target = small
    lines = [json.dumps(row) for row in csv.DictReader(file.open(newline=""))]
    shutil.copy(manifest_path(file), manifest_path(tmp_path / "log.jsonl"))
    file = tmp_path / "log.jsonl"
    facts = json.loads(manifest_path(file).read_text()) | {"format": "jsonl"}
    manifest_path(file).write_text(json.dumps(facts))
    file.write_text("\n".join([lines[0], spoiled(lines[1]), *lines[2:]]))
    _sign(file)
    with pytest.raises(InvalidImport, match=complaint):
        imported(target, file)


@pytest.mark.parametrize(
    ("spoiled", "complaint"),
    [
        (lambda text: text.replace("\n", ",more\n").replace(",more", "", 1), "line 2: it has more values than "),
        (lambda text: text + "x,y\n", "it has fewer values than there are columns"),
        (lambda text: text.replace("voter", "elector", 1), "line 1: a log has the columns matchup, voter, "),
        (lambda text: text.replace("better", "beauty", 1), "line 2: there is no question beauty here"),
        (lambda _: "", "line 1: a log has the columns"),
        (lambda text: text + "\u00ff\n", "is no csv in UTF-8"),
    ],
)
def test_a_table_that_is_no_log_says_where(
    small: tuple[Path, Database], spoiled: Callable[[str], str], complaint: str
) -> None:
    file, target = small
    file.write_bytes(spoiled(file.read_text()).encode("latin-1"))
    _sign(file)
    with pytest.raises(InvalidImport, match=complaint):
        imported(target, file)


def test_lines_of_nothing_are_no_votes(small: tuple[Path, Database], tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in csv.DictReader(small[0].open(newline=""))]
    file = tmp_path / "log.jsonl"
    file.write_text("\n\n".join(lines) + "\n \n")
    assert [line for line, _ in read_votes(file, "jsonl")] == list(range(1, 2 * len(lines), 2))


@pytest.mark.parametrize("column", ["probability", "question_probability"])
def test_a_chance_that_rounding_left_above_one_is_one(small: tuple[Path, Database], column: str) -> None:
    file, target = small
    _rewritten(file, 3, **{column: "1.0000000000000002"})
    imported(target, file)
    with target.reading() as session:
        assert session.scalar(select(func.max(getattr(Matchup, column)))) == 1.0


def test_every_bad_line_is_named_up_to_twenty(small: tuple[Path, Database]) -> None:
    file, target = small
    first, *rest = file.read_text().splitlines(keepends=True)
    file.write_text(first + "".join(line.replace("c1", "c9") for line in rest) * 20)
    _sign(file)
    with pytest.raises(InvalidImport) as refused:
        imported(target, file)
    assert str(refused.value).count("line ") == vote_import.MOST_COMPLAINTS


def test_the_checksum_is_asked_for(small: tuple[Path, Database]) -> None:
    file, target = small
    file.write_text(file.read_text().replace(",tie,", ",a,"))
    with pytest.raises(InvalidManifest, match="its SHA-256 is another"):
        imported(target, file)
    manifest_path(file).unlink()
    with pytest.raises(InvalidManifest, match=r"log.csv.json is missing"):
        imported(target, file)
    manifest_path(file).write_text('{"sha256": 1}')
    with pytest.raises(InvalidManifest, match="is no manifest"):
        imported(target, file)


def test_open_data_do_not_come_back(small: tuple[Path, Database]) -> None:
    file, target = small
    with file.open("wb") as data, target.reading() as session:
        manifest = votes_file.write_open(session, data, ExportSelection(), "csv", now=START, secret=b"k")
    manifest_path(file).write_text(manifest.model_dump_json())
    with pytest.raises(InvalidManifest, match="is open data"):
        imported(target, file)


def test_an_arena_knows_its_own_log(database: Database, tmp_path: Path) -> None:
    judged(database, votes=20)
    file = tmp_path / "log.csv"
    written(database, file)
    with pytest.raises(InvalidImport, match="this very arena"):
        imported(database, file)
    assert len(log(database)) == 20


def test_an_anchor_of_its_own_stays(small: tuple[Path, Database], sqlite_template: Path, tmp_path: Path) -> None:
    file, target = small[0], _empty(sqlite_template, tmp_path / "own.sqlite3")
    facts = json.loads(manifest_path(file).read_text())
    facts["anchors"] = [
        {"mode": MODE, "version": 1, "models": ["model-1"], "value": 1100, "created_at": "2026-03-01T12:00:00Z"}
    ]
    manifest_path(file).write_text(json.dumps(facts))
    own = ModeAnchor(mode=MODE, version=1, model_ids=[2], value=1000, created_at=START, detail={})
    target.write(lambda session: session.add(own))
    assert imported(target, file).anchors == ()
    with target.reading() as session:
        assert session.scalars(select(ModeAnchor.model_ids)).all() == [[2]]
    target.close()
