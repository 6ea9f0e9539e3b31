"""
Requests as the published code of two chat servers writes them, field by field.

LibreChat: api/app/clients/tools/structured/OpenAIImageTools.js and DALLE3.js (tools image_gen_oai, image_edit_oai
and dalle). Open WebUI: backend/open_webui/routers/images.py (image_generations, image_edits).
"""

import base64
import urllib.request

import httpx
from checks import BASE, KEY, PROMPT, ROOT, item, png

LIBRECHAT, WEBUI = "LibreChat's bodies", "Open WebUI's bodies"
BEARER = {"Authorization": f"Bearer {KEY}"}


def post(url: str, **options: object) -> dict:
    answer = httpx.post(url, timeout=60, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]


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


for client, what, check in (
    (LIBRECHAT, "image_gen_oai", librechat_generates),
    (LIBRECHAT, "image_gen_oai with a model of another name", librechat_generates_by_another_name),
    (LIBRECHAT, "image_edit_oai, two images", librechat_edits),
    (LIBRECHAT, "image_edit_oai by Azure's path and header", librechat_edits_at_azure),
    (LIBRECHAT, "dalle", librechat_dalle),
    (WEBUI, "generate", webui_generates),
    (WEBUI, "generate with a gpt-image id", webui_generates_gpt_image),
    (WEBUI, "edit", webui_edits),
):
    item(client, what, check)
