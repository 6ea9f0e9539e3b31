"""Names in a pack's folders that mean the same twice, are unfinished, or do not say what the file is."""

from pathlib import Path

import pytest

from app.arena.entries import pack_format, pack_manifest
from app.arena.errors import InvalidPack
from tests.arena.test_pack_files import lay, picture, reasons


def test_two_prompts_of_one_folder_are_refused(tmp_path: Path) -> None:
    prompts = {"cap/prompt.txt": "a cap", "cap/Prompt.TXT": "a hat"}
    lay(tmp_path, prompts | {"cap/m.png": picture(0), "hat/prompt.txt": "a hat", "hat/m.png": picture(1)})
    summary = pack_manifest.write_manifest(tmp_path)
    assert reasons(summary, "refused") == {"cap": "cap/Prompt.TXT and cap/prompt.txt: keep one"}


@pytest.mark.parametrize(
    ("files", "subject", "reason"),
    [
        (("cap/m.png", "cap/m.jpg"), "cap/m.png", "m.jpg is sample 0 of m already"),
        (("cap/m.png", "cap/m@0.png"), "cap/m@0.png", "m.png is sample 0 of m already"),
        (("cap/m@01.png", "cap/m@1.png"), "cap/m@1.png", "m@01.png is sample 1 of m already"),
        (("cap/input.png", "cap/input.jpg", "cap/m.png"), "cap", "keep one, the image to edit"),
        (("cap/.~lock.m.png#", "cap/m.png"), "cap/.~lock.m.png#", ".png# is no image we know"),
        (("cap/m.png.part", "cap/m.png"), "cap/m.png.part", ".part is no image we know"),
        (("cap/.cache/x.png", "cap/m.png"), "cap/.cache/x.png", "it lies in a folder inside a competition"),
    ],
)
def test_what_means_the_same_or_is_unfinished_is_named(
    tmp_path: Path, files: tuple[str, ...], subject: str, reason: str
) -> None:
    pictures = {name: picture(number) for number, name in enumerate(files)}
    lay(tmp_path, pictures | {"cap/prompt.txt": "a cap", "hat/prompt.txt": "a hat", "hat/m.png": picture(9)})
    assert reason in reasons(pack_manifest.write_manifest(tmp_path), "refused")[subject]


def test_a_manifest_or_competition_of_nothing_is_named(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"format": 1, "competitions": [{"slug": "cap", "prompt": "a cap", "images": []}]}')
    (outcome,) = pack_format.read_manifest(tmp_path)
    assert outcome == pack_format.ImageResult("cap", "refused", "it lists no image")
    manifest.write_text('{"format": 1, "competitions": []}')
    with pytest.raises(InvalidPack, match=r"manifest\.json lists no competition"):
        pack_format.read_manifest(tmp_path)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_without_an_ending_is_no_text(tmp_path: Path, format_: str) -> None:
    lay(
        tmp_path,
        {"cap/prompt.txt": "a cap", "cap/m.png": picture(0), "cap/n": picture(1, format_), "cap/readme": "a"},
    )
    summary = pack_manifest.write_manifest(tmp_path)
    assert reasons(summary, "refused") == {"cap/n": "it is a picture whose name has no ending, such as .png"}
    assert reasons(summary, "skipped") == {"cap/readme": "no image"}


@pytest.mark.parametrize(
    ("name", "advice"),
    [("mode\u0300le", "modele"), ("modèle", "modele"), ("SD XL", "sd-xl"), ("ﬂux", "flux"), ("模型", "my-model")],
)
def test_a_name_for_a_model_is_advised(tmp_path: Path, name: str, advice: str) -> None:
    lay(tmp_path, {"cap/prompt.txt": "a cap", "cap/m.png": picture(0), f"cap/{name}.png": picture(1)})
    (reason,) = reasons(pack_manifest.write_manifest(tmp_path), "refused").values()
    assert reason.endswith(f", as {advice}")
