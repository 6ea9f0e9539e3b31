"""Blank pictures and those that bear a known mark are found; what only resembles them is let in."""

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select

from app.arena import errors
from app.arena.entries import picture_flaws, renditions
from app.arena.tables import Entry, LedgerLine
from app.database.doors import Database
from tests.arena.test_packs import Pack, run
from tests.factories import picture_bytes

SIDE = 1024
WHITE, GREY = (255, 255, 255), (60, 60, 64)


def ground(seed: int = 1, side: int = SIDE) -> Image.Image:
    """Soft patches of colour, none near white."""
    patches = np.random.default_rng(seed).integers(0, 170, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((side, side), Image.Resampling.BICUBIC)


def with_bar(picture: Image.Image, side: int, right: int = 0, bottom: int = 0) -> Image.Image:
    """Five squares in the mark's order; `right` and `bottom` pixels off the corner."""
    draw = ImageDraw.Draw(picture)
    for turn, colour in enumerate(picture_flaws.BAR.astype(int).tolist()):
        left, top = picture.width - right - (5 - turn) * side, picture.height - bottom - side
        draw.rectangle((left, top, left + side - 1, top + side - 1), fill=tuple(colour))
    return picture


def with_star(picture: Image.Image, width: int, alpha: float, off: tuple[int, int] = (0, 0)) -> Image.Image:
    """A white star where the mark stands, or `off` pixels right and down from there."""
    margin = round(width * 2 / 3) + width
    cover = Image.fromarray((picture_flaws.star(width) * alpha * 255).astype(np.uint8))
    picture.paste(WHITE, (picture.width - margin + off[0], picture.height - margin + off[1]), cover)
    return picture


def encoded(picture: Image.Image, format_: str) -> Image.Image:
    file = BytesIO()
    picture.save(file, format_, quality=80)
    return Image.open(file).convert("RGB")


def kind(picture: Image.Image) -> str | None:
    found = picture_flaws.flaw(picture)
    return found.kind if found else None


@pytest.mark.parametrize(("side", "format_"), [(1024, "JPEG"), (768, "WEBP"), (512, "JPEG"), (512, "WEBP")])
def test_the_bar_is_found_at_every_size_and_after_encoding(side: int, format_: str) -> None:
    signed = with_bar(ground(), 16).resize((side, side), Image.Resampling.LANCZOS)
    assert kind(encoded(signed, format_)) == "bar"


@pytest.mark.parametrize(("right", "bottom"), [(300, 0), (0, 300), (SIDE - 80, 0), (400, 500)])
def test_five_coloured_squares_elsewhere_are_part_of_the_picture(right: int, bottom: int) -> None:
    assert kind(with_bar(ground(), 16, right, bottom)) is None


def test_five_squares_of_other_colours_or_order_are_no_bar() -> None:
    mirrored = with_bar(ground(), 16)
    mark = mirrored.crop((SIDE - 80, SIDE - 16, SIDE, SIDE)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    mirrored.paste(mark, (SIDE - 80, SIDE - 16))
    assert kind(mirrored) is None
    assert kind(with_bar(ground(), 16).convert("L").convert("RGB")) is None


@pytest.mark.parametrize(
    ("side", "width", "format_"),
    [(1024, 48, "JPEG"), (2048, 96, "JPEG"), (1024, 96, "WEBP"), (768, 36, "PNG"), (512, 24, "WEBP")],
)
def test_the_star_is_found_at_every_size_and_after_encoding(side: int, width: int, format_: str) -> None:
    assert kind(encoded(with_star(ground(2, side), width, 0.5), format_)) == "sparkle"


@settings(max_examples=10, deadline=None)
@given(
    width=st.integers(30, 90),
    alpha=st.floats(0.4, 0.9),
    off=st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
    seed=st.integers(0, 50),
)
def test_the_star_is_found_wherever_it_may_be(width: int, alpha: float, off: tuple[int, int], seed: int) -> None:
    assert kind(with_star(ground(seed), width, alpha, off)) == "sparkle"


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_a_picture_without_marks_is_let_in(seed: int) -> None:
    assert kind(ground(seed)) is None
    assert kind(Image.open(BytesIO(picture_bytes(seed, (512, 512))))) is None


@pytest.mark.parametrize("shape", ["spot", "glow", "plus", "square", "diamond", "ring"])
@pytest.mark.parametrize("width", [36, 64])
def test_other_bright_shapes_in_its_place_are_no_star(shape: str, width: int) -> None:
    far = np.abs((np.arange(width) + 0.5) * 2 / width - 1)
    across, down = np.meshgrid(far, far)
    away = np.hypot(across, down)
    cover = {
        "spot": away < 0.9,
        "glow": np.clip(1 - away, 0, 1),
        "plus": (across < 0.25) | (down < 0.25),
        "square": away >= 0,
        "diamond": across + down < 1,
        "ring": (away < 0.9) & (away > 0.6),
    }[shape]
    picture, margin = ground(3), width + round(width * 2 / 3)
    mask = Image.fromarray((np.asarray(cover, dtype=float) * 180).astype(np.uint8))
    picture.paste(WHITE, (SIDE - margin, SIDE - margin), mask)
    assert kind(picture) is None


def test_the_gaps_of_a_halftone_are_no_stars() -> None:
    across = np.arange(SIDE) % 40 - 19.5
    dots = np.hypot(across[:, None], across) < 19
    assert kind(Image.fromarray(np.where(dots, 40, 200).astype(np.uint8)).convert("RGB")) is None


def test_a_star_elsewhere_is_part_of_the_picture() -> None:
    assert kind(with_star(ground(), 48, 0.9, (-300, -200))) is None


@pytest.mark.parametrize("colour", [WHITE, GREY, (0, 0, 0), (200, 30, 30)])
def test_one_colour_is_blank_with_and_without_grain(colour: tuple[int, int, int]) -> None:
    plain = Image.new("RGB", (512, 512), colour)
    grain = np.random.default_rng(1).normal(0, 10, (512, 512, 3))
    noisy = np.clip(np.asarray(plain) + grain, 0, 255).astype(np.uint8)
    assert kind(plain) == "blank"
    assert kind(encoded(plain, "JPEG")) == "blank"
    assert kind(Image.fromarray(noisy)) == "blank"


def test_a_card_with_a_line_of_small_text_is_blank() -> None:
    card = Image.new("RGB", (SIDE, SIDE), GREY)
    text, font = "Image could not be generated", ImageFont.load_default(24)
    ImageDraw.Draw(card).text((512, 512), text, fill=(220, 220, 220), font=font, anchor="mm")
    assert kind(card) == "blank"


def test_minimal_pictures_are_let_in() -> None:
    logo, word, icon = (Image.new("RGB", (SIDE, SIDE), colour) for colour in (WHITE, WHITE, GREY))
    ImageDraw.Draw(logo).ellipse((452, 452, 572, 572), outline=(20, 20, 20), width=14)
    ImageDraw.Draw(word).text((512, 512), "ACME", fill="black", font=ImageFont.load_default(120), anchor="mm")
    icon.paste(Image.open(BytesIO(picture_bytes(1, (128, 128)))), (448, 448))
    assert [kind(picture) for picture in (logo, word, icon)] == [None] * 3


def test_a_tiny_picture_is_refused() -> None:
    assert kind(Image.open(BytesIO(picture_bytes(1, (31, 200))))) == "tiny"
    assert kind(Image.open(BytesIO(picture_bytes(1, (32, 200))))) is None


@pytest.fixture
def arena(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "db.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    yield database
    database.close()


def test_a_pack_with_a_marked_picture_is_taken_without_it(arena: Database, tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack")
    pack.competition("teapot")
    pack.image("teapot", "alpha", picture_bytes(1))
    pack.image("teapot", "beta", _png(with_bar(ground(), 16)))
    pack.image("teapot", "gamma", _png(Image.new("RGB", (64, 64))))
    report = run(arena, tmp_path, pack)
    assert report.count("taken") == 1
    said = {outcome.subject: outcome.reason or "" for outcome in report.refused}
    assert "five coloured squares in its lower right corner" in said["teapot/beta.png"]
    assert "is blank" in said["teapot/gamma.png"]
    assert all('"no_visible_mark"' in reason for reason in said.values())
    assert len([path for path in (tmp_path / "files" / "originals").rglob("*") if path.is_file()]) == 1


def test_a_statement_lets_it_in_and_is_kept(arena: Database, tmp_path: Path) -> None:
    why = "a black square is what was asked for"
    pack = Pack(tmp_path / "pack")
    pack.competition("square")
    pack.image("square", "alpha", _png(Image.new("RGB", (64, 64))), no_visible_mark=why)
    pack.image("square", "beta", picture_bytes(2), no_visible_mark="")
    report = run(arena, tmp_path, pack)
    assert [outcome.kind for outcome in report.outcomes] == ["taken", "refused"]
    with arena.reading() as session:
        assert session.scalars(select(Entry)).one().source["no_visible_mark"] == why
        line = session.scalars(select(LedgerLine).where(LedgerLine.action == "entry.added")).one()
        assert (line.subject, line.reason) == ("entry:square/alpha/contestant/0", why)


def test_an_input_image_may_be_anything() -> None:
    white = _png(Image.new("RGB", (64, 64), WHITE))
    with pytest.raises(errors.EntryRefused, match="blank"):
        renditions.picture(white, (64, 64))
    entered = renditions.picture(white, (64, 64), "it is the input").renditions
    assert renditions.render_input(white, (64, 64)).large == entered.large


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
