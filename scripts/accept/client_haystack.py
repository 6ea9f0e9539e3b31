"""Haystack's image generator against a running server: it sends no response_format, and reads base64 alone."""

import base64
import os
from importlib.metadata import version

from checks import BASE, KEY, PROMPT, item

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
from haystack.components.generators import OpenAIImageGenerator
from haystack.utils import Secret

HAYSTACK = f"Haystack {version('haystack-ai')} (OpenAIImageGenerator)"


def generate() -> None:
    key = Secret.from_token(KEY)
    generator = OpenAIImageGenerator(model="poster-pro", size="512x512", api_base_url=BASE, api_key=key)
    [text] = generator.run(PROMPT)["images"]
    assert base64.b64decode(text)[:4] == b"\x89PNG"


item(HAYSTACK, "generate with a model of another name", generate)
