"""
Edits, masks and variations by the painters alone, as Python's `openai` asks for them: no key but the server's own.

What may not change is held against Pillow's and numpy's own reading of the file that was sent.
"""

import base64
import io
import warnings
from collections.abc import Callable

import numpy as np
import openai
from checks import BASE, KEY, item
from PIL import Image, ImageDraw, ImageOps

warnings.simplefilter("ignore")
NAME = f"openai {openai.__version__} (Python), painters"
SIZE = (320, 256)
HOLE = (80, 64, 239, 191)
MASKING = ("studio-xl", "poster-pro", "aquarelle-2", "pixel-mini")
VARYING = ("studio-xl", "poster-pro", "aquarelle-2", "neon-turbo", "legacy-2")
TURNED = 0x0112
client = openai.OpenAI(base_url=BASE, api_key=KEY)


def picture(size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw noise over a gradient: pixels that any second encoding or scaling would change."""
    height, width = size[1], size[0]
    noise = np.random.default_rng(7).integers(0, 256, (height, width, 3))
    ramp = np.linspace(0, 255, width)[None, :, None]
    return Image.fromarray(((noise + 3 * ramp) / 4).astype(np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def hole(size: tuple[int, int] = SIZE, box: tuple[int, int, int, int] = HOLE) -> bytes:
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    ImageDraw.Draw(mask).rectangle(box, fill=(0, 0, 0, 0))
    return saved(mask)


def with_alpha() -> Image.Image:
    clear = picture()
    clear.putalpha(Image.linear_gradient("L").resize(SIZE))
    return clear


def transparent_palette() -> bytes:
    few = picture().quantize(32)
    return saved(few, transparency=few.getpixel((0, 0)))


def sixteen_bits() -> bytes:
    grey = np.asarray(picture().convert("L"), dtype=np.uint16)
    return saved(Image.fromarray(grey * 257))


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[TURNED] = orientation
    return saved(picture(), kind, exif=exif)


FILES: dict[str, Callable[[], bytes]] = {
    "RGB": lambda: saved(picture()),
    "RGBA": lambda: saved(with_alpha()),
    "P": lambda: saved(picture().quantize(64)),
    "P with transparency": transparent_palette,
    "1": lambda: saved(picture().convert("1")),
    "L": lambda: saved(picture().convert("L")),
    "LA": lambda: saved(with_alpha().convert("LA")),
    "16-bit grey": sixteen_bits,
    "JPEG": lambda: saved(picture(), "JPEG", quality=85),
    "grey JPEG": lambda: saved(picture().convert("L"), "JPEG"),
    "CMYK JPEG": lambda: saved(picture().convert("CMYK"), "JPEG", quality=95),
    "WebP": lambda: saved(picture(), "WEBP", quality=80),
    "GIF": lambda: saved(picture(), "GIF"),
    **{f"JPEG turned by EXIF {turn}": lambda turn=turn: turned(turn) for turn in range(2, 9)},
    "PNG turned by EXIF 6": lambda: turned(6, "PNG"),
}


def read(data: bytes) -> np.ndarray:
    """Read a file as upright RGBA; 16-bit grey becomes 8 by its upper byte, which is exact for these files."""
    image = Image.open(io.BytesIO(data))
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    return np.asarray(ImageOps.exif_transpose(image).convert("RGBA"))


def kept(mask: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(mask)).getchannel("A")) == 255


def masked_edit(data: bytes, mask: bytes, model: str, **options: object) -> np.ndarray:
    made = client.images.edit(
        image=("in.png", data), mask=("mask.png", mask), prompt="add a red balloon", model=model, **options
    )
    return read(base64.b64decode(made.data[0].b64_json))


def same_outside(kind: str, model: str) -> None:
    """Hold every pixel outside of the mask against the file that was sent."""
    data = FILES[kind]()
    before = read(data)
    mask = hole((before.shape[1], before.shape[0]))
    after, outside = masked_edit(data, mask, model), kept(mask)
    assert after.shape == before.shape, after.shape
    seen = before[..., 3] > 0  # a pixel that is wholly transparent has no colour to keep
    wrong = (after != before).any(axis=-1) & outside & seen
    assert not wrong.any(), (
        f"{wrong.sum()} pixels differ, by up to {np.abs(after.astype(int) - before)[wrong].max()}"
    )
    assert (after[..., 3] == before[..., 3])[outside].all()
    assert (after != before)[~outside].any(), "nothing changed inside of the mask"


def every_mode() -> str:
    for kind in FILES:
        same_outside(kind, "poster-pro")
    return f"{len(FILES)} kinds of file: {', '.join(FILES)}"


def every_painter() -> str:
    for model in MASKING:
        same_outside("RGB", model)
    square = saved(picture((256, 256)))
    mask = hole((256, 256), (64, 64, 191, 191))
    after, outside = masked_edit(square, mask, "legacy-2"), kept(mask)
    assert (after == read(square))[outside].all()
    return ", ".join([*MASKING, "legacy-2"])


def other_sizes() -> str:
    """Edit at half, double and another shape: the input is cropped in the middle and scaled as Pillow does."""
    sizes = [(640, 512), (512, 512), (400, 600)]
    image = picture((768, 768))
    mask = hole((768, 768), (256, 256, 511, 511))
    for size in sizes:
        after = masked_edit(saved(image), mask, "studio-xl", size=f"{size[0]}x{size[1]}")
        assert after.shape[:2] == (size[1], size[0]), after.shape
        scaled = np.asarray(ImageOps.fit(image, size, Image.Resampling.LANCZOS).convert("RGBA"))
        opened = Image.fromarray(255 * kept(mask).astype(np.uint8))
        outside = np.asarray(ImageOps.fit(opened, size, Image.Resampling.BOX)) == 255
        assert (after == scaled)[outside].all(), f"{size}: {(after != scaled).any(axis=-1)[outside].sum()} pixels"
    return ", ".join(f"{width}x{height}" for width, height in sizes)


def edit() -> None:
    made = client.images.edit(image=saved(picture()), prompt="make it night with stars", model="studio-xl")
    after = read(base64.b64decode(made.data[0].b64_json))
    assert after.shape[:2] == (SIZE[1], SIZE[0])
    assert after[..., :3].mean() < np.asarray(picture()).mean(), "a night is darker"


def several_images() -> None:
    files = [saved(picture()), saved(Image.new("RGB", SIZE, "navy"))]
    made = client.images.edit(image=files, prompt="in the style of the second image", model="studio-xl")
    assert made.data[0].b64_json
    refused = None
    try:
        client.images.edit(image=files, prompt="at night", model="aquarelle-2")
    except openai.BadRequestError as error:
        refused = error.param
    assert refused == "image", "aquarelle-2 takes one"


def several_answers() -> None:
    made = client.images.edit(image=saved(picture()), prompt="at sunset", model="poster-pro", n=3)
    assert len({one.b64_json for one in made.data}) == 3


def variations() -> str:
    for model in VARYING:
        made = client.images.create_variation(
            image=saved(picture((256, 256))), model=model, n=2, size="256x256", response_format="b64_json"
        )
        drawn = {one.b64_json for one in made.data}
        assert len(drawn) == 2
        assert all(read(base64.b64decode(text)).shape[:2] == (256, 256) for text in drawn)
    return ", ".join(VARYING)


def masked_variation() -> None:
    """Send a mask with a variation, which the package itself has no argument for."""
    refused = None
    try:
        client.images.create_variation(
            image=saved(picture()), model="poster-pro", extra_body={"mask": coded(hole())}
        )
    except openai.BadRequestError as error:
        refused = error.param
    assert refused == "mask"


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


for what, check in (
    ("edit by the prompt alone", edit),
    ("masked edit: pixels outside are those sent, whatever the file", every_mode),
    ("masked edit: pixels outside are those sent, by every painter", every_painter),
    ("masked edit at other sizes: outside is the input, scaled", other_sizes),
    ("edit with several images", several_images),
    ("three edits at once", several_answers),
    ("two variations each", variations),
    ("a variation with a mask is refused", masked_variation),
):
    item(NAME, what, check)
