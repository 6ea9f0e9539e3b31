"""LangChain and Semantic Kernel against a running server."""

import asyncio
import base64
import os
import urllib.request
import warnings
from importlib.metadata import version

import openai
from checks import BASE, KEY, PROMPT, item, png_file
from langchain_community.utilities.dalle_image_generator import DallEAPIWrapper
from semantic_kernel.connectors.ai.open_ai import OpenAITextToImage

warnings.simplefilter("ignore")
LANGCHAIN = f"LangChain {version('langchain-community')} (DallEAPIWrapper)"
KERNEL = f"Semantic Kernel {version('semantic-kernel')}"
os.environ["OPENAI_API_KEY"] = KEY


def langchain() -> None:
    link = DallEAPIWrapper(model="poster-pro", size="256x256", base_url=BASE).run(PROMPT)
    assert urllib.request.urlopen(link).read(4) == b"\x89PNG"


def service() -> OpenAITextToImage:
    client = openai.AsyncOpenAI(base_url=BASE, api_key=KEY)
    return OpenAITextToImage(ai_model_id="poster-pro", async_client=client)


def kernel_generates() -> None:
    [link] = asyncio.run(service().generate_images(PROMPT))
    assert urllib.request.urlopen(link).read(4) == b"\x89PNG"


def kernel_edits() -> None:
    """Edit by Semantic Kernel, which sends no model, and takes base64 where there is any."""
    [text] = asyncio.run(service().edit_image("bluer", image_paths=[str(png_file())]))
    assert base64.b64decode(text)[:4] == b"\x89PNG"


item(LANGCHAIN, "generate", langchain)
item(KERNEL, "generate", kernel_generates)
item(KERNEL, "edit without a model", kernel_edits)
