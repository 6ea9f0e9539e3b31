"""
Requests as the published code of other clients writes them, field by field, and what it reads of the answers.

LibreChat: api/app/clients/tools/structured/OpenAIImageTools.js and DALLE3.js (tools image_gen_oai, image_edit_oai
and dalle). Open WebUI: backend/open_webui/routers/images.py (image_generations, image_edits). go-openai: image.go.
LangChain4j: DefaultOpenAiClient.java and MultipartBodyPublisher.java. Spring AI: OpenAiImageModel.java. n8n: the
OpenAI node's image/generate.operation.ts and edit.operation.ts. LobeChat: openaiCompatibleFactory/createImage.ts.
Dify: the plugins openai and gpustack. SillyTavern: src/endpoints/openai.js. Home Assistant: openai_conversation.
"""

import base64
import urllib.request

import httpx
from checks import BASE, KEY, PROMPT, ROOT, item, mask, png

LIBRECHAT, WEBUI = "LibreChat's bodies", "Open WebUI's bodies"
GO, LANGCHAIN4J, SPRING, N8N = "go-openai's bodies", "LangChain4j's bodies", "Spring AI's bodies", "n8n's bodies"
LOBE, DIFY, TAVERN, HOME = "LobeChat's bodies", "Dify's bodies", "SillyTavern's bodies", "Home Assistant's bodies"
BEARER = {"Authorization": f"Bearer {KEY}"}


def post(url: str, **options: object) -> dict:
    return ask(url, **options)["data"][0]


def ask(url: str, **options: object) -> dict:
    answer = httpx.post(url, timeout=60, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_png(text: str) -> bool:
    return base64.b64decode(text)[:4] == b"\x89PNG"


def librechat_generates(model: str = "gpt-image-stand-in") -> None:
    body = {
        "model": model,
        "prompt": PROMPT,
        "n": 1,
        "background": "auto",
        "output_format": "png",
        "quality": "auto",
        "size": "auto",
    }
    assert is_png(post(f"{BASE}/images/generations", headers=BEARER, json=body)["b64_json"])


def librechat_generates_by_another_name() -> None:
    """Ask as LibreChat does with another IMAGE_GEN_OAI_MODEL, which may name any model; it reads base64 alone."""
    librechat_generates("poster-pro")


def librechat_edits() -> None:
    parts = {"model": "gpt-image-stand-in", "prompt": "bluer", "quality": "auto", "size": "auto"}
    files = [("image[]", ("a.png", png(), "image/png")), ("image[]", ("b.png", png(), "image/png"))]
    assert is_png(post(f"{BASE}/images/edits", headers=BEARER, data=parts, files=files)["b64_json"])


def librechat_edits_at_azure() -> None:
    parts = {"model": "gpt-image-stand-in", "prompt": "bluer", "quality": "auto", "size": "auto"}
    url = f"{ROOT}/openai/deployments/gpt-image-stand-in/images/edits?api-version=2025-04-01-preview"
    files = [("image[]", ("a.png", png(), "image/png"))]
    assert is_png(post(url, headers={"api-key": KEY}, data=parts, files=files)["b64_json"])


def librechat_dalle() -> None:
    body = {
        "model": "poster-pro",
        "quality": "standard",
        "style": "vivid",
        "size": "1024x1024",
        "prompt": PROMPT,
        "n": 1,
    }
    link = post(f"{BASE}/images/generations", headers=BEARER, json=body)["url"]
    assert urllib.request.urlopen(link).read(4) == b"\x89PNG"


def webui_generates() -> None:
    body = {"model": "poster-pro", "prompt": PROMPT, "n": 1, "size": "512x512", "response_format": "b64_json"}
    assert is_png(post(f"{BASE}/images/generations", headers=BEARER, json=body)["b64_json"])


def webui_generates_gpt_image() -> None:
    """Ask as Open WebUI does, without response_format; it follows a link if there is one, with the key."""
    body = {"model": "gpt-image-stand-in", "prompt": PROMPT, "n": 1, "size": "auto"}
    made = post(f"{BASE}/images/generations?api-version=preview", headers=BEARER, json=body)
    assert httpx.get(made["url"], headers=BEARER).content[:4] == b"\x89PNG"


def webui_edits() -> None:
    parts = {"model": "stand-in", "prompt": "bluer", "n": "1", "size": "512x512", "response_format": "b64_json"}
    files = [("image", ("image.png", png(), "image/png"))]
    assert is_png(post(f"{BASE}/images/edits", headers=BEARER, data=parts, files=files)["b64_json"])


def form(boundary: str, *parts: tuple[str, str, bytes]) -> dict[str, object]:
    """Write a form as clients do that write each part themselves: disposition, other headers, content."""
    head = "--{}\r\nContent-Disposition: form-data; {}\r\n{}\r\n"
    body = b"".join(head.format(boundary, name, more).encode() + data + b"\r\n" for name, more, data in parts)
    kind = f"multipart/form-data; boundary={boundary}"
    return {"headers": BEARER | {"Content-Type": kind}, "content": body + f"--{boundary}--\r\n".encode()}


def field(name: str, value: str = "") -> tuple[str, str, bytes]:
    return f'name="{name}"', "", value.encode()


def go_generates() -> None:
    """Ask as go-openai does with a model alone; it reads whole numbers of the usage."""
    made = ask(
        f"{BASE}/images/generations", headers=BEARER, json={"prompt": PROMPT, "model": "gpt-image-stand-in"}
    )
    assert is_png(made["data"][0]["b64_json"])
    counts = [made["created"], *(made["usage"][f"{kind}_tokens"] for kind in ("total", "input", "output"))]
    assert all(type(count) is int for count in counts)


def go_edits() -> None:
    """Ask as go-openai does with readers that have no name: their files are called `.`, and unset fields empty."""
    nameless = 'name="image"; filename="."', "", png()
    fields = (
        field("prompt", "bluer"),
        field("model", "stand-in"),
        field("n", "1"),
        field("size"),
        field("response_format"),
    )
    made = post(f"{BASE}/images/edits", **form("3f1b", nameless, *fields))
    assert urllib.request.urlopen(made["url"]).read(4) == b"\x89PNG"


def go_varies() -> None:
    """Ask as go-openai does, which sends no model with a variation."""
    octets = "Content-Type: application/octet-stream\r\n"
    image = ('name="image"; filename="fox.png"', octets, png())
    fields = field("n", "2"), field("size", "256x256"), field("response_format", "b64_json")
    made = ask(f"{BASE}/images/variations", **form("3f1b", image, *fields))
    assert [is_png(one["b64_json"]) for one in made["data"]] == [True, True]


def langchain4j_generates() -> None:
    """Ask as LangChain4j does; it takes base64 or a link, and reads the format beside them."""
    body = {"model": "poster-pro", "prompt": PROMPT, "n": 1}
    made = ask(f"{BASE}/images/generations", headers=BEARER, json=body)
    assert made["data"][0]["url"].startswith("http")
    assert made["output_format"] == "png"


def langchain4j_edits() -> None:
    """Ask as LangChain4j does, whose boundary is always the same and whose fields come before its files."""
    kind = "Content-Type: image/png\r\n"
    files = [
        (f'name="{name}"; filename="image.png"', kind, data) for name, data in (("image", png()), ("mask", mask()))
    ]
    fields = (
        field("prompt", "bluer"),
        field("model", "gpt-image-stand-in"),
        field("n", "1"),
        field("quality", "low"),
    )
    assert is_png(post(f"{BASE}/images/edits", **form("----LangChain4j", *fields, *files))["b64_json"])


def spring_generates() -> None:
    """Ask as Spring AI does by openai-java, which takes a link before base64."""
    body = {"prompt": PROMPT, "model": "poster-pro", "n": 1, "size": "512x512", "response_format": "url"}
    made = post(f"{BASE}/images/generations", headers=BEARER | {"X-Stainless-Retry-Count": "0"}, json=body)
    assert urllib.request.urlopen(made["url"]).read(4) == b"\x89PNG"


def n8n_generates() -> None:
    body = {"prompt": PROMPT, "model": "poster-pro", "response_format": "b64_json", "n": 1, "quality": "hd"}
    assert is_png(post(f"{BASE}/images/generations", headers=BEARER, json=body)["b64_json"])


def n8n_edits() -> None:
    """Ask as n8n does for a gpt-image id: no response_format, and base64 alone is read."""
    parts = {"prompt": "bluer", "model": "gpt-image-stand-in", "n": "1", "size": "256x256"}
    parts |= {"background": "auto", "input_fidelity": "high", "output_format": "png", "quality": "high"}
    files = [("image[]", ("a.png", png(), "image/png")), ("mask", ("m.png", mask(), "image/png"))]
    assert is_png(post(f"{BASE}/images/edits", headers=BEARER, data=parts, files=files)["b64_json"])


def lobe_generates() -> None:
    body = {"model": "poster-pro", "n": 1, "prompt": PROMPT, "aspectRatio": "16:9", "seed": None}
    assert post(f"{BASE}/images/generations", headers=BEARER, json=body)["url"].startswith("http")


def lobe_edits() -> None:
    parts = {"model": "stand-in", "n": "1", "input_fidelity": "high", "prompt": "bluer"}
    files = [("image", ("image.png", png(), "image/png"))]
    assert is_png(post(f"{BASE}/images/edits", headers=BEARER, data=parts, files=files)["b64_json"])


def dify_generates() -> None:
    body = {"prompt": PROMPT, "model": "poster-pro", "size": "1024x1024", "n": 1}
    body |= {"style": "vivid", "quality": "standard", "response_format": "b64_json"}
    assert is_png(post(f"{BASE}/images/generations", headers=BEARER, json=body)["b64_json"])


def dify_generates_as_gpustack() -> None:
    """Ask as Dify's plugin for GPUStack does, which reads nothing but base64 and names no format."""
    assert is_png(post(f"{ROOT}/v1/images/generations", headers=BEARER, json=gpustack("poster-pro"))["b64_json"])


def dify_edits_as_gpustack() -> None:
    parts = {name: str(value) for name, value in gpustack("stand-in").items() if value is not None}
    files = {"image": ("image.png", png(), "image/png")}
    made = post(f"{ROOT}/v1/images/edits", headers=BEARER, data=parts | {"strength": "0.75"}, files=files)
    assert is_png(made["b64_json"])


def gpustack(model: str) -> dict[str, object]:
    sampling = {"sample_method": "euler", "sampling_steps": 20, "schedule_method": "discrete", "guidance": 3.5}
    rest = {"cfg_scale": 4.5, "seed": None, "negative_prompt": ""}
    return {"model": model, "prompt": PROMPT, "n": 1, "size": "512x512"} | sampling | rest


def tavern_generates() -> None:
    body = {"prompt": PROMPT, "model": "poster-pro", "size": "1024x1024", "n": 1, "response_format": "b64_json"}
    assert is_png(post(f"{BASE}/images/generations", headers=BEARER, json=body)["b64_json"])


def home_lists_and_generates() -> None:
    """List the models, as it is set up, then ask for a link, as its service does."""
    assert httpx.get(f"{BASE}/models", headers=BEARER).json()["object"] == "list"
    body = {"model": "poster-pro", "prompt": PROMPT, "size": "1024x1024", "quality": "standard", "style": "vivid"}
    body |= {"response_format": "url", "n": 1}
    assert post(f"{BASE}/images/generations", headers=BEARER, json=body)["url"].startswith("http")


for client, what, check in (
    (LIBRECHAT, "image_gen_oai", librechat_generates),
    (LIBRECHAT, "image_gen_oai with a model of another name", librechat_generates_by_another_name),
    (LIBRECHAT, "image_edit_oai, two images", librechat_edits),
    (LIBRECHAT, "image_edit_oai by Azure's path and header", librechat_edits_at_azure),
    (LIBRECHAT, "dalle", librechat_dalle),
    (WEBUI, "generate", webui_generates),
    (WEBUI, "generate with a gpt-image id", webui_generates_gpt_image),
    (WEBUI, "edit", webui_edits),
    (GO, "generate with a gpt-image id", go_generates),
    (GO, "edit of a reader without a name", go_edits),
    (GO, "variation without a model", go_varies),
    (LANGCHAIN4J, "generate", langchain4j_generates),
    (LANGCHAIN4J, "edit with a mask", langchain4j_edits),
    (SPRING, "generate", spring_generates),
    (N8N, "generate", n8n_generates),
    (N8N, "edit with a mask", n8n_edits),
    (LOBE, "generate", lobe_generates),
    (LOBE, "edit", lobe_edits),
    (DIFY, "generate", dify_generates),
    (DIFY, "generate by the plugin for GPUStack", dify_generates_as_gpustack),
    (DIFY, "edit by the plugin for GPUStack", dify_edits_as_gpustack),
    (TAVERN, "generate", tavern_generates),
    (HOME, "models and generate", home_lists_and_generates),
):
    item(client, what, check)
