"""What strangers send as a mask or to be varied: each ends in a picture or a clear refusal, within bounds."""

import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.database.doors import Database
from app.gateway.errors import InvalidParameter, ProviderRejected
from app.gateway.images import INPUT, decode
from app.gateway.storage import Storage
from app.painter.paint import paint
from tests.gateway.world import World

SIZE = (320, 256)
PEAK_MIB = 900
"""More memory than one request takes with the largest image allowed, 20 megapixels."""


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_claiming(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG whose header claims a size that its few bytes do not hold."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(extra)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def hole() -> Image.Image:
    made = Image.new("RGBA", SIZE, (0, 0, 0, 255))
    made.paste((0, 0, 0, 0), (40, 40, 200, 200))
    return made


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (256, 320, 4), np.uint8))


USED: dict[str, Callable[[], bytes]] = {
    "whole": lambda: saved(hole()),
    "everything transparent": lambda: saved(Image.new("RGBA", SIZE)),
    "one pixel": lambda: saved(_one_pixel()),
    "noise": lambda: saved(noise()),
    "palette with transparency": lambda: saved(hole().convert("P"), transparency=0),
    "webp": lambda: saved(hole(), "WEBP", lossless=True),
    "animated": lambda: saved(hole(), "GIF", save_all=True, append_images=[hole().rotate(90)] * 20),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "light": lambda: saved(hole().getchannel("A").point(lambda level: 255 - level)),
    "sixteen bits": lambda: saved(Image.fromarray(np.full((256, 320), 65_535, np.uint16))),
    "opaque": lambda: saved(Image.new("RGBA", SIZE, (0, 0, 0, 255))),
    "black": lambda: saved(Image.new("L", SIZE)),
    "empty": lambda: b"",
    "cut off": lambda: saved(hole())[: len(saved(hole())) // 2],
    "cut off in the header": lambda: saved(hole())[:20],
    "text": lambda: b"<svg onload='alert(1)'/>" * 50,
    "claims gigapixels": lambda: png_claiming(60_000, 60_000),
    "claims no pixel": lambda: png_claiming(0, 256),
    "claims the size and holds nothing": lambda: png_claiming(*SIZE),
    "a compressed comment that explodes": lambda: png_claiming(*SIZE, _exploding_text()),
    "longer than allowed": lambda: saved(hole()) + b"\0" * INPUT.max_bytes,
    "wider than allowed": lambda: saved(Image.new("1", (9000, 2))),
    "of another size": lambda: saved(Image.new("RGBA", (SIZE[1], SIZE[0]))),
    "turned by its EXIF": lambda: saved(hole(), "PNG", exif=_turned()),
}


def _one_pixel() -> Image.Image:
    mask = Image.new("RGBA", SIZE, (0, 0, 0, 255))
    mask.putpixel((0, 0), (0, 0, 0, 0))
    return mask


def _exploding_text() -> bytes:
    return chunk(b"zTXt", b"c\0\0" + zlib.compress(b"A" * 50_000_000, 9))


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.fixture
def arena(seeded_template: Path, tmp_path: Path) -> Iterator[World]:
    """The seeded catalogue, whose painters edit and vary."""
    shutil.copy(seeded_template, tmp_path / "arena.sqlite3")
    world = World(Database(f"sqlite:///{tmp_path / 'arena.sqlite3'}"), Storage(tmp_path / "files"))
    world.at("painter", "")
    yield world
    world.database.close()


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return paint("a house in a meadow", "poster-pro", 3, SIZE)


def ask(arena: World, picture: Image.Image, mask: bytes) -> bytes:
    """Edit inside a mask; returns the file that comes of it."""
    how = {"operation": "edit", "model": "studio-xl", "prompt": "add a star"}
    return arena.ask(images=(saved(picture),), mask=mask, **how).drawn[0].picture.data  # type: ignore[arg-type]


@pytest.mark.parametrize("name", USED)
def test_a_mask_is_used(arena: World, picture: Image.Image, name: str) -> None:
    assert decode(ask(arena, picture, USED[name]())).size == SIZE


@pytest.mark.parametrize("name", REFUSED)
def test_a_mask_is_refused_by_its_name(arena: World, picture: Image.Image, name: str) -> None:
    with pytest.raises((InvalidParameter, ProviderRejected)) as caught:
        ask(arena, picture, REFUSED[name]())
    assert caught.value.param == "mask"


VARIED = {
    "one pixel": saved(Image.new("RGB", (1, 1))),
    "a long line": saved(Image.new("1", (9000, 2))),
    "a line": saved(Image.new("RGB", (4000, 1), "red")),
    "transparent": saved(Image.new("RGBA", SIZE)),
    "one colour": saved(Image.new("L", SIZE, 128)),
    "animated": saved(Image.new("P", SIZE), "GIF", save_all=True, append_images=[Image.new("P", SIZE, 1)] * 30),
    "print colours": saved(Image.new("CMYK", SIZE, (10, 200, 30, 0)), "JPEG"),
}


@pytest.mark.parametrize("name", VARIED)
@pytest.mark.parametrize("operation", ["variation", "edit"])
def test_odd_images_are_varied_and_edited(arena: World, name: str, operation: str) -> None:
    made = arena.ask(operation=operation, model="studio-xl", prompt="make it snow", images=(VARIED[name],))  # type: ignore[arg-type]
    assert min(decode(made.drawn[0].picture.data).size) >= 256


BROKEN = (b"", b"GIF89a", png_claiming(60_000, 60_000), png_claiming(0, 0), saved(Image.new("1", (17_000, 2))))


@pytest.mark.parametrize("data", BROKEN)
def test_what_cannot_be_varied_is_refused_by_its_name(arena: World, data: bytes) -> None:
    with pytest.raises(InvalidParameter) as caught:
        arena.ask(operation="variation", model="studio-xl", prompt="", images=(data,))
    assert caught.value.param == "image"


def test_the_largest_image_and_mask_stay_within_memory(arena: World) -> None:
    """20 megapixels in both: what the process needs more at its peak stays below a bound."""
    image = saved(Image.new("RGB", (5000, 4000), "red"), compress_level=1)
    mask = Image.new("LA", (5000, 4000), (0, 255))
    mask.paste((0, 0), (1000, 1000, 2000, 2000))
    Path("/proc/self/clear_refs").write_text("5")  # other tests of this process had peaks of their own
    before = _status_mib("VmRSS")
    arena.ask(
        operation="edit",
        model="studio-xl",
        prompt="add a star",
        images=(image,),
        mask=saved(mask, compress_level=1),
    )
    assert _status_mib("VmHWM") - before < PEAK_MIB


def _status_mib(name: str) -> float:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) / 1024
