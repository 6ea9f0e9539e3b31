"""
Reads what programs write into their images of how these were made: prompt, model, LoRAs, seed.

Automatic1111 and Forge write a text `parameters`; ComfyUI a graph `prompt`; InvokeAI `invokeai_metadata` (older
versions `sd-metadata`); Fooocus `parameters` and `fooocus_scheme`, JSON or the text of Automatic1111; SwarmUI JSON
in `parameters`; Easy Diffusion and NovelAI a text for each fact. JPEG and WebP carry the text in EXIF UserComment.
Nothing of it reaches a voter: renditions have no metadata.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from PIL import Image

from app.gateway.images import FORMATS

EXIF_IFD, USER_COMMENT, IMAGE_DESCRIPTION = 0x8769, 0x9286, 0x010E
TEXT_CHARACTERS = 4 * 2**20
MOST_STEPS = 200
_LORA = re.compile(r"<(?:lora|lyco):([^:>]+)(?::[^>]*)?>")
_FIELD = re.compile(r'\s*([A-Z][\w \-/]*):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')


@dataclass(frozen=True)
class GenerationData:
    """How an image was made, as far as its program says: None or empty for what it does not."""

    program: str
    prompt: str | None = None
    model: str | None = None
    loras: tuple[str, ...] = ()
    seed: str | None = None


def read_generation_data(data: bytes) -> GenerationData | None:
    """Read the generation data of an image; None where no program that we know wrote any."""
    texts = _read_texts(data)
    for read in READERS:
        found = read(texts)
        if found is not None:
            return found
    return None


def _read_texts(data: bytes) -> dict[str, str]:
    """Read the texts of an image: PNG's by keyword, EXIF's UserComment as `parameters`."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            texts = {str(key): value for key, value in image.info.items() if isinstance(value, str)}
            exif = image.getexif()
            comment = _decode_comment(exif.get_ifd(EXIF_IFD).get(USER_COMMENT) or exif.get(IMAGE_DESCRIPTION))
    except Exception:  # noqa: BLE001 (Pillow raises eight kinds of exception; the decoder names the fault later)
        return {}
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
    head, _, last = text.rpartition("\n")
    if not re.match(r"\s*Steps: ", last):
        return None
    prompt = head.split("\nNegative prompt:")[0].strip()
    if head.startswith("Negative prompt:"):
        prompt = ""
    fields = {key: value.strip().strip('"') for key, value in _FIELD.findall(last)}
    loras = tuple(dict.fromkeys(_LORA.findall(prompt)))
    plain = re.sub(r" {2,}", " ", re.sub(r"(\s*,)+(?=\s*,)", "", _LORA.sub("", prompt))).strip(" ,\n")
    model = fields.get("Model") or fields.get("Model hash")
    if not loras:  # Fooocus names LoRAs nowhere else in this text
        loras = tuple(re.findall(r"([^\s:,][^:,]*): *[0-9a-f]+", fields.get("Lora hashes", "")))
    program = "Fooocus" if "fooocus_scheme" in texts else "Automatic1111"
    return GenerationData(program, plain or None, _stem(model), loras, fields.get("Seed"))


def _read_swarm(texts: Mapping[str, str]) -> GenerationData | None:
    """Read SwarmUI's document."""
    document = _parse(texts.get("parameters"))
    known = document.get("sui_image_params") if isinstance(document, dict) else None
    if not isinstance(known, dict):
        return None
    loras = known.get("loras")
    names = loras if isinstance(loras, list) else str(loras or "").split(",")
    model, seed = _stem(_text(known.get("model"))), _text(known.get("seed"))
    return GenerationData("SwarmUI", _text(known.get("prompt")), model, _stems(list(map(str, names))), seed)


def _read_easy(texts: Mapping[str, str]) -> GenerationData | None:
    """Read Easy Diffusion's texts, one a fact."""
    model = texts.get("use_stable_diffusion_model")
    if model is None:
        return None
    lora = texts.get("use_lora_model", "")
    listed = _parse(lora)
    names = list(map(str, listed)) if isinstance(listed, list) else [lora]
    return GenerationData("Easy Diffusion", texts.get("prompt"), _stem(model), _stems(names), texts.get("seed"))


def _read_novel(texts: Mapping[str, str]) -> GenerationData | None:
    """Read NovelAI's texts; its model stands in `Source`."""
    if texts.get("Software") != "NovelAI":
        return None
    comment = _parse(texts.get("Comment"))
    known = comment if isinstance(comment, dict) else {}
    prompt = texts.get("Description") or _text(known.get("prompt"))
    return GenerationData("NovelAI", prompt, texts.get("Source"), (), _text(known.get("seed")))


def _read_unreadable(texts: Mapping[str, str]) -> GenerationData | None:
    """Name a program whose texts do not say the model, so that the refusal can name it."""
    if "workflow" in texts:
        return GenerationData("ComfyUI")
    return GenerationData("InvokeAI") if "Dream" in texts else None


def _read_fooocus(texts: Mapping[str, str]) -> GenerationData | None:
    """Read Fooocus' own scheme; with the scheme `a1111` it writes the text of Automatic1111."""
    document = _parse(texts.get("parameters") or texts.get("Comment") or texts.get("comment"))
    if not isinstance(document, dict) or not {"base_model", "prompt"} <= document.keys():
        return None
    loras = [each[0] for each in document.get("loras", ()) if isinstance(each, list) and each]
    numbered = [document[key] for key in sorted(document) if re.fullmatch(r"lora_combined_\d+", key)]
    names = [str(lora).split(" : ")[0] for lora in [*loras, *numbered]]
    prompt = _text(document["prompt"])
    return GenerationData(
        "Fooocus", prompt, _stem(_text(document["base_model"])), _stems(names), _text(document.get("seed"))
    )


def _read_invoke(texts: Mapping[str, str]) -> GenerationData | None:
    """Read InvokeAI's document: flat since version 3, with `image` inside before."""
    document = _parse(texts.get("invokeai_metadata") or texts.get("sd-metadata"))
    if not isinstance(document, dict):
        return None
    image = document.get("image")
    inner: dict[str, Any] = image if isinstance(image, dict) else document
    prompt = document.get("positive_prompt") or inner.get("prompt")
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], dict):
        prompt = prompt[0].get("prompt")
    model = document.get("model") or document.get("model_weights")
    if isinstance(model, dict):
        model = model.get("name") or model.get("model_name") or model.get("key")
    loras = [_lora_name(each) for each in document.get("loras") or ()]
    seed = document.get("seed") if document.get("seed") is not None else inner.get("seed")
    return GenerationData("InvokeAI", _text(prompt), _stem(_text(model)), _stems(loras), _text(seed))


def _lora_name(entry: Any) -> str:
    inner = entry.get("model") or entry.get("lora") or {} if isinstance(entry, dict) else {}
    return str(inner.get("name") or inner.get("model_name") or "") if isinstance(inner, dict) else ""


def _read_comfy(texts: Mapping[str, str]) -> GenerationData | None:
    """Read ComfyUI's graph from its sampler backwards; what two samplers say differently is not known."""
    graph = _parse(texts.get("prompt"))
    if not isinstance(graph, dict) or not all(isinstance(n, dict) and "class_type" in n for n in graph.values()):
        return None
    walk = _Graph({str(key): node for key, node in graph.items()})
    samplers = [node for node in graph.values() if "sampler" in str(node["class_type"]).lower()]
    read = [walk.read_sampler(node) for node in samplers if _inputs(node).get("latent_image") is not None]
    if not read:
        return GenerationData("ComfyUI")
    return GenerationData(
        "ComfyUI",
        _only([one.prompt for one in read]),
        _only([one.model for one in read]),
        tuple(dict.fromkeys(lora for one in read for lora in one.loras)),
        _only([one.seed for one in read]),
    )


@dataclass(frozen=True)
class _Graph:
    """ComfyUI's nodes by their ids; an input is a value, or `[id, output]` of another node."""

    nodes: dict[str, dict[str, Any]]

    def read_sampler(self, sampler: dict[str, Any]) -> GenerationData:
        """Read one sampler: its seed, the text that conditions it, and the models it is fed with."""
        inputs = _inputs(sampler)
        found = GenerationData("ComfyUI", self._text_of(inputs.get("positive") or inputs.get("guider")))
        seed = self._value_of(
            inputs.get("seed", inputs.get("noise_seed", inputs.get("noise"))), "seed", "noise_seed"
        )
        model = inputs.get("model") or inputs.get("guider")
        return replace(found, seed=seed, **self._models_of(model))

    def _follow(self, link: object) -> dict[str, Any] | None:
        is_link = isinstance(link, list) and len(link) == 2 and isinstance(link[0], str | int)
        return self.nodes.get(str(link[0])) if is_link else None  # type: ignore[index]

    def _value_of(self, value: object, *names: str) -> str | None:
        node = self._follow(value)
        if node is None:
            return _text(value)
        inputs = _inputs(node)
        plain = (inputs[name] for name in (*names, "value", "int", "text") if name in inputs)
        return next((_text(one) for one in plain if not isinstance(one, list)), None)

    def _text_of(self, link: object, left: int = MOST_STEPS) -> str | None:
        """Follow conditionings back to the text they encode."""
        node = self._follow(link)
        if node is None or left == 0:
            return None
        inputs = _inputs(node)
        for name in ("text", "text_g", "t5xxl", "clip_l", "prompt", "string", "value", "positive"):
            if isinstance(inputs.get(name), str) and inputs[name].strip():
                return str(inputs[name])
        names = ("positive", "conditioning", "text", "text_g", "prompt", "string")
        links = [inputs[name] for name in names if name in inputs][:1] or _mixed(inputs) or _passed(inputs)
        return _only_alike([self._text_of(each, left // 2) for each in links])

    def _models_of(self, link: object) -> dict[str, Any]:
        """Follow the model back to its loader, past every LoRA."""
        loras: list[str] = []
        for _ in range(MOST_STEPS):
            node = self._follow(link)
            if node is None:
                break
            inputs = _inputs(node)
            loras = [*_loras_in(inputs), *loras]
            for name in ("ckpt_name", "unet_name", "model_name"):
                model = self._value_of(inputs.get(name), name, "string")
                if model is not None:
                    return {"model": _stem(model), "loras": _stems(loras)}
            link = inputs.get("model") or inputs.get("guider") or next(iter(_passed(inputs)), None)
        return {"loras": _stems(loras)}


def _inputs(node: dict[str, Any]) -> dict[str, Any]:
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def _mixed(inputs: dict[str, Any]) -> list[Any]:
    """List the conditionings that a node makes one of; they must all say the same."""
    return [inputs[name] for name in inputs if re.fullmatch(r"conditioning_(\d+|to|from)", name)]


def _passed(inputs: dict[str, Any]) -> list[Any]:
    """List the one link that a node hands on, as a reroute does; one with texts makes something else."""
    links = [value for value in inputs.values() if isinstance(value, list)]
    return links if len(links) == 1 and not any(isinstance(value, str) for value in inputs.values()) else []


def _loras_in(inputs: dict[str, Any]) -> list[str]:
    """List the LoRAs of a loader: one, several by number, or switches of which some are on."""
    named = [inputs[name] for name in inputs if re.fullmatch(r"lora(_name)?(_\d+)?", name)]
    switched = [value for name, value in inputs.items() if name.startswith("lora_") and isinstance(value, dict)]
    on = [value.get("lora") for value in switched if value.get("on") is not False]
    return [name for name in [*named, *on] if isinstance(name, str)]


def _only_alike(texts: list[str | None]) -> str | None:
    """Return the text that all of them are; None where one is unknown or two differ."""
    return texts[0] if len(set(texts)) == 1 else None


def _only(values: list[str | None]) -> str | None:
    known = {value for value in values if value}
    return known.pop() if len(known) == 1 else None


def _parse(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _stem(name: str | None) -> str | None:
    """Return a model's name without folders and the ending of its weights."""
    if not name:
        return None
    last = PurePosixPath(name.replace("\\", "/")).name
    return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "", last, flags=re.IGNORECASE)


def _stems(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stem for name in names if name and name != "None" and (stem := _stem(name))))


READERS = (
    _read_invoke,
    _read_comfy,
    _read_swarm,
    _read_fooocus,
    _read_automatic,
    _read_easy,
    _read_novel,
    _read_unreadable,
)
"""By program; the first one that finds its own texts counts."""
