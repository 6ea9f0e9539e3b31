"""Image formats by their first bytes: declared types and file names lie."""

EXTENSIONS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp", "avif": "avif"}


def sniff(data: bytes) -> str | None:
    """Return `png`, `jpeg`, `gif`, `webp`, `avif`, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis"}:
        return "avif"
    return None


def media_type(kind: str) -> str:
    """Return the media type of a format as `sniff` names it."""
    return f"image/{kind}"
