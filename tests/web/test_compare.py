"""Two models side by side."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.leaderboards.views.head_to_head import compare_models
from tests.web.catalogue import PRICED, TODAY, at, folder_of, load_folder, words
from tests.web.conftest import running
from tests.web.factories import MODELS, competition, moment, parts_of, vote

A, B = MODELS[0], MODELS[1]


@pytest.fixture
def app(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    shutil.copy(sqlite_template, tmp_path / "compare.sqlite3")
    yield from running(f"sqlite:///{tmp_path / 'compare.sqlite3'}", tmp_path)


def test_who_won_and_how_sure_that_is(app: Flask) -> None:
    competition(app, models=MODELS[:2])
    rng = random.Random(4)
    for n in range(9):
        vote(app, n.to_bytes(16), "tie" if n == 0 else "a", rng)
    page = words(app.test_client().get(f"/compare/{A.slug}/{B.slug}").text)
    with parts_of(app).database.reading() as session:
        total = compare_models(session, A.slug, B.slug, "text-to-image", now=moment()).total
    assert total.votes == 9
    assert f"{A.name} won {total.a_wins}" in page
    assert f"{B.name} won {total.b_wins}" in page
    assert "95 % interval" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "in 9 blind votes; their ratings expect" in page
    turned = words(app.test_client().get(f"/compare/{B.slug}/{A.slug}").text)
    assert f"{A.name} won {total.a_wins}" in turned


def test_models_that_never_met(app: Flask) -> None:
    competition(app)
    page = words(app.test_client().get(f"/compare/{A.slug}/{B.slug}").text)
    assert "Neither has been voted on yet." in page
    assert "not ranked yet" in page


def test_prices_and_limits_side_by_side(app: Flask, tmp_path: Path) -> None:
    load_folder(app, folder_of(tmp_path / "catalog", *(model.slug for model in PRICED)))
    at(app, TODAY)
    page = words(app.test_client().get("/compare/dall-e-2/dall-e-3").text)
    assert "Price per image, from $0.016 via OpenAI $0.040 via OpenAI" in page
    assert "Images per request 10 1" in page
    assert "Status Retired, May 12, 2026 Retired, May 12, 2026" in page


def test_pictures_of_a_closed_competition_stand_beside_each_other(app: Flask) -> None:
    competition(app)
    competition(app, "shut", status="closed", prompt="What both were asked")
    page = app.test_client().get(f"/compare/{A.slug}/{B.slug}").text
    assert page.count('src="/media/') == 2
    assert "What both were asked" in page
    assert "The prompt of a-red-cube" not in page


def test_choosing_two(app: Flask) -> None:
    competition(app)
    client = app.test_client()
    form = client.get(f"/compare?a={A.slug}").text
    assert f'<option value="{A.slug}" selected>' in form
    assert client.get(f"/compare?a={A.slug}&b={B.slug}").headers["Location"] == f"/compare/{A.slug}/{B.slug}"
    twice = client.get(f"/compare?a={A.slug}&b={A.slug}")
    assert twice.status_code == 200
    assert "one model twice" in twice.text
    assert "one model twice" not in form
    assert client.get(f"/compare/{A.slug}/{A.slug}").headers["Location"] == f"/models/{A.slug}"
    assert client.get(f"/compare/{A.slug}/none").status_code == 404
