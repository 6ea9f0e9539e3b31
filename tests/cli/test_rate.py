"""`arena rate`: anybody's votes, no database."""

import csv
import json
import math
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.command import Result

VOTES = """model_a,model_b,winner,category,competition
x,y,model_a,text;portrait,c1
x,y,model_a,text,c1
y,x,model_b,portrait,c2
y,z,tie,text,c2
z,x,both_bad,text,c3
y,z,model_a,portrait,c3
x,z,model_a,text,c3
z,y,model_b,text,c1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "votes.csv"
    path.write_text(VOTES)
    return path


def test_a_table(arena: Callable[..., Result], file: Path) -> None:
    code, said, _ = arena("rate", str(file))
    assert code == 0
    assert [line.split()[2] for line in said.splitlines()[1:4]] == ["x", "y", "z"]
    assert "8 votes, bradley_terry" in said


def test_an_export_without_votes_is_said_to_have_none(arena: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    assert arena("votes", "export", "--migrate", str(file))[0] == 0
    code, _, complaints = arena("rate", str(file))
    assert (code, complaints) == (2, "none.csv holds no votes (invalid_votes)\n")


def test_json_is_the_boards(arena: Callable[..., Result], file: Path) -> None:
    document = json.loads(arena("rate", str(file), "--format", "json")[1])
    first = document["standings"][0]
    assert document["run"]["votes"] == 8
    assert (first["model"], first["rank"], first["of"], first["wins"], first["losses"], first["ties"]) == (
        "x",
        1,
        3,
        4,
        0,
        1,
    )
    assert first["votes"] == 5
    assert first["both_bad_rate"] == 0.2
    assert sum(row["rating"] for row in document["standings"]) == pytest.approx(3000, abs=0.001)


def test_counts_say_the_same_as_votes(arena: Callable[..., Result], file: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text(
        "model_a,model_b,wins_a,wins_b,ties,both_bad,competition\n"
        "x,y,2,0,0,0,c1\nx,y,1,0,0,0,c2\ny,z,0,0,1,0,c2\nx,z,1,0,,1,c3\ny,z,1,0,0,0,c3\nz,y,0,1,0,0,c1\n"
    )
    by_vote, by_count = (json.loads(arena("rate", str(f), "--format", "json")[1]) for f in (file, counts))
    assert by_vote["standings"] == by_count["standings"]
    assert arena("rate", str(counts), "--method", "elo")[0] == 2


def test_a_category_and_an_anchor(arena: Callable[..., Result], file: Path) -> None:
    said = arena("rate", str(file), "--category", "portrait", "--format", "csv", "--anchor", "z=1200")[1]
    rows = {row["model"]: row for row in csv.DictReader(StringIO(said))}
    assert float(rows["z"]["rating"]) == 1200
    assert {model: row["votes"] for model, row in rows.items()} == {"x": "2", "y": "3", "z": "1"}


def test_sequential_elo_by_hand(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("model_a,model_b,winner\nx,y,model_a\n")
    rows = json.loads(arena("rate", str(path), "--method", "elo", "--format", "json")[1])["standings"]
    assert {row["model"]: row["rating"] for row in rows} == {"x": 1002.0, "y": 998.0}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("model_a,model_b,winner\nx,y,nobody\n", "line 2: column winner: 'nobody' is no outcome"),
        ("model_a,model_b,winner\nx,y,tie\nx,x,tie\n", "line 3: x meets itself"),
        ("model_a,model_b,winner\n,y,tie\n", "line 2: column model_a: a model has no name"),
        ("model_a,model_b,winner\nx,y\n", "line 2: it has 2 cells, the first line names 3 columns"),
        ("model_a,model_b,winner\nx,y,tie,1\n", "line 2: it has 4 cells"),
        ("model_a,model_b,result\nx,y,x\n", "wins_a and wins_b; it has model_a, model_b, result"),
        ("a,b,winner\nx,y,tie\n", "the column model_a is missing"),
        ("model_a,model_b,wins_a,wins_b\nx,y,1.5,0\n", "line 2: column wins_a: '1.5'"),
        ("model_a,model_b,wins_a,wins_b\nx,y,-1,0\n", "line 2: column wins_a: '-1'"),
        ("model_a,model_b,winner\n", "holds no votes"),
        ("", "the column model_a is missing"),
        ('model_a,model_b,winner\n"x,y,tie\n', "line 2: a quoted cell never ends"),
    ],
)
def test_bad_rows_are_named_by_line(
    arena: Callable[..., Result], tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(text)
    code, said, complained = arena("rate", str(path))
    assert (code, said) == (2, "")
    assert complaint in complained


def test_every_bad_row_is_named_up_to_twenty(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\n" + "x,y,nobody\n" * 50)
    complained = arena("rate", str(path))[2]
    assert complained.count("line ") == 20


def test_a_file_that_is_no_text(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes(b"\xff\xfe\x00\x01" * 50)
    assert arena("rate", str(path))[0] == 2


def test_an_unknown_anchor(arena: Callable[..., Result], file: Path) -> None:
    assert arena("rate", str(file), "--anchor", "w=1000")[0] == 2
    assert arena("rate", str(file), "--anchor", "x=high")[0] == 2


def test_without_a_prior_there_may_be_no_rating(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nx,y,model_a\n")
    code, _, complained = arena("rate", str(path), "--prior", "0")
    assert (code, "no_finite_rating" in complained) == (2, True)


def ballots(voters: int) -> str:
    """The same 240 votes on 8 prompts, by so many voters."""
    lines = ["model_a,model_b,winner,prompt,voter"]
    for number in range(240):
        left, right = ("x", "y", "z", "w")[number % 4], ("y", "z", "w", "x")[number % 4]
        lines.append(
            f"{left},{right},{('model_a', 'model_b', 'tie')[number % 5 % 3]},p{number % 8},v{number % voters}"
        )
    return "\n".join(lines) + "\n"


def width(document: dict[str, Any]) -> float:
    return sum(row["rating_high"] - row["rating_low"] for row in document["standings"])


def test_votes_of_one_voter_are_not_votes_of_many(arena: Callable[..., Result], tmp_path: Path) -> None:
    said = []
    for voters in (1, 240):
        path = tmp_path / f"{voters}.csv"
        path.write_text(ballots(voters))
        said.append(json.loads(arena("rate", str(path), "--format", "json")[1]))
        assert said[-1]["run"]["parts"]["voters"]["clusters"] == voters
        assert said[-1]["standings"][0]["interval"] == "prompt"
    assert width(said[0]) > 1.2 * width(said[1])
    table = arena("rate", str(tmp_path / "1.csv"))[1]
    assert "The board rests on one voter" in table


def test_a_models_interval_is_explained(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(ballots(3))
    code, said, _ = arena("rate", str(path), "--explain", "x")
    assert code == 0
    explained = said.split("\nx: ")[1]
    half = float(explained.split("± ")[1].split()[0])
    parts = [float(line.split("± ")[1].split()[0]) for line in explained.splitlines()[1:5]]
    assert sum(part**2 for part in parts) ** 0.5 == pytest.approx(half, abs=0.6)
    assert arena("rate", str(path), "--explain", "nobody")[0] == 2
    assert arena("rate", str(path), "--explain", "x", "--method", "elo")[0] == 2


def test_one_vote_is_not_votes(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("model_a,model_b,winner\na,b,model_a\n")
    said = arena("rate", str(path))[1]
    assert "1 vote, bradley_terry, intervals of the votes" in said


def test_few_voters_are_no_remedy_where_votes_are_few(arena: Callable[..., Result], tmp_path: Path) -> None:
    """Hold what a board is said to need to the largest part of its intervals, and to what --explain prints."""
    path = tmp_path / "few.csv"
    rows = [
        f"{one},{other},model_a,v{number % 4}" for number, (one, other) in enumerate([("a", "b"), ("b", "c")] * 8)
    ]
    path.write_text("\n".join(["model_a,model_b,winner,voter", *rows]) + "\n")
    said = arena("rate", str(path), "--explain", "a")[1]
    assert "intervals know that votes share voters" in said
    assert "The board rests on 4 voters: it is their taste." in said
    assert "Over all models more votes would help most." in said
    assert "For this model more votes would help most." in said
    assert "more voters would help" not in said


def test_parts_add_up_and_both_formats_say_what_a_board_rests_on(
    arena: Callable[..., Result], tmp_path: Path
) -> None:
    """Hold the squares of parts to the interval, where a voter's taste is known badly, and JSON to text."""
    path = tmp_path / "one.csv"
    rows = [f"{'abc'[n % 3]},{'abc'[(n + 1) % 3]},model_{'abba'[n % 4]},p{n % 2},me" for n in range(60)]
    path.write_text("\n".join(["model_a,model_b,winner,prompt,voter", *rows]) + "\n")
    document = json.loads(arena("rate", str(path), "--format", "json")[1])
    for row in document["standings"]:
        parts = document["run"]["parts"]["half_widths"][row["model"]].values()
        half = (row["rating_high"] - row["rating_low"]) / 2
        assert math.hypot(*parts) == pytest.approx(half, rel=1e-6)
    said = [
        "The board rests on one voter: it is that person's taste.",
        "The board rests on 2 prompts: intervals do not know what another one would add.",
        "Over all models more prompts would help most.",
    ]
    assert document["run"]["support"] == said
    assert "\n".join(said) in arena("rate", str(path))[1]


def test_a_board_that_hangs_on_a_thread_says_so(arena: Callable[..., Result], tmp_path: Path) -> None:
    """Name the group that one vote joins, and what would tell more; with sixty votes between, say nothing."""
    path = tmp_path / "thread.csv"
    inside = [
        f"{group[n % 3]},{group[(n + 1) % 3]},model_{'ab'[n % 2]},p{n % 5},v{n}"
        for group in ("abc", "xyz")
        for n in range(300)
    ]
    for joining, thread in ((1, True), (60, False)):
        between = [f"a,x,model_{'ab'[n % 2]},p{n % 5},w{n}" for n in range(joining)]
        path.write_text("\n".join(["model_a,model_b,winner,prompt,voter", *inside, *between]) + "\n")
        said = arena("rate", str(path))[1]
        assert ("The board hangs on a thread: one vote joins" in said) == thread
        assert ("would tell most about that." in said) == thread
    path.write_text("\n".join(["model_a,model_b,winner,prompt,voter", *inside]) + "\n")
    assert "No vote joins" in arena("rate", str(path))[1]


def test_a_file_without_prompts_says_that_intervals_know_nothing_of_others(
    arena: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("model_a,model_b,winner\n" + "a,b,model_a\nb,a,model_a\n" * 9)
    said = arena("rate", str(path))[1]
    assert "The file names no prompts: the intervals are about those that were asked." in said
    assert "rests on" not in said


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ("m2,m0,0,0,60\nm2,m1,80,999999999999,1\nm1,m2,20,992642949655,28\nm1,m0,1,35,1\n", ("--side-term",)),
        ("m1,m0,1,36,36\nm0,m3,999999999999,1,9\nm0,m2,441722017463,1,57\nm1,m3,50,1,0\n", ()),
    ],
)
def test_counts_beyond_what_numbers_tell_apart_are_refused_by_name(
    arena: Callable[..., Result], tmp_path: Path, rows: str, options: tuple[str, ...]
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(f"model_a,model_b,wins_a,wins_b,ties\n{rows}")
    code, said, complained = arena("rate", str(path), *options)
    assert (code, said) == (2, "")
    assert "divide all counts by one number" in complained
    assert "no_finite_rating" in complained
