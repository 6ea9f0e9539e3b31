"""LiteLLM as a package, and its proxy in front of a running server."""

import base64
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import litellm
import openai
from checks import BASE, FOLDER, KEY, PROMPT, item, png, png_file

NAME = f"LiteLLM {version('litellm')}"
MASTER = "sk-accept-" + "0123456789abcdef" * 2
HERE = {"api_base": BASE, "api_key": KEY}
CONFIG = """
model_list:
  - model_name: poster
    litellm_params: {{model: openai/poster-pro, api_base: "{base}", api_key: "{key}"}}
  - model_name: gpt-image
    litellm_params: {{model: openai/gpt-image-stand-in, api_base: "{base}", api_key: "{key}"}}
  - model_name: editor
    litellm_params: {{model: openai/stand-in, api_base: "{base}", api_key: "{key}"}}
"""


def cost(made: object) -> float:
    found = made._hidden_params.get("response_cost")  # type: ignore[attr-defined]  # noqa: SLF001
    assert found, f"the cost is {found!r}"
    return float(found)


def generate() -> str:
    made = litellm.image_generation(model="openai/poster-pro", prompt=PROMPT, size="256x256", **HERE)
    assert made.data[0].url
    return f"cost {cost(made)} USD"


def generate_gpt_image() -> str:
    made = litellm.image_generation(model="openai/gpt-image-stand-in", prompt=PROMPT, **HERE)
    assert base64.b64decode(made.data[0].b64_json)[:4] == b"\x89PNG"
    assert made.usage.total_tokens == 460
    return f"usage {made.usage.total_tokens} tokens, cost {cost(made)} USD"


def edit() -> str:
    made = litellm.image_edit(model="openai/stand-in", image=png_file().open("rb"), prompt="bluer", **HERE)
    assert made.data[0].b64_json
    assert made.usage.total_tokens == 460
    return f"usage {made.usage.total_tokens} tokens"


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness"):
        return True
    return False


@contextmanager
def proxy() -> Iterator[str]:
    """Run the proxy on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = FOLDER / "litellm.yaml"
    config.write_text(CONFIG.format(base=BASE, key=KEY))
    command = [
        Path(sys.executable).parent / "litellm",
        "--config",
        config,
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LITELLM_MASTER_KEY": MASTER},
    )
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None and not answers(port):
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def through_proxy(url: str) -> None:
    client = openai.OpenAI(base_url=url, api_key=MASTER, max_retries=0)

    def by_link() -> str:
        raw = client.images.with_raw_response.generate(model="poster", prompt=PROMPT, size="256x256")
        assert raw.parse().data[0].url
        told = raw.headers.get("x-litellm-response-cost")
        assert float(told or 0) > 0, f"the cost is {told!r}"
        return f"cost {told} USD"

    def by_base64() -> str:
        made = client.images.generate(model="gpt-image", prompt=PROMPT)
        assert made.data[0].b64_json
        assert made.usage.total_tokens == 460
        return f"usage {made.usage.total_tokens} tokens"

    def edited() -> None:
        made = client.images.edit(model="editor", image=png(), prompt="bluer")
        assert made.data[0].b64_json

    item(f"{NAME} proxy", "generate: cost is not zero", by_link)
    item(f"{NAME} proxy", "generate with a gpt-image id: usage is not zero", by_base64)
    item(f"{NAME} proxy", "edit", edited)


item(NAME, "generate: cost is not zero", generate)
item(NAME, "generate with a gpt-image id: usage and cost are not zero", generate_gpt_image)
item(NAME, "edit: usage is not zero", edit)
with proxy() as address:
    through_proxy(address)
