"""
Reads what programs write into their images of how these were made: prompt, model, LoRAs, seed.

Automatic1111 and Forge write a text `parameters`; ComfyUI a graph `prompt`; InvokeAI `invokeai_metadata` (older
versions `sd-metadata`); Fooocus `parameters` and `fooocus_scheme`, JSON or the text of Automatic1111; SwarmUI JSON
in `parameters`; Easy Diffusion and NovelAI a text for each fact; Draw Things JSON in XMP; RuinedFooocus, mflux and
Spaces of Hugging Face JSON in `parameters`; Midjourney a `Description`; Black Forest Labs' scripts tags of EXIF.
Where texts stand in the file is the business of `generation_texts`.
Nothing of it reaches a voter: renditions have no metadata.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.arena.entries.comfy_graph import read_comfy
from app.arena.entries.generation_facts import GenerationData, parse_json, read_text, stem, stems
from app.arena.entries.generation_texts import read_image_texts
from app.files.text import LINE_END

_STEPS = re.compile(r"^[ \t]*Steps: ", re.MULTILINE)
_LORA = re.compile(r"<(?:lora|lyco):([^:>]+)(?::[^>]*)?>")
_LORA_PART = re.compile(r"(?:\s*,)?\s*<(?:lora|lyco):[^>]+>(?=\s*(?:[,<\r\n]|$))")
_LORA_HASH = re.compile(r'"(?:lora|lyco):([^"]+)":', re.IGNORECASE)
_FLAG = re.compile(r"\s--([a-z]+)(?:\s+(?!--)(.*?))?(?=\s--[a-z]|$)", re.DOTALL)
_LABELS = {
    "Prompt": "prompt",
    "Seed": "seed",
    "Stable Diffusion model": "use_stable_diffusion_model",
    "LoRA model": "use_lora_model",
}
"""Easy Diffusion's labels, which it writes in place of its own names if told to."""
_FIELD = re.compile(r'\s*([A-Z][\w \-/]*):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')


def read_generation_data(data: bytes) -> GenerationData | None:
    """
    Read the generation data of an image; None where no program that we know wrote any.

    Where several texts tell of it, the first one with a prompt and a model counts.
    """
    texts = read_image_texts(data)
    told = [_tidy(one) for read in READERS if (one := read(texts)) is not None]
    return next((one for one in told if one.prompt and one.model), told[0] if told else None)


def _tidy(data: GenerationData) -> GenerationData:
    """Take the tags of LoRAs, and space at the ends of lines, out of a prompt, so that equal ones are equal."""
    if data.prompt is None:
        return data
    lines = (line.rstrip() for line in LINE_END.split(_LORA.sub("", _LORA_PART.sub("", data.prompt))))
    plain = re.sub(r" {2,}", " ", "\n".join(lines)).strip("\0 ,\n")
    return replace(data, prompt=plain or None, loras=stems([*_LORA.findall(data.prompt), *data.loras]))


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
    fields = {key: _unquote(value.strip()) for key, value in _FIELD.findall(last)}
    resources = _read_resources(last)
    named = fields.get("Model") or fields.get("Base Model")
    model = named or next(iter(resources.get("checkpoint", ())), None) or fields.get("Model hash")
    refiner = re.sub(r" \[\w+\]$", "", fields.get("Refiner", ""))
    loras = [] if _LORA.search(prompt) else _read_hashed_loras(last, fields)
    names = stems([*loras, *resources.get("lora", ()), refiner])
    program = _name_program(texts, fields)
    if program == "ComfyUI" and prompt == "unknown":  # what a node for saving writes where it finds no prompt
        prompt = ""
    return GenerationData(program, prompt or None, stem(model), names, fields.get("Seed"))


def _unquote(value: str) -> str:
    """Return a value that is written as JSON where it holds a comma, a colon or a quote."""
    return read_text(parse_json(value)) or value.strip('"') if value.startswith('"') else value


def _read_hashed_loras(line: str, fields: Mapping[str, str]) -> list[str]:
    """Read the LoRAs of a text whose prompt tags none: Fooocus and nodes of ComfyUI write hashes only."""
    listed = re.findall(r"([^\s:,][^:,]*): *[0-9a-f]+", fields.get("Lora hashes", ""))
    return list(dict.fromkeys([*listed, *_LORA_HASH.findall(line)]))


def _name_program(texts: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Name the program that wrote Automatic1111's text; several have taken it over."""
    if "fooocus_scheme" in texts or fields.get("Version", "").startswith("Fooocus"):
        return "Fooocus"
    return "ComfyUI" if fields.get("Version") == "ComfyUI" else fields.get("App") or "Automatic1111"


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
    """Read Easy Diffusion's texts, one a fact, under the names of its interface or of its labels."""
    texts = {_LABELS.get(key, key): text for key, text in texts.items()}
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
    whole = "\n".join(filter(None, [prompt, *_read_characters(known.get("v4_prompt"))]))
    return GenerationData("NovelAI", whole or None, texts.get("Source"), (), read_text(known.get("seed")))


def _read_characters(prompt: object) -> list[str | None]:
    """Read the prompts of single characters, which NovelAI keeps beside the prompt."""
    caption = prompt.get("caption") if isinstance(prompt, dict) else None
    listed = caption.get("char_captions") if isinstance(caption, dict) else None
    entries = listed if isinstance(listed, list) else []
    return [read_text(one.get("char_caption")) for one in entries if isinstance(one, dict)]


def _read_draw_things(texts: Mapping[str, str]) -> GenerationData | None:
    """Read the document of Draw Things: `c` is the prompt."""
    document = parse_json(texts.get("parameters"))
    if not isinstance(document, dict) or not {"c", "model"} <= document.keys():
        return None
    loras = _read_names(document.get("lora"), "model")
    model, seed = stem(read_text(document["model"])), read_text(document.get("seed"))
    return GenerationData("Draw Things", read_text(document["c"]), model, loras, seed)


def _read_names(listed: object, key: str) -> tuple[str, ...]:
    """Read the names that a list of objects has under a key."""
    entries = listed if isinstance(listed, list) else []
    return stems([read_text(entry.get(key)) or "" for entry in entries if isinstance(entry, dict)])


def _read_space(texts: Mapping[str, str]) -> GenerationData | None:
    """Read the document of RuinedFooocus, mflux, mold or a Space of Hugging Face."""
    document = parse_json(texts.get("parameters") or texts.get("mold:parameters"))
    if not isinstance(document, dict):
        return None
    prompt = read_text(document.get("Prompt") or document.get("prompt"))
    named = document.get("base_model_name") or document.get("Model") or document.get("model")
    model = stem(read_text(named))
    if prompt is None or model is None:
        return None
    program = "mflux" if "mflux_version" in document else "mold" if "mold:parameters" in texts else None
    program = program or read_text(document.get("software")) or "a Space of Hugging Face"
    paths = document.get("lora_paths") or []
    loras = _read_names(document.get("loras"), "name") or stems([str(path) for path in paths])
    return GenerationData(program, prompt, model, loras, read_text(document.get("seed")))


def _read_midjourney(texts: Mapping[str, str]) -> GenerationData | None:
    """Read what Midjourney writes as a description: the prompt, its flags (`--v 6.1`), and the id of the job."""
    text, job, _ = (texts.get("Description") or texts.get("parameters") or "").rpartition(" Job ID: ")
    if not job:
        return None
    flags = dict(_FLAG.findall(text))
    version = flags.get("v") or flags.get("version")
    name = f"Midjourney v{version}" if version else f"Niji {flags['niji']}" if flags.get("niji") else None
    prompt = _FLAG.split(text, maxsplit=1)[0].strip()
    return GenerationData("Midjourney", prompt or None, name, (), flags.get("seed"))


def _read_flux(texts: Mapping[str, str]) -> GenerationData | None:
    """Read the tags of Black Forest Labs' own scripts; the prompt is a description, where one was asked for."""
    if texts.get("Make") != "Black Forest Labs":
        return None
    return GenerationData("FLUX", texts.get("parameters"), stem(texts.get("Model")))


def _read_unreadable(texts: Mapping[str, str]) -> GenerationData | None:
    """Name a program whose texts do not say the model, so that the refusal can name it."""
    if "workflow" in texts:
        return GenerationData("ComfyUI")
    dream = re.match(r'"(.*)".*?(?: -S *(\d+)|$)', texts.get("Dream", ""), re.DOTALL)
    return GenerationData("InvokeAI", _drop_negative(dream[1]), seed=dream[2]) if dream else None


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
    if "sd-metadata" in texts:
        prompt = _drop_negative(str(prompt or ""))
    # Before version 3 `model` says "stable diffusion" of every model.
    model = _model_name(document.get("model_weights") or document.get("model"))
    loras = [_lora_name(each) for each in document.get("loras") or ()]
    loras += [_model_name(document.get("refiner_model")) or ""]
    seed = document.get("seed") if document.get("seed") is not None else inner.get("seed")
    return GenerationData("InvokeAI", read_text(prompt), stem(model), stems(loras), read_text(seed))


def _drop_negative(prompt: str) -> str:
    """Drop what InvokeAI before version 3 took in brackets as what the picture must not show."""
    return re.sub(r" *\[[^\]]*\]", "", prompt).strip()


def _model_name(model: object) -> str | None:
    if isinstance(model, dict):
        model = model.get("name") or model.get("model_name") or model.get("key")
    return read_text(model)


def _lora_name(entry: Any) -> str:
    inner = entry.get("model") or entry.get("lora") or {} if isinstance(entry, dict) else {}
    return str(inner.get("name") or inner.get("model_name") or "") if isinstance(inner, dict) else ""


READERS = (
    _read_invoke,
    _read_swarm,
    read_comfy,
    _read_draw_things,
    _read_space,
    _read_fooocus,
    _read_midjourney,
    _read_automatic,
    _read_easy,
    _read_novel,
    _read_flux,
    _read_unreadable,
)
"""By program, in the order in which their texts are believed."""
