"""Marks to pixels, through a pen: the half of a style that works shape by shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from app.painter import lettering, shading
from app.painter.canvas import Box, Defocus, Fill, Glow, Lettering, Mark, Point, Stroke
from app.painter.colour import RGB

PixelBox = tuple[int, int, int, int]


def own(colour: RGB) -> RGB:
    return colour


@dataclass(frozen=True, slots=True)
class Pen:
    """
    `contrast` scales the light on shapes (0 flat, 1 full), `steps` keeps three tones of it. `outline` is a
    width as a share of the shorter side and `edge` gives an outline's colour from its shape's. `tube` draws every
    line at the outline's width, `focus` puts what lies behind a `Defocus` out of focus, and `glow` scales how far
    lamps and shadows go. `late_letters` keeps lettering for after the finish.
    """

    contrast: float = 1.0
    steps: bool = False
    outline: float = 0.0
    edge: Callable[[RGB], RGB] = own
    surface: Callable[[RGB], RGB] = own
    tube: bool = False
    focus: bool = False
    glow: float = 1.0
    late_letters: bool = True


class Sheet:
    """An image under way. `unit` is the length 1 in pixels of the sheet."""

    def __init__(self, size: tuple[int, int], frame: Box, *, light: int) -> None:
        self.image = Image.new("RGB", size, (250, 249, 245))
        self.draw = ImageDraw.Draw(self.image)
        self.unit = min(size) / min(frame[2] - frame[0], frame[3] - frame[1])
        self.left, self.top = frame[0], frame[1]
        self.mirrored = light > 0

    def place(self, points: Sequence[Point]) -> list[Point]:
        return [((x - self.left) * self.unit, (y - self.top) * self.unit) for x, y in points]

    def clip(self, points: Sequence[Point], pad: float = 1.0) -> PixelBox | None:
        """Return the box of whole pixels around the points that lies on the sheet, or None off the sheet."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        x0, y0 = max(0, int(min(xs) - pad)), max(0, int(min(ys) - pad))
        x1 = min(self.image.width, int(max(xs) + pad) + 1)
        y1 = min(self.image.height, int(max(ys) + pad) + 1)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def render(
    marks: Sequence[Mark],
    size: tuple[int, int],
    frame: Box,
    pen: Pen,
    *,
    light: int,
    smoothing: int = 2,
) -> Image.Image:
    """Render marks; `light` is -1 from the left or 1 from the right, `smoothing` the supersampling factor."""
    sheet = Sheet((size[0] * smoothing, size[1] * smoothing), frame, light=light)
    for mark in marks:
        if not (pen.late_letters and isinstance(mark, Lettering)):
            put(sheet, mark, pen)
    return sheet.image.reduce(smoothing) if smoothing > 1 else sheet.image


def put(sheet: Sheet, mark: Mark, pen: Pen) -> None:
    match mark:
        case Fill():
            _fill(sheet, mark, pen)
        case Stroke():
            _stroke(sheet, mark, pen)
        case Glow():
            _glow(sheet, mark, pen)
        case Lettering():
            letter(sheet.image, mark, sheet, pen.edge(mark.colour) if pen.tube else pen.surface(mark.colour))
        case Defocus():
            if pen.focus:
                _blur(sheet, mark.radius)


def _fill(sheet: Sheet, mark: Fill, pen: Pen) -> None:
    points = sheet.place(mark.points)
    box = sheet.clip(points)
    if box is None:
        return
    colour = pen.surface(mark.colour)
    lit = mark.fade is not None or (mark.shade and pen.contrast > 0)
    if not lit and mark.alpha >= 1:
        sheet.draw.polygon(points, fill=colour)
    else:
        cover = _cover(points, box, mark.alpha)
        paint = _surface(sheet, mark, pen, points, box) if lit else colour
        sheet.image.paste(paint, box, cover)
    if pen.outline and mark.outline:
        _outline(sheet, mark, pen, points, box)


def _outline(sheet: Sheet, mark: Fill, pen: Pen, points: list[Point], box: PixelBox) -> None:
    width = max(1, round(pen.outline * sheet.unit))
    if max(box[2] - box[0], box[3] - box[1]) < 4 * width:
        if pen.tube:
            sheet.draw.polygon(points, fill=pen.edge(mark.colour))
        return
    sheet.draw.line([*points, points[0], points[1]], fill=pen.edge(mark.colour), width=width, joint="curve")


def _cover(points: list[Point], box: PixelBox, alpha: float) -> Image.Image:
    # Under a cover of ones pixels are copied, without a mixture of none.
    cover = Image.new("L" if alpha < 1 else "1", (box[2] - box[0], box[3] - box[1]), 0)
    ImageDraw.Draw(cover).polygon([(x - box[0], y - box[1]) for x, y in points], fill=round(255 * min(1.0, alpha)))
    return cover


def _surface(sheet: Sheet, mark: Fill, pen: Pen, points: list[Point], box: PixelBox) -> Image.Image:
    """Return the light map of the whole shape, stretched, and the part of it that lies in the box."""
    if mark.fade is not None:
        source = shading.down_map()
        palette = shading.run(pen.surface(mark.colour), pen.surface(mark.fade), steps=pen.steps)
    else:
        source = shading.light_map(mark.shade, mirrored=sheet.mirrored)
        palette = shading.tones(pen.surface(mark.colour), pen.contrast, steps=pen.steps)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    tile = _stretched(source, (min(xs), min(ys), max(xs), max(ys)), box)
    tile.putpalette(palette)
    return tile.convert("RGB")


def _stretched(source: Image.Image, whole: Box, box: PixelBox) -> Image.Image:
    """Stretch `source` over `whole`, of which only the part in `box` is made."""
    spans = []
    for low, high, first, last, length in (
        (whole[0], whole[2], box[0], box[2], source.width),
        (whole[1], whole[3], box[1], box[3], source.height),
    ):
        scale = length / max(1.0, high - low)
        start = min(max(0.0, (first - low) * scale), length - 0.01)
        spans.append((start, min(float(length), max(start + 0.01, (last - low) * scale))))
    (x0, x1), (y0, y1) = spans
    return source.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR, box=(x0, y0, x1, y1))


def _stroke(sheet: Sheet, mark: Stroke, pen: Pen) -> None:
    points = sheet.place(mark.points)
    share = pen.outline if pen.tube else mark.width
    width = max(1, round(share * sheet.unit))
    colour = pen.edge(mark.colour) if pen.tube else pen.surface(mark.colour)
    if mark.alpha >= 1:
        _line(sheet.draw, points, width, colour)
        return
    box = sheet.clip(points, width)
    if box is not None:
        cover = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
        shifted = [(x - box[0], y - box[1]) for x, y in points]
        _line(ImageDraw.Draw(cover), shifted, width, round(255 * mark.alpha))
        sheet.image.paste(colour, box, cover)


def _line(draw: ImageDraw.ImageDraw, points: list[Point], width: int, ink: RGB | int) -> None:
    draw.line(points, fill=ink, width=width, joint="curve" if width > 2 else None)
    if width > 3:
        half = width / 2
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - half, y - half, x + half, y + half), fill=ink)


def _glow(sheet: Sheet, mark: Glow, pen: Pen) -> None:
    (centre,) = sheet.place([mark.centre])
    rx, ry = mark.radii[0] * sheet.unit, mark.radii[1] * sheet.unit
    x0, y0, x1, y1 = round(centre[0] - rx), round(centre[1] - ry), round(centre[0] + rx), round(centre[1] + ry)
    box = sheet.clip([(x0, y0), (x1, y1)], 0)
    strength = mark.strength * (1.0 if mark.dark or mark.hard else pen.glow)
    if box is None or strength <= 0 or x1 <= x0 or y1 <= y0:
        return
    cover = _stretched(shading.spot_map(hard=mark.hard), (x0, y0, x1, y1), box)
    cover = cover.point([_dim(level, strength, steps=pen.steps and not mark.hard) for level in range(256)])
    sheet.image.paste(mark.colour if mark.dark else pen.edge(mark.colour) if pen.tube else mark.colour, box, cover)


def _dim(level: int, strength: float, *, steps: bool) -> int:
    if steps:
        level = 0 if level < 20 else 90 if level < 100 else 190 if level < 190 else 255
    return min(255, round(level * strength))


def _blur(sheet: Sheet, radius: float) -> None:
    small = sheet.image.reduce(4)
    soft = small.filter(ImageFilter.BoxBlur(radius * sheet.unit / 4)).filter(
        ImageFilter.BoxBlur(radius * sheet.unit / 8)
    )
    sheet.image.paste(soft.resize(sheet.image.size, Image.Resampling.BILINEAR))


def letter(image: Image.Image, mark: Lettering, sheet: Sheet, colour: RGB) -> None:
    (centre,) = sheet.place([mark.centre])
    cover = lettering.mask(mark.text, mark.size * sheet.unit, weight=mark.weight, tracking=mark.tracking)
    if abs(mark.angle) > 0.3:
        cover = cover.rotate(-mark.angle, Image.Resampling.BICUBIC, expand=True)
    image.paste(colour, (round(centre[0] - cover.width / 2), round(centre[1] - cover.height / 2)), cover)


def letters_over(
    image: Image.Image,
    marks: Sequence[Mark],
    frame: Box,
    colour: Callable[[RGB], RGB] = own,
) -> Image.Image:
    """Draw the lettering alone, on top of a finished picture."""
    sheet = Sheet((1, 1), frame, light=-1)
    sheet.unit *= min(image.size)
    for mark in marks:
        if isinstance(mark, Lettering):
            letter(image, mark, sheet, colour(mark.colour))
    return image
