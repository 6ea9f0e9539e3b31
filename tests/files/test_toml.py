"""TOML files: every fault at once, by file, line and field, in words that say what is possible."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.arena import errors
from app.arena.entries import competitions
from app.database.doors import Database
from app.files.text import InvalidFile, decode_text
from app.files.toml import read_toml
from tests.factories import NOW

GOOD = 'slug = "bom-c"\ntitle = "T"\nmode = "text-to-image"\nprompt = "ab"\nstatus = "draft"\n'


def read(folder: Path, text: str | bytes) -> competitions.CompetitionFile:
    path = folder / "c.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return competitions.read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_editors_of_any_system(tmp_path: Path, encoding: str, end: str) -> None:
    assert read(tmp_path, GOOD.replace("\n", end).encode(encoding)).slug == "bom-c"


def test_every_fault_at_once(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidCompetition) as refused:
        read(tmp_path, 'slug = "Bad Slug"\ntitel = "T"\nmode = "image_edit"\nframe = [10, "x"]\nstatus = "opne"\n')
    mode = "'image_edit' is not possible; take text-to-image, image-edit; did you mean 'image-edit'?"
    faults = (
        "c.toml line 1: slug: this does not fit ^[a-z0-9]+(-[a-z0-9]+)*$, here is 'Bad Slug'",
        "c.toml: title: this is missing",
        f"c.toml line 3: mode: {mode}",
        "c.toml: prompt: this is missing",
        "c.toml line 4: frame.1: the number is at least 64, here is '10'",
        "c.toml line 4: frame.2: a whole number is expected, here is 'x'",
        "c.toml line 5: status: 'opne' is not possible; take draft, open, closed; did you mean 'open'?",
        "c.toml line 2: titel: there is no such field; did you mean 'title'?",
    )
    assert str(refused.value).splitlines() == list(faults)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('slug = "a"\ntitle = no\n', "c.toml line 2 column 9: this is no value; texts stand in quotes"),
        ('slug = "a\ntitle = "b"\n', "c.toml line 1 column 10: a text goes on over the line"),
        ('slug = "a"\nslug = "b"\n', "c.toml line 2 column 11: this key stands there twice"),
        ("slug\n", "c.toml line 1 column 5: a `=` is missing after the key"),
        (b'slug = "\xe9"\n', "c.toml line 1: the byte 0xe9 is not UTF-8"),
        (GOOD + 'input = "x.png"\n', "an image-edit competition has an input image"),
        (GOOD + 'x = "\\u0000"\n', "there is no such field; there are slug, title"),
        (GOOD.replace("ab", " \\n"), "c.toml line 4: prompt: the text is empty"),
        (GOOD + "[[table]]\n", "c.toml line 6: table: there is no such field"),
        (GOOD.replace("ab", "a\\u0000b"), "prompt: a NUL character can't be stored"),
    ],
)
def test_one_fault(tmp_path: Path, text: str | bytes, complaint: str) -> None:
    with pytest.raises(errors.InvalidCompetition) as refused:
        read(tmp_path, text)
    assert complaint in str(refused.value)


def test_known_categories_are_listed(tmp_path: Path, database: Database) -> None:
    spec = read(tmp_path, GOOD + 'categories = ["still-lives"]\n')
    category = competitions.CategoryFile(slug="still-life", title="Still life")
    database.write(lambda session: competitions.save_category(session, category))
    with pytest.raises(errors.InvalidCompetition, match=r"did you mean 'still-life'.; there are still-life"):
        database.write(lambda session: competitions.save(session, spec, now=NOW))


@given(st.binary(max_size=200), st.integers(0, len(GOOD)))
def test_no_bytes_are_a_traceback(tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int) -> None:
    path = tmp_path_factory.mktemp("toml") / "c.toml"
    path.write_bytes(GOOD[:place].encode() + noise + GOOD[place:].encode())
    with suppress(InvalidFile):
        read_toml(path)
    with suppress(errors.InvalidCompetition):
        competitions.read(path)
    with suppress(InvalidFile):
        assert "\r" not in decode_text(noise, "noise")
