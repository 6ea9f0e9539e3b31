"""Reads the graph of nodes that ComfyUI writes into its images: prompt, model, LoRAs, seed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.arena.entries.generation_facts import GenerationData, parse_json, read_text, stem, stems

MOST_STEPS = 200
IMAGES = frozenset({"samples", "latent", "latent_image", "pixels", "image", "images"})
"""Inputs of ComfyUI's nodes that hand a picture on, as pixels or not decoded yet."""


def read_comfy(texts: Mapping[str, str]) -> GenerationData | None:
    """
    Read the graph, a text `prompt`, from its sampler backwards; what two samplers say differently is not known.

    Of samplers in a row, as for a refiner or a second pass, the first one has the seed and the model.
    """
    graph = _read_graph(texts.get("prompt")) or _read_graph(texts.get("parameters"))
    if graph is None:
        return None
    walk = _Graph({str(key): node for key, node in graph.items()})
    samplers = [node for node in graph.values() if _is_sampler(node)]
    later = [walk.read_sampler(node) for node in samplers if walk.continues(node)]
    first = [walk.read_sampler(node) for node in samplers if not walk.continues(node)]
    if not first:
        return GenerationData("ComfyUI")
    model = None if any(one.model is None for one in later) else _only([one.model for one in first])
    loras = [lora for one in first for lora in one.loras]
    loras += [name for one in later for name in (one.model, *one.loras) if name and name != model]
    return GenerationData(
        "ComfyUI",
        _only([one.prompt for one in [*first, *later]]),
        model,
        tuple(dict.fromkeys(loras)),
        _only([one.seed for one in first]),
    )


def _read_graph(text: str | None) -> dict[str, dict[str, Any]] | None:
    """Read a graph's nodes; Civitai's adds entries of its own. None where the text is no graph."""
    document = parse_json(text)
    if not isinstance(document, dict):
        return None
    nodes = {key: node for key, node in document.items() if key not in {"extra", "extraMetadata"}}
    is_graph = nodes and all(isinstance(node, dict) and "class_type" in node for node in nodes.values())
    return nodes if is_graph else None


@dataclass(frozen=True)
class _Graph:
    """Hold ComfyUI's nodes by their ids; an input is a value, or `[id, output]` of another node."""

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

    def continues(self, sampler: dict[str, Any]) -> bool:
        """Tell whether a sampler works on what another one made."""
        links, seen = [_inputs(sampler).get("latent_image")], 0
        while links and seen < MOST_STEPS:
            node, seen = self._follow(links.pop()), seen + 1
            if node is not None and _is_sampler(node):
                return True
            if node is not None:
                links += [value for name, value in _inputs(node).items() if name in IMAGES]
        return False

    def _stacked(self, link: object) -> list[str]:
        """List the LoRAs of a stack that a loader is handed."""
        names: list[str] = []
        for _ in range(MOST_STEPS):
            node = self._follow(link)
            if node is None:
                break
            inputs = _inputs(node)
            names, link = [*_loras_in(inputs), *names], inputs.get("lora_stack")
        return names

    def _follow(self, link: object) -> dict[str, Any] | None:
        """Return the node that a link leads to, past switches; None where it leads nowhere."""
        for _ in range(MOST_STEPS):
            is_link = isinstance(link, list) and len(link) == 2 and isinstance(link[0], str | int)
            node = self.nodes.get(str(link[0])) if is_link else None  # type: ignore[index]
            if node is None or not {"switch", "on_true", "on_false"} <= _inputs(node).keys():
                return node
            link = self._choose(_inputs(node))
        return None

    def _choose(self, inputs: dict[str, Any]) -> object:
        """Return the link that a switch lets through; None where what turns it is not known."""
        turned = inputs["switch"]
        if isinstance(turned, list):
            turned = _inputs(self.nodes.get(str(turned[0])) or {}).get("value") if turned else None
        return inputs["on_true" if turned else "on_false"] if isinstance(turned, bool) else None

    def _value_of(self, value: object, *names: str) -> str | None:
        node = self._follow(value)
        if node is None:
            return read_text(value)
        inputs = _inputs(node)
        plain = (inputs[name] for name in (*names, "value", "int", "text") if name in inputs)
        return next((read_text(one) for one in plain if not isinstance(one, list)), None)

    def _text_of(self, link: object, left: int = MOST_STEPS) -> str | None:
        """Follow conditionings back to the text they encode."""
        node = self._follow(link)
        if node is None or left == 0:
            return None
        inputs = _inputs(node)
        for name in (
            "populated_text",
            "text",
            "Text",
            "text_g",
            "t5xxl",
            "clip_l",
            "prompt",
            "string",
            "value",
            "positive",
        ):
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
            loras = [*_loras_in(inputs), *self._stacked(inputs.get("lora_stack")), *loras]
            for name in ("ckpt_name", "unet_name", "model_name", "model_path"):
                model = self._value_of(inputs.get(name), name, "string")
                if model is not None:
                    return {"model": stem(model), "loras": stems(loras)}
            link = inputs.get("model") or inputs.get("guider") or next(iter(_passed(inputs)), None)
        return {"loras": stems(loras)}


def _is_sampler(node: dict[str, Any]) -> bool:
    return "sampler" in str(node["class_type"]).lower() and _inputs(node).get("latent_image") is not None


def _inputs(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node's inputs; some choosers of files write the name as the `content` of an object."""
    inputs = node.get("inputs")
    given = inputs if isinstance(inputs, dict) else {}
    return {
        name: value["content"] if isinstance(value, dict) and "content" in value else value
        for name, value in given.items()
    }


def _mixed(inputs: dict[str, Any]) -> list[Any]:
    """List the conditionings that a node makes one of; they must all say the same."""
    return [inputs[name] for name in inputs if re.fullmatch(r"conditioning_(\d+|to|from)", name)]


def _passed(inputs: dict[str, Any]) -> list[Any]:
    """List the one link that a node hands on, as a reroute does; one with texts makes something else."""
    links = [value for value in inputs.values() if isinstance(value, list)]
    return links if len(links) == 1 and not any(isinstance(value, str) for value in inputs.values()) else []


def _loras_in(inputs: dict[str, Any]) -> list[str]:
    """List the LoRAs of a loader: one, several by number, or switches of which some are on."""
    numbered = ((name, re.fullmatch(r"lora(?:_name)?(?:_(\d+))?", name)) for name in inputs)
    named = [inputs[name] for name, found in numbered if found and _is_on(inputs, found[1])]
    switched = [value for name, value in inputs.items() if name.startswith("lora_") and isinstance(value, dict)]
    on = [value.get("lora") for value in switched if value.get("on") is not False]
    return [name for name in [*named, *on] if isinstance(name, str)]


def _is_on(inputs: dict[str, Any], number: str | None) -> bool:
    """Tell whether the LoRA of a number is in use: a stack may hold more than it counts, and switch some off."""
    count = inputs.get("lora_count")
    is_counted = number is None or not isinstance(count, int) or int(number) <= count
    return is_counted and inputs.get(f"switch_{number}") != "Off"


def _only_alike(texts: list[str | None]) -> str | None:
    """Return the text that all of them are; None where one is unknown or two differ."""
    return texts[0] if len(set(texts)) == 1 else None


def _only(values: list[str | None]) -> str | None:
    known = {value for value in values if value}
    return known.pop() if len(known) == 1 else None
