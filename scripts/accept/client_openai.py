"""Python's `openai`, 1.x and newer, against a running server."""

import base64
import urllib.parse
import urllib.request
import warnings

import openai
from checks import BASE, KEY, PROMPT, ROOT, STAND_IN, item, mask, png, png_file

warnings.simplefilter("ignore")
NAME = f"openai {openai.__version__} (Python)"
client = openai.OpenAI(base_url=BASE, api_key=KEY)
SMALL = {"prompt": PROMPT, "size": "256x256"}


def generate() -> None:
    made = client.images.generate(**SMALL)
    assert urllib.request.urlopen(made.data[0].url).read(4) == b"\x89PNG"
    assert made.usage.total_tokens == 0


def generate_base64() -> None:
    made = client.images.generate(**SMALL, response_format="b64_json", n=2)
    assert [base64.b64decode(one.b64_json)[:4] for one in made.data] == [b"\x89PNG"] * 2


def generate_gpt_image() -> None:
    made = client.images.generate(prompt=PROMPT, model="gpt-image-stand-in")
    assert base64.b64decode(made.data[0].b64_json)[:4] == b"\x89PNG"
    assert (made.usage.output_tokens, made.usage.total_tokens) == (400, 460)
    assert made.model_dump()["quality"] == "high"


def edit() -> None:
    for image in (png(), [png(), png()], png_file().open("rb")):
        made = client.images.edit(image=image, mask=mask(), prompt="bluer", model="stand-in")
        assert made.data[0].b64_json
        assert made.data[0].url


def edit_with_markup() -> str:
    """Send a drawing over the image, of which nothing is made here: it is refused and not dropped."""
    param = None
    try:
        client.images.edit(image=png(), markup=mask(), prompt="bluer", model="stand-in")
    except TypeError:
        return "this version sends none"
    except openai.BadRequestError as error:
        param = error.param
    assert param == "markup"
    return "refused by name"


def edit_without_model() -> None:
    assert client.images.edit(image=png(), prompt="bluer").data[0].b64_json


def variation() -> None:
    assert client.images.create_variation(image=png(), model="stand-in").data[0].url


def stream() -> None:
    events = list(client.images.generate(**SMALL, stream=True, partial_images=1))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert events[0].usage.total_tokens == 0
    changed = events[0].model_dump()["metadata"]["adjustments"]
    assert [(one["parameter"], one["used"]) for one in changed] == [("partial_images", 0)]


def stream_error() -> None:
    code = None
    try:
        list(client.images.generate(prompt="please fail", model="stand-in", stream=True))
    except openai.APIError as error:
        code = error.code
    assert code == "all_providers_failed"


def models() -> None:
    assert "poster-pro" in [model.id for model in client.models.list()]
    assert client.models.retrieve("painter/poster-pro").id == "painter/poster-pro"


def azure() -> None:
    """Call by Azure's paths: the deployment is the model, the key is in `api-key`."""
    azure_client = openai.AzureOpenAI(azure_endpoint=ROOT, api_key=KEY, api_version="2025-04-01-preview")
    made = azure_client.images.generate(model="poster-pro", **SMALL)
    assert made.data[0].url
    assert "poster-pro" in [model.id for model in azure_client.models.list()]
    made = azure_client.images.edit(model="stand-in", image=png(), prompt="bluer")
    assert made.data[0].b64_json


def retry_joins() -> str:
    """Give up after 1.5 s, try again, and pay once."""
    words = f"please take 8 s for {NAME}"
    impatient = client.with_options(timeout=1.5, max_retries=8)
    made = impatient.images.generate(prompt=words, model="stand-in")
    assert made.data[0].url
    asked = urllib.request.urlopen(f"{STAND_IN}/asked?{urllib.parse.urlencode({'words': words})}").read()
    assert asked == b"1", f"the provider was asked {asked!r} times"
    return "one upstream generation"


for what, check in (
    ("generate, by default a link", generate),
    ("generate two in base64", generate_base64),
    ("generate with a gpt-image id: base64, usage, quality", generate_gpt_image),
    ("edit of bytes, a list and a file, with a mask", edit),
    ("edit with a markup", edit_with_markup),
    ("edit without a model", edit_without_model),
    ("variation", variation),
    ("stream: the completed event has usage", stream),
    ("stream: a failure is raised", stream_error),
    ("models", models),
    ("AzureOpenAI: generate, edit and list the models", azure),
    ("timeout of 1.5 s on an image of 8 s", retry_joins),
):
    item(NAME, what, check)
