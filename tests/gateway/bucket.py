"""As much of S3 as an object store's client needs, in memory on loopback; every request must be signed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY_ID = "test-key-id"


@dataclass
class Bucket:
    """Objects by path, and what was asked."""

    address: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    """Status and code of each answer, where it refuses."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self._may():
            self.bucket.objects[self._path()] = data
            self._say(200, b"", ETag=f'"{md5(data).hexdigest()}"')

    def do_GET(self) -> None:
        if not self._may():
            return
        asked = parse_qs(urlsplit(self.path).query)
        if "list-type" in asked:
            self._say(200, self._listing(asked.get("prefix", [""])[0]))
        else:
            self._give()

    do_HEAD = do_GET  # noqa: N815

    def do_DELETE(self) -> None:
        if self._may():
            self.bucket.objects.pop(self._path(), None)
            self._say(204, b"")

    def _give(self) -> None:
        data = self.bucket.objects.get(self._path())
        if data is None:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._say(
                200, data, ETag=f'"{md5(data).hexdigest()}"', **{"Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"}
            )

    def _listing(self, prefix: str) -> bytes:
        root = urlsplit(self.path).path.strip("/") + "/"
        names = sorted(path.removeprefix(root) for path in self.bucket.objects if path.startswith(root + prefix))
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2026-11-22T12:00:00.000Z</LastModified>"
            f'<ETag>"x"</ETag><Size>1</Size></Contents>'
            for name in names
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def _may(self) -> bool:
        self.bucket.asked.append(f"{self.command} {self._path()}")
        signed = self.headers.get("Authorization", "").startswith(f"AWS4-HMAC-SHA256 Credential={KEY_ID}/")
        status, code = self.bucket.refusal or (403, "AccessDenied")
        if self.bucket.refusal or not signed:
            self._say(status, f"<Error><Code>{code}</Code></Error>".encode())
            return False
        return True

    def _path(self) -> str:
        return unquote(urlsplit(self.path).path).strip("/")

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def bucket_server() -> Iterator[Bucket]:
    bucket = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Ours", (Handler,), {"bucket": bucket}))
    bucket.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
