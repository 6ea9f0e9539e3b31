"""Names image formats that are not decoded here, or only with an extra, so that refusals can name them."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec

WEB_PAGE, LFS_POINTER = "a web page", "a pointer of Git LFS in place of the file"
_ADVICE = {
    WEB_PAGE: "open its address to see what was answered in the image's place",
    LFS_POINTER: "fetch the file by `git lfs pull`",
}
"""What to do about what is no image; images are saved in another format."""
_MAGIC = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
    (b"8BPS", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML, perhaps SVG"),
    (b"<!doctype html", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"version https://git-lfs", LFS_POINTER),
)
VECTOR = frozenset({"SVG", "XML, perhaps SVG"})
"""Drawings: a browser could run what they hold, and nothing here draws them."""
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def takes_heic() -> bool:
    """Tell whether the extra `heic` is installed: its wheel has 26 MB and a GPL encoder."""
    return find_spec("pillow_heif") is not None


@cache
def register_heic() -> None:
    """Teach Pillow the format "HEIF", once."""
    import_module("pillow_heif").register_heif_opener(thumbnails=False)


def describe_format(data: bytes) -> str:
    """Say in a further sentence what a file is and what to do with it; empty where it is not known."""
    if not data:
        return " It is empty."
    known = name_format(data)
    if known is None:
        return ""
    advice = _ADVICE.get(known, "save it as PNG")
    if known == "HEIC" and not takes_heic():
        advice += ", or install the extra heic where the server runs"
    return f" It is {known}; {advice}."


def name_format(data: bytes) -> str | None:
    """Return what a file that is no image we take is, by how it begins; None when it is not known."""
    start = data[:64].lstrip().lower() if data[:1] in b"< \n\r\t" else data[:64]
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and b"avif" not in data[8:64]:
        return "HEIC"
    return next((name for magic, name in _MAGIC if start.startswith(magic)), None)
