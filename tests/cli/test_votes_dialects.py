"""One vote in the spellings and shapes that people's files have, and those of them that are refused by line."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.votes_file import InvalidVotes
from tests.cli.conftest import arena  # noqa: F401 (a fixture)
from tests.cli.test_votes_file import HEADER, read, sums
from tests.command import Result

ONE = {("x", "y"): (1, 0, 0, 0)}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + "x,y,model_a\n",
        "MODEL A,Model-B,Winner\nx,y,A\n",
        "left,right,outcome\nx,y,left\n",
        "model_a|model_b|winner\nx|y|model_a\n",
        ",model_a,model_b,winner\n0,x,y,model_a\n",
        "model_a,model_b,winner,counted\nx,y,model_a, TRUE \nx,y,tie,No\n",
        HEADER + "x\t,\u00a0y,\u00a0model_a\u200b\n",
        "Model.A,Model.B,Winner\nx,y,A\n",
        "\ufeff\ufeff" + HEADER + "x,y,model_a\n",
        "model_left,model_right,winner\nx,y,left\n",
        "model_1,model_2,winner\nx,y,model_1\n",
        "model_a,model_b,winner,\nx,y,model_a,\n",
        "model_a,model_b,winner,,,\nx,y,model_a,,,\n,,,,,\n",
        "model_a,model_b,winner\nx,y,model_a,,\n",
        "Unnamed: 0,model_a,model_b,winner\n0,x,y,model_a\n",
        "model_a;model_b;winner;score\nx;y;model_a;0,5\n",
        "sep=;\nmodel_a;model_b;winner\nx;y;model_a\n",
        "sep=\t\nmodel_a\tmodel_b\twinner\nx\ty\tmodel_a\n",
        "\n\n# votes of May\n" + HEADER + "x,y,model_a\n",
        HEADER + '"x" ,y,model_a\n'.replace('" ', '"'),
        HEADER + 'x, "y",model_a\n',
        HEADER.replace("\n", "\r\n") + "x,y,model_a\n\r\n\n",
        'model_a,model_b,winner,text\nx,y,model_a,"a\nb\r\nc, ""d"""\n',
        "model_a,model_b,winner_model_a,winner_model_b,winner_tie\nx,y,TRUE,False,no\n",
        "model_a,model_b,winner_model_a,winner_model_b,winner_tie\nx,y,1.0,0.0,0.0\n",
        "model_a;model_b;winner_model_a;winner_model_b\nx;y;1,0;0,0\n",
        "model_a,model_b,wins_a,wins_b,ties,both_bad\nx,y,1,,0,\n",
        "model_a,model_b,wins_a,wins_b\nx,y,1.0,0.0\n",
        "winner,loser\nx,y\n",
        "left_model,right_model,vote_type\nx,y,leftvote\n",
        "Model A,Model B,Preference\nx,y,A\n",
        "prompt,image1,image2,votes_image1,votes_image2,model1,model2\nfox,,,1,0,x,y\n",
        "caption,has_label,label_0,label_1,model_0,model_1,user_id\nfox,True,1.0,0.0,x,y,7\n",
        '{"model_0":"x","model_1":"y","label_0":1.0,"label_1":0.0,"has_label":true}\n',
        "model_1,model_0,label_1,label_0\ny,x,0,1\n",
        "model_a,model_b,winner,vote\nx,y,model_a,7\n",
        "model_a,model_b,winner,is_tie\nx,y,model_a,False\n",
        "model_a,model_b,winner,tie,loser\nx,y,x,,y\n",
        "\u200bmodel_a,\uff4dodel_b,winner\nx,y,model_a\n",
        "Winner,Loser,Draw\nx,y,0\n",
        "winner,loser,is_tie\nx,y,False\n",
        "winner,loser,tie\nx,y,\n",
        "model_a;model_b;wins_a;wins_b\nx;y;1,0;0,0\n",
        "winner_model,loser_model\nx,y\n",
        "chosen-model,chosen-rating,rejected-model,rejected-rating\nx,5,y,3\n",
        "model_name_a,model_name_b,preferred_model\nx,y,x\n",
        "model_a,model_b,winner,count\nx,y,A,1\n",
        "model_a,model_b,votes_a,votes_b\nx,y,1,0\n",
        "model_a,model_b,vote,winner_model\nx,y,left,z\n",
        "id,left,model_left,right,model_right,comparison\n1,1.png,x,2.png,y,left\n",
        "Votes of May,,\n,,\nmodel_a,model_b,winner\nx,y,model_a\n",
        "Models;;Result\nmodel_a;model_b;winner\nx;y;model_a\n",
        '[{"model_a":"x","model_b":"y","winner":"model_a"}]\n',
        '\ufeff{"model_a":"x","model_b":"y","winner":"model_a","n":NaN,"m":1e400}\n\n',
        '{"model_a":"x","model_b":"y","winner_model_a":true,"winner_model_b":false}\n',
        '{"model_a":"x","model_b":"y","wins_a":1,"wins_b":0.0}\n',
        ",,\n;;;\n" + HEADER + "x,y,model_a\n",
        "Model A:,Model B:,Winner?\nx,y,Model A\n",
        "leftModel,rightModel,vote\nx,y,left_better\n",
        "model_a,model_b,winner,counted\nx,y,model_a,1.0\nx,y,tie,0.0\n",
        HEADER + "x,y,\uff21\n",
        '{\n "model_a": "x",\n "model_b": "y",\n "winner": "model_a"\n}\n',
        '{"model_a":["x"],"model_b":["y"],"winner":"model_a"}\n',
        '[{"model_a":"x","model_b":"y","winner":"model_a","conversation":[{"role":"user","content":"\\ud83d\\ude00"}]}]',
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_siblings_of_one_vote(text: str, encoding: str) -> None:
    text = text.lstrip("\ufeff") if encoding == "utf-16" else text
    assert sums(read(text.encode(encoding))) == ONE


def test_the_columns_of_pick_a_pic() -> None:
    votes = read(
        "caption,has_label,label_0,label_1,model_0,model_1,user_id\n"
        "fox,True,0.5,0.5,x,y,7\nfox,True,0.0,1.0,x,y,8\nowl,False,0.5,0.5,x,y,7\n"
    )
    assert sums(votes) == {("x", "y"): (0, 1, 1, 0)}
    assert votes.summary.startswith("label_0, label_1: model_b/tie; 2 votes, 2 models, 1 row left out")


def test_the_numbers_of_alpaca_eval() -> None:
    votes = read(
        "instruction,output_1,generator_1,output_2,generator_2,annotator,preference\n"
        "fox,,x,,y,gpt,1.0\nowl,,x,,y,gpt,1.9998\nhen,,x,,y,gpt,0.0\ncat,,x,,y,gpt,1.5\ndog,,x,,y,gpt,\n",
        voters=True,
    )
    assert sums(votes) == {("x", "y"): (1, 1, 2, 0)}
    assert list(votes.voters) == ["gpt"]
    assert votes.summary.startswith("preference: model_a/model_b/tie; 4 votes, 2 models, 1 row left out")


def test_the_choices_of_hpdv3_are_counted() -> None:
    votes = read(
        '[{"prompt":"fox","choice_dist":[12,7],"confidence":0.9,"path1":"a","path2":"b","model1":"x","model2":"y"},'
        '{"prompt":"owl","choice_dist":null,"confidence":0.9,"path1":"a","path2":"b","model1":"x","model2":"y"}]'
    )
    assert sums(votes) == {("x", "y"): (13, 7, 0, 0)}


@pytest.mark.parametrize("column", ["count", "Votes", "num_votes", "frequency", "weight"])
@pytest.mark.parametrize("head", ["model_a,model_b,winner", "winner,loser"])
def test_a_row_counts_as_often_as_it_says(head: str, column: str) -> None:
    rows = "x,y,model_a,12\nx,y,model_b,7.0\nx,y,tie,0\n" if "model_a" in head else "x,y,12\ny,x,7\n"
    votes = read(f"{head},{column}\n{rows}")
    added = sums(votes)
    assert added.get(("y", "x"), (0,))[0] + added["x", "y"][1] == 7
    assert (added["x", "y"][0], votes.is_log) == (12, False)
    assert f", {column}: " in votes.summary


def test_a_total_beside_counts_is_no_count() -> None:
    assert sums(read("model_a,model_b,A wins,B wins,ties,votes\nx,y,3,2,1,6\n")) == {("x", "y"): (3, 2, 1, 0)}


def test_two_games_with_sides_changed_are_one_vote() -> None:
    text = "model_1,model_2,g1_winner,g2_winner\nx,y,model_1,model_1\nx,y,model_1,model_2\nx,y,tie,tie\n"
    assert sums(read(text)) == {("x", "y"): (1, 0, 2, 0)}


def test_answers_that_were_rejected_on_mechanical_turk_do_not_count() -> None:
    text = (
        "HITId,Title,AssignmentStatus,WorkerId,Input.model_a,Input.model_b,Input.prompt,Answer.winner\n"
        "1,t,Approved,W1,x,y,fox,model_a\n2,t,Rejected,W2,x,y,fox,model_b\n3,t,Submitted,W1,x,y,owl,y\n"
    )
    votes = read(text, voters=True)
    assert (sums(votes), list(votes.voters)) == ({("x", "y"): (1, 1, 0, 0)}, ["W1"])


@pytest.mark.parametrize("column", ["ties", "tie", "Draws", "draw", "Tie count"])
def test_ties_beside_counts_are_never_left_out(column: str) -> None:
    assert sums(read(f"model_a,model_b,win_a,Wins B,{column}\nx,y,3,2,1\n")) == {("x", "y"): (3, 2, 1, 0)}


@pytest.mark.parametrize("column", ["winner_tie", "tie", "Draw"])
def test_ties_beside_a_column_per_outcome_are_never_left_out(column: str) -> None:
    text = f"model_a,model_b,winner_model_a,winner_model_b,{column}\nx,y,0,0,1\n"
    assert sums(read(text)) == {("x", "y"): (0, 0, 1, 0)}


@pytest.mark.parametrize("column", ["draw", "Tie", "IS_DRAW", "is tie"])
@pytest.mark.parametrize("truth", ["1", "TRUE", "yes"])
def test_a_column_draw_beside_winner_and_loser_is_read(column: str, truth: str) -> None:
    assert sums(read(f"winner,loser,{column}\nx,y,{truth}\n")) == {("x", "y"): (0, 0, 1, 0)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEADER.encode("utf-16-le"), "UTF-16 without a byte order mark; save it as UTF-8"),
        (HEADER.encode("utf-32"), "UTF-32; save it as UTF-8"),
        (bz2.compress(HEADER.encode()), "a bzip2 archive; unpack it"),
        (lzma.compress(HEADER.encode()), "an xz archive; unpack it"),
        (b"\x28\xb5\x2f\xfd\x04", "a Zstandard archive; unpack it"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
        (b"Rar!\x1a\x07", "a RAR archive; unpack it"),
        (b"ARROW1\0\0", "an Arrow file; write it as CSV"),
        (b"\x89PNG\r\n\x1a\n", "this is a picture"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "by `git lfs pull`"),
        ("\ufeff\n<!DOCTYPE html>\n<html></html>\n", "this is a web page"),
        (
            '{"model_a":{"name":"x"},"model_b":"y","winner":"tie"}',
            'line 1: column model_a: \'{"name": "x"}\' is an',
        ),
        (HEADER + "x,y,tie\n{'name': 'x'},y,tie\n", "line 3: column model_a: \"{'name': 'x'}\" is an object"),
        (HEADER + "x,NaN,tie\n", "line 2: column model_b: 'NaN' stands for no name"),
        (HEADER + "#N/A,y,tie\n", "line 2: column model_a: '#N/A' stands for no name"),
        (
            '{\n"model_a":"x","model_b":"y","winner":"tie"\n}\n{\n"model_a":',
            "item 2: this is no JSON, or the file is",
        ),
        ('{\n"model_a":"x","model_b":"y","winner":"tie"\n}\n7', "item 2: this is no JSON object"),
        (
            "model_a,model_b,preference,prompt\nx,y,1.0,fox\n",
            "line 2: column preference: '1.0' is no outcome: which model a number means differs from file to file",
        ),
        ("model_0,model_1,winner\nx,y,model_1\n", "the column model_b is missing"),
        ("model_0,model_1,label_0\nx,y,1\n", "the column model_b is missing"),
        ("model_0,model_1,label_0,label_1\nx,y,1,1\n", "line 2: column label_0: '1' and '1' in label_1"),
        ("model_0,model_1,label_0,label_1\nx,y,0.7,0.3\n", "line 2: column label_0: '0.7' and '0.3' in label_1"),
        ("model_0,model_1,label_0,label_1\nx,y,,\n", "line 2: column label_0: '' and '' in label_1"),
        ("model_0,model_1,label_0,label_1,winner\nx,y,1,0,y\n", "the column model_b is missing"),
        ("generator_1,generator_2,preference\nx,y,3\n", "line 2: column preference: '3' is no number from 1 to 2"),
        ("generator_1,generator_2,preference\nx,y,b\n", "line 2: column preference: 'b' is no number from 1 to 2"),
        ("model1,model2,choice_dist\nx,y,7;12\n", "line 2: column choice_dist: '7;12' contradicts that the first"),
        ("model1,model2,choice_dist\nx,y,7\n", "line 2: column choice_dist: '7' are not two numbers"),
        ("model_1,model_2,g1_winner\nx,y,model_1\n", "it needs both columns g1_winner and g2_winner"),
        (
            "model_1,model_2,g1_winner,g2_winner\nx,y,error,tie\n",
            "line 2: column g1_winner: 'error' is no outcome",
        ),
        ("White,Black,Result\nx,y,1-0\n", "a row is one vote: the names of two models in model_a and model_b"),
        (
            "model_a,model_b,winner,weight\nx,y,tie,0.5\n",
            "line 2: column weight: '0.5' is no whole number of votes",
        ),
        ("model_a,model_b,winner,count\nx,y,tie,\n", "line 2: column count: '' is no whole number of votes"),
        ("model_a,model_b,winner,count,votes\nx,y,tie,1,1\n", "count and votes both mean how often a row counts"),
        ("winner,loser,draw\nx,y,Rejected\n", "line 2: column draw: 'Rejected' is none of true, false"),
        ("winner,loser,draw\nx,y,T\n", "line 2: column draw: 'T' is none of true, false"),
        ("winner,loser,draw,tie\nx,y,0,0\n", "draw and tie both mean draw; keep one"),
        ("model_a,model_b,wins_a,wins_b,ties,Draw\nx,y,1,1,1,1\n", "ties and Draw both mean ties; keep one"),
        ("model_a,model_b,wins_a,win_a,wins_b\nx,y,1,1,1\n", "the column wins_a stands there twice"),
        (HEADER.encode() + "x,caf\u00e9,tie\n".encode("latin-1"), "line 2: the byte 0xe9 is not UTF-8"),
        (HEADER + "x,y\ufeff,tie\nx,y,tie\n", "line 3: column model_b: 'y' is spelled"),
        (HEADER + "x,y,tie\nx,y\0,tie\n", "no text"),
        ("model_a, model_a,model_b,winner\nx,x,y,tie\n", "stands there twice"),
        ("model_a,model_b,winner,Winner \nx,y,tie,tie\n", "stands there twice"),
        ("model_a,model_b,wins_a,wins_b\nx,y,0.5,1\n", "line 2: column wins_a: '0.5' is no whole number"),
        ("model_a,model_b,wins_a,wins_b\nx,y,1 234,1\n", "line 2: column wins_a"),
        ("model_a,model_b,wins_a,wins_b\nx,y,1e3,1\n", "line 2: column wins_a"),
        ("model_a,model_b,wins_a,wins_b\nx,y,\u0663,1\n", "line 2: column wins_a"),
        (
            "model_a,model_b,winner_model_a,winner_model_b,winner_tie\nx,y,0.5,0.5,0\n",
            "line 2: column winner_model_a",
        ),
        ("model_a,model_b,winner_model_a,winner_model_b,winner_tie\nx,y,0,0,0\n", "exactly one is 1, here 0 are"),
        ('{"model_a":"x","model_b":"y","wins_a":1e400,"wins_b":0}\n', "line 1: column wins_a"),
        ('{"model_a":"x","model_b":"y","wins_a":NaN,"wins_b":0}\n', "holds no votes"),
        ('{"model_a":"\\udc00","model_b":"y","winner":"tie"}\n', "line 1: column model_a: half a surrogate pair"),
        ('{"model_a":null,"model_b":"y","winner":"tie"}\n', "line 1: column model_a: a model has no name"),
        ("model_a,model_b,winner,is_tie\nx,y,model_a,True\n", "line 2: column is_tie: 'True' contradicts winner"),
        ("model_a,model_b,winner,draw\nx,y,tie,0\n", "line 2: column draw: '0' contradicts winner, 'tie'"),
        ("model_a,model_b,winner,tie\nx,y,tie,3\n", "line 2: column tie: '3' is none of true, false"),
        ("model_a,model_b,winner,loser\nx,y,x,x\n", "line 2: column loser: 'x' contradicts winner, 'x'"),
        ("model_a,model_b,winner,loser\nx,y,tie,y\n", "line 2: column loser: 'y' contradicts winner, 'tie'"),
        ("model_a,model_b,winner,loser\nx,y,x,z\n", "line 2: column loser: 'z' is no outcome"),
        ("model_a,model_b,vote,choice\nx,y,x,x\n", "neither a column winner"),
        ("model_a,model_b,vote\nx,y,7\n", "line 2: column vote: '7' is no outcome"),
        (
            "model_a,model_b,wins_a,wins_b\nx,y,1234567890123,1\n",
            "wins_a: '1234567890123' has more than 12 digits",
        ),
        (
            '[{"model_a":"x","model_b":"y","winner":"tie","id":' + "9" * 5000 + "}]",
            "item 1: a number has too many",
        ),
        ('{"model_a":"x","model_b":"y","winner":"tie","id":' + "9" * 5000 + "}", "line 1: a number has too many"),
        ('[{"model_a":"x","model_b":"y","winner":"tie"}][]', "after the list"),
        ('[{"model_a":"x","model_b":"y","winner":"tie","winner":"tie"}]', "item 1: winner stands there twice"),
        ('[{"model_a":"x","model_b":"y","winner":"tie"}] x', "after the list"),
        ('{"model_a":["x"],"model_b":["y"],"winner":["tie"]}', "line 1: it holds lists instead of a vote"),
        ('{"model_a":{"0":"x"},"model_b":{"0":"y"},"winner":{"0":"tie"}}', "it holds lists instead of a vote"),
        ('{"votes":[{"model_a":"x","model_b":"y","winner":"tie"}]}', 'to_json(orient="records")'),
        (HEADER + "\u200b,y,tie\n", "line 2: column model_a: a model has no name"),
        (HEADER + "\u2060\ufeff\u00ad,y,tie\n", "line 2: column model_a: a model has no name"),
        (HEADER + "x,y,tie\n" + HEADER, "line 3: column winner: 'winner' is no outcome"),
        ("model_a,model_b,winner,counted\nx,y,tie,on\n", "line 2: column counted: 'on' is none of"),
        ("model_a,model_b,wins_a,wins_b\nx,y,+3,1\n", "line 2: column wins_a"),
        ("model_a,model_b,winner,counted\nx,y,tie,\n", "line 2: column counted: '' is none of"),
        (HEADER + "x,y,\uff4d\uff4f\uff44\uff45\uff4c\n", "line 2: column winner"),
        (HEADER + "a b,y,tie\na\u00a0b,y,tie\n", "line 3: column model_a"),
        (HEADER + "GPT,y,tie\ngpt,y,tie\n", "line 3: column model_a: 'gpt' is spelled 'GPT' elsewhere"),
        (HEADER + "1.0,y,tie\n1,y,tie\n", "line 3: column model_a: '1' is spelled '1.0' elsewhere"),
        (HEADER + "x,y,z\n", "line 2: column winner: 'z' is no outcome"),
        (HEADER + "x,y\n", "line 2: it has 2 cells"),
        (HEADER + "x,y,tie,9\n", "line 2: it has 4 cells"),
        (HEADER + "x,y,\n", "line 2: column winner: '' is no outcome"),
        (HEADER + ",y,tie\n", "line 2: column model_a: a model has no name"),
        (HEADER + 'x,y,"tie\nx,y,tie\n', "a quoted cell never ends"),
        (HEADER + "x,y,tie\n\x1a", "line 3: it has 1 cells"),
        (HEADER.encode("utf-16") + b"x", "is not UTF-16"),
        (HEADER.encode() + b"x,y\x92s,tie\n", "line 2: the byte 0x92 is not UTF-8"),
        (HEADER.encode() + b"x,y,tie\n\0\0", "no text"),
        (gzip.compress((HEADER + "x,y,tie\n" * 900).encode(), mtime=0)[:-8], "damaged or cut off"),
        ('{"model_a":"x","model_b":"y","winner":"tie"}\n{"model_a":"x","model_b":"y"}\n', "line 2: column winner"),
        ('{"model_a":"x","model_b":"y","winner":"tie"}\n{"model_a":"x","counted":false}\n', "line 2: counted is"),
        ("model_a,left,model_b,winner\nx,x,y,tie\n", "model_a and left both mean model_a"),
        (HEADER + "x,y,tie\n# half\n", "line 3: it has 1 cells"),
        ('{"model_a":"x","model_a":"z","model_b":"y","winner":"tie"}\n', "model_a stands there twice"),
    ],
)
def test_siblings_that_are_refused_by_line(text: str | bytes, complaint: str) -> None:
    with pytest.raises(InvalidVotes) as refused:
        read(text)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("text", [f"{'c' * 99_999},model_b,winner\nx,y,z\n", f"{HEADER}x,y,{'c' * 99_999}\n"])
def test_a_long_cell_is_told_by_its_beginning(text: str) -> None:
    with pytest.raises(InvalidVotes) as refused:
        read(text)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        ("x,y,,1,", (0, 0, 1, 0)),
        ("x,y,tie,true,tie", (0, 0, 1, 0)),
        ("x,y,both bad,yes,", (0, 0, 0, 1)),
        ("x,y,both bad,no,", (0, 0, 0, 1)),
        ("x,y,right,,left", (0, 1, 0, 0)),
    ],
)
def test_columns_that_say_the_winner_again(row: str, counts: tuple[int, ...]) -> None:
    assert sums(read(f"model_a,model_b,winner,tie,loser\n{row}\n")) == {("x", "y"): counts}


def test_a_winner_is_named_in_either_normal_form() -> None:
    assert sums(read(HEADER + "mod\u00e8le,y,mode\u0300le\n")) == {("mod\u00e8le", "y"): (1, 0, 0, 0)}


def test_objects_on_many_lines_follow_each_other() -> None:
    one = '{\n  "model_a": "x",\n  "model_b": "y",\n  "winner": "%s",\n  "category": ["Portrait", "b c"]\n}\n'
    votes = (one % "model_a" + one % "tie").encode()
    assert sums(read(votes)) == {("x", "y"): (1, 0, 1, 0)}
    assert sums(read(votes, category="b-c")) == {("x", "y"): (1, 0, 1, 0)}


def test_members_of_gzip_are_one_file() -> None:
    votes = gzip.compress((HEADER + "x,y,model_a\n").encode()) + gzip.compress(b"x,y,model_b\n", mtime=0)
    assert sums(read(votes)) == {("x", "y"): (1, 1, 0, 0)}


@pytest.mark.parametrize("name", ["a b?c#d%20.csv", "a\nb.csv", "V.CSV", "v.json", "v", "-v.csv", "e\u0301.csv"])
def test_a_file_may_have_any_name(arena: Callable[..., Result], tmp_path: Path, name: str) -> None:  # noqa: F811
    (tmp_path / name).write_text(HEADER + "x,y,model_a\nx,y,tie\n")
    code, said, complained = arena("rate", str(tmp_path / name))
    assert (code, complained.startswith("winner: model_a/tie; 2 votes") or "2 votes" in said) == (0, True), (
        complained
    )
