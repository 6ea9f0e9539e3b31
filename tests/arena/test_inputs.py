"""Inputs of image-edit competitions with masks: read from files and packs, kept together, sent to the models."""

import json
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.arena import errors
from app.arena.entries import competitions, generation, inputs, pack_import, pack_manifest
from app.arena.entries.entries import EntryKey
from app.arena.entries.generation import GenerationContext, GenerationTask
from app.arena.tables import Competition, Entry
from app.catalog.loading import load
from app.catalog.seeds import batches
from app.database.doors import Database
from app.gateway.generate import GatewayConfig
from app.gateway.images import InvalidImage
from app.gateway.providers import LocalPainter
from app.gateway.storage import Storage
from app.gateway.transport import Client
from tests.factories import NOW, picture_bytes, read_catalogue

SIZE = (320, 256)
TOML = """
slug = "sky"
title = "A sky"
mode = "image-edit"
prompt = "Add a starry night sky"
frame = [320, 256]
status = "open"
input = "photo.png"
mask = "mask.png"
"""


def mask_bytes(size: tuple[int, int] = SIZE, *, clear: bool = True) -> bytes:
    """The upper half may change."""
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    if clear:
        ImageDraw.Draw(mask).rectangle((0, 0, size[0], size[1] // 2 - 1), fill=(0, 0, 0, 0))
    buffer = BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


def test_a_mask_is_kept_beside_its_input_in_the_same_size(storage: Storage) -> None:
    key = inputs.store_images(storage, picture_bytes(1, SIZE), mask_bytes(), SIZE)
    assert key == inputs.store_images(storage, picture_bytes(1, SIZE), mask_bytes(), SIZE)
    assert set(inputs.list_keys(key)) == set(storage.every_key())
    shown = Image.open(BytesIO(storage.get(key)))
    mask = Image.open(BytesIO(storage.get(inputs.mask_key(key) or "")))
    outline = Image.open(BytesIO(storage.get(inputs.outline_key(key) or "")))
    assert shown.size == mask.size == outline.size == SIZE
    assert [mask.getchannel("A").getpixel((160, y)) for y in (0, 127, 128, 255)] == [0, 0, 255, 255]
    assert [outline.getchannel("A").getpixel((160, y)) for y in (64, 126, 129, 200)] == [0, 255, 255, 0]


def test_another_mask_is_another_input_and_none_has_no_mask(storage: Storage) -> None:
    photo = picture_bytes(1, SIZE)
    plain = inputs.store_images(storage, photo, None, SIZE)
    assert (inputs.mask_key(plain), inputs.outline_key(plain), inputs.mask_key(None)) == (None, None, None)
    whole = Image.new("L", SIZE, 255)
    buffer = BytesIO()
    whole.save(buffer, "PNG")
    keys = {plain, *(inputs.store_images(storage, photo, one, SIZE) for one in (mask_bytes(), buffer.getvalue()))}
    assert len(keys) == 3


@pytest.mark.parametrize("size", [(640, 512), (160, 128), (300, 400)])
def test_a_mask_follows_its_input_into_the_frame(storage: Storage, size: tuple[int, int]) -> None:
    key = inputs.store_images(storage, picture_bytes(1, size), mask_bytes(size), SIZE)
    shown = Image.open(BytesIO(storage.get(key)))
    mask = Image.open(BytesIO(storage.get(inputs.mask_key(key) or "")))
    assert mask.size == shown.size
    middle = mask.width // 2
    assert [mask.getchannel("A").getpixel((middle, y)) for y in (3, mask.height - 3)] == [0, 255]


@pytest.mark.parametrize(
    "mask", [mask_bytes((100, 100)), mask_bytes(clear=False), b"no image", picture_bytes(1)[:200]]
)
def test_an_unusable_mask_is_refused_and_leaves_no_file(storage: Storage, mask: bytes) -> None:
    with pytest.raises(InvalidImage):
        inputs.store_images(storage, picture_bytes(1, SIZE), mask, SIZE)
    assert list(storage.every_key()) == []


def test_a_mask_without_an_input_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.toml"
    path.write_text(TOML.replace('mode = "image-edit"', "").replace('input = "photo.png"', ""))
    with pytest.raises(errors.InvalidCompetition, match="a mask needs the input image"):
        competitions.read(path)


@pytest.fixture
def studio(database: Database, storage: Storage, tmp_path: Path) -> GenerationContext:
    """The seeded painters that edit, and a competition whose file names an input and a mask."""
    for part in batches(read_catalogue()):
        database.write(lambda session: load(session, part, now=NOW))  # noqa: B023
    (tmp_path / "photo.png").write_bytes(picture_bytes(1, SIZE))
    (tmp_path / "mask.png").write_bytes(mask_bytes())
    (tmp_path / "sky.toml").write_text(TOML)
    spec = competitions.read(tmp_path / "sky.toml")
    key = inputs.store_beside(storage, tmp_path, spec)
    database.write(lambda session: competitions.save(session, spec, now=NOW, input_key=key))
    return GenerationContext(
        database, storage, GatewayConfig({"painter": LocalPainter()}, "studio-xl", 60), Client()
    )


def test_models_get_input_and_mask_and_change_its_inside_alone(studio: GenerationContext) -> None:
    orders = [GenerationTask(EntryKey("sky", slug)) for slug in ("studio-xl", "halftone-1")]
    with closing(generation.generate_entries(studio, orders, now=lambda: NOW)) as made:
        refusals = {result.task.place.model: result.refusal for result in made}
    told = "painter takes no mask for this model, or does not say what one means."
    assert refusals == {"studio-xl": None, "halftone-1": told}
    with studio.database.reading() as session:
        entry = session.scalars(select(Entry)).one()
        key = session.scalars(select(Competition.input_key)).one()
    before = Image.open(BytesIO(studio.storage.get(key or ""))).convert("RGB")
    after = Image.open(BytesIO(studio.storage.get(entry.original_key))).convert("RGB")
    lower, upper = (0, 128, 320, 256), (0, 0, 320, 128)
    assert after.crop(lower).tobytes() == before.crop(lower).tobytes()
    assert after.crop(upper).tobytes() != before.crop(upper).tobytes()


def test_a_pack_brings_its_mask(database: Database, storage: Storage, tmp_path: Path) -> None:
    folder = tmp_path / "pack" / "sky"
    folder.mkdir(parents=True)
    (folder / "prompt.txt").write_text("Add a starry night sky")
    for name, data in (("input", picture_bytes(1, SIZE)), ("mask", mask_bytes()), ("m", picture_bytes(2, SIZE))):
        (folder / f"{name}.png").write_bytes(data)
    pack_manifest.write_manifest(folder.parent)
    listed = json.loads((folder.parent / "manifest.json").read_text())["competitions"][0]
    assert (listed["input"], listed["mask"]) == ("sky/input.png", "sky/mask.png")
    report = pack_import.import_pack(database, storage, folder.parent, now=lambda: NOW)
    assert (report.count("taken"), report.refused) == (1, [])
    with database.reading() as session:
        key = session.scalars(select(Competition.input_key)).one()
    assert storage.has(inputs.mask_key(key) or "")


def test_a_mask_outside_the_pack_is_refused(database: Database, storage: Storage, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (tmp_path / "mask.png").write_bytes(mask_bytes())
    (folder / "input.png").write_bytes(picture_bytes(1, SIZE))
    image = {"model": "m0", "file": "input.png", "sha256": sha256((folder / "input.png").read_bytes()).hexdigest()}
    named = {"input": "input.png", "mask": "../mask.png", "images": [image]}
    competition = {"slug": "sky", "prompt": "A sky"} | named
    (folder / "manifest.json").write_text(json.dumps({"competitions": [competition]}))
    report = pack_import.import_pack(database, storage, folder, now=lambda: NOW)
    named = "../mask.png, the mask of the image to edit"
    assert [outcome.reason for outcome in report.refused] == [f"{named}: the path leaves the pack"]
