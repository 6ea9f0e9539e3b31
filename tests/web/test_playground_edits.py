"""Edits and variations in the playground without a script: images by form, kind refusals, nothing kept."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.catalog.tables import CatalogState, WireContract
from app.gateway.images import decode
from app.web import playground
from tests.factories import picture_bytes
from tests.web.catalogue import SEEDS, at, load_folder, words
from tests.web.conftest import running
from tests.web.factories import OURS, parts_of
from tests.web.playground_form import articles, pictures

SIZE = (320, 256)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A moment of its own: the pace of visitors is kept per process."""


@pytest.fixture(scope="module")
def editing(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The seeded catalogue, whose painters edit."""
    folder = tmp_path_factory.mktemp("editing")
    shutil.copy(sqlite_template, folder / "editing.sqlite3")
    for app in running(f"sqlite:///{folder / 'editing.sqlite3'}", folder):
        load_folder(app, SEEDS / "catalog")
        at(app, NOON)
        yield app


@pytest.fixture
def client(editing: Flask) -> FlaskClient:
    return editing.test_client()


def mask_bytes(size: tuple[int, int] = SIZE) -> bytes:
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    ImageDraw.Draw(mask).rectangle((0, 0, size[0], size[1] // 2 - 1), fill=(0, 0, 0, 0))
    buffer = BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


def send(client: FlaskClient, **form: object) -> TestResponse:
    given = {"operation": "edit", "model": "poster-pro", "prompt": "a starry night sky", **form}
    files = {name: (BytesIO(value), f"{name}.png") for name, value in given.items() if isinstance(value, bytes)}
    return client.post(
        "/playground", data=given | files, headers=OURS, content_type="multipart/form-data", buffered=True
    )


def test_an_uploaded_image_is_edited_inside_its_mask(client: FlaskClient) -> None:
    answer = send(client, image=picture_bytes(1, SIZE), mask=mask_bytes())
    assert answer.status_code == 200, words(answer.text)
    [file] = pictures(answer.text)
    before, after = decode(picture_bytes(1, SIZE)), decode(client.get(file).data)
    lower = (0, 128, *SIZE)
    assert after.size == SIZE
    assert after.crop(lower).tobytes() == before.crop(lower).tobytes()
    assert after.tobytes() != before.tobytes()
    code = words(answer.text)
    assert "/openai/v1/images/edits" in code
    assert 'image=@image.png" \\ -F "mask=@mask.png' in code


def test_a_mask_field_left_empty_is_no_mask(client: FlaskClient) -> None:
    answer = send(client, image=picture_bytes(1, SIZE), mask=b"")
    assert answer.status_code == 200
    assert len(pictures(answer.text)) == 1
    assert "mask=@" not in answer.text


def test_variations_need_no_prompt_and_no_mask(client: FlaskClient) -> None:
    answer = send(client, operation="variation", prompt="", image=picture_bytes(1, SIZE), mask=b"junk", n="2")
    assert answer.status_code == 200, words(answer.text)
    assert len(pictures(answer.text)) == 2
    assert "/openai/v1/images/variations" in answer.text


def test_a_generation_looks_at_no_file(client: FlaskClient) -> None:
    answer = send(client, operation="generation", prompt="a red cube", size="256x256", image=b"junk")
    assert answer.status_code == 200
    assert len(pictures(answer.text)) == 1


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "An image is required."),
        ({"image": b""}, "An image is required."),
        ({"image": picture_bytes(1, SIZE), "prompt": ""}, "A prompt is required."),
        ({"operation": "nonsense", "prompt": ""}, "A prompt is required."),
    ],
)
def test_what_is_missing_is_said_beside_the_form(
    client: FlaskClient,
    form: dict[str, object],
    says: str,
) -> None:
    answer = send(client, **form)
    assert (answer.status_code, articles(answer.text)) == (400, [])
    assert says in words(answer.text)


@pytest.mark.parametrize(
    "files",
    [
        {"image": b"no image"},
        {"image": picture_bytes(1)[:300]},
        {"image": picture_bytes(1, SIZE), "mask": b"no image"},
        {"image": picture_bytes(1, SIZE), "mask": mask_bytes((100, 100))},
    ],
)
def test_what_cannot_be_used_is_refused_kindly(client: FlaskClient, files: dict[str, bytes]) -> None:
    answer = send(client, **files)
    assert answer.status_code == 400
    [article] = articles(answer.text)
    assert "This model can't be asked for that" in words(article)


def test_too_large_a_form_is_refused_before_it_is_read(client: FlaskClient) -> None:
    answer = send(client, image=bytes(playground.UPLOAD_BYTES + 1))
    assert answer.status_code == 413


def test_a_link_opens_the_form_for_an_edit(client: FlaskClient) -> None:
    html = client.get("/playground?operation=edit&model=poster-pro").text
    assert 'value="edit" checked' in html
    assert 'enctype="multipart/form-data"' in html
    able = dict(re.findall(r'<option value="([^"]+)" data-can="([^"]*)"', html))
    assert {"generation", "edit", "mask", "variation"} == set(able["poster-pro"].split())


def test_a_model_says_what_it_cannot_do(client: FlaskClient) -> None:
    html = client.get("/playground").text
    able = dict(re.findall(r'<option value="([^"]+)" data-can="([^"]*)"', html))
    drawing_only = [slug for slug, can in able.items() if can == "generation"]
    assert drawing_only
    answer = send(client, model=drawing_only[0], image=picture_bytes(1, SIZE))
    assert answer.status_code == 400
    assert "does not support image-edit" in answer.text


def change_edits_of_the_painter(app: Flask, **terms: object) -> dict[str, object]:
    """Put these terms into the painter's contract for edits; returns those that they replaced."""

    def work(session: Session) -> dict[str, object]:
        chosen = (WireContract.provider == "painter", WireContract.operation == "edit")
        row = session.scalars(select(WireContract).where(*chosen)).one()
        before = {name: row.terms[name] for name in terms}
        row.terms = row.terms | terms
        session.execute(update(CatalogState).values(version=CatalogState.version + 1))
        return before

    return parts_of(app).database.write(work)


def test_a_mask_is_offered_where_a_contract_takes_one(editing: Flask, client: FlaskClient) -> None:
    def able() -> set[str]:
        found = dict(re.findall(r'<option value="([^"]+)" data-can="([^"]*)"', client.get("/playground").text))
        return set(found["poster-pro"].split())

    before = change_edits_of_the_painter(editing, mask=None)
    try:
        assert able() == {"generation", "edit", "variation"}
    finally:
        change_edits_of_the_painter(editing, **before)
    assert able() == {"generation", "edit", "mask", "variation"}
