"""Paths and files that lie about themselves. ASVS 5.0 5.1.1, 5.2.1, 5.2.2, 5.3.2, 5.4.1, 5.4.2, 13.4.x."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from app.gateway import keys
from tests.web.factories import moment, parts_of

NAMES = (
    *(
        "../../secret_key",
        "..%2f..%2fsecret_key",
        "%2e%2e/%2e%2e/secret_key",
        "..\\..\\secret_key",
        "....//secret_key",
    ),
    *(
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "file:///etc/passwd",
        "secret_key%00.webp",
        "secret_key\0",
    ),
    *(
        "CON",
        "NUL.webp",
        "COM1",
        "aux.webp",
        "~/.ssh/id_rsa",
        "C:\\boot.ini",
        "::$DATA",
        ".",
        "..",
        "...",
        "%c0%ae%c0%ae",
    ),
)
ROUTES = ("/media/{}.webp", "/media/{}", "/files/{}", "/m/{}/a.webp", "/static/{}", "/docs/{}", "/badge/{}.svg")
MARKS = (b"root:", b"ssss", b"BEGIN", b"[project]")


@pytest.mark.parametrize("route", ROUTES)
def test_v5_3_2_no_address_leads_out_of_its_folder(arena: Flask, route: str) -> None:
    (Path(parts_of(arena).settings.data_dir) / "secret_key").write_text("ssss")
    client = arena.test_client()
    for name in NAMES:
        answer = client.get(route.format(name))
        assert answer.status_code in {301, 308, 400, 404, 405} or answer.request.path == "/docs", name
        assert not any(mark in answer.data for mark in MARKS), name
        if answer.status_code in {301, 308}:
            assert answer.headers["Location"].startswith(("/", "http://localhost/")), name


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "svg"),
        (b"%PDF-1.4", "pdf"),
        (b"PK\x03\x04" + b"\0" * 40, "zip"),
        (b"<html><script>", "html"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "broken"),
        (b"II*\0" + b"\0" * 60, "tiff"),
        (b"BM" + b"\0" * 60, "bmp"),
        (b"%!PS-Adobe", "eps"),
        (b"", "empty"),
    ],
)
def test_v5_2_2_a_file_is_what_its_bytes_say(arena: Flask, data: bytes, why: str) -> None:
    """Names and declared types count for nothing; the decoder takes five formats and no other."""
    _, secret = parts_of(arena).database.write(lambda s: keys.create_key(s, why, now=moment()))
    answer = arena.test_client().post(
        "/openai/v1/images/edits",
        data={"image": (BytesIO(data), "../../photo.png", "image/png"), "prompt": "x", "model": "dall-e-2"},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert 400 <= answer.status_code < 500
    assert set(answer.get_json()) == {"error"}


def test_v5_2_1_bodies_end_somewhere(arena: Flask) -> None:
    client = arena.test_client()
    long = b"x" * (64 * 1024 + 1)
    for path in ("/arena", "/api/v1/matchups", "/api/v1/suggestions", "/suggest", "/admin/login", "/me/delete"):
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            answer = client.post(path, data=long, content_type=kind, headers={"Sec-Fetch-Site": "same-origin"})
            assert answer.status_code in {303, 400, 413, 415}, path
            assert answer.status_code != 303 or path == "/me/delete" or kind.endswith("json"), path
    _, secret = parts_of(arena).database.write(lambda s: keys.create_key(s, "studio", now=moment()))
    bearer = {"Authorization": f"Bearer {secret}"}
    body = b'{"prompt": "' + b"x" * 2**20 + b'"}'
    answer = client.post(
        "/openai/v1/images/generations", data=body, content_type="application/json", headers=bearer
    )
    assert answer.status_code == 413
