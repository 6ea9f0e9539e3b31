"""
CPU seconds per picture: seven prompts by eight painters at 1024 px, and the contact sheet if asked for.

With --edits: eight edits of four drawings and of any pictures named, and a variation of each.

    python scripts/bench/painter.py [--edits [FILE ...]] [--sheet FILE.png]

It takes some twenty seconds, and minutes with --edits.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageOps

from app.painter.editing.edit import edit
from app.painter.editing.vary import vary
from app.painter.paint import paint
from app.painter.painters import PAINTERS

PROMPTS = {
    "menu": (
        "Modern minimalist restaurant menu design, white background with colorful food photos in grid, "
        "sections for appetizers/pizza/mains, bold sans-serif fonts, vibrant accents, clean layout for "
        "casual dining."
    ),
    "logo": (
        'Vintage minimalist restaurant logo for "Caffè Florian", retro cloche dome with steam and "Est. '
        '1720" banner, classic typography, warm brown and cream tones, vector emblem style.'
    ),
    "apollo": (
        "A flat vector infographic poster about the Apollo 11 mission. Steps: 1. Launch (Saturn V icon) "
        "2. Earth Orbit (Earth + orbit ring icon) 3. Translunar (trajectory arc icon) 4. Lunar Orbit "
        "(Moon + orbit ring icon) 5. Descent (module icon) 6. Landing (module on the surface icon). Crew "
        'strip with only last names: Armstrong, Aldrin, Collins. Moon pin labeled "Tranquility".'
    ),
    "taxi": (
        "Inside a yellow New York taxi at night a capybara is driving, wearing a yellow taxi driver cap "
        "and a dark jacket; in the back seat a businesswoman in a coat looks at her phone."
    ),
    "paladin": (
        "Close portrait of a battle-worn paladin in ornate engraved plate armor, hair braided with small "
        "beads, faint scars and dirt on the skin, warm torchlight, bokeh sparks."
    ),
    "meadow": (
        "Fluffy baby animals, a golden retriever puppy, tabby kitten, baby bunny and red fox kit, chasing "
        "butterflies in a lush wildflower meadow at sunrise with god rays."
    ),
    "cube": (
        "A glass cube on a wooden table. Inside the cube is a small blue sphere. On top of the cube sits "
        "a red book. A green plant is behind the cube. Soft window light from the left."
    ),
}


DRAWN = (
    ("A house and a tree in a meadow", "poster-pro"),
    ("A black cat on a couch in a room", "studio-xl"),
    ("A red car on a street", "aquarelle-2"),
    (PROMPTS["meadow"], "studio-xl"),
)
EDITS = (
    "Add a starry night sky to this image",
    "Make it snow",
    "Add a red balloon at the top left",
    "Replace the cat with a fox",
    "Change the background to a beach",
    "Make it black and white",
    "As a watercolour",
    "Remove the car",
)
Row = list[tuple[str, Callable[[], Image.Image]]]  # of the sheet: who draws each picture, and how


def rows_of_prompts(seed: int, size: int) -> Iterator[Row]:
    """Return a row for each prompt, with a picture by each painter."""
    for prompt in PROMPTS.values():
        yield [(slug, lambda p=prompt, s=slug: paint(p, s, seed, (size, size))) for slug in PAINTERS]  # type: ignore[misc]


def rows_of_edits(files: list[Path], seed: int, size: int) -> Iterator[Row]:
    """Return for each input a row for each edit and one of variations, with a picture by each painter."""
    inputs = [paint(prompt, slug, seed, (size, size)) for prompt, slug in DRAWN]
    inputs += [ImageOps.fit(Image.open(file).convert("RGB"), (size, size)) for file in files]
    for picture in inputs:
        for wish in EDITS:
            yield [(s, lambda p=picture, w=wish, s=s: edit(p, w, None, s, seed, p.size)) for s in PAINTERS]  # type: ignore[misc]
        yield [(s, lambda p=picture, s=s: vary(p, s, seed)) for s in PAINTERS]  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=Path, nargs="*", metavar="FILE", help="edit these, besides four drawings")
    parser.add_argument("--sheet", type=Path, help="write the contact sheet here")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=1024, help="pixels a side of each picture")
    parser.add_argument("--cell", type=int, default=256, help="pixels a side of each picture on the sheet")
    asked = parser.parse_args()
    edits = asked.edits is not None
    rows = rows_of_edits(asked.edits, asked.seed, asked.size) if edits else rows_of_prompts(asked.seed, asked.size)
    small, taken = draw(rows, asked.cell)
    report(taken)
    if asked.sheet:
        contact_sheet(small, asked.cell).save(asked.sheet)


def draw(rows: Iterator[Row], cell: int) -> tuple[list[list[Image.Image]], dict[str, list[float]]]:
    """Draw the pictures, small, and measure the CPU seconds that each painter's took."""
    small: list[list[Image.Image]] = []
    taken: dict[str, list[float]] = {slug: [] for slug in PAINTERS}
    for row in rows:
        small.append([])
        for slug, make in row:
            start = time.process_time()
            picture = make()
            taken[slug].append(time.process_time() - start)
            small[-1].append(picture.resize((cell, cell), Image.Resampling.LANCZOS))
    return small, taken


def report(taken: dict[str, list[float]]) -> None:
    for slug, seconds in taken.items():
        print(f"{slug:14} median {statistics.median(seconds):.3f}  worst {max(seconds):.3f}")
    everything = [second for seconds in taken.values() for second in seconds]
    print(f"{'all':14} median {statistics.median(everything):.3f}  worst {max(everything):.3f}  CPU seconds")


def contact_sheet(small: list[list[Image.Image]], cell: int) -> Image.Image:
    sheet = Image.new("RGB", (cell * len(PAINTERS), cell * len(small)))
    for y, row in enumerate(small):
        for x, picture in enumerate(row):
            sheet.paste(picture, (x * cell, y * cell))
    return sheet


if __name__ == "__main__":
    main()
