"""An application with a small catalogue, a provider on loopback and a key, for the flows of the gateway."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from app import create_app
from app.database.doors import Database
from app.gateway import keys
from app.settings import Settings
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, coded
from tests.gateway.world import CANARY, load_catalogue

PNG = picture_bytes(1)
ONE = {"data": [{"b64_json": coded(PNG)}]}
SMALL = {"prompt": "a red cube", "size": "256x256"}
GENERATIONS = "/openai/v1/images/generations"
EDITS = "/openai/v1/images/edits"


@dataclass
class Running:
    """`secret` opens the gateway of `app`; `asked` counts its requests once it is served."""

    app: Flask
    database: Database
    secret: str
    base: str = ""
    asked: int = 0


def make(database_url: str, folder: Path, upstream: Upstream, **settings: object) -> Running:
    """OpenAI's models are served by `upstream`, the painter's by the painter."""
    database = Database(database_url)
    load_catalogue(database, folder / "catalog")
    made = create_app(
        Settings(
            data_dir=folder / "data",
            database_url=database_url,
            openai_api_key=SecretStr(CANARY),
            openai_upstream_url=f"{upstream.base}/v1",
            default_image_model="poster-pro",
            **settings,  # type: ignore[arg-type]
        )
    )
    _, secret = database.write(lambda session: keys.create_key(session, "flow", now=datetime.now(UTC)))
    return Running(made, database, secret)


@pytest.fixture
def running(database_url: str, tmp_path: Path, upstream: Upstream) -> Iterator[Running]:
    made = make(database_url, tmp_path, upstream)
    yield made
    made.database.close()


def post(running: Running, path: str, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
    given = {"Authorization": f"Bearer {running.secret}", **(headers or {})}
    return running.app.test_client().post(path, headers=given, **options)


def form(**parts: Any) -> dict[str, Any]:
    return {name: (BytesIO(part), "x.bin") if isinstance(part, bytes) else part for name, part in parts.items()}


@contextmanager
def served(running: Running) -> Iterator[Running]:
    """On a free port of 127.0.0.1, counting requests."""
    server = make_server("127.0.0.1", 0, running.app, threaded=True)
    inner = server.app

    def counting(environ, start_response):  # type: ignore[no-untyped-def]
        running.asked += 1
        return inner(environ, start_response)

    server.app = counting
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    running.base = f"http://127.0.0.1:{server.server_port}/openai/v1"
    yield running
    server.shutdown()
    server.server_close()
