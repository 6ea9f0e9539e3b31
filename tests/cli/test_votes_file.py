"""Anybody's votes: every file of the fixtures has its right board or a clear refusal."""

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.cli import votes_file
from app.cli.votes_file import InvalidVotes, Votes
from tests.command import Result

FILES = Path(__file__).parents[1] / "fixtures" / "files" / "csv"
BASE = {"m1": 1066, "m2": 804, "m3": 1129}
THREE = {"m1": 1137, "m2": 725, "m3": 1137}
AS_BASE = (
    "00-base.csv 01-bom.csv 02-semicolon.csv 03-tab.tsv 04-crlf.csv 05-cr-only.csv 06-utf16.csv "
    "08-lmarena-bothbad.csv 09-evalica.csv 10-human-labels.csv 11-ab-labels.csv 14-header-space.csv "
    "16-excel-trailing-commas.csv 17-extra-cols.csv 39-sep-line.csv 40-comment-line.csv 48-skip.csv "
    "65-shuffled.csv 66-swapped.csv"
)
RATED = dict.fromkeys(
    AS_BASE.split(),
    BASE,
) | {
    "12-name-winner.csv": {"m1": 1064, "m2": 717, "m3": 1219},
    "20-dup-rows.csv": {"m1": 1071, "m2": 790, "m3": 1139},
    "26-quoted-newline.csv": THREE,
    "27-kaggle-onehot.csv": THREE,
    "28-counted-FALSE-excel.csv": THREE,
    "29-counted-false.csv": THREE,
    "33-nfc-nfd.csv": {"mod\u00e8le": 1093, "m2": 1114, "m3": 793},
    "37-ansi-name.csv": {"\x1b[31mred\x1b[2J": 1137, "m2": 725, "m3": 1137},
    "38-formula-name.csv": {'=HYPERLINK("http://127.0.0.1")': 1137, "m2": 725, "m3": 1137},
    "45-winner-loser.csv": {"m1": 1305, "m2": 695, "m3": 1000},
    "47-comp-space.csv": {"m1": 1020, "m2": 1086, "m3": 894},
    "50-lmarena.json": {"m1": 1203, "m2": 879, "m3": 917},
    "51-index-col.csv": THREE,
    "53-counts-dup-pairs.csv": {"m1": 1093, "m2": 907},
    "54-huge-counts.csv": {"m1": 1106, "m2": 1106, "m3": 789},
    "56-zero-model.csv": {"m1": 1088, "m2": 912},
    "60-all-ties.csv": {"m1": 1000, "m2": 1000, "m3": 1000},
    "61-all-bothbad.csv": {"m1": 1000, "m2": 1000},
    "62-single-vote.csv": {"m1": 1176, "m2": 824},
    "63-disconnected.csv": {"a": 1326, "b": 674, "c": 674, "d": 1326},
    "64-unbeaten.csv": {"a": 1616, "b": 691, "c": 693},
    "67-category-case.csv": THREE,
    "68-category-comma.csv": THREE,
    "71-simulated-true.csv": {"m1": 837, "m2": 931, "m3": 1233},
    "72-anony-false.csv": {"m1": 907, "m2": 886, "m3": 1207},
    "73-dup-id.csv": {"m1": 1213, "m2": 667, "m3": 1120},
    "74-gz.csv.gz": {"m1": 1176, "m2": 824},
    "75-rtl-wide.csv": {
        "\u6a21\u578b\u4e00": 1165,
        "m2": 803,
        "\u0646\u0645\u0648\u0630\u062c": 1165,
        "\U0001f980\u200d\U0001f52c": 867,
    },
    "76-tabs-in-name.csv": {"a\tb": 1280, "m2": 1000, "line\nbreak": 720},
    "77-longname.csv": {"x" * 300: 1176, "m2": 824},
}
REFUSED = {
    "07-cp1252.csv": "line 2: the byte 0xe8 is not UTF-8; save the file as UTF-8",
    "18-short-row.csv": "line 8: it has 2 cells, the first line names 3 columns",
    "19-long-row.csv": "line 8: it has 4 cells",
    "21-one-model.csv": "line 2: m1 meets itself",
    "22-self-pair-among.csv": "line 8: m1 meets itself",
    "23-empty.csv": "line 1: the column model_a is missing",
    "24-header-only.csv": "holds no votes",
    "25-blank-winner.csv": "line 8: column winner: '' is no outcome",
    "32-counts-thousands.csv": "line 2: column wins_a: '1,234' is no whole number",
    "41-dup-header.csv": "line 1: the column winner stands there twice",
    "42-stray-quote.csv": "line 4: a quote inside a quoted cell is not doubled",
    "44-winner-number.csv": "line 4: column winner: '0.5' is no outcome",
    "46-autoarena-h2h.csv": "these name answers and not models",
    "52-nan-winner.csv": "line 4: column winner: 'NaN' is no outcome",
    "55-neg-count.csv": "line 2: column wins_a: '-3'",
    "57-numeric-models.csv": "line 4: column model_a: '1.0' is spelled '1' elsewhere",
}
HEADER = "model_a,model_b,winner\n"


def read(text: str | bytes, **more: Any) -> Votes:
    data = text if isinstance(text, bytes) else text.encode()
    return votes_file.read_stream(io.BytesIO(data), "votes.csv", **more)


def sums(votes: Votes) -> dict[tuple[str, str], tuple[int, ...]]:
    """Counts by models, whatever order the rows have."""
    names, added = list(votes.models), {}
    for (_, a, b), counts in zip(votes.rows.tolist(), votes.counts.tolist(), strict=True):
        before = added.get((names[a], names[b]), (0, 0, 0, 0))
        added[names[a], names[b]] = tuple(map(sum, zip(before, counts, strict=True)))
    return added


def ratings(arena: Callable[..., Result], path: Path) -> dict[str, int]:
    code, said, complained = arena("rate", str(path), "--prior", "0.5", "--format", "json")
    assert code == 0, complained
    return {row["model"]: round(row["rating"]) for row in json.loads(said)["standings"]}


def test_every_file_has_its_expectation() -> None:
    assert {path.name for path in FILES.iterdir()} == RATED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", RATED)
def test_a_file_as_people_have_it_is_rated(arena: Callable[..., Result], name: str) -> None:
    assert ratings(arena, FILES / name) == RATED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_meant_in_two_ways_is_refused(arena: Callable[..., Result], name: str) -> None:
    code, said, complained = arena("rate", str(FILES / name))
    assert (code, said) == (2, "")
    assert REFUSED[name] in complained
    assert "Traceback" not in complained


def test_a_column_with_whole_conversations(arena: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    long = "x" * 200_000
    path.write_text(f"model_a,model_b,winner,conversation_a\nm1,m2,model_a,{long}\nm2,m3,model_b,y\nm1,m3,tie,y\n")
    assert ratings(arena, path) == THREE


def test_one_line_says_what_was_understood(arena: Callable[..., Result]) -> None:
    complained = arena("rate", str(FILES / "17-extra-cols.csv"))[2]
    assert complained == (
        "winner: model_a/model_b/tie/both_bad; 6 votes, 3 models; "
        "ignored columns: question_id, judge, turn, anony, language, tstamp\n"
    )
    complained = arena("rate", str(FILES / "28-counted-FALSE-excel.csv"))[2]
    assert "2 votes, 3 models, 2 rows left out" in complained


@pytest.mark.parametrize("spelling", ["false", "FALSE", "False", "0", "no", "No", " NO "])
def test_truths_are_a_closed_list(spelling: str) -> None:
    rows = f"{HEADER[:-1]},counted\nx,y,model_a,1\nx,y,model_a,{spelling}\n"
    assert sums(read(rows)) == {("x", "y"): (1, 0, 0, 0)}
    with pytest.raises(InvalidVotes, match="line 3: column counted: 'f'"):
        read(f"{HEADER[:-1]},counted\nx,y,model_a,1\nx,y,model_a,f\n")


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        ("tie (bothbad)", (0, 0, 0, 1)),
        ("bothbad_vote", (0, 0, 0, 1)),
        ("Both are bad", (0, 0, 0, 1)),
        ("BOTH-BAD", (0, 0, 0, 1)),
        ("👈  A is better", (1, 0, 0, 0)),
        ("[[B>>A]]", (0, 1, 0, 0)),
        ("rightvote", (0, 1, 0, 0)),
        ("model_2", (0, 1, 0, 0)),
        ("draw", (0, 0, 1, 0)),
        ("-", (0, 0, 1, 0)),
        ("y", (0, 1, 0, 0)),
    ],
)
def test_the_words_of_other_arenas(word: str, counts: tuple[int, ...]) -> None:
    assert sums(read(f"{HEADER}x,y,{word}\n")) == {("x", "y"): counts}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("left,model_a,model_b,winner\nx,x,y,tie\n", "left and model_a both mean model_a; keep one"),
        ("model_a,model_b,winner,outcome\nx,y,tie,tie\n", "both mean winner"),
        ("model_a,model_b,winner,wins_a,wins_b\nx,y,tie,1,2\n", "it has winner and counts"),
        ("Model A,MODEL_A,model_b,winner\nx,x,y,tie\n", "the column model_a stands there twice"),
        (f"{HEADER}x,y,tie\nX,y,tie\n", "line 3: column model_a: 'X' is spelled 'x' elsewhere"),
        (
            f"{HEADER}left,right,tie\nright,left,right\n",
            "line 3: column winner: 'right' is the name of a model and",
        ),
        ("model_a,model_b,winner_model_a,winner_model_b\nx,y,1,1\n", "exactly one is 1, here 2 are"),
        (f"{HEADER}x,y\0,tie\n", "UTF-16 without a byte order mark"),
        (f'{HEADER}"x\ny",z,tie\nx,z,nobody\n', "line 4: column winner"),
        ('[{"model_a":"x","model_b":"y","winner":"tie"},{"model_a":"x","model_b":"y"}]', "item 2: column winner"),
        ('{"model_a":"x","model_b":"\\ud800","winner":"tie"}\n', "line 1: column model_b: half a surrogate pair"),
        ('{"model_a":"x","model_b":"y","winner":"tie"}\n{', "line 2: this is no JSON object"),
        (
            """{"model_a":"x","model_b":"y","winner":"tie"}
            {"model_a":"x","model_b":"y","winner":"tie","counted":false}""",
            "line 2: counted is not in the first one",
        ),
        ("PK\x03\x04", "save the sheet as CSV"),
    ],
)
def test_ambiguity_is_refused_by_line_and_column(text: str, complaint: str) -> None:
    with pytest.raises(InvalidVotes) as refused:
        read(text)
    assert complaint in str(refused.value)


OUTCOMES = {
    (
        1,
        0,
        0,
        0,
    ): "MODEL_A| model a |Model-A|modelA|model.a|[A]|A>B|LEFT|Left Vote|assistant_a|Response A|A is better."
    "|model_1|\U0001f448  A is better|(a)|A won|Left wins|left is better|Response 1"
    "|Assistant 1|b < a|model_a wins|image_a|Image 1|Option A|first|Output 1|Model A better|I prefer A|left_better"
    "|A is slightly better|1 wins",
    (0, 1, 0, 0): "model_b|MODEL B|b|Right|right-vote|Assistant B|B>>A|\U0001f449  B is better|Model 2|response_b"
    "|B won|Right wins|right side|Response 2|Assistant 2|A<<B|Model B is better|Second image|prefer right",
    (0, 0, 1, 0): "Tie|TIED|Draw|equal|Same|tie vote|A=B|Both good|\U0001f91d  Tie|both-good|drawn|No preference"
    "|Both are good|A == B|tie (both good)|Equally good|Similar|It's a draw",
    (
        0,
        0,
        0,
        1,
    ): "tie (bothbad)|Tie (Both Bad)|tie_bothbad|TIE(BOTHBAD)|both_bad|both bad|Both are bad|bothbad_vote"
    "|\U0001f44e  Both are bad|Both Poor|Neither is good|Equally bad",
}


@pytest.mark.parametrize(
    ("word", "counts"), [(word, counts) for counts, words in OUTCOMES.items() for word in words.split("|")]
)
def test_outcomes_in_any_case_with_any_marks(word: str, counts: tuple[int, ...]) -> None:
    assert sums(read(f"{HEADER}x,y,{word}\n")) == {("x", "y"): counts}


@pytest.mark.parametrize(
    "word",
    [
        "c",
        "model_c",
        "nobody",
        "1",
        "0",
        "both",
        "better",
        "ab",
        "true",
        "?",
        "n/a",
        "winner",
        "neither",
        "none",
        "a<b<c",
        "left right",
    ],
)
def test_words_that_are_no_outcome(word: str) -> None:
    with pytest.raises(InvalidVotes, match="line 2: column winner"):
        read(f"{HEADER}x,y,{word}\n")


def test_the_byte_that_is_no_utf_8_is_found_beyond_the_first_block() -> None:
    rows = "x,y,model_a\n" * 20_000
    with pytest.raises(InvalidVotes, match="line 20002: the byte 0xe9"):
        read(HEADER.encode() + rows.encode() + b"\xe9,y,tie\n")


def test_cells_are_forgotten_and_counts_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = HEADER + "".join(f"m{i % 7},n{i % 400},tie\n" for i in range(5000)) + "x,y,nobody\n"
    whole = sums(read(rows.replace("x,y,nobody\n", "")))
    monkeypatch.setattr("app.cli.vote_counter.MOST_KEYS", 10)
    assert sums(read(rows.replace("x,y,nobody\n", ""))) == whole
    with pytest.raises(InvalidVotes, match="line 5002: column winner"):
        read(rows)


def test_damaged_archives_are_named() -> None:
    whole = gzip.compress((HEADER + "x,y,tie\n" * 1000).encode())
    assert sums(read(whole)) == {("x", "y"): (0, 0, 1000, 0)}
    for broken in (whole[:-20], whole[:30] + b"xxxx" + whole[34:]):
        with pytest.raises(InvalidVotes, match="damaged or cut off"):
            read(broken)


def test_order_is_kept_where_a_method_needs_it() -> None:
    votes = read(f"{HEADER}x,y,model_a\ny,x,tie\nx,y,model_a\n", ordered=True)
    assert votes.rows.tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 1]]
    assert votes.counts.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]]


def test_voters_are_kept_apart_where_asked_for() -> None:
    rows = "model_a,model_b,winner,voter\nx,y,model_a,v1\nx,y,model_a,v1\nx,y,tie,v2\nx,y,tie,\nx,y,tie,\n"
    votes = read(rows, voters=True)
    assert votes.voters == {"v1": 0, "v2": 1}
    assert votes.voter_of_row.tolist() == [0, -1, -1, 1]
    assert votes.counts.tolist() == [[2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    assert sums(read(rows)) == {("x", "y"): (2, 0, 3, 0)}


MODELS = ("alpha", "m\u00e9ta", "42")
LOGS = st.lists(
    st.tuples(st.permutations(MODELS), st.sampled_from(["model_a", "model_b", "tie", "both_bad"])), min_size=1
)
WORDS = {
    "model_a": ("A", "Left", "model a", "leftvote", "MODEL_A"),
    "model_b": ("B", "Right", "model b", "rightvote", "MODEL_B"),
    "tie": ("Tie", "draw", "-", "tievote", "TIE"),
    "both_bad": ("tie (bothbad)", "Both bad", "bothbad_vote", "both-bad", "BOTH_BAD"),
}


@given(
    LOGS,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["csv", "padded", "json", "jsonl"]),
    st.integers(0, 4),
)
def test_every_dialect_says_the_same(
    log: list[tuple[list[str], str]], delimiter: str, end: str, encoding: str, kind: str, dialect: int
) -> None:
    plain = read(HEADER + "".join(f"{m[0]},{m[1]},{w}\n" for m, w in log))
    rows = [(m[0], m[1], WORDS[w][dialect]) for m, w in log]
    objects = [json.dumps(dict(zip(("model_a", "model_b", "winner"), row, strict=True))) for row in rows]
    if kind == "json":
        text = f"[{f',{end}'.join(objects)}]"
    elif kind == "jsonl":
        text = "".join(f"{one}{end}" for one in objects)
    else:
        lines = [("Model A", " model_B ", "WINNER"), *rows, *([("", "", "")] * (kind == "padded"))]
        text = "".join(delimiter.join(f'"{c}"' for c in line) + end for line in lines)
    assert sums(read(text.encode(encoding))) == sums(plain)


def read_or_complain(data: bytes) -> Votes | str:
    try:
        return read(data)
    except InvalidVotes as refused:
        return str(refused)


@given(st.binary(max_size=300))
@example(b"\n\x80")
def test_bytes_are_votes_of_named_models_or_refused_with_the_file_s_name(noise: bytes) -> None:
    for data in (noise, HEADER.encode() + noise, b"[" + noise, gzip.compress(noise)):
        votes = read_or_complain(data)
        if isinstance(votes, str):
            assert votes.startswith("votes.csv")
            continue
        assert 0 < votes.counts.sum() <= len(noise)
        assert {0, 1} <= set(votes.rows[:, 1:].ravel().tolist()) == set(range(len(votes.models)))
        assert all(name == name.strip() != "" for name in votes.models)
        assert votes.summary.isprintable()


def test_a_list_is_read_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.tables.JSON_CHARACTERS", 7)
    items = [{"model_a": "x", "model_b": "y", "winner": "tie", "n": [i, {"d": "]},"}]} for i in range(30)]
    for indent in (None, 2):
        assert sums(read(json.dumps(items, indent=indent))) == {("x", "y"): (0, 0, 30, 0)}
        with pytest.raises(InvalidVotes, match="cut off"):
            read(json.dumps(items, indent=indent)[:-5])


@pytest.mark.parametrize("anchor", ["m1=nan", "m1=inf", "m1=-inf", "m1=1e300", "m1="])
def test_an_anchor_is_a_number(arena: Callable[..., Result], anchor: str) -> None:
    code, _, complained = arena("rate", str(FILES / "00-base.csv"), "--anchor", anchor)
    assert (code, "no number" in complained) == (2, True)
    assert arena("rate", str(FILES / "00-base.csv"), "--prior", "nan")[0] == 2


def test_names_are_harmless_where_they_are_shown(arena: Callable[..., Result]) -> None:
    said = arena("rate", str(FILES / "37-ansi-name.csv"))[1]
    assert ("\x1b" in said, r"\x1b[31mred\x1b[2J" in said) == (False, True)
    said = arena("rate", str(FILES / "76-tabs-in-name.csv"))[1]
    assert [line.split()[1] for line in said.splitlines()[1:4]] == [r"a\tb", "m2", r"line\nbreak"]
    said = arena("rate", str(FILES / "38-formula-name.csv"), "--format", "csv")[1]
    assert '"\'=HYPERLINK(""http://127.0.0.1"")"' in said
    assert ",true\n" in said
    assert "True" not in said


def test_standard_input_and_a_narrow_terminal() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "app.cli", "rate", "-"],
        input=(FILES / "75-rtl-wide.csv").read_bytes(),
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert rb"\u6a21\u578b\u4e00" in ran.stdout


def test_categories_are_compared_as_slugs(arena: Callable[..., Result]) -> None:
    for name, category in (("67-category-case.csv", "text-rendering"), ("68-category-comma.csv", "portrait")):
        said = arena("rate", str(FILES / name), "--category", category, "--format", "json")[1]
        assert json.loads(said)["run"]["votes"] == 2
