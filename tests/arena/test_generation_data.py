"""Variants of what programs write into images: second passes, refiners, stacks of LoRAs, other places of texts."""

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from app.arena.entries.generation_data import read_generation_data
from app.gateway.images import decode, header_size
from tests.arena.test_pack_sorting import AUTOMATIC, FLUX, FOOOCUS, FOUND, OLD_INVOKE, comfy, facts, jpeg, png
from tests.factories import picture_bytes

SECOND_PASS = {
    "20": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "21": {"class_type": "ImageScaleBy", "inputs": {"image": ["20", 0], "scale_by": 2}},
    "22": {"class_type": "VAEEncode", "inputs": {"pixels": ["21", 0], "vae": ["4", 2]}},
    "23": {"class_type": "KSampler", "inputs": {"seed": 43, "model": ["10", 0], "positive": ["6", 0],
        "latent_image": ["22", 0]}},
}  # fmt: skip
REFINED = {
    "30": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "refiner.safetensors"}},
    "31": {"class_type": "CLIPTextEncodeSDXLRefiner", "inputs": {"text": ["8", 0], "clip": ["30", 1]}},
    "32": {"class_type": "KSamplerAdvanced", "inputs": {"noise_seed": 0, "model": ["30", 0], "positive": ["31", 0],
        "latent_image": ["3", 0]}},
}  # fmt: skip
STACKED = {
    "10": {"class_type": "CR Apply LoRA Stack", "inputs": {"model": ["4", 0], "lora_stack": ["40", 0]}},
    "40": {"class_type": "CR LoRA Stack", "inputs": {"switch_1": "On", "lora_name_1": "inky.safetensors",
        "switch_2": "Off", "lora_name_2": "pale.safetensors", "switch_3": "On", "lora_name_3": "None"}},
}  # fmt: skip
COUNTED = {
    "10": {"class_type": "Apply LoRA", "inputs": {"model": ["4", 0], "lora_stack": ["40", 0]}},
    "40": {"class_type": "LoRA Stacker", "inputs": {"lora_count": 1, "lora_name_1": "inky.safetensors",
        "lora_name_2": "pale.safetensors", "lora_stack": ["41", 0]}},
    "41": {"class_type": "LoRA Stacker", "inputs": {"lora_count": 0, "lora_name_1": "pale.safetensors"}},
}  # fmt: skip
CHOSEN = {
    "4": {
        "class_type": "CheckpointLoader|pysssss",
        "inputs": {"ckpt_name": {"content": "fox-v1.safetensors", "image": None}},
    },
    "8": {
        "class_type": "ImpactWildcardProcessor",
        "inputs": {"wildcard_text": "{a|the} red fox", "populated_text": "a red fox", "mode": "populate"},
    },
}
FLUX_TWO_TEXTS = FLUX | {
    "7": {"class_type": "CLIPTextEncodeFlux", "inputs": {"clip_l": "fox", "t5xxl": "a red fox", "guidance": 3.5}},
    "8": {"class_type": "ModelSamplingFlux", "inputs": {"model": ["4", 0], "max_shift": 1.15}},
    "2": {"class_type": "BasicGuider", "inputs": {"model": ["8", 0], "conditioning": ["6", 0]}},
}


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (comfy(**SECOND_PASS), FOUND),
        (comfy(**REFINED), (*FOUND[:2], ("inky", "refiner"), "42")),
        (comfy(**STACKED), FOUND),
        (comfy(**COUNTED), FOUND),
        (comfy(**CHOSEN), FOUND),
        (json.dumps(FLUX_TWO_TEXTS), ("a red fox", "fox-v1", (), "42")),
        (comfy(**REFINED, **{"33": REFINED["32"] | {"inputs": REFINED["32"]["inputs"] | {"model": ["99", 0]}}}),
            ("a red fox", None, ("inky", "refiner"), "42")),
    ],
)  # fmt: skip
def test_graphs_as_people_build_them(graph: str, expected: tuple[Any, ...]) -> None:
    assert facts(read_generation_data(png(1, prompt=graph))) == expected


HIRES = AUTOMATIC.replace(
    "Version: v1.9",
    'Denoising strength: 0.4, ControlNet 0: "preprocessor: canny, model: canny_v2 [99], weight: 1", '
    'Hires prompt: "a fox, Model: other", Hires upscale: 2, Refiner: refiner [7440042bbd], '
    "Refiner switch at: 0.8, ADetailer model: face_yolov8n.pt, Version: v1.9",
)
TEMPLATE = AUTOMATIC + "\nTemplate: a {red|blue} fox\nNegative Template: blurry"
CIVITAI = (
    "a red fox\nNegative prompt: blurry\nSteps: 30, Sampler: Euler a, CFG scale: 4, Seed: 42, Size: 64x64, "
    'Civitai resources: [{"type":"checkpoint","modelVersionId":1,"modelName":"fox-v1","modelVersionName":"v1"},'
    '{"type":"lora","weight":0.8,"modelVersionId":2,"modelName":"inky"}], Civitai metadata: {}'
)
INVOKE_3 = json.dumps(
    {
        "generation_mode": "sdxl_txt2img",
        "positive_prompt": "a red fox",
        "seed": 42,
        "model": {"model_name": "fox-v1", "base_model": "sdxl", "model_type": "main"},
        "loras": [{"lora": {"model_name": "inky", "base_model": "sdxl"}, "weight": 0.75}],
        "refiner_model": {"model_name": "refiner", "base_model": "sdxl-refiner"},
    }
)
FOOOCUS_REFINED = FOOOCUS.replace('"version"', '"refiner_model": "refiner.safetensors", "version"')
IN_INK = ("a red fox, in ink", *FOUND[1:])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"parameters": HIRES}, ("a red fox, in ink", "fox-v1", ("inky", "refiner"), "42")),
        ({"parameters": TEMPLATE}, IN_INK),
        ({"parameters": AUTOMATIC.replace("\n", "\r\n")}, IN_INK),
        ({"parameters": AUTOMATIC.replace("<lora:inky:0.8>", "<lora:sub\\inky.safetensors:0.8:0.5>")}, IN_INK),
        ({"parameters": CIVITAI}, FOUND),
        ({"invokeai_metadata": INVOKE_3}, (*FOUND[:2], ("inky", "refiner"), "42")),
        ({"invokeai_metadata": INVOKE_3.replace('"refiner_model": {', '"other": {')}, FOUND),
        ({"parameters": FOOOCUS_REFINED, "fooocus_scheme": "fooocus"}, (*FOUND[:2], ("inky", "refiner"), "42")),
        ({"parameters": FOOOCUS_REFINED.replace("refiner.safetensors", "None")}, FOUND),
    ],
)
def test_versions_with_a_second_pass_a_refiner_or_more_lines(
    texts: dict[str, str], expected: tuple[Any, ...]
) -> None:
    assert facts(read_generation_data(png(1, **texts))) == expected


def test_texts_packed_or_behind_the_pixels_are_read() -> None:
    packed, buffer = PngImagePlugin.PngInfo(), BytesIO()
    packed.add_text("parameters", AUTOMATIC, zip=True)
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).save(buffer, "PNG", pnginfo=packed)
    assert facts(read_generation_data(buffer.getvalue())) == IN_INK
    before = png(1, parameters=AUTOMATIC)
    start = before.index(b"iTXt") - 4
    end = start + 12 + int.from_bytes(before[start : start + 4])
    behind = before[:start] + before[end:-12] + before[start:end] + before[-12:]
    assert behind.index(b"IDAT") < behind.index(b"parameters")
    assert facts(read_generation_data(behind)) == IN_INK


@pytest.mark.parametrize("begins", ["prompt:", "Prompt: "])
def test_webp_of_comfyui_has_the_graph_in_a_tag(begins: str) -> None:
    exif, buffer = Image.Exif(), BytesIO()
    exif[0x010F], exif[0x0110] = 'workflow:{"nodes": []}', begins + comfy()
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).save(buffer, "WEBP", exif=exif)
    assert facts(read_generation_data(buffer.getvalue())) == FOUND


@pytest.mark.parametrize("text", [AUTOMATIC, FOOOCUS])
def test_a_comment_of_a_jpeg_is_read(text: str) -> None:
    buffer = BytesIO()
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).convert("RGB").save(buffer, "JPEG", comment=text.encode())
    assert facts(read_generation_data(buffer.getvalue()))[1:] == FOUND[1:]


def test_a_workflow_of_megabytes_and_damaged_notes_hide_nothing() -> None:
    text = "a fox\nSteps: 20, Seed: 9, Base Model: tuned, Version: Fooocus v2.5.5"
    notes, buffer = PngImagePlugin.PngInfo(), BytesIO()
    notes.add_itxt("workflow", "".join(map(str, range(400_000))), zip=True)
    notes.add_itxt("parameters", text, zip=True)
    notes.add(b"tEXt", b"no keyword")
    notes.add(b"zTXt", b"damaged\0\0nothing packed")
    notes.add(b"iCCP", b"short")
    Image.open(BytesIO(picture_bytes(5, (64, 64)))).save(buffer, "PNG", pnginfo=notes)
    found = read_generation_data(buffer.getvalue())
    assert found is not None
    assert (found.prompt, found.model, found.seed) == ("a fox", "tuned", "9")
    assert header_size(buffer.getvalue()) == decode(buffer.getvalue()).size == (64, 64)


def with_nodes(nodes: dict[str, Any]) -> str:
    return comfy(**nodes)


BLANK_LINE = AUTOMATIC.replace("blurry, text\n", "blurry, text, \n\n")
SAVED = AUTOMATIC.replace("Version: v1.9", "Version: ComfyUI")
RUINED = json.dumps(
    {
        "Prompt": "a red fox",
        "base_model_name": "fox-v1.safetensors",
        "seed": 42,
        "loras": [{"name": "inky.safetensors", "weight": 0.8}],
        "software": "RuinedFooocus",
    }
)
SPACE = json.dumps({"prompt": "a red fox", "seed": 42, "Model": "fox-v1", "Model hash": "0a1b"})
DRAW_THINGS = {
    "c": "a red fox",
    "uc": "blurry",
    "model": "fox-v1",
    "seed": 42,
    "lora": [{"model": "inky", "weight": 0.8}],
}
CHARACTERS = json.dumps(
    {
        "seed": 42,
        "v4_prompt": {"caption": {"base_caption": "two foxes", "char_captions": [{"char_caption": "a red fox"}]}},
    }
)


MFLUX = json.dumps(
    {"mflux_version": "0.15.0", "model": "maker/fox-v1", "base_model": "None", "prompt": "a red fox", "seed": 42}
    | {"lora_paths": ["/loras/inky.safetensors"]}
)
JOB = " Job ID: 1b5b9b1e-6c5b-4f0e-8a0f-0d3c6b1a2e3f"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"parameters": BLANK_LINE}, IN_INK),
        ({"parameters": BLANK_LINE.replace("\n", "\r\n")}, IN_INK),
        ({"parameters": AUTOMATIC.replace("<lora:inky:0.8> ", "").replace("Lora hashes", "Others").replace(
            "Version", 'Hashes: {"model": "0a", "LORA:inky": "9f"}, Version')}, IN_INK),
        ({"prompt": comfy("a red fox, <lora:pale:1>, in ink")}, (*IN_INK[:2], ("pale", "inky"), "42")),
        ({"prompt": comfy("a red fox,  \r\nin ink, ")}, ("a red fox,\nin ink", *FOUND[1:])),
        ({"prompt": comfy("a red fox, , in ink")}, ("a red fox, , in ink", *FOUND[1:])),
        ({"prompt": comfy(**{"8": {"class_type": "Box", "inputs": {"Text": "a red fox"}}})}, FOUND),
        ({"sd_metadata": OLD_INVOKE.replace("{", '{"model": "stable diffusion", ', 1)}, (*FOUND[:2], (), "42")),
        ({"sd_metadata": OLD_INVOKE.replace("red fox", "red fox [blurry]")}, (*FOUND[:2], (), "42")),
        ({"parameters": RUINED}, FOUND),
        ({"parameters": SPACE}, (*FOUND[:2], (), "42")),
        ({"parameters": MFLUX}, (*FOUND[:3], "42")),
        ({"mold:parameters": json.dumps({"prompt": "a red fox", "model": "fox-v1", "seed": 42})},
            (*FOUND[:2], (), "42")),
        ({"parameters": AUTOMATIC.replace("Model: fox-v1", r'Model: "a \"b\", c"')},
            ("a red fox, in ink", 'a "b", c', *FOUND[2:])),
        ({"prompt": comfy(**{"4": {"class_type": "Box", "inputs": {"model_path": "fox-v1.ckpt"}}})}, FOUND),
        ({"Prompt": "a red fox", "Stable Diffusion model": "models/fox-v1.ckpt", "Seed": "42"},
            (*FOUND[:2], (), "42")),
        ({"Description": f"a red fox --ar 16:9 --v 6.1 --no text, --- signs --seed 42{JOB}"},
            ("a red fox", "Midjourney v6.1", (), "42")),
        ({"Description": f"a red fox--\nin ink --niji 6{JOB}"}, ("a red fox--\nin ink", "Niji 6", (), None)),
        ({"Description": f"a red fox{JOB}"}, ("a red fox", None, (), None)),
        ({"Software": "NovelAI", "Description": "two foxes", "Source": "V4", "Comment": CHARACTERS},
            ("two foxes\na red fox", "V4", (), "42")),
        ({"prompt": comfy("the graph", 1), "parameters": json.dumps({"sui_image_params": {
            "prompt": "a red fox", "model": "fox-v1", "seed": 42, "loras": "inky"}})}, FOUND),
    ],
)  # fmt: skip
def test_what_other_programs_and_nodes_write(texts: dict[str, str], expected: tuple[Any, ...]) -> None:
    assert facts(read_generation_data(png(1, **texts))) == expected


def switched(turned: object) -> str:
    switch = {"class_type": "Switch", "inputs": {"switch": turned, "on_false": ["7", 0], "on_true": ["60", 0]}}
    nodes: dict[str, Any] = {
        "60": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox"}},
        "61": switch,
        "62": {"class_type": "PrimitiveBoolean", "inputs": {"value": True}},
        "6": {"class_type": "Reroute", "inputs": {"": ["61", 0]}},
    }
    return with_nodes(nodes)


@pytest.mark.parametrize(
    ("turned", "prompt"),
    [
        (True, "a red fox"),
        (False, "blurry"),
        (["62", 0], "a red fox"),
        (["99", 0], None),
        ("yes", None),
        ([], None),
    ],
)
def test_a_switch_lets_one_side_through(turned: object, prompt: str | None) -> None:
    assert facts(read_generation_data(png(1, prompt=switched(turned))))[0] == prompt


def test_switches_in_a_circle_say_nothing() -> None:
    around = {"class_type": "Switch", "inputs": {"switch": True, "on_false": ["6", 0], "on_true": ["6", 0]}}
    assert facts(read_generation_data(png(1, prompt=with_nodes({"6": around}))))[0] is None


def test_a_text_beside_a_graph_that_says_nothing_counts() -> None:
    assert (
        facts(read_generation_data(png(1, prompt=with_nodes({"6": {"class_type": "x"}}), parameters=SAVED)))
        == IN_INK
    )
    unknown = "unknown\nNegative prompt: unknown\n" + SAVED.split("\n")[-1]
    found = read_generation_data(png(1, parameters=unknown))
    assert found is not None
    assert (found.program, found.prompt, found.model) == ("ComfyUI", None, "fox-v1")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"prompt": json.loads(comfy()), "workflow": {"nodes": []}}, FOUND),
        (json.loads(comfy()) | {"extra": {"airs": []}, "extraMetadata": "{}"}, FOUND),
        ({"Comment": CHARACTERS, "Description": "\0\0two foxes", "Software": "NovelAI", "Source": "V4"},
            ("two foxes\na red fox", "V4", (), "42")),
        (DRAW_THINGS, FOUND),
    ],
)  # fmt: skip
def test_a_comment_may_hold_all_texts_or_the_graph(document: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert facts(read_generation_data(jpeg(1, json.dumps(document), "utf-8"))) == expected
    exif, buffer = Image.Exif(), BytesIO()
    exif[0x9286] = json.dumps(
        document
    )  # where a node for saving puts it: beside the other tags, not in EXIF's own
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).save(buffer, "WEBP", exif=exif)
    assert facts(read_generation_data(buffer.getvalue())) == expected


def test_draw_things_writes_xmp() -> None:
    quoted = json.dumps(DRAW_THINGS).replace('"', "&quot;")
    xmp = (
        "<x:xmpmeta><rdf:RDF><rdf:Description><exif:UserComment><rdf:Alt>"
        f'<rdf:li xml:lang="x-default">{quoted}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF>'
        "</x:xmpmeta>"
    )
    found = read_generation_data(png(1, **{"XML:com.adobe.xmp": xmp}))
    assert facts(found) == FOUND
    assert found is not None
    assert found.program == "Draw Things"
    buffer = BytesIO()
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).convert("RGB").save(buffer, "JPEG", xmp=xmp.encode())
    assert facts(read_generation_data(buffer.getvalue())) == FOUND


@pytest.mark.parametrize("text", ["ein roter Füchs", "一只红狐狸", "un café"])
def test_utf8_in_a_chunk_of_latin1(text: str) -> None:
    notes, buffer = PngImagePlugin.PngInfo(), BytesIO()
    notes.add(b"tEXt", b"parameters\0" + AUTOMATIC.replace("a red fox", text).encode())
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).save(buffer, "PNG", pnginfo=notes)
    assert facts(read_generation_data(buffer.getvalue())) == (f"{text}, in ink", *FOUND[1:])


def test_latin1_in_its_chunk_is_read_as_it_is() -> None:
    notes, buffer = PngImagePlugin.PngInfo(), BytesIO()
    notes.add(b"tEXt", b"parameters\0" + AUTOMATIC.replace("a red fox", "un café").encode("latin-1"))
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).save(buffer, "PNG", pnginfo=notes)
    assert facts(read_generation_data(buffer.getvalue())) == ("un café, in ink", *FOUND[1:])


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "prompt",
    ["a red fox", "\u4e00\u53ea\u72d0\u72f8", "\u0441\u0442\u0430\u0440\u0430\u044f \u043b\u0438\u0441\u0430"],
)
def test_a_comment_in_utf16_of_either_order(prompt: str, mark: str, order: str) -> None:
    text = mark + AUTOMATIC.replace("a red fox", prompt)
    found = read_generation_data(jpeg(1, text, f"utf-16-{order}"))
    assert facts(found) == (f"{prompt}, in ink", *FOUND[1:])


@pytest.mark.parametrize("prompt", ["a red fox", None])
def test_tags_of_the_makers_own_scripts(prompt: str | None) -> None:
    exif, buffer = Image.Exif(), BytesIO()
    exif[0x0131], exif[0x010F], exif[0x0110] = "AI generated;txt2img;flux", "Black Forest Labs", "flux-schnell"
    if prompt is not None:
        exif[0x010E] = prompt
    Image.open(BytesIO(picture_bytes(1, (64, 64)))).save(buffer, "JPEG", exif=exif)
    assert facts(read_generation_data(buffer.getvalue())) == (prompt, "flux-schnell", (), None)
