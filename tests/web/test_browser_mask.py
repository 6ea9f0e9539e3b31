"""A mask painted over an uploaded image in a real browser, by mouse and by finger; and without a script."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page, expect

from tests.factories import hole, picture_bytes
from tests.web.browsing import DRIVES_CHROMIUM, Visit, find_violations, served, visiting
from tests.web.catalogue import SEEDS, at, load_folder
from tests.web.conftest import running
from tests.web.test_browser_pages import too_wide

pytestmark = DRIVES_CHROMIUM
SIZE = (480, 320)
FORM = "/playground?operation=edit&model=poster-pro"
PHOTO = {"name": "photo.png", "mimeType": "image/png", "buffer": picture_bytes(1, SIZE)}
READ_MASK = """async () => {
  const [file] = document.querySelector("[name=mask]").files;
  return file ? [...new Uint8Array(await file.arrayBuffer())] : [];
}"""


@pytest.fixture(scope="module")
def base(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("masks")
    shutil.copy(sqlite_template, folder / "masks.sqlite3")
    for app in running(f"sqlite:///{folder / 'masks.sqlite3'}", folder):
        load_folder(app, SEEDS / "catalog")
        # A moment of its own: the pace of visitors is kept per process.
        at(app, datetime(2026, 11, 25, 12, tzinfo=UTC))
        with served(app) as address:
            yield address


def upload(page: Page) -> tuple[float, float, float, float]:
    """Choose the photo; where the canvas over it lies then: left, top, width, height."""
    page.locator("[name=image]").set_input_files([PHOTO])  # type: ignore[list-item]
    strokes = page.locator("[data-strokes]")
    expect(strokes).to_be_visible()
    strokes.scroll_into_view_if_needed()
    box = strokes.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def read_mask(page: Page) -> Image.Image:
    """Wait for the mask that was painted, as the form would send it."""
    for _ in range(50):
        data = page.evaluate(READ_MASK)
        if data:
            return Image.open(BytesIO(bytes(data)))
        page.wait_for_timeout(100)
    raise AssertionError("no mask")


def assert_left_half_is_clear(page: Page) -> None:
    """Wait for it: the file of a mask is made a moment after its last stroke."""
    for _ in range(50):
        mask = read_mask(page)
        alpha = mask.getchannel("A")
        levels = [alpha.getpixel(spot) for spot in ((120, 160), (120, 20), (400, 160))]
        if levels == [0, 255, 255]:
            break
        page.wait_for_timeout(100)
    assert (mask.size, mask.mode, levels) == (SIZE, "RGBA", [0, 255, 255])


def finish(visit: Visit) -> None:
    visit.page.get_by_label("Prompt").fill("a starry night sky")
    visit.page.get_by_role("button", name="Draw", exact=True).click()
    expect(visit.page.locator(".result[data-result] .pictures img")).to_have_count(1, timeout=60_000)
    assert not too_wide(visit)
    assert visit.complaints == []


def test_painted_with_a_mouse_undone_and_sent(browser: Browser, base: str) -> None:
    with visiting(browser, base, viewport={"width": 1280, "height": 900}) as visit:
        page = visit.page
        visit.open(FORM)
        left, top, width, height = upload(page)
        undo = page.get_by_role("button", name="Undo")
        expect(undo).to_be_disabled()
        page.mouse.move(left + width * 0.1, top + height * 0.5)
        page.mouse.down()
        page.mouse.move(left + width * 0.4, top + height * 0.5, steps=5)
        page.mouse.up()
        assert_left_half_is_clear(page)
        assert page.locator("option[value=halftone-1]").first.is_disabled(), "it takes no mask"
        page.mouse.click(left + width * 0.8, top + height * 0.5)
        undo.click()
        assert_left_half_is_clear(page)
        assert find_violations(visit.page) == []
        finish(visit)
        page.get_by_role("button", name="Clear").click()
        expect(undo).to_be_disabled()


def test_painted_with_a_finger_on_a_phone(browser: Browser, base: str) -> None:
    with visiting(browser, base, viewport={"width": 390, "height": 844}, has_touch=True) as visit:
        page = visit.page
        visit.open(FORM)
        left, top, width, height = upload(page)
        finger = page.context.new_cdp_session(page)
        for kind, share in (("touchStart", 0.1), ("touchMove", 0.25), ("touchMove", 0.4)):
            points = [{"x": left + width * share, "y": top + height * 0.5}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert_left_half_is_clear(page)
        assert not too_wide(visit)
        finish(visit)


def test_a_broken_image_leaves_the_form_usable(browser: Browser, base: str) -> None:
    with visiting(browser, base) as visit:
        visit.open(FORM)
        broken = {"name": "photo.png", "mimeType": "image/png", "buffer": b"no image"}
        visit.page.locator("[name=image]").set_input_files([broken])  # type: ignore[list-item]
        visit.page.wait_for_timeout(300)
        expect(visit.page.locator("[data-mask-editor]")).to_be_hidden()
        upload(visit.page)


def test_without_a_script_image_and_mask_go_by_form(browser: Browser, base: str) -> None:
    """The file's mask is followed: what it keeps comes back as it was, and what it frees does not."""
    with visiting(browser, base, java_script_enabled=False) as visit:
        page = visit.page
        visit.open(FORM)
        expect(page.locator("[data-mask-editor]")).to_be_hidden()
        expect(page.get_by_label("Mask as a file")).to_be_visible()
        page.locator("[name=image]").set_input_files([PHOTO])  # type: ignore[list-item]
        page.get_by_label("Mask as a file").set_input_files(
            [{"name": "mask.png", "mimeType": "image/png", "buffer": hole(SIZE)}]  # type: ignore[list-item]
        )
        finish(visit)
        shown = page.locator(".result[data-result] .pictures img")
        expect(shown).to_be_visible()
        response = page.request.get(base + (shown.get_attribute("src") or ""))
        with Image.open(BytesIO(response.body())) as made, Image.open(BytesIO(PHOTO["buffer"])) as given:
            changed = ImageChops.difference(made.convert("RGB").resize(SIZE), given.convert("RGB"))
        freed, kept = changed.crop((0, 0, 220, 320)), changed.crop((260, 0, 480, 320))
        assert sum(ImageStat.Stat(freed).mean) > 30
        assert sum(ImageStat.Stat(kept).mean) < 6
