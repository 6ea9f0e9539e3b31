"""
An arena of real pictures by named models, with votes drawn from the scores that people gave such pictures.

    python -m scripts.bench.images_arena IMAGES FOLDER [--samples 1] [--votes 3000] [--seed 1]

IMAGES is a pack with `competitions/`, `manifest.json` and `scores/agiqa3k.csv` (AGIQA-3K: mean and standard
deviation of the quality that people saw in 2,982 pictures by six models). FOLDER becomes a data folder that
`DATA_DIR=FOLDER arena serve` serves; no picture leaves it. A vote compares one score of each model, drawn as one
person's of one of its pictures; models that the table lacks take the score of a stand-in that is named below, or
one between the others. One prompt of each category is held back as a showcase; every eighth of the others is
closed after the votes.
"""

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.entries import competitions
from app.arena.tables import Competition, Entry
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.leaderboards.runs import refresh
from app.words import Mode
from scripts.bench.readers_arena import VOTERS, cast

STAND_INS = {
    "dall-e-2": "DALLE2",
    "glide": "glide",
    "glide-composable": "glide",
    "stable-diffusion-v1": "sd1.5",
    "stable-diffusion-v1-composable": "sd1.5",
    "stable-diffusion-1.4": "sd1.5",
    "stable-diffusion-1.5": "sd1.5",
    "sdxl-base-1.0": "xl2.2",
    "sdxl-lightning": "xl2.2",
    "midjourney-v6": "midjourney",
    "dall-e-mini": "AttnGAN",
    "cogview2": "AttnGAN",
}
"""Models and the names under which the table scores them, or the nearest it has."""
TIE = 0.25
"""Difference of two scores, of 0 to 5, that a voter calls a tie."""
CLOSED = 8


@dataclass(frozen=True)
class Score:
    """Hold what people thought of one picture: mean and standard deviation of their scores, from 0 to 5."""

    mean: float
    deviation: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=1, help="pictures of a model for one prompt, at most")
    parser.add_argument("--votes", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    pack = copy_pack(asked.images, asked.folder / "pack", asked.samples)
    for command in (["seed"], ["import-pack", str(pack), "--showcases", "category", "--allow-refused"]):
        run_arena(asked.folder, command)
    shutil.rmtree(pack)
    database = Database(f"sqlite:///{asked.folder / 'blindvote.sqlite3'}")
    scores = read_scores(asked.images / "scores" / "agiqa3k.csv")
    now, rng = datetime.now(UTC), random.Random(asked.seed)
    slugs = database.write(lambda session: draw_votes(session, scores, asked.votes, rng, now))
    for slug in slugs[::CLOSED]:
        database.write(lambda session: competitions.set_status(session, slug, "closed", now=now))  # noqa: B023
    refresh.rebuild(database, Mode.TEXT_TO_IMAGE, now=now)
    print(f"{len(slugs)} competitions with votes, {len(slugs[::CLOSED])} of them closed, in {asked.folder}")
    database.close()


def run_arena(folder: Path, command: Sequence[str]) -> None:
    """Run a command of the product on the data folder; it prints its last line."""
    environment = {**os.environ, "DATA_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *command], env=environment, check=True, capture_output=True, text=True
    )
    print(done.stdout.strip().rpartition("\n")[2])


def copy_pack(images: Path, pack: Path, samples: int) -> Path:
    """Copy the pictures that may stand in a blind pair, at most so many of a model and prompt, as a pack."""
    listed = json.loads((images / "manifest.json").read_text(encoding="utf-8"))
    taken = [chosen for one in listed["competitions"] if (chosen := choose_images(one, samples))]
    for one in taken:
        for image in one["images"]:
            (pack / image["file"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(images / image["file"], pack / image["file"])
    (pack / "manifest.json").write_text(json.dumps({"format": 1, "competitions": taken}), encoding="utf-8")
    return pack


def choose_images(one: dict[str, object], samples: int) -> dict[str, object] | None:
    """Choose so many pictures of each model; None for a competition whose pictures spell their models."""
    if not one["blind_safe"]:
        return None
    of_model: defaultdict[str, list[object]] = defaultdict(list)
    for image in one["images"]:  # type: ignore[attr-defined]
        of_model[image["model"]].append(image)
    return one | {"images": [image for images in of_model.values() for image in images[:samples]]}


def read_scores(table: Path) -> Mapping[str, list[Score]]:
    """Read what people thought of each model's pictures."""
    scores: defaultdict[str, list[Score]] = defaultdict(list)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            score = Score(float(row["mos_quality"]), float(row["std_quality"]))
            scores[row["name"].partition("_")[0]].append(score)
    return scores


def draw_votes(
    session: Session, scores: Mapping[str, list[Score]], votes: int, rng: random.Random, now: datetime
) -> list[str]:
    """Store so many votes on open competitions, each of two models of one; returns the slugs in order."""
    fields = read_fields(session)
    slugs, models = list(fields), sorted({model for field in fields.values() for model in field})
    names = dict(session.execute(select(ImageModel.id, ImageModel.slug)).all())
    place = {model: number for number, model in enumerate(models)}
    rows = []
    for _ in range(votes):
        number = rng.randrange(len(slugs))
        one, other = rng.sample(fields[slugs[number]], 2)
        outcome = judge(*(draw_score(scores, names[model], rng) for model in (one, other)))
        rows.append((number, rng.randrange(VOTERS), place[one], place[other], outcome))
    cast(session, np.array(rows), models, slugs, now)
    return slugs


def read_fields(session: Session) -> dict[str, list[int]]:
    """Read the models of every open competition that two or more of them stand in."""
    rows = session.execute(
        select(Competition.slug, Entry.model_id)
        .join(Entry, Entry.competition_id == Competition.id)
        .where(Competition.status == "open", Entry.role == "contestant")
        .order_by(Competition.id, Entry.model_id)
        .distinct()
    )
    fields: defaultdict[str, list[int]] = defaultdict(list)
    for slug, model in rows:
        fields[slug].append(model)
    return {slug: field for slug, field in fields.items() if len(field) > 1}


def draw_score(scores: Mapping[str, list[Score]], model: str, rng: random.Random) -> float:
    """Draw what one person thinks of one picture of a model."""
    source = scores.get(STAND_INS.get(model, ""))
    if source is None:
        # Always the same place between those of the table, by the model's name.
        level = random.Random(model).uniform(1.5, 3.5)
        return level + rng.gauss(0, 0.8)
    score = rng.choice(source)
    return rng.gauss(score.mean, score.deviation)


def judge(left: float, right: float) -> int:
    """Judge two scores: 0 for the left, 1 for a tie, 2 for the right, as `cast` takes them."""
    if abs(left - right) < TIE:
        return 1
    return 0 if left > right else 2


if __name__ == "__main__":
    main()
