"""Pages and JSON of image edits: the input beside the results, and the outline of its mask."""

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from app.arena.entries import competitions, inputs
from app.arena.entries.competitions import CompetitionFile
from tests.web.factories import FRAME, OURS, Named, drawing, enter, moment, parts_of

MODELS = [Named(slug, slug.title()) for slug in ("ant", "bee")]


def make_edit(app: Flask, slug: str, *, masked: bool, status: str = "open") -> None:
    """Two models edited one input."""
    parts = parts_of(app)
    mask = Image.new("RGBA", FRAME, (0, 0, 0, 255))
    ImageDraw.Draw(mask).rectangle((8, 8, 40, 40), fill=(0, 0, 0, 0))
    buffer = BytesIO()
    mask.resize((64, 64)).save(buffer, "PNG")
    photo = BytesIO()
    Image.open(BytesIO(drawing(90))).resize((64, 64)).save(photo, "PNG")
    key = inputs.store_images(parts.storage, photo.getvalue(), buffer.getvalue() if masked else None, FRAME)
    spec = CompetitionFile(
        slug=slug,
        title=slug.title(),
        mode="image-edit",  # type: ignore[arg-type]
        prompt="Add a star",
        frame=FRAME,
        status="open",
        input="photo.png",
    )
    parts.database.write(lambda session: competitions.save(session, spec, now=moment(), input_key=key))
    for number, model in enumerate(MODELS):
        enter(app, slug, model, seed=91 + number + (10 if masked else 0))
    if status == "closed":
        parts.database.write(lambda session: competitions.set_status(session, slug, "closed", now=moment()))


@pytest.mark.parametrize("masked", [True, False])
def test_a_competition_shows_its_input_and_the_outline_of_its_mask(
    app: Flask, client: FlaskClient, masked: bool
) -> None:
    make_edit(app, "star", masked=masked)
    html = client.get("/competitions/star").text
    assert "/competitions/star/input.webp" in html
    assert ("/competitions/star/mask-outline.png" in html) is masked
    assert ("Show the mask" in html) is masked
    answer = client.get("/competitions/star/mask-outline.png")
    assert answer.status_code == (200 if masked else 404)
    if masked:
        assert answer.content_type == "image/png"
        outline = Image.open(BytesIO(answer.data))
        assert outline.size == Image.open(BytesIO(client.get("/competitions/star/input.webp").data)).size
        assert outline.getchannel("A").getextrema() == (0, 255)


def test_a_draft_shows_nothing(app: Flask, client: FlaskClient) -> None:
    make_edit(app, "star", masked=True)
    assert client.get("/competitions/moon/mask-outline.png").status_code == 404


def test_pair_and_reveal_name_the_input(app: Flask, client: FlaskClient) -> None:
    make_edit(app, "star", masked=True)
    pair = client.post("/api/v1/matchups", json={"mode": "image-edit"}, headers=OURS).get_json()
    input_url = f"/m/{pair['id']}/input.webp"
    assert pair["competition"]["input_image_url"] == input_url
    assert pair["competition"]["mask_outline_url"] == "/competitions/star/mask-outline.png"
    for side in ("a", "b"):
        assert client.get(pair[side]["image_url"]).status_code == 200
    path = f"/api/v1/matchups/{pair['id']}"
    told = client.post(f"{path}/vote", json={"outcome": "a"}, headers=OURS).get_json()
    assert told["input_image_url"] == client.get(path).get_json()["input_image_url"] == input_url
    assert client.get(input_url).status_code == 200


def test_a_comparison_shows_what_both_were_given(app: Flask, client: FlaskClient) -> None:
    make_edit(app, "star", masked=False, status="closed")
    html = client.get("/compare/ant/bee").text
    assert "/competitions/star/input.webp" in html
    assert "The image both were given" in html
