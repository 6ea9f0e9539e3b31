"""Importing a pack takes what is good, says why not of the rest, and can be done again."""

import hashlib
import json
import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions, entries, traits
from app.arena.entries.entries import EntryDetails, EntryKey
from app.arena.entries.pack_format import PackReport, read_manifest
from app.arena.entries.pack_import import import_pack
from app.arena.tables import Competition, Entry
from app.arena.voting.pool import Pool
from app.catalog.loading import load
from app.catalog.tables import ImageModel, ModelAlias
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.factories import NOW, make_competition, picture_bytes, read_catalogue

PACK = Path(__file__).resolve().parents[3] / "shared" / "images"


class Pack:
    """A folder and the manifest that is going to lie in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.competitions: dict[str, dict[str, Any]] = {}

    def competition(self, slug: str, **more: Any) -> None:
        self.competitions[slug] = {
            "slug": slug,
            "prompt": f"a {slug}",
            "category": "still-life",
            "images": [],
        } | more

    def image(self, slug: str, model: str, data: bytes, *, suffix: str = "png", **more: Any) -> None:
        path = self.folder / slug / f"{model}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        line = {"model": model, "file": f"{slug}/{path.name}", "sha256": hashlib.sha256(data).hexdigest()}
        self.competitions[slug]["images"].append(line | {"licence": "MIT", "source_repository": "a/b"} | more)

    def write(self) -> None:
        manifest = {"format": 1, "competitions": list(self.competitions.values())}
        (self.folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Three models, two competitions; one wrong hash, one truncated file, one with EXIF, ICC and comment."""
    pack = Pack(tmp_path / "pack")
    pack.competition("teapot")
    pack.competition("lamp", category="uncategorized")
    pack.image("teapot", "alpha", picture_bytes(1, (64, 64)), generation_time_s=2.5, provider="acme", sample=2)
    pack.image("teapot", "beta", _with_metadata(), suffix="jpg")
    pack.image("teapot", "gamma", picture_bytes(3), sha256="0" * 64)
    pack.image("lamp", "alpha", picture_bytes(4, (80, 40)))
    pack.image("lamp", "beta", picture_bytes(5)[:-40])
    pack.image("lamp", "gamma", picture_bytes(6, (40, 80)))
    return pack


def _with_metadata() -> bytes:
    image = Image.open(BytesIO(picture_bytes(2)))
    exif = Image.Exif()
    exif[0x010E] = "made by beta"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif, icc_profile=profile, comment="made by beta", quality=95)
    return buffer.getvalue()


def run(database: Database, folder: Path, pack: Pack) -> PackReport:
    pack.write()
    return import_pack(database, Storage(folder / "files"), pack.folder, now=lambda: NOW)


def test_a_bad_file_costs_itself(database: Database, tmp_path: Path, pack: Pack) -> None:
    report = run(database, tmp_path, pack)
    assert (report.competitions, report.count("taken"), report.count("refused")) == (2, 4, 2)
    assert {outcome.subject: outcome.reason for outcome in report.refused} == {
        "teapot/gamma.png": "its sha256 is not the manifest's",
        "lamp/beta.png": "The file is not a whole PNG, JPEG, WebP, GIF or AVIF image.",
    }
    with database.reading() as session:
        listed = {row.slug: row for row in competitions.list_competitions(session)}
        assert (listed["teapot"].models, listed["lamp"].models) == (2, 2)
        assert listed["teapot"].categories == (("still-life", "Still life"),)
        assert listed["lamp"].categories == ()
        entry = session.scalars(select(Entry).where(Entry.sample == 2)).one()
        assert (entry.seconds, entry.provider, entry.licence) == (2.5, "acme", "MIT")
        assert entry.source.pop(traits.STORED)
        assert entry.source == {"source_repository": "a/b"}
        frame = session.scalars(select(Competition).where(Competition.slug == "lamp")).one()
        assert (frame.frame_width, frame.frame_height) == (128, 64)


def test_one_file_of_two_models_is_named(database: Database, tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack")
    pack.competition("poster")
    for model, seed in (("alpha", 1), ("beta", 2), ("gamma", 1)):
        pack.image("poster", model, picture_bytes(seed))
    pack.image("poster", "alpha", picture_bytes(1), sample=1)
    told = {one.subject: one.reason for one in run(database, tmp_path, pack).outcomes if one.reason}
    assert told == {"poster/gamma.png": "the same file as alpha's: a pair of the two shows one picture twice"}
    pack.image("poster", "delta", picture_bytes(2))
    told = {one.subject: one.reason for one in run(database, tmp_path, pack).outcomes if one.reason}
    assert told == {"poster/delta.png": "the same file as beta's: a pair of the two shows one picture twice"}


def test_a_manifest_without_sizes_gets_the_frame_of_its_files(database: Database, tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack")
    pack.competition("poster")
    turned = Image.Exif()
    turned[0x0112] = 6
    sideways = BytesIO()
    Image.open(BytesIO(picture_bytes(2, (160, 90)))).save(sideways, "JPEG", exif=turned)
    pack.image("poster", "alpha", picture_bytes(1, (90, 160)))
    pack.image("poster", "beta", sideways.getvalue(), suffix="jpg")
    pack.image("poster", "gamma", b"no picture")
    pack.competitions["poster"]["images"].append({"model": "delta", "file": "../gone.png", "sha256": "0" * 64})
    assert run(database, tmp_path, pack).count("taken") == 2
    with database.reading() as session:
        competition = session.scalars(select(Competition)).one()
        assert (competition.frame_width, competition.frame_height) == (90, 160)


def test_nothing_of_the_metadata_reaches_storage_but_in_the_original(
    database: Database, tmp_path: Path, pack: Pack
) -> None:
    run(database, tmp_path, pack)
    stored = {path: path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()}
    leaking = {
        path.relative_to(tmp_path / "files").parts[0] for path, data in stored.items() if b"made by" in data
    }
    assert leaking == {"originals"}


def test_again_changes_nothing(database: Database, tmp_path: Path, pack: Pack) -> None:
    run(database, tmp_path, pack)
    files = sorted((tmp_path / "files").rglob("*"))
    report = run(database, tmp_path, pack)
    assert (report.count("taken"), report.count("unchanged"), report.count("refused")) == (0, 4, 2)
    assert sorted((tmp_path / "files").rglob("*")) == files


def test_again_under_an_alias_of_a_model_reads_no_file(database: Database, tmp_path: Path, pack: Pack) -> None:
    run(database, tmp_path, pack)

    def name_alpha_anew(session: Session) -> None:
        alpha = session.scalars(select(ImageModel.id).where(ImageModel.slug == "alpha")).one()
        session.add_all(ModelAlias(alias=alias, model_id=alpha) for alias in ("alpha-1", "alpha-2"))

    database.write(name_alpha_anew)
    for competition in pack.competitions.values():
        competition["images"][0]["model"] = "alpha-2"
        (pack.folder / competition["images"][0]["file"]).unlink()
    report = run(database, tmp_path, pack)
    assert (report.count("taken"), report.count("unchanged"), report.count("refused")) == (0, 4, 2)


def test_a_repaired_pack_is_taken_where_it_was_left(database: Database, tmp_path: Path, pack: Pack) -> None:
    run(database, tmp_path, pack)
    pack.competitions["teapot"]["images"].pop()
    pack.image("teapot", "gamma", picture_bytes(3))
    report = run(database, tmp_path, pack)
    assert (report.count("taken"), report.count("unchanged")) == (1, 4)


def test_a_changed_image_is_not_slipped_in(database: Database, tmp_path: Path, pack: Pack) -> None:
    run(database, tmp_path, pack)
    pack.competitions["lamp"]["images"].pop()
    pack.image("lamp", "gamma", picture_bytes(60))
    refused = [o for o in run(database, tmp_path, pack).refused if "gamma" in o.subject and "lamp" in o.subject]
    assert [o.reason for o in refused] == ["gamma already has another image as sample 0 of lamp"]


def test_an_unsafe_competition_is_refused_with_its_reason(database: Database, tmp_path: Path, pack: Pack) -> None:
    pack.competitions["lamp"]["blind_safe"] = False
    report = run(database, tmp_path, pack)
    assert report.count("taken") == 2
    assert [o.reason for o in report.refused if o.subject.startswith("lamp")] == [
        "not blind safe: a picture spells the name of its model"
    ] * 3


def test_an_existing_competition_takes_entries_for_its_own_prompt_only(
    database: Database, tmp_path: Path, pack: Pack
) -> None:
    database.write(lambda session: make_competition(session, "teapot", prompt="a teapot"))
    database.write(lambda session: make_competition(session, "lamp", prompt="another lamp"))
    report = run(database, tmp_path, pack)
    assert report.count("taken") == 2
    reasons = {o.reason for o in report.refused if o.subject.startswith("lamp")}
    assert reasons == {"competition lamp exists with another prompt"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"file": "../outside.png"}, "the path leaves the pack"),
        ({"file": "/etc/passwd"}, "the path leaves the pack"),
        ({"file": "lamp/\0.png"}, "file: a NUL character can't be stored"),
        ({"file": "lamp/missing.png"}, "the file is missing"),
        ({"model": "../../etc"}, "is not lower case letters"),
        ({"file": None}, "file: a text in quotes is expected"),
        ({"sample": -1}, "sample: "),
        ({"sha256": "abc"}, "sha256: "),
        ({"generation_time_s": "fast"}, "generation_time_s: "),
        ({"role": "judge"}, "role: "),
    ],
)
def test_a_hostile_line_is_refused_alone(
    database: Database, tmp_path: Path, pack: Pack, change: dict[str, Any], reason: str
) -> None:
    (tmp_path / "outside.png").write_bytes(picture_bytes(9))
    pack.competitions["lamp"]["images"][0].update(change)
    report = run(database, tmp_path, pack)
    assert report.count("taken") == 3
    assert any(reason in str(outcome.reason) for outcome in report.refused)


def test_what_is_wrong_is_named_with_its_place(database: Database, tmp_path: Path, pack: Pack) -> None:
    lamp = pack.competitions["lamp"]["images"]
    del pack.competitions["teapot"], lamp[1]["file"]
    image = {"model": "m", "file": "x.png", "sha256": "0" * 64}
    for number, change in enumerate(({"input": "gone.png"}, {"mask": "m.png"}, {"slug": ""})):
        one = {"slug": f"odd-{number}", "prompt": "p", "images": [image]} | change
        pack.competitions[f"odd-{number}"] = one
    place = list(pack.competitions).index("odd-2") + 1
    report = run(database, tmp_path, pack)
    told = [f"{outcome.subject}: {outcome.reason}" for outcome in report.refused]
    assert told == [
        "lamp: image 2: file: this is missing",
        "x.png: gone.png, the image to edit: the file is missing",
        "x.png: a mask needs the input image whose parts it names",
        f"competition {place}: slug: this does not fit ^[a-z0-9]+(-[a-z0-9]+)*$, here is ''",
    ]


def test_a_category_may_be_named_twice(database: Database, tmp_path: Path, pack: Pack) -> None:
    pack.competitions["lamp"]["categories"] = ["logos", "logos"]
    assert run(database, tmp_path, pack).count("taken") == 4


def test_a_manifest_of_a_later_format_is_not_read_as_this_one(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 2, "competitions": [{"slug": "a"}]}')
    with pytest.raises(errors.InvalidPack, match="another format than 1"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"competitions": 1}', "[" * 100_000])
def test_a_folder_without_a_manifest_is_no_pack(database: Database, tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(errors.InvalidPack):
        import_pack(database, Storage(tmp_path / "files"), tmp_path, now=lambda: NOW)


def test_a_broken_competition_costs_itself(database: Database, tmp_path: Path, pack: Pack) -> None:
    pack.competitions["lamp"]["slug"] = "Not A Slug"
    report = run(database, tmp_path, pack)
    assert (report.competitions, report.count("taken")) == (1, 2)
    assert "slug" in str(report.refused[-1].reason)


def test_a_showcase_may_not_unmask_a_contestant(database: Database, tmp_path: Path, pack: Pack) -> None:
    run(database, tmp_path, pack)
    storage = Storage(tmp_path / "files")
    from app.arena.entries import renditions

    def show(seed: int, prompt: str) -> bool:
        stored = entries.store(storage, renditions.picture(picture_bytes(seed, (64, 64)), (64, 64)))
        place = EntryKey("teapot", "alpha", seed, "showcase")
        return database.write(lambda s: entries.add(s, place, stored, EntryDetails(prompt=prompt), now=NOW))

    for seed, prompt in ((1, "something else"), (70, "a teapot")):
        with pytest.raises(errors.EntryRefused):
            show(seed, prompt)
    assert show(71, "something else")


@pytest.mark.pack
@pytest.mark.skipif(not PACK.is_dir(), reason="the folder of real images is not there")
def test_the_real_pack(tmp_path: Path, sqlite_template: Path) -> None:
    """`WHOLE_PACK=1` takes every picture: half a minute of reading, where a tenth of them shows as much."""
    is_whole = bool(os.environ.get("WHOLE_PACK"))
    folder = PACK if is_whole else copy_part(tmp_path / "pack")
    shutil.copy(sqlite_template, tmp_path / "db.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    database.write(lambda session: load(session, read_catalogue(), now=NOW))
    report = import_pack(database, Storage(tmp_path / "files"), folder, now=lambda: NOW)
    counts = (report.competitions, report.count("taken"), report.count("refused"))
    assert counts == ((68, 1712, 16) if is_whole else (11, 119, 13))
    flawed = [refusal.reason for refusal in report.refused if "no_visible_mark" in (refusal.reason or "")]
    # All five are black, one with a speck on it: what a safety filter leaves, or nothing.
    assert ["blank" in (reason or "") for reason in flawed] == [True] * (5 if is_whole else 3)
    with database.reading() as session:
        state = Pool().state(session, "text-to-image", today=NOW.date())
        dall_e_2 = select(Entry.competition_id).distinct().join(Entry.model).filter_by(slug="dall-e-2")
        assert len(state.competitions) == (68 if is_whole else 11)
        assert len(session.scalars(dall_e_2).all()) == (61 if is_whole else 4)
    database.close()


def copy_part(folder: Path) -> Path:
    """Copy the competitions of few models, and three of many models, each with a black picture."""
    manifest = json.loads((PACK / "manifest.json").read_text("utf-8"))
    ending = ("-left-of-a-tie", "-right-of-a-tie", "-right-of-a-banana")
    few = (one for one in manifest["competitions"] if not one["slug"].startswith("visor"))
    many = (one for one in manifest["competitions"] if one["slug"].endswith(ending))
    part = [*few, *many]
    for one in part:
        shutil.copytree(PACK / "competitions" / one["slug"], folder / "competitions" / one["slug"])
    (folder / "manifest.json").write_text(json.dumps({**manifest, "competitions": part}), "utf-8")
    return folder
