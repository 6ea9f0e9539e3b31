"""`paint`: a prompt and a painter in, a picture out."""

from PIL import Image

from app.painter.brief import read
from app.painter.camera import Take, take_for
from app.painter.canvas import Box, Canvas
from app.painter.painters import LARGEST_RATIO, LARGEST_SIDE, PAINTERS, SMALLEST_SIDE
from app.painter.scenes import SCENES, choose
from app.painter.styles import STYLES, draw


class UnknownPainter(LookupError):
    """The slug names none of `PAINTERS`."""

    code = "unknown_painter"


class UnpaintableSize(ValueError):
    """The size lies outside of what the painters can do."""

    code = "unpaintable_size"


def paint(prompt: str, painter: str, seed: int, size: tuple[int, int]) -> Image.Image:
    """
    Paint an RGB picture of exactly `size` (width, height), the same for the same arguments on one machine.

    Raises `UnknownPainter`, or `UnpaintableSize` outside 256 to 2048 pixels a side and 4:1 either way.
    """
    if painter not in PAINTERS:
        raise UnknownPainter(f"No painter is called {painter[:60]!r}.")
    check(size)
    canvas, take = compose(prompt, painter, seed, size)
    return draw(STYLES[PAINTERS[painter].style], canvas.marks, size, canvas.frame, take.light, take.rng)


def compose(prompt: str, painter: str, seed: int, size: tuple[int, int]) -> tuple[Canvas, Take]:
    """Compose the marks of a picture before a style draws them, and the take they were made with."""
    brief = read(prompt)
    scene = SCENES[choose(brief)]
    take = take_for(brief, painter, seed, steady=scene.steady)
    canvas = Canvas(frame=frame_of(size), view=take.view)
    scene.draw(canvas, brief, take)
    return canvas, take


def check(size: tuple[int, int]) -> None:
    width, height = size
    if not (min(size) >= SMALLEST_SIDE and max(size) <= LARGEST_SIDE):
        raise UnpaintableSize(f"Sides go from {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, not {width} x {height}.")
    if max(size) > LARGEST_RATIO * min(size):
        raise UnpaintableSize(f"The longer side may be at most {LARGEST_RATIO:g} times the shorter one.")


def frame_of(size: tuple[int, int]) -> Box:
    """Return the visible box around the middle square."""
    across, down = size[0] / min(size), size[1] / min(size)
    return (1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2
