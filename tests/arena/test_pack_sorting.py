"""Folders of images as programs leave them become packs, by what is written in the images or in their names."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from app.arena.entries import pack_sorting
from app.arena.entries.generation_data import read_generation_data
from app.arena.entries.generation_facts import GenerationData
from app.arena.errors import InvalidPack
from tests.arena.test_pack_files import lay, listed
from tests.cli.conftest import arena  # noqa: F401 (a fixture)
from tests.command import Result
from tests.factories import picture_bytes

AUTOMATIC = """a red fox, <lora:inky:0.8> in ink
Negative prompt: blurry, text
Steps: 20, Sampler: "Euler a", Schedule type: Karras, CFG scale: 7, Seed: 42, Size: 64x64, \
Model hash: 0a1b2c, Model: fox-v1, Lora hashes: "inky: 99, other: 12", Version: v1.9"""


def comfy(prompt: str = "a red fox", seed: int = 42, **more: Any) -> str:
    return json.dumps(
        {
            "3": {
                "class_type": "KSampler",
                "inputs": {
                    "seed": seed,
                    "model": ["10", 0],
                    "positive": ["6", 0],
                    "negative": ["7", 0],
                    "latent_image": ["5", 0],
                },
            },
            "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sub\\fox-v1.safetensors"}},
            "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["8", 0], "clip": ["4", 1]}},
            "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
            "8": {"class_type": "PrimitiveString", "inputs": {"value": prompt}},
            "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "inky.safetensors", "model": ["4", 0]}},
        }
        | more
    )


FLUX = {
    "3": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {"noise": ["9", 0], "guider": ["2", 0], "latent_image": ["5", 0]},
    },
    "2": {"class_type": "BasicGuider", "inputs": {"model": ["4", 0], "conditioning": ["6", 0]}},
    "4": {"class_type": "UNETLoader", "inputs": {"unet_name": "fox-v1.gguf"}},
    "6": {"class_type": "FluxGuidance", "inputs": {"conditioning": ["7", 0], "guidance": 3.5}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox"}},
    "9": {"class_type": "RandomNoise", "inputs": {"noise_seed": 42}},
}  # fmt: skip
INVOKE = json.dumps(
    {
        "app_version": "5.0",
        "positive_prompt": "a red fox",
        "seed": 42,
        "model": {"name": "fox-v1", "key": "x"},
        "loras": [{"model": {"name": "inky"}, "weight": 0.8}],
    }
)
OLD_INVOKE = json.dumps(
    {"model_weights": "fox-v1", "image": {"prompt": [{"prompt": "a red fox", "weight": 1}], "seed": 42}}
)
FOOOCUS = json.dumps(
    {
        "prompt": "a red fox",
        "base_model": "fox-v1.safetensors",
        "seed": "42",
        "loras": [["inky.safetensors", 0.8, "hash"]],
        "version": "Fooocus v2.5",
    }
)
FOUND = ("a red fox", "fox-v1", ("inky",), "42")


def png(number: int, /, **texts: str) -> bytes:
    info, buffer = PngImagePlugin.PngInfo(), BytesIO()
    for key, text in texts.items():
        info.add_itxt(key.replace("_", "-") if key == "sd_metadata" else key, text)
    Image.open(BytesIO(picture_bytes(number, (64, 64)))).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def jpeg(seed: int, text: str, encoding: str = "utf-16-be", format_: str = "JPEG") -> bytes:
    exif, buffer = Image.Exif(), BytesIO()
    exif.get_ifd(0x8769)[0x9286] = (b"UNICODE\0" if "16" in encoding else b"ASCII\0\0\0") + text.encode(encoding)
    exif[0x8769] = exif.get_ifd(0x8769)
    Image.open(BytesIO(picture_bytes(seed, (64, 64)))).save(buffer, format_, exif=exif)
    return buffer.getvalue()


def facts(data: GenerationData | None) -> tuple[Any, ...]:
    assert data is not None
    return data.prompt, data.model, data.loras, data.seed


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"parameters": AUTOMATIC}, ("a red fox, in ink", "fox-v1", ("inky",), "42")),
        ({"prompt": comfy(), "workflow": "{}"}, FOUND),
        ({"prompt": json.dumps(FLUX)}, ("a red fox", "fox-v1", (), "42")),
        ({"invokeai_metadata": INVOKE}, FOUND),
        ({"sd_metadata": OLD_INVOKE}, ("a red fox", "fox-v1", (), "42")),
        ({"parameters": FOOOCUS, "fooocus_scheme": "fooocus"}, FOUND),
    ],
)
def test_what_each_program_writes(texts: dict[str, str], expected: tuple[Any, ...]) -> None:
    assert facts(read_generation_data(png(1, **texts))) == expected


FORGE = AUTOMATIC.replace("Version: v1.9", 'Module 1: "ae", Hashes: {"vae": "1"}, Version: f2.0.1v1.10')
BY_HASHES = AUTOMATIC.replace("<lora:inky:0.8> ", "").replace("inky: 99, other: 12", "inky: 9f, pale two: 12")
SWARM = json.dumps(
    {"sui_image_params": {"prompt": "a red fox", "model": "sub/fox-v1.safetensors", "seed": 42, "loras": ["inky"]}}
)
REROUTED = {
    "12": {"class_type": "Reroute", "inputs": {"": ["10", 0]}},
    "13": {"class_type": "Reroute", "inputs": {"": ["8", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["13", 0], "clip": ["4", 1]}},
    "10": {
        "class_type": "Power Lora Loader (rgthree)",
        "inputs": {
            "lora_1": {"on": True, "lora": "inky.safetensors", "strength": 1},
            "lora_2": {"on": False, "lora": "pale.safetensors", "strength": 1},
            "model": ["4", 0],
        },
    },
    "3": {
        "class_type": "KSamplerAdvanced",
        "inputs": {"noise_seed": 42, "model": ["12", 0], "positive": ["6", 0], "latent_image": ["5", 0]},
    },
}
EFFICIENT = {
    "1": {
        "class_type": "Efficient Loader",
        "inputs": {"ckpt_name": "fox-v1.safetensors", "lora_name": "inky.safetensors", "positive": "a red fox"},
    },
    "2": {
        "class_type": "KSampler (Efficient)",
        "inputs": {"seed": 42, "model": ["1", 0], "positive": ["1", 1], "latent_image": ["1", 3]},
    },
}


@pytest.mark.parametrize(
    ("texts", "expected", "program"),
    [
        ({"parameters": FORGE}, ("a red fox, in ink", *FOUND[1:]), "Automatic1111"),
        ({"parameters": BY_HASHES, "fooocus_scheme": "a1111"},
            ("a red fox, in ink", "fox-v1", ("inky", "pale two"), "42"), "Fooocus"),
        ({"prompt": comfy(**REROUTED)}, FOUND, "ComfyUI"),
        ({"prompt": json.dumps(EFFICIENT)}, FOUND, "ComfyUI"),
        ({"parameters": SWARM}, FOUND, "SwarmUI"),
        ({"prompt": "a red fox", "seed": "42", "use_stable_diffusion_model": "fox-v1",
            "use_lora_model": '["inky"]'}, FOUND, "Easy Diffusion"),
        ({"Software": "NovelAI", "Description": "a red fox", "Source": "Fox V4 37", "Comment": '{"seed": 42}'},
            ("a red fox", "Fox V4 37", (), "42"), "NovelAI"),
        ({"workflow": '{"nodes": []}'}, (None, None, (), None), "ComfyUI"),
        ({"Dream": '"a red fox [blurry]" -s 50 -S 42 -W 512'}, ("a red fox", None, (), "42"), "InvokeAI"),
    ],
)  # fmt: skip
def test_other_versions_and_programs(texts: dict[str, str], expected: tuple[Any, ...], program: str) -> None:
    found = read_generation_data(png(1, **texts))
    assert facts(found) == expected
    assert found is not None
    assert found.program == program


@pytest.mark.parametrize(
    "nodes",
    [
        {"6": {"class_type": "ConditioningCombine",
            "inputs": {"conditioning_1": ["7", 0], "conditioning_2": ["9", 0]}},
            "9": {"class_type": "CLIPTextEncode", "inputs": {"text": "in ink"}}},
        {"6": {"class_type": "ConditioningConcat",
            "inputs": {"conditioning_to": ["7", 0], "conditioning_from": ["9", 0]}}},
        {"8": {"class_type": "StringConcatenate", "inputs": {"string_a": ["9", 0], "string_b": "in ink"}},
            "9": {"class_type": "PrimitiveString", "inputs": {"value": "a red fox"}}},
        {"6": {"class_type": "Reroute", "inputs": {"": ["6", 0]}}},
    ],
)  # fmt: skip
def test_a_part_of_a_prompt_is_no_prompt(nodes: dict[str, Any]) -> None:
    assert facts(read_generation_data(png(1, prompt=comfy(**nodes))))[0] is None


def test_a_refusal_names_the_program(tmp_path: Path) -> None:
    lay(tmp_path, {"a.png": png(1, workflow='{"nodes": []}'), "b.png": png(2, parameters=AUTOMATIC)})
    sorting = pack_sorting.sort_images(tmp_path, metadata=True, pattern=None)
    assert [(one.subject, str(one.reason)[:38]) for one in sorting.outcomes] == [
        ("a.png", "ComfyUI wrote no prompt and model in i")
    ]


@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
@pytest.mark.parametrize("text", [AUTOMATIC, FOOOCUS, SWARM])
def test_every_text_may_stand_in_exif(format_: str, text: str) -> None:
    found = read_generation_data(jpeg(1, text, format_=format_))
    assert facts(found)[1:] == FOUND[1:]


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-8"])
def test_a_photograph_carries_it_in_exif(encoding: str) -> None:
    assert facts(read_generation_data(jpeg(1, AUTOMATIC, encoding)))[1] == "fox-v1"


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"prompt": "a red fox"},
        {"prompt": "[" * 100_000},
        {"prompt": "{}"},
        {"parameters": "Steps: "},
        {"invokeai_metadata": "[]"},
        {"parameters": "{}"},
        {"prompt": comfy(**{"8": {"class_type": "x", "inputs": {"text": ["8", 0]}}})},
        {"prompt": comfy(**{"10": {"class_type": "x", "inputs": {"model": ["10", 0]}}})},
        {"prompt": comfy(**{"3": {"class_type": "KSampler", "inputs": None}})},
    ],
)
def test_nothing_is_guessed(texts: dict[str, str]) -> None:
    found = read_generation_data(png(1, **texts))
    assert found is None or found.prompt is None or found.model is None


def test_two_samplers_that_differ_say_nothing() -> None:
    other = {
        "class_type": "KSampler",
        "inputs": {"seed": 43, "model": ["10", 0], "positive": ["6", 0], "latent_image": ["5", 0]},
    }
    found = read_generation_data(png(1, prompt=comfy(**{"30": other})))
    assert facts(found) == ("a red fox", "fox-v1", ("inky",), None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two prompts; two models of four programs; an image without metadata, a text."""
    plain = AUTOMATIC.replace("<lora:inky:0.8> ", "").replace('Lora hashes: "inky: 99, other: 12", ', "")
    automatic, fox = plain.replace("fox-v1", "Other Model v2"), plain
    graph = comfy("a red fox, in ink")
    return lay(
        tmp_path / "out",
        {
            "2026/00001.png": png(1, parameters=automatic),
            "2026/00002.png": png(2, parameters=automatic.replace("Seed: 42", "Seed: 7")),
            "a.jpg": jpeg(3, fox),
            "b.png": png(4, prompt=graph),
            "c.png": png(5, invokeai_metadata=INVOKE),
            "d.png": png(6, parameters=FOOOCUS.replace("inky", "pale"), fooocus_scheme="fooocus"),
            "e.png": png(7),
            "notes.txt": "text",
        },
    )


def test_a_folder_becomes_a_votable_pack(arena: Callable[..., Result], folder: Path) -> None:  # noqa: F811
    code, said, _ = arena("pack", str(folder), "--from-metadata", "--dry-run")
    assert code == 1
    assert not (folder / "manifest.json").exists()
    table = [line.split() for line in said.splitlines() if ".png" in line or ".jpg" in line]
    assert ["a-red-fox-in-ink", "other-model-v2", "0", "7", "2026/00002.png"] in table
    assert ["a-red-fox-in-ink", "fox-v1-inky", "0", "42", "b.png"] in table
    assert "refused  e.png: there is no prompt and model in it; name it by --pattern" in said
    assert arena("pack", str(folder), "--from-metadata", "--allow-refused")[0] == 0
    code, said, complained = arena("import-pack", str(folder))
    assert (code, "2 competitions: 6 images taken" in said) == (0, True), complained
    shown = [p.read_bytes() for p in (folder.parent / "data" / "files" / "renditions").rglob("*.webp")]
    assert shown
    assert not any(b"red fox" in data or b"fox-v1" in data for data in shown)
    assert "move it away" in arena("pack", str(folder), "--from-metadata")[2]


def test_names_by_a_pattern(tmp_path: Path) -> None:
    files = {f"a fox/{model}_{seed}.png": png(seed) for model in ("SD 1.5", "sd_xl") for seed in (3, 20)}
    lay(tmp_path, files | {"a fox/readme.png": png(9)})
    sorting = pack_sorting.sort_images(tmp_path, metadata=False, pattern="{prompt}/{model}_{seed}.png")
    assert [(p.slug, p.model, p.sample, p.seed) for p in sorting.placements] == [
        ("a-fox", "sd-1.5", 0, "3"),
        ("a-fox", "sd-1.5", 1, "20"),
        ("a-fox", "sd_xl", 0, "3"),
        ("a-fox", "sd_xl", 1, "20"),
    ]
    assert [one.reason for one in sorting.outcomes] == ["its name does not fit the pattern"]
    pack_sorting.write_sorted(tmp_path, sorting)
    assert listed(tmp_path)["a-fox"]["prompt"] == "a fox"


def test_what_can_not_be_sorted_says_why_and_hinders_nothing_else(tmp_path: Path) -> None:
    for number, name in enumerate(
        ("a red fox/alpha_1", "a red fox/beta_1", "a red fox/\u72d0_1", "a\u0085fox/alpha_1")
    ):
        lay(tmp_path, {f"{name}.png": picture_bytes(number)})
    cut = tmp_path / "a red fox" / "beta_1.png"
    cut.write_bytes(cut.read_bytes()[:60])
    sorting = pack_sorting.sort_images(tmp_path, metadata=False, pattern="{prompt}/{model}_{seed}.png")
    done = pack_sorting.write_sorted(tmp_path, sorting)
    assert (done.competitions, done.images) == (1, 1)
    told = {one.subject.rpartition("/")[2]: one.reason or "" for one in done.outcomes if one.kind == "refused"}
    assert told.keys() == {"beta_1.png", "\u72d0_1.png", "alpha_1.png"}
    assert "no letter of a to z" in told["\u72d0_1.png"]
    assert told["alpha_1.png"].startswith("prompt: ")


def test_a_folder_of_broken_images_becomes_no_pack(tmp_path: Path) -> None:
    lay(tmp_path, {"a red fox/alpha_1.png": b"no picture"})
    sorting = pack_sorting.sort_images(tmp_path, metadata=False, pattern="{prompt}/{model}_{seed}.png")
    with pytest.raises(InvalidPack, match=r"alpha_1\.png: "):
        pack_sorting.write_sorted(tmp_path, sorting)
    assert not (tmp_path / "manifest.json").exists()


def test_names_go_before_metadata(tmp_path: Path) -> None:
    lay(tmp_path, {"mine_7.png": png(1, parameters=AUTOMATIC)})
    sorting = pack_sorting.sort_images(tmp_path, metadata=True, pattern="{model}_{seed}")
    assert [(p.prompt, p.model, p.seed) for p in sorting.placements] == [("a red fox, in ink", "mine", "7")]


def test_a_pattern_may_begin_as_shells_write_paths(tmp_path: Path) -> None:
    lay(tmp_path, {"a fox/m_1.png": png(1)})
    sorting = pack_sorting.sort_images(tmp_path, metadata=False, pattern="./{prompt}/{model}_{seed}.png")
    assert [(p.slug, p.model, p.seed) for p in sorting.placements] == [("a-fox", "m", "1")]


@pytest.mark.parametrize("pattern", ["{colour}.png", "{model}/{model}.png", "plain.png", ""])
def test_a_pattern_that_says_nothing(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(InvalidPack):
        pack_sorting.sort_images(tmp_path, metadata=not pattern, pattern=pattern)


def test_prompts_alike_in_their_first_words_are_two_competitions(tmp_path: Path) -> None:
    long = "a very long prompt about a red fox that jumps over a lazy dog near"
    lay(tmp_path, {f"{long} {end}/m.png": png(i) for i, end in enumerate(("rivers", "lakes"))})
    sorting = pack_sorting.sort_images(tmp_path, metadata=False, pattern="{prompt}/{model}.png")
    slugs = {p.slug for p in sorting.placements}
    assert len(slugs) == 2
    assert all(len(slug) <= 80 for slug in slugs)
