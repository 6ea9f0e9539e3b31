"""
Measures how often the check on entries finds a mark that is there, and refuses a picture that is as it should be.

Run from the top of the checkout: python scripts/bench/marks.py FOLDER [--marked N]
FOLDER holds pictures without marks, for instance a pack. Marks are drawn on N of them, enlarged to 1024 or 2048
pixels, which are then scaled and encoded.
"""

import argparse
import random
import statistics
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.arena.entries import picture_flaws
from app.painter.paint import paint
from app.painter.painters import PAINTERS
from scripts.bench.arguments import existing_folder

SEEDS = Path("scripts/seeds/competitions")
SUFFIXES = {".webp", ".png", ".jpg", ".jpeg"}
ENCODINGS: dict[str, dict[str, int]] = {"JPEG": {"quality": 80}, "WEBP": {"quality": 80}}
SCALES = (1.0, 0.5)
VISIBLE = 16
"""Levels of 255 from which a mark can be seen: a star on white is one that nobody sees."""


def bar(picture: Image.Image) -> Image.Image:
    """Sign the picture as DALL-E 2's site did."""
    signed, side = picture.copy(), picture.width // 64
    draw = ImageDraw.Draw(signed)
    for turn, colour in enumerate(picture_flaws.BAR.astype(int).tolist()):
        left, top = signed.width - (len(picture_flaws.BAR) - turn) * side, signed.height - side
        draw.rectangle((left, top, left + side - 1, top + side - 1), fill=tuple(colour))
    return signed


def sparkle(picture: Image.Image, alpha: float) -> Image.Image:
    """Sign the picture as Gemini's app does."""
    side, margin = (48, 32) if picture.width <= 1024 else (96, 64)
    cover = Image.fromarray((picture_flaws.star(side) * alpha * 255).round().astype(np.uint8))
    signed = picture.copy()
    signed.paste((255, 255, 255), (signed.width - margin - side, signed.height - margin - side), cover)
    return signed


def variants(signed: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Scale the signed picture to each size and encode it each way, with a name for each."""
    for scale in SCALES:
        side = round(1024 * scale)
        scaled = signed.resize((side, side), Image.Resampling.LANCZOS)
        for name, options in ENCODINGS.items():
            file = BytesIO()
            scaled.save(file, name, **options)
            yield f"{side:4} {name}", Image.open(file).convert("RGB")


def found(
    original: Image.Image, signed: Image.Image, kind: str, name: str, counts: Counter[tuple[str, str]]
) -> None:
    difference = np.abs(np.asarray(signed, dtype=int) - np.asarray(original, dtype=int)).max()
    if difference < VISIBLE:
        counts[name, "invisible"] += 1
        return
    for variant, picture in variants(signed):
        flaw = picture_flaws.flaw(picture)
        counts[f"{name} {variant}", "found" if flaw and flaw.kind == kind else "missed"] += 1


def refused(named: Iterator[tuple[str, Image.Image]]) -> None:
    """Print every picture that is refused, how many were looked at, and what one took."""
    seconds: list[float] = []
    for name, picture in named:
        start = time.process_time()
        flaw = picture_flaws.flaw(picture)
        seconds.append(time.process_time() - start)
        if flaw:
            print(f"  refused as {flaw.kind}: {name}")
    print(f"  {len(seconds)} looked at, median {1000 * statistics.median(seconds):.1f} ms CPU each")


def painted() -> Iterator[tuple[str, Image.Image]]:
    for file in sorted(SEEDS.glob("*.toml")):
        seed = tomllib.loads(file.read_text())
        for painter in PAINTERS if "prompt" in seed else ():
            yield f"{seed['slug']} {painter}", paint(seed["prompt"], painter, 1, (1024, 1024)).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=existing_folder)
    parser.add_argument("--marked", type=int, default=200, help="pictures to draw marks on")
    asked = parser.parse_args()
    files = sorted(path for path in asked.folder.rglob("*") if path.suffix in SUFFIXES)
    print("Pictures as they are")
    refused((str(path.relative_to(asked.folder)), Image.open(path).convert("RGB")) for path in files)
    print("The painters' pictures for the seed's prompts")
    refused(painted())
    counts: Counter[tuple[str, str]] = Counter()
    for path in random.Random(1).sample(files, min(asked.marked, len(files))):
        picture = Image.open(path).convert("RGB").resize((1024, 1024), Image.Resampling.BICUBIC)
        found(picture, bar(picture), "bar", "bar", counts)
        for alpha in (0.3, 0.5, 0.7, 0.9):
            found(picture, sparkle(picture, alpha), "sparkle", f"sparkle 48 px, alpha {alpha}", counts)
        large = picture.resize((2048, 2048), Image.Resampling.BICUBIC)
        found(large, sparkle(large, 0.5), "sparkle", "sparkle 96 px, alpha 0.5", counts)
    print("Marked pictures")
    for name in dict.fromkeys(name for name, _ in counts):
        if invisible := counts[name, "invisible"]:
            print(f"  {name:38} {invisible} of {asked.marked} invisible on their ground")
        else:
            total = counts[name, "found"] + counts[name, "missed"]
            print(f"  {name:38} found {counts[name, 'found']} of {total}: {counts[name, 'found'] / total:.1%}")


if __name__ == "__main__":
    main()
