"""Tells image formats by a file's first bytes; its name and declared type may be wrong."""

import re

EXTENSIONS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp", "avif": "avif"}
SIGNATURE = re.compile(
    rb"(?P<png>\x89PNG\r\n\x1a\n)|(?P<jpeg>\xff\xd8\xff)|(?P<gif>GIF8[79]a)"
    rb"|(?P<webp>RIFF.{4}WEBP)|(?P<avif>.{4}ftypavi[fs])",
    re.DOTALL,
)


def sniff(data: bytes) -> str | None:
    """Return `png`, `jpeg`, `gif`, `webp`, `avif`, or None."""
    found = SIGNATURE.match(data)
    return found.lastgroup if found else None


def media_type(kind: str) -> str:
    """Return the media type of a format as `sniff` names it."""
    return f"image/{kind}"
