"""
Reads what programs write into their images of how these were made: prompt, model, LoRAs, seed.

Automatic1111 and Forge write a text `parameters`; ComfyUI a graph `prompt`; InvokeAI `invokeai_metadata` (older
versions `sd-metadata`); Fooocus `parameters` and `fooocus_scheme`, JSON or the text of Automatic1111; SwarmUI JSON
in `parameters`; Easy Diffusion and NovelAI a text for each fact. JPEG and WebP carry the text in EXIF UserComment
or in a comment, ComfyUI's WebP as `prompt:{...}` in any tag.
Nothing of it reaches a voter: renditions have no metadata.
"""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image

from app.arena.entries.comfy_graph import read_comfy
from app.arena.entries.generation_facts import GenerationData, parse_json, read_text, stem, stems
from app.gateway.images import FORMATS
from app.gateway.png_chunks import is_png, keep_picture, read_texts

EXIF_IFD, USER_COMMENT, IMAGE_DESCRIPTION = 0x8769, 0x9286, 0x010E
TEXT_CHARACTERS = 4 * 2**20
_STEPS = re.compile(r"^\s*Steps: ", re.MULTILINE)
_TAGGED = re.compile(r"\s*(prompt|workflow|parameters)\s*:\s*(?=\{)", re.IGNORECASE)
_LORA = re.compile(r"<(?:lora|lyco):([^:>]+)(?::[^>]*)?>")
_FIELD = re.compile(r'\s*([A-Z][\w \-/]*):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')


def read_generation_data(data: bytes) -> GenerationData | None:
    """Read the generation data of an image; None where no program that we know wrote any."""
    texts = _read_texts(data)
    for read in READERS:
        found = read(texts)
        if found is not None:
            return found
    return None


def _read_texts(data: bytes) -> dict[str, str]:
    """Read the texts of an image: PNG's by keyword, EXIF's UserComment and other comments as `parameters`."""
    try:
        texts = read_texts(data) if is_png(data) else {}
        with Image.open(BytesIO(keep_picture(data) if is_png(data) else data), formats=FORMATS) as image:
            texts |= {str(key): value for key, value in image.info.items() if isinstance(value, str)}
            exif = image.getexif()
            comment = exif.get_ifd(EXIF_IFD).get(USER_COMMENT) or exif.get(IMAGE_DESCRIPTION)
            comment = _decode_comment(comment or image.info.get("comment"))
            tagged = [(_TAGGED.match(value), value) for value in exif.values() if isinstance(value, str)]
    except Exception:  # noqa: BLE001 (Pillow raises eight kinds of exception; the decoder names the fault later)
        return {}
    texts |= {found[1].lower(): value[found.end() :].strip("\0") for found, value in tagged if found}
    if comment:
        texts.setdefault("parameters", comment)
    return {key: text for key, text in texts.items() if len(text) <= TEXT_CHARACTERS}


def _decode_comment(value: object) -> str | None:
    """Decode EXIF's UserComment, which names its encoding in its first eight bytes."""
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return None
    kind, text = value[:8], value[8:]
    if kind.startswith(b"UNICODE"):
        order = "utf-16-le" if text[1:2] == b"\0" else "utf-16-be"
        return text.decode(order, "replace").removeprefix("\ufeff").strip("\0")
    return (text if kind.startswith(b"ASCII") else value).decode("utf-8", "replace").strip("\0")


def _read_automatic(texts: Mapping[str, str]) -> GenerationData | None:
    """Read the text of Automatic1111: the prompt, `Negative prompt: …`, and a last line of `Key: value` pairs."""
    text = texts.get("parameters", "").replace("\r\n", "\n").strip()
    begins = [found.start() for found in _STEPS.finditer(text)]
    if not begins:
        return None
    # Extensions write lines of their own behind the last one.
    head, last = text[: begins[-1]].rstrip("\n"), text[begins[-1] :].split("\n")[0]
    prompt = head.split("\nNegative prompt:")[0].strip()
    if head.startswith("Negative prompt:"):
        prompt = ""
    fields = {key: value.strip().strip('"') for key, value in _FIELD.findall(last)}
    loras = tuple(dict.fromkeys(_LORA.findall(prompt)))
    plain = re.sub(r" {2,}", " ", re.sub(r"(\s*,)+(?=\s*,)", "", _LORA.sub("", prompt))).strip(" ,\n")
    if not loras:  # Fooocus names LoRAs nowhere else in this text
        loras = tuple(re.findall(r"([^\s:,][^:,]*): *[0-9a-f]+", fields.get("Lora hashes", "")))
    resources = _read_resources(last)
    named = fields.get("Model") or fields.get("Base Model")
    model = named or next(iter(resources.get("checkpoint", ())), None) or fields.get("Model hash")
    refiner = re.sub(r" \[\w+\]$", "", fields.get("Refiner", ""))
    program = "Fooocus" if "fooocus_scheme" in texts else "Automatic1111"
    names = stems([*loras, *resources.get("lora", ()), refiner])
    return GenerationData(program, plain or None, stem(model), names, fields.get("Seed"))


def _read_resources(line: str) -> dict[str, list[str]]:
    """Read the names of models by kind that Civitai's own generator writes as JSON."""
    found = re.search(r"Civitai resources: (\[.*?\}\])", line)
    listed = parse_json(found[1]) if found else None
    named: dict[str, list[str]] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and (name := read_text(one.get("modelName"))):
            named.setdefault(str(one.get("type")).lower(), []).append(name)
    return named


def _read_swarm(texts: Mapping[str, str]) -> GenerationData | None:
    """Read SwarmUI's document."""
    document = parse_json(texts.get("parameters"))
    known = document.get("sui_image_params") if isinstance(document, dict) else None
    if not isinstance(known, dict):
        return None
    loras = known.get("loras")
    names = loras if isinstance(loras, list) else str(loras or "").split(",")
    model, seed = stem(read_text(known.get("model"))), read_text(known.get("seed"))
    return GenerationData("SwarmUI", read_text(known.get("prompt")), model, stems(list(map(str, names))), seed)


def _read_easy(texts: Mapping[str, str]) -> GenerationData | None:
    """Read Easy Diffusion's texts, one a fact."""
    model = texts.get("use_stable_diffusion_model")
    if model is None:
        return None
    lora = texts.get("use_lora_model", "")
    listed = parse_json(lora)
    names = list(map(str, listed)) if isinstance(listed, list) else [lora]
    return GenerationData("Easy Diffusion", texts.get("prompt"), stem(model), stems(names), texts.get("seed"))


def _read_novel(texts: Mapping[str, str]) -> GenerationData | None:
    """Read NovelAI's texts; its model stands in `Source`."""
    if texts.get("Software") != "NovelAI":
        return None
    comment = parse_json(texts.get("Comment"))
    known = comment if isinstance(comment, dict) else {}
    prompt = texts.get("Description") or read_text(known.get("prompt"))
    return GenerationData("NovelAI", prompt, texts.get("Source"), (), read_text(known.get("seed")))


def _read_unreadable(texts: Mapping[str, str]) -> GenerationData | None:
    """Name a program whose texts do not say the model, so that the refusal can name it."""
    if "workflow" in texts:
        return GenerationData("ComfyUI")
    return GenerationData("InvokeAI") if "Dream" in texts else None


def _read_fooocus(texts: Mapping[str, str]) -> GenerationData | None:
    """Read Fooocus' own scheme; with the scheme `a1111` it writes the text of Automatic1111."""
    document = parse_json(texts.get("parameters") or texts.get("Comment") or texts.get("comment"))
    if not isinstance(document, dict) or not {"base_model", "prompt"} <= document.keys():
        return None
    loras = [each[0] for each in document.get("loras", ()) if isinstance(each, list) and each]
    numbered = [document[key] for key in sorted(document) if re.fullmatch(r"lora_combined_\d+", key)]
    names = [
        str(lora).split(" : ")[0] for lora in [*loras, *numbered, read_text(document.get("refiner_model")) or ""]
    ]
    prompt = read_text(document["prompt"])
    return GenerationData(
        "Fooocus", prompt, stem(read_text(document["base_model"])), stems(names), read_text(document.get("seed"))
    )


def _read_invoke(texts: Mapping[str, str]) -> GenerationData | None:
    """Read InvokeAI's document: flat since version 3, with `image` inside before."""
    document = parse_json(texts.get("invokeai_metadata") or texts.get("sd-metadata"))
    if not isinstance(document, dict):
        return None
    image = document.get("image")
    inner: dict[str, Any] = image if isinstance(image, dict) else document
    prompt = document.get("positive_prompt") or inner.get("prompt")
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], dict):
        prompt = prompt[0].get("prompt")
    model = _model_name(document.get("model") or document.get("model_weights"))
    loras = [_lora_name(each) for each in document.get("loras") or ()]
    loras += [_model_name(document.get("refiner_model")) or ""]
    seed = document.get("seed") if document.get("seed") is not None else inner.get("seed")
    return GenerationData("InvokeAI", read_text(prompt), stem(model), stems(loras), read_text(seed))


def _model_name(model: object) -> str | None:
    if isinstance(model, dict):
        model = model.get("name") or model.get("model_name") or model.get("key")
    return read_text(model)


def _lora_name(entry: Any) -> str:
    inner = entry.get("model") or entry.get("lora") or {} if isinstance(entry, dict) else {}
    return str(inner.get("name") or inner.get("model_name") or "") if isinstance(inner, dict) else ""


READERS = (
    _read_invoke,
    read_comfy,
    _read_swarm,
    _read_fooocus,
    _read_automatic,
    _read_easy,
    _read_novel,
    _read_unreadable,
)
"""By program; the first one that finds its own texts counts."""
