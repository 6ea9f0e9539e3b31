"""
The first frame of an animation, at its place in the picture, with nothing around or behind it.

A frame may be smaller than the picture. Around it Pillow paints a GIF's background colour and leaves black in a
WebP; in a PNG it draws the frame over the picture that is for programs without animations. Browsers do neither.
"""

from PIL import Image

from app.gateway.colours import to_8_bit

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""
ANIMATION_FRAME = b"ANMF"
MOST_CHUNKS = 1000
"""A frame that more precede in a WebP is not looked for: it takes two or three."""


def without_surround(image: Image.Image, data: bytes) -> Image.Image:
    """Return a GIF or a WebP with nothing around its first frame, where that is smaller than the picture."""
    extent = getattr(image, "dispose_extent", None)
    if image.format == "WEBP" and image.mode == "RGB":
        extent = _find_webp_frame(data)
    if extent in {None, (0, 0, *image.size)}:
        return image
    return surround(image.crop(extent), image.size, extent[:2])


def surround(frame: Image.Image, size: tuple[int, int], place: tuple[int, int]) -> Image.Image:
    """Lay a frame at its place, left and top, in a picture of this size that is see-through elsewhere."""
    if frame.size == size:
        return frame
    whole = Image.new("RGBA", size)
    whole.paste(to_8_bit(frame).convert("RGBA"), place)
    whole.format = frame.format
    return whole


def _find_webp_frame(data: bytes) -> Box | None:
    """Find where the first frame of an animated WebP lies; None for a still one."""
    place = len(b"RIFF....WEBP")
    for _ in range(MOST_CHUNKS):
        head = data[place : place + 8]
        if head[:4] == ANIMATION_FRAME:
            left, top, width, height = (
                int.from_bytes(data[place + at : place + at + 3], "little") for at in (8, 11, 14, 17)
            )
            return 2 * left, 2 * top, 2 * left + width + 1, 2 * top + height + 1
        length = int.from_bytes(head[4:], "little")
        place += 8 + length + length % 2
    return None
