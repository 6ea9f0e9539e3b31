"""Static files: compressed for who can read that, kept for a year under the address that names their content."""

import gzip

import brotli
import pytest
from flask.testing import FlaskClient
from werkzeug import Request
from werkzeug.test import EnvironBuilder

from app import create_app
from app.database.places import PACKAGE
from app.edge.static_files import answer, read_static_file
from app.settings import Settings

FOLDER = PACKAGE / "web" / "static"
SHEET = FOLDER / "arena.css"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    made = create_app(Settings(data_dir=tmp_path_factory.mktemp("static"), secret_key="s" * 32))
    return made.test_client()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_smallest_encoding_that_the_browser_reads(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    sent = client.get("/static/arena.css", headers={"Accept-Encoding": accepted})
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert unpack(sent.data) == SHEET.read_bytes()
    assert (sent.headers.get("Content-Encoding"), sent.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert int(sent.headers["Content-Length"]) == len(sent.data)
    assert (len(sent.data) < SHEET.stat().st_size / 2) == (encoding is not None)
    again = client.get(
        "/static/arena.css", headers={"Accept-Encoding": accepted, "If-None-Match": sent.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    head = client.head("/static/arena.css", headers={"Accept-Encoding": accepted})
    assert (head.data, head.headers["Content-Length"]) == (b"", sent.headers["Content-Length"])


def test_encodings_are_representations_of_their_own(client: FlaskClient) -> None:
    tags = {
        client.get("/static/base.css", headers={"Accept-Encoding": how}).headers["ETag"]
        for how in ("br", "gzip", "")
    }
    assert len(tags) == 3


def test_kept_for_a_year_only_under_the_mark_of_its_content(client: FlaskClient) -> None:
    mark = read_static_file(SHEET).mark
    assert f"/static/base.css?v={read_static_file(FOLDER / 'base.css').mark}" in client.get("/models").text
    for query, kept in ((f"?v={mark}", "immutable"), ("?v=0123456789", "max-age=3600"), ("", "max-age=3600")):
        told = client.get(f"/static/arena.css{query}").headers["Cache-Control"]
        assert told.endswith(kept)


def test_every_file_has_a_type_and_nothing_else_is_served(client: FlaskClient) -> None:
    names = [path.name for path in FOLDER.iterdir()]
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    for name in names:
        assert client.get(f"/static/{name}").mimetype == kinds["." + name.rsplit(".", 1)[1]]
    for name in ("", "none.css", "../__init__.py", "%2e%2e/__init__.py", "arena.css/", "arena.css%00"):
        assert client.get(f"/static/{name}").status_code in {301, 308, 400, 404}
    assert client.post("/static/arena.css").status_code == 405


def test_a_range_is_of_the_bytes_that_were_sent() -> None:
    """A range of a compressed file would be of the compressed one: the whole is sent."""
    asked = Request(EnvironBuilder("/static/arena.css", headers={"Range": "bytes=0-9"}).get_environ())
    assert answer(asked, read_static_file(SHEET)).status_code == 200
