"""The playground without a script: pictures for visitors, kind refusals, prompts that stay text."""

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.gateway import playground as gateway_playground
from app.gateway.formats import sniff
from tests.api.gateway_server import make
from tests.gateway.upstream import running
from tests.web.catalogue import TODAY, at, words
from tests.web.factories import OURS
from tests.web.playground_form import SMALL, Tags, articles, ask, pictures

HOSTILE = (
    '</textarea></pre><svg onload="alert(1)"><script>alert(2)</script>',
    "{{ 7 * 6191 }} {% raw %} ${7*6191} <%= 7*6191 %>",
    'it\'s a "quote" \\ `id` $(id) $HOME !! \u2028 \u202e \u00e9\U0001f98a',
    "two\r\nlines\tand a tab\x0b\x7f",
)


@pytest.fixture(scope="module")
def painting(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """No money; OpenAI's models are set up all the same."""
    folder = tmp_path_factory.mktemp("playground")
    shutil.copy(sqlite_template, folder / "playground.sqlite3")
    with running() as upstream:
        made = make(f"sqlite:///{folder / 'playground.sqlite3'}", folder, upstream)
        at(made.app, TODAY)
        yield made.app
        made.database.close()


@pytest.fixture
def client(painting: Flask) -> FlaskClient:
    return painting.test_client()


def assert_private(answer: TestResponse) -> None:
    """Stored nowhere; every script carries this answer's nonce and nothing stands inline."""
    assert answer.headers["Cache-Control"] == "private, no-store"
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)';", policy)
    assert nonce
    assert "unsafe" not in policy
    page = Tags(answer.text)
    assert {attributes.get("nonce") for attributes in page.scripts} == {nonce[1]}
    assert all(attributes.get("src") for attributes in page.scripts)
    assert [
        name for _, attributes in page.tags for name in attributes if name == "style" or name.startswith("on")
    ] == []


def test_looking_leaves_nothing(client: FlaskClient) -> None:
    answer = client.get("/playground")
    assert answer.status_code == 200
    assert_private(answer)
    assert "Set-Cookie" not in answer.headers
    assert "Poster-Pro" in answer.text
    assert "Brush-1" not in answer.text


def test_a_link_fills_the_form_and_draws_nothing(client: FlaskClient) -> None:
    query = [
        ("model", "poster-pro"),
        ("prompt", "<two> foxes"),
        ("aspect_ratio", "7:1"),
        ("resolution", "2K"),
        ("n", "3"),
    ]
    html = client.get("/playground?" + urlencode(query)).text
    assert "<article" not in html
    assert Tags(html).texts == ["\n<two> foxes"]
    tags = Tags(html).tags
    selected = [
        attributes.get("value") for tag, attributes in tags if tag == "option" and "selected" in attributes
    ]
    assert "poster-pro" in selected
    assert ("input", "7:1") in [(tag, attributes.get("value")) for tag, attributes in tags]
    assert "<option selected>2K</option>" in html
    assert "<option selected>3</option>" in html


def test_a_picture_by_form(client: FlaskClient) -> None:
    answer = client.post("/playground", data=SMALL, headers=OURS)
    assert_private(answer)
    [article] = articles(answer.text)
    [link] = pictures(article)
    assert re.fullmatch(r"/files/[A-Za-z0-9_-]{22}\.png", link)
    assert sniff(client.get(link).data) == "png"
    said = words(article)
    for fact in (
        "Poster-Pro",
        "Time",
        " s ",
        "Cost free listed at $0.024",
        "Provider Blindvote painter",
        "256 x 256",
    ):
        assert fact in said
    assert "None: the request was met as it was asked." in said
    assert all(language in said for language in ("cURL", "Python", "JavaScript"))
    assert "can be loaded for 60 minutes" in said


def test_what_was_changed_is_told(client: FlaskClient) -> None:
    said = words(ask(client, size="9000x9000", aspect_ratio="2:1", output_format="webp"))
    assert "size 9000x9000 → became 2048x2048 Nearest size of this model." in said
    assert "aspect_ratio 2:1 → became not used size wins over aspect_ratio." in said
    assert "2048 x 2048 webp" in said


def test_several_pictures(client: FlaskClient) -> None:
    html = ask(client, n="4", output_format="jpeg")
    links = pictures(html)
    assert len(set(links)) == 4
    assert {sniff(client.get(link).data) for link in links} == {"jpeg"}
    assert "picture 4 of 4: a red cube" in html


def test_two_models_side_by_side(client: FlaskClient) -> None:
    first, second = articles(ask(client, model=["old-1", "poster-pro"]))
    assert "was retired on May 12, 2026" in words(first)
    assert len(pictures(second)) == 1
    assert len(articles(ask(client, model=["poster-pro", "poster-pro"]))) == 1


def test_without_a_model_it_takes_the_default(client: FlaskClient) -> None:
    assert "Poster-Pro" in articles(ask(client, model=""))[0]


@pytest.mark.parametrize("name", ["old-1", "old"])
def test_a_retired_model_says_what_to_use_instead(client: FlaskClient, name: str) -> None:
    for html in (
        client.get(f"/playground?model={name}&prompt=a+fox").text,
        ask(client, status=404, model=name, prompt="a fox"),
    ):
        assert "Old-1 was retired on May 12, 2026; no provider serves it any more." in words(html)
        [notice] = re.findall(r'class="notice">.*?</p>', html, re.DOTALL)
        assert 'href="/playground?model=poster-pro&amp;prompt=a+fox' in notice
    assert "model_retired" in html


@pytest.mark.parametrize(
    ("name", "status", "words_of_it"),
    [
        ("poster-prp", 404, "Did you mean poster-pro?"),
        ("<b>", 404, "There is no model '<b>'."),
        ("brush-1", 404, "costs money, and this playground has none to spend"),
        ("strip-1", 404, "No provider of Strip-1 is set up on this server."),
        ("painter/poster-pro", 400, "The playground chooses the provider itself."),
    ],
)
def test_models_that_cannot_be_drawn_with(client: FlaskClient, name: str, status: int, words_of_it: str) -> None:
    html = ask(client, status=status, model=name)
    assert words_of_it in unescape(" ".join(html.split()))
    assert pictures(html) == []
    assert client.get("/playground?" + urlencode({"model": name})).status_code == 200


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \r\n"}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"size": "big"}, "size"),
        ({"size": "0x0"}, "size"),
        ({"aspect_ratio": "wide"}, "aspect_ratio"),
        ({"resolution": "huge"}, "resolution"),
        ({"output_format": "bmp"}, "output_format"),
        ({"n": "99"}, "n"),
        ({"n": "\N{ARABIC-INDIC DIGIT TWO}"}, "n"),
    ],
)
def test_mistakes_are_shown_at_their_field(client: FlaskClient, form: dict[str, str], param: str) -> None:
    html = ask(client, status=400, **form)
    [field] = [attributes for _, attributes in Tags(html).tags if "aria-invalid" in attributes]
    assert (field["name"], field["aria-describedby"]) == (param, "said")
    assert re.search(r'id="said"[^>]*>[^<]{10,}<', html)
    assert articles(html) == []


def test_more_pictures_than_the_playground_makes(client: FlaskClient) -> None:
    assert "at most 4 images at once" in words(ask(client, status=400, n="5"))


@pytest.mark.parametrize("prompt", HOSTILE)
def test_hostile_prompts_stay_text(client: FlaskClient, prompt: str) -> None:
    """In the form, in the alternative text, and in each language of the request as code."""
    html = ask(client, prompt=prompt)
    kept = prompt.replace("\r\n", "\n").strip()
    page = Tags(html)
    assert "43337" not in html
    assert {tag for tag, _ in page.tags} & {"svg"} == set()
    assert len(page.scripts) == 3, "the page's, the form's and the mask's"
    textarea, curl, python, script = page.texts
    assert textarea == "\n" + kept
    assert _body_sent(curl)["prompt"] == kept
    call = next(
        node
        for node in ast.walk(ast.parse(python))
        if isinstance(node, ast.Call) and node.keywords[:1] and node.keywords[0].arg == "model"
    )
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords}["prompt"] == kept
    written = re.search(r"^  prompt: (.*),$", script, re.MULTILINE)
    assert written
    assert json.loads(written[1]) == kept


def _body_sent(curl: str) -> dict[str, str]:
    """What a shell makes of the line, without sending it."""
    shown = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{curl}\n"
    arguments = subprocess.run(["bash", "-c", shown], capture_output=True, check=True).stdout.split(b"\0")
    body: dict[str, str] = json.loads(arguments[arguments.index(b"-d") + 1])
    return body


def test_the_request_as_code_holds_what_was_asked(client: FlaskClient) -> None:
    html = ask(client, size="", aspect_ratio="2:1", resolution="0.5K", n="2", output_format="webp")
    _, curl, python, script = Tags(html).texts
    asked = {
        "model": "poster-pro",
        "prompt": "a red cube",
        "aspect_ratio": "2:1",
        "resolution": "0.5K",
        "output_format": "webp",
        "n": 2,
    }
    assert _body_sent(curl) == asked
    assert 'extra_body={"aspect_ratio": "2:1", "resolution": "0.5K"},' in python
    assert "  n: 2," in script
    assert "http://localhost/openai/v1" in script


def test_the_longest_prompt_in_the_widest_letters(client: FlaskClient) -> None:
    html = ask(client, prompt="\U0001f98a" * 32_000)
    assert len(pictures(html)) == 1
    assert "Link to this form" in html


def test_bodies_have_a_bound(client: FlaskClient) -> None:
    assert pictures(ask(client, status=413, prompt="x" * 500_000)) == []


def test_no_other_site_draws_here(client: FlaskClient) -> None:
    answer = client.post("/playground", data=SMALL, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


def test_visitors_leave_half_of_the_places(client: FlaskClient) -> None:
    with ExitStack() as stack:
        for name in ("a", "a", "b", "b"):
            stack.enter_context(gateway_playground._limits.hold_place(name, TODAY))
        answer = client.post("/playground", data=SMALL, headers=OURS)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "a place will be free in a moment" in words(answer.text)
    ask(client)
