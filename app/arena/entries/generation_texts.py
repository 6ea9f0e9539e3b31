"""
Reads the texts that programs write into images: PNG's chunks, EXIF, XMP and comments.

JPEG and WebP carry in EXIF's UserComment, or in a comment, what a PNG has under `parameters`; ComfyUI's WebP has
`prompt:{...}` in any tag. Some programs write all texts of their PNG as one JSON document there.
"""

import html
import json
import re
from io import BytesIO

from PIL import Image

from app.arena.entries.generation_facts import parse_json, read_text
from app.gateway.images import FORMATS
from app.gateway.png_chunks import is_png, keep_picture, read_texts

EXIF_IFD, USER_COMMENT, IMAGE_DESCRIPTION = 0x8769, 0x9286, 0x010E
MAKER_TAGS = {0x010F: "Make", 0x0110: "Model"}
TEXT_CHARACTERS = 4 * 2**20
XMP = "XML:com.adobe.xmp"
_TAGGED = re.compile(r"\s*(prompt|workflow|parameters)\s*:\s*(?=\{)", re.IGNORECASE)
_XMP_COMMENT = re.compile(r"<exif:UserComment>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL)


def read_image_texts(data: bytes) -> dict[str, str]:
    """Read the texts of an image by keyword; comments of any kind stand under `parameters` where that is free."""
    try:
        texts = read_texts(data) if is_png(data) else {}
        with Image.open(BytesIO(keep_picture(data) if is_png(data) else data), formats=FORMATS) as image:
            texts |= _read_info(image)
            tags, comment = _read_exif(image)
    except Exception:  # noqa: BLE001 (Pillow raises eight kinds of exception; the decoder names the fault later)
        return {}
    texts |= tags
    comment = comment or _read_xmp_comment(texts.get(XMP))
    if comment:
        texts.setdefault("parameters", comment)
        texts = _unfold(comment) | texts
    return {key: text for key, text in texts.items() if len(text) <= TEXT_CHARACTERS}


def _read_info(image: Image.Image) -> dict[str, str]:
    """Read what Pillow tells as text, and the XMP of a JPEG or WebP, which it tells as bytes."""
    texts = {str(key): value for key, value in image.info.items() if isinstance(value, str)}
    xmp = image.info.get("xmp")
    return texts | ({XMP: xmp.decode("utf-8", "replace")} if isinstance(xmp, bytes) else {})


def _read_exif(image: Image.Image) -> tuple[dict[str, str], str | None]:
    """Read the texts that tags name themselves, and the comment."""
    exif = image.getexif()
    comment = exif.get_ifd(EXIF_IFD).get(USER_COMMENT) or exif.get(USER_COMMENT) or exif.get(IMAGE_DESCRIPTION)
    plain = {tag: value for tag, value in exif.items() if isinstance(value, str)}
    named = {MAKER_TAGS[tag]: value.strip("\0 ") for tag, value in plain.items() if tag in MAKER_TAGS}
    tagged = [(_TAGGED.match(value), value) for value in plain.values()]
    named |= {found[1].lower(): value[found.end() :].strip("\0") for found, value in tagged if found}
    return named, _decode_comment(comment or image.info.get("comment"))


def _decode_comment(value: object) -> str | None:
    """Decode EXIF's UserComment, which names its encoding in its first eight bytes."""
    if isinstance(value, str):
        return _repair(value.strip("\0"))
    if not isinstance(value, bytes):
        return None
    kind, text = value[:8], value[8:]
    if kind.startswith(b"UNICODE"):
        # Every program's text has Latin letters: the byte that is zero in them is the higher one.
        order = "utf-16-le" if text[1::2].count(0) > text[::2].count(0) else "utf-16-be"
        return text.decode(order, "replace").removeprefix("\ufeff").strip("\0")
    return (text if kind.startswith(b"ASCII") else value).decode("utf-8", "replace").strip("\0")


def _repair(text: str) -> str:
    """Return a text that was written as UTF-8 and read as Latin-1 as it was meant; any other as it is."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _read_xmp_comment(xmp: str | None) -> str | None:
    """Read the comment that Draw Things writes into XMP."""
    found = _XMP_COMMENT.search(xmp[:TEXT_CHARACTERS]) if xmp else None
    return html.unescape(found[1]).strip() if found else None


def _unfold(comment: str) -> dict[str, str]:
    """Unfold a comment that holds all texts of a PNG as one JSON document."""
    document = parse_json(comment)
    if not isinstance(document, dict):
        return {}
    texts = {
        key: json.dumps(value) if isinstance(value, dict) else read_text(value) for key, value in document.items()
    }
    return {key: text for key, text in texts.items() if text is not None}
