"""Python's `openai` 0.28, which many programs still have, against a running server."""

import base64
import io

import openai
from checks import BASE, KEY, PROMPT, item, mask, png
from openai import version

NAME = f"openai {version.VERSION} (Python)"
openai.api_base, openai.api_key = BASE, KEY


def file(data: bytes | None = None) -> io.BytesIO:
    found = io.BytesIO(data or png())
    found.name = "one.png"
    return found


def generate() -> None:
    assert openai.Image.create(prompt=PROMPT, size="256x256")["data"][0]["url"]


def generate_base64() -> None:
    made = openai.Image.create(prompt=PROMPT, n=2, size="256x256", response_format="b64_json")
    assert [base64.b64decode(one["b64_json"])[:4] for one in made["data"]] == [b"\x89PNG"] * 2


def edit() -> None:
    made = openai.Image.create_edit(image=file(), mask=file(mask()), prompt="bluer", n=1, size="256x256")
    assert made["data"][0]["url"]


def variation() -> None:
    assert openai.Image.create_variation(image=file(), n=1, size="256x256")["data"][0]["url"]


def models() -> None:
    assert "poster-pro" in [model["id"] for model in openai.Model.list()["data"]]


def error() -> None:
    told = None
    try:
        openai.Image.create(prompt=PROMPT, model="dall-e-2")
    except openai.error.InvalidRequestError as caught:
        told = caught.http_status, caught.code
    assert told == (404, "model_retired")


for what, check in (
    ("generate", generate),
    ("generate two in base64", generate_base64),
    ("edit with a mask, without a model", edit),
    ("variation, without a model", variation),
    ("models", models),
    ("a retired model is an error that says so", error),
):
    item(NAME, what, check)
