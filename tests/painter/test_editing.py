"""What `edit` promises: nothing but the mask changes, the same again, and what the words ask for is to be seen."""

from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.painter.editing.edit import UneditableImage, edit
from app.painter.editing.region import UnusableMask, fit
from app.painter.paint import UnknownPainter, UnpaintableSize, paint
from app.painter.painters import PAINTERS

SIDE = 256
SIZE = (SIDE, SIDE)
HOLE = (140, 40, 230, 200)
Pixels = NDArray[np.float64]


def drawing(prompt: str = "a house in a meadow") -> Image.Image:
    return _paint_once(prompt).copy()


@cache
def _paint_once(prompt: str) -> Image.Image:
    return paint(prompt, "poster-pro", 3, SIZE)


def mask(size: tuple[int, int] = SIZE, box: tuple[int, int, int, int] = HOLE) -> Image.Image:
    """Opaque but for the box."""
    found = Image.new("RGBA", size, (10, 20, 30, 255))
    ImageDraw.Draw(found).rectangle(box, fill=(0, 0, 0, 0))
    return found


def opened(picture: Image.Image, kind: str = "PNG", **options: object) -> Image.Image:
    """Written to a file and opened again, as a gateway gets it."""
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return Image.open(BytesIO(buffer.getvalue()))


def decoded(picture: Image.Image) -> Image.Image:
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("RGB"), dtype=float)


def with_alpha() -> Image.Image:
    picture = drawing()
    picture.putalpha(Image.linear_gradient("L").resize(SIZE))
    return picture


def sixteen_bits() -> Image.Image:
    grey = np.asarray(drawing().convert("L"), dtype=np.uint16)
    return Image.fromarray(grey)


MODES: dict[str, Callable[[], Image.Image]] = {
    "RGB": drawing,
    "RGBA": with_alpha,
    "LA": lambda: with_alpha().convert("LA"),
    "L": lambda: drawing().convert("L"),
    "P": lambda: drawing().quantize(64),
    "1": lambda: drawing().convert("1"),
    "I;16": sixteen_bits,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prompt", ["add a red balloon", "remove it", "a starry night sky"])
def test_outside_of_a_mask_every_pixel_stays(mode: str, prompt: str) -> None:
    picture = opened(MODES[mode]())
    found = edit(picture, prompt, mask(), "studio-xl", 1, SIZE)
    before, after = decoded(picture), found
    outside = np.asarray(mask().getchannel("A")) == 255
    assert after.mode == before.mode
    assert (np.asarray(after)[outside] == np.asarray(before)[outside]).all()
    assert (np.asarray(after)[~outside] != np.asarray(before)[~outside]).any()


@pytest.mark.parametrize("painter", PAINTERS)
@pytest.mark.parametrize(
    "prompt", ["make it snow", "replace the house with a rocket", "in blue tones", "as pixel art"]
)
def test_no_painter_reaches_beyond_a_mask(painter: str, prompt: str) -> None:
    picture = drawing()
    found = edit(picture, prompt, mask(), painter, 1, SIZE)
    outside = np.asarray(mask().getchannel("A")) == 255
    assert (np.asarray(found)[outside] == np.asarray(picture)[outside]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_is_edited_upright(orientation: int) -> None:
    wide = drawing().resize((320, 256))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = opened(wide, "PNG", exif=exif)
    upright_size = (320, 256) if orientation < 5 else (256, 320)
    here = mask(upright_size, (20, 20, 90, 90))
    found = edit(turned, "remove it", here, "studio-xl", 1, upright_size)
    upright = np.asarray(
        {
            1: wide,
            2: wide.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            3: wide.transpose(Image.Transpose.ROTATE_180),
            4: wide.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
            5: wide.transpose(Image.Transpose.TRANSPOSE),
            6: wide.transpose(Image.Transpose.ROTATE_270),
            7: wide.transpose(Image.Transpose.TRANSVERSE),
            8: wide.transpose(Image.Transpose.ROTATE_90),
        }[orientation]
    )
    outside = np.asarray(here.getchannel("A")) == 255
    assert (np.asarray(found)[outside] == upright[outside]).all()


def test_at_another_size_the_unmasked_part_is_the_scaled_input() -> None:
    picture = paint("a red car on a street", "poster-pro", 1, (512, 384))
    here = mask((512, 384), (0, 0, 200, 200))
    found = edit(picture, "a starry night sky", here, "poster-pro", 1, (300, 300))
    scaled = fit(picture, (300, 300))
    outside = np.asarray(fit(here.getchannel("A"), (300, 300), sharp=True)) == 255
    assert found.size == (300, 300)
    assert (np.asarray(found)[outside] == np.asarray(scaled)[outside]).all()


def test_the_masks_edge_is_soft_inside() -> None:
    """A clean hand's change grows from the border inwards, a clumsy one's begins at once."""
    picture = Image.new("RGB", SIZE, (128, 128, 128))
    jumps = {}
    for painter in ("studio-xl", "legacy-2"):
        found = pixels(edit(picture, "make it brighter", mask(), painter, 3, SIZE))
        jumps[painter] = abs(found[120, HOLE[0]] - 128).mean() / (abs(found[120, 185] - 128).mean() + 1e-9)
    assert jumps["studio-xl"] < 0.5 < jumps["legacy-2"]


@pytest.mark.parametrize("painter", PAINTERS)
def test_the_same_arguments_give_the_same_pixels(painter: str) -> None:
    picture = drawing()
    one, other = (
        edit(picture, "make it snow and add a red balloon", None, painter, 7, SIZE).tobytes() for _ in range(2)
    )
    assert one == other


def test_what_is_removed_leaves_the_same_pixels() -> None:
    """Try one painter: a hole is filled up in the same way by all of them."""
    one, other = (edit(drawing(), "remove it", mask(), "studio-xl", 7, SIZE).tobytes() for _ in range(2))
    assert one == other


ODD_PROMPTS = ("a starry night sky", "replace the cat with a fox", "zoom out", "make it foggy", "?")


def test_another_seed_gives_another_sky() -> None:
    one, other = (edit(drawing(), "a starry night sky", None, "studio-xl", seed, SIZE) for seed in (1, 2))
    assert one.tobytes() != other.tobytes()


def test_night_darkens_and_turns_the_sky_blue() -> None:
    before, after = (
        pixels(drawing()),
        pixels(edit(drawing(), "Add a starry night sky", None, "studio-xl", 1, SIZE)),
    )
    assert after.mean() < 0.6 * before.mean()
    sky = after[:40].mean(axis=(0, 1))
    assert sky[2] > 1.4 * sky[0]
    assert after[:80].max() > 200  # stars


def test_snow_whitens_the_ground() -> None:
    before, after = pixels(drawing()), pixels(edit(drawing(), "make it snow", None, "studio-xl", 1, SIZE))
    ground = slice(200, 250)
    assert after[ground].mean() > before[ground].mean() + 15
    assert np.ptp(after[ground].mean(axis=(0, 1))) < np.ptp(before[ground].mean(axis=(0, 1)))


def test_black_and_white_has_no_colour() -> None:
    found = pixels(edit(drawing(), "Make it black and white", None, "studio-xl", 1, SIZE))
    assert np.ptp(found, axis=2).max() <= 1


def test_blue_tones_are_blue() -> None:
    red, green, blue = pixels(edit(drawing(), "in blue tones", None, "studio-xl", 1, SIZE)).mean(axis=(0, 1))
    assert blue > green > red


def test_pixel_art_is_made_of_squares_in_few_colours() -> None:
    found = edit(drawing(), "as pixel art", None, "studio-xl", 1, SIZE)
    assert len(found.getcolors(70_000) or []) <= 24


def test_a_thing_is_drawn_where_and_as_it_was_asked_for() -> None:
    before = pixels(drawing())
    after = pixels(edit(drawing(), "add a red balloon at the top left", None, "studio-xl", 1, SIZE))
    changed = np.abs(after - before).max(axis=2) > 24
    rows, columns = np.nonzero(changed)
    assert 400 < changed.sum() < 9000
    assert rows.max() < 150
    assert columns.max() < 128
    red, green, blue = np.median(after[changed], axis=0)
    assert red > green + 50
    assert red > blue + 50


@pytest.mark.parametrize("is_masked", [False, True])
def test_two_things_at_one_place_stand_beside_each_other(is_masked: bool) -> None:
    plain = Image.new("RGB", (400, 400), (128, 128, 128))
    hole = mask((400, 400), (40, 100, 360, 360)) if is_masked else None
    found = edit(plain, "add a red cube and a blue cube on the left", hole, "poster-pro", 3, (400, 400))
    red, green, blue = np.moveaxis(pixels(found), 2, 0)
    for much, little in ((red, blue), (blue, red)):
        assert ((much > little + 60) & (much > green + 60)).sum() > 800


def test_what_is_masked_is_filled_from_around_it() -> None:
    """A disc on a plain gradient leaves no trace."""
    ramp = np.repeat(np.linspace(60, 200, SIDE)[:, None], SIDE, axis=1)
    plain = np.stack([ramp, ramp * 0.8, 255 - ramp], axis=2).astype(np.uint8)
    marred = Image.fromarray(plain)
    ImageDraw.Draw(marred).ellipse((160, 80, 210, 130), fill=(255, 0, 0))
    found = pixels(edit(marred, "remove the ball", mask(box=(150, 70, 220, 140)), "studio-xl", 1, SIZE))
    assert np.abs(found - plain)[70:141, 150:221].mean() < 8


def test_transparent_borders_are_painted_on_to() -> None:
    inner = drawing().resize((160, 160))
    canvas = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    canvas.paste(inner, (48, 48))
    found = edit(canvas, "extend the picture", None, "studio-xl", 1, SIZE)
    assert found.mode == "RGBA"
    assert found.getchannel("A").getextrema() == (255, 255)
    assert (np.asarray(found)[48:208, 48:208] == np.asarray(canvas)[48:208, 48:208]).all()
    border = np.asarray(found)[:40, :, :3].reshape(-1, 3).astype(float)
    known = np.asarray(inner)[:40].reshape(-1, 3).astype(float)
    assert np.abs(border.mean(axis=0) - known.mean(axis=0)).max() < 45


def test_a_transparent_picture_keeps_its_outline_under_a_new_look() -> None:
    picture = with_alpha()
    found = edit(picture, "in sepia", None, "studio-xl", 1, SIZE)
    assert found.getchannel("A").tobytes() == picture.getchannel("A").tobytes()


def test_references_lend_their_colours_or_their_subject() -> None:
    green = Image.new("RGB", SIZE, (30, 200, 60))
    lent = pixels(
        edit(drawing(), "in the colours of the second image", None, "studio-xl", 1, SIZE, references=[green])
    )
    assert lent[..., 1].mean() > lent[..., 0].mean() + 20
    together = edit(drawing(), "put them together", None, "studio-xl", 1, SIZE, references=[green])
    assert together.tobytes() != drawing().tobytes()


@pytest.mark.parametrize(
    ("size", "prompt"),
    [
        *(((1, 1), prompt) for prompt in ODD_PROMPTS),
        *zip([(3, 700), (64, 64), (2000, 16)] * 2, [*ODD_PROMPTS, ODD_PROMPTS[0]], strict=True),
    ],
)
def test_odd_inputs_are_met_at_the_size_asked_for(size: tuple[int, int], prompt: str) -> None:
    picture = Image.new("RGB", size, (120, 90, 60))
    assert edit(picture, prompt, None, "aquarelle-2", 1, (256, 300)).size == (256, 300)
    all_of_it = Image.new("RGBA", size, (0, 0, 0, 0))
    assert edit(picture, prompt, all_of_it, "studio-xl", 1, SIZE).size == SIZE


@pytest.mark.parametrize("prompt", ["a starry night sky", "remove it", "add a cat", "sepia", "a beach"])
def test_a_wholly_transparent_picture_is_an_empty_sheet(prompt: str) -> None:
    assert edit(Image.new("RGBA", SIZE), prompt, None, "studio-xl", 1, SIZE).size == SIZE


def test_the_first_frame_of_an_animation_is_edited() -> None:
    first, second = drawing(), Image.new("RGB", SIZE, "red")
    moving = opened(first, "WEBP", save_all=True, append_images=[second], lossless=True, duration=80)
    moving.seek(1)
    found = edit(moving, "remove it", mask(), "studio-xl", 1, SIZE)
    outside = np.asarray(mask().getchannel("A")) == 255
    assert (np.asarray(found)[outside] == np.asarray(first)[outside]).all()


def test_what_cannot_be_done_is_said() -> None:
    picture = drawing()
    with pytest.raises(UnusableMask, match="100 x 100"):
        edit(picture, "remove it", mask((100, 100)), "studio-xl", 1, SIZE)
    with pytest.raises(UnusableMask, match="nothing to edit"):
        edit(picture, "remove it", Image.new("RGBA", SIZE, (0, 0, 0, 255)), "studio-xl", 1, SIZE)
    with pytest.raises(UnknownPainter):
        edit(picture, "remove it", None, "nobody", 1, SIZE)
    with pytest.raises(UnpaintableSize):
        edit(picture, "remove it", None, "studio-xl", 1, (255, 256))
    with pytest.raises(UneditableImage):
        edit(Image.new("1", (30_000, 1000)), "remove it", None, "studio-xl", 1, SIZE)


def test_a_mask_without_transparency_says_it_in_white() -> None:
    light = Image.new("L", SIZE, 0)
    ImageDraw.Draw(light).rectangle(HOLE, fill=255)
    by_light = edit(drawing(), "remove it", light, "studio-xl", 1, SIZE)
    assert by_light.tobytes() == edit(drawing(), "remove it", mask(), "studio-xl", 1, SIZE).tobytes()


def test_half_transparent_pixels_of_a_mask_stay() -> None:
    """Only what is wholly transparent may change, as OpenAI's reference says."""
    faint = mask()
    faint.putalpha(faint.getchannel("A").point(lambda level: level or 1))
    ImageDraw.Draw(faint).rectangle((10, 10, 40, 40), fill=(0, 0, 0, 0))
    found = edit(drawing(), "remove it", faint, "studio-xl", 1, SIZE)
    outside = np.asarray(faint.getchannel("A")) > 0
    assert (np.asarray(found)[outside] == np.asarray(drawing())[outside]).all()


@pytest.mark.parametrize(
    ("prompt", "changes"),
    [("make the sky purple", "sky"), ("darken the sky", "sky"), ("blur the background", "meadow")],
)
def test_a_part_changes_alone(prompt: str, changes: str) -> None:
    picture = drawing()
    apart = np.abs(pixels(edit(picture, prompt, None, "studio-xl", 1, SIZE)) - pixels(picture)).mean(axis=2)
    sky, house = apart[4:40, 4:250].mean(), apart[120:200, 90:166].mean()
    far = apart[150:170, 4:60].mean() if changes == "meadow" else sky
    assert far > 2 * house + 1


@pytest.mark.parametrize("prompt", ["make the eyes blue", "brighten her face"])
def test_under_a_mask_a_colour_is_of_what_is_masked(prompt: str) -> None:
    picture = drawing()
    found = edit(picture, prompt, mask(), "studio-xl", 1, SIZE)
    inside = np.asarray(mask().getchannel("A")) == 0
    assert np.abs(pixels(found) - pixels(picture))[inside].mean() > 8
    assert np.corrcoef(pixels(found)[inside].mean(axis=1), pixels(picture)[inside].mean(axis=1))[0, 1] > 0.9
