"""A provider on loopback: answers what a test tells it to, and remembers what it was asked."""

import base64
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answerer = Callable[["Handler"], None]


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"
    asked: Asked

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.asked = Asked(self.command, self.path, self.headers, body)
        self.server.upstream.asked.append(self.asked)
        self.close_connection = True
        self.server.upstream.find(self.command, self.path)(self)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_args: object) -> None:
        """Silence."""

    def reply(
        self, status: int, body: bytes, kind: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            "content-type": kind,
            "content-length": str(len(body)),
            "connection": "close",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    upstream: "Upstream"

    def handle_error(self, *_args: object) -> None:
        """A client that hangs up is part of the tests."""


@dataclass
class Upstream:
    """Routes by method and the beginning of the path, the longest first; one answer or one per call in turn."""

    base: str = ""
    routes: dict[tuple[str, str], list[Answerer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, method: str, path: str, *answers: Answerer) -> None:
        self.routes[method, path] = list(answers)

    def find(self, method: str, path: str) -> Answerer:
        matching = [key for key in self.routes if key[0] == method and path.startswith(key[1])]
        if not matching:
            return says(404, {"error": {"message": "no such path"}})
        with self.lock:
            answers = self.routes[max(matching, key=lambda key: len(key[1]))]
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def calls(self, method: str = "POST") -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method]


@contextmanager
def running() -> Iterator[Upstream]:
    """On a free port of 127.0.0.1."""
    server = Server(("127.0.0.1", 0), Handler)
    server.upstream = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.upstream
    server.shutdown()
    server.server_close()


def says(status: int, value: object, headers: dict[str, str] | None = None) -> Answerer:
    return lambda handler: handler.reply(status, json.dumps(value).encode(), headers=headers)


def sends(data: bytes, kind: str = "image/png", status: int = 200) -> Answerer:
    return lambda handler: handler.reply(status, data, kind)


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def html(status: int) -> Answerer:
    return sends(b"<html><h1>Bad gateway</h1></html>", "text/html", status)


def garbage(handler: Handler) -> None:
    handler.reply(200, b"\x00\xffnot json at all {{{")


def reset(handler: Handler) -> None:
    """Closes with RST instead of FIN."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def short_body(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b'{"data": [')


def drip_headers(handler: Handler) -> None:
    _drip(handler, b"HTTP/1.1 200 OK\r\n" + b"x-drip: 1\r\n" * 5000)


def drip_body(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    _drip(handler, b" " * 100_000)


def _drip(handler: Handler, data: bytes) -> None:
    for byte in data:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


@cache
def _bomb() -> bytes:
    """A quarter of a gigabyte of blanks in about a megabyte."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    blanks = b" " * 2**20
    return b"".join(packer.compress(blanks) for _ in range(256)) + packer.flush()


def gzip_bomb(handler: Handler) -> None:
    handler.reply(200, _bomb(), headers={"content-encoding": "gzip"})


def endless(handler: Handler) -> None:
    """A body without a length that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b" " * 2**20)
