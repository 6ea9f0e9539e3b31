"""
Measures what the files of a pack tell of their makers, as voters would get them, and what measuring costs.

Run from the top of the checkout: python scripts/bench/traces.py FOLDER
FOLDER is a pack. Printed are the pictures between borders with the box around all as their frame and as they are
framed now, those that came in bars, the share of makers guessed by a classifier that knows the other competitions,
in all and by each kind of trace, and the CPU time of framing and of measuring.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.arena.entries import framing, renditions, traits
from app.arena.entries.pack_format import ImageResult, PackCompetition, read_manifest
from app.gateway import images
from app.leaderboards.integrity.maker_guess import TraitTable, guess_makers, sum_up
from scripts.bench.arguments import existing_folder

QUALITY = 70
"""Of WebP: near to what most renditions get."""
BORDER = 0.01
"""Of the frame, from which a border shows."""


@dataclass
class Findings:
    """Hold what was found so far: competition, maker and traits by picture, and counts."""

    competition: list[str] = field(default_factory=list)
    maker: list[str] = field(default_factory=list)
    traits: list[tuple[float, ...]] = field(default_factory=list)
    boxed: int = 0
    bordered: int = 0
    trimmed: int = 0
    seconds: Counter[str] = field(default_factory=Counter)

    def table(self) -> TraitTable:
        """Return the pictures as the classifier takes them."""
        usual = np.array([trait.usual for trait in traits.TRAITS])
        places = (np.unique(names, return_inverse=True)[1] for names in (self.competition, self.maker))
        return TraitTable(*places, np.array(self.traits) / usual)


def look_at(folder: Path, pack: PackCompetition, found: Findings) -> None:
    """Frame and measure one competition's pictures."""
    sizes = [(image["width"], image["height"]) for image in pack.images]
    box, frame = tuple(map(max, zip(*sizes, strict=True))), framing.common_frame(sizes, 1024)
    side = max(renditions.side_for(size, frame) for size in sizes)
    for image, size in zip(pack.images, sizes, strict=True):
        decoded = images.decode((folder / image["file"]).read_bytes())
        began = time.process_time()
        shown = framing.shape_alike(decoded, frame)
        small = framing.fit(shown, renditions.scale(frame, min(side, renditions.SMALL.side)))
        framed = time.process_time()
        file = images.encode_webp(small, quality=QUALITY, method=renditions.METHOD)
        encoded = time.process_time()
        measured = traits.measure_file(file)
        found.seconds.update(measuring=time.process_time() - encoded, framing=framed - began)
        found.boxed += abs(size[0] / size[1] / (box[0] / box[1]) - 1) > BORDER
        found.bordered += abs(shown.width / shown.height / (frame[0] / frame[1]) - 1) > BORDER
        found.trimmed += framing.trim_bars(decoded).size != decoded.size
        found.competition.append(pack.slug)
        found.maker.append(image["model"])
        found.traits.append(measured)


def show(found: Findings) -> None:
    """Print the figures."""
    count, table = len(found.maker), found.table()
    print(f"{count} pictures of {len(set(found.competition))} competitions by {len(set(found.maker))} models")
    print(
        f"between borders: {found.boxed} with the box around all, {found.bordered} now; in bars: {found.trimmed}"
    )
    kinds = np.array([trait.kind for trait in traits.TRAITS])
    for kind in ("all", *dict.fromkeys(kinds.tolist())):
        columns = np.ones(kinds.size, dtype=bool) if kind == "all" else kinds == kind
        whole = sum_up(guess_makers(TraitTable(table.competition, table.maker, table.traits[:, columns])))
        if whole:
            bounds = f"{whole.low:.1%} to {whole.high:.1%}"
            print(f"{kind:<8}{whole.share:7.1%} of {whole.pictures} ({bounds}), by chance {whole.chance:.1%}")
    for name, seconds in found.seconds.items():
        print(f"{name:<10}{1000 * seconds / count:6.1f} ms of CPU a picture")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=existing_folder)
    folder, found = parser.parse_args().folder, Findings()
    for item in read_manifest(folder):
        if not isinstance(item, ImageResult) and item.blind_safe:
            look_at(folder, item, found)
    show(found)


if __name__ == "__main__":
    main()
