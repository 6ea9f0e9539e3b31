"""
Turn ratings of ImagenHub's three raters into a CSV of votes with prompts and voters, for `held_out.py`.

FOLDER is one task's folder of `eval/human_ratings` in TIGER-AI-Lab/ImagenHub (MIT License, Copyright (c) 2023 Max
Ku): a TSV per rater, a row per prompt, a column per model, and two scores in each cell. Of each rater and prompt
the models are paired at random, each once, so that no two votes share a rating. A model's two
scores are multiplied.

    python scripts/bench/imagenhub_votes.py FOLDER > votes.csv
"""

import argparse
import csv
import json
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.arguments import existing_folder

SAME = 1e-9


def read_votes(file: Path, rater: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Read one rater's ratings as model_a, model_b, winner, prompt and voter."""
    rng = random.Random(rater)
    with file.open(encoding="utf-8", newline="") as opened:
        (_, *models), *rows = csv.reader(opened, delimiter="\t")
    for prompt, *cells in rows:
        scores = {model: math.prod(json.loads(cell)) for model, cell in zip(models, cells, strict=False) if cell}
        drawn = rng.sample(list(scores), len(scores))
        for one, other in zip(drawn[::2], drawn[1::2], strict=False):
            ahead = scores[one] - scores[other]
            winner = "tie" if abs(ahead) < SAME else "model_a" if ahead > 0 else "model_b"
            yield one, other, winner, prompt, rater


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=existing_folder, metavar="FOLDER")
    given = parser.parse_args()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["model_a", "model_b", "winner", "prompt", "voter"])
    for file in sorted(given.folder.glob("*.tsv")):
        out.writerows(read_votes(file, file.stem.rpartition("_")[2]))


if __name__ == "__main__":
    main()
