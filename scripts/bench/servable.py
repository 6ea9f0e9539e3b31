#!/usr/bin/env -S .venv/bin/python
"""
Print how many of the catalogue's active offerings the gateway could serve, were every key set.

An offering counts as served when its provider can be called and a contract says how. The rest is listed with what
is missing. FOLDER holds the catalogue's files; by itself those of this checkout.

    scripts/bench/servable.py [FOLDER]

It takes some five seconds.
"""

import argparse
import sys
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from app.catalog.contracts import ANY_MODEL, Contract  # noqa: E402
from app.catalog.seeds import Seeds, read_seeds  # noqa: E402
from app.catalog.shapes import OfferingSeed  # noqa: E402
from app.catalog.status import is_served, status  # noqa: E402
from app.gateway.providers import PROVIDERS  # noqa: E402
from scripts.bench.arguments import existing_folder  # noqa: E402

OPERATIONS = ("generation", "edit")
Contracts = dict[tuple[str, str, str], Contract]


def missing(offering: OfferingSeed, contracts: Contracts) -> str | None:
    """Say what keeps an offering from being served; None where nothing does."""
    if offering.provider not in PROVIDERS:
        return "no adapter"
    if not offering.provider_model_id:
        return "no id"
    if (offering.provider, offering.provider_model_id, "none") in contracts:
        return "answers what the gateway has no use for"
    keys = product([offering.provider], [offering.provider_model_id, ANY_MODEL], OPERATIONS)
    return None if any(key in contracts for key in keys) else "no contract"


def active_offerings(seeds: Seeds, today: date) -> list[tuple[str, OfferingSeed]]:
    """List every offering that has not ended, of every model that is not retired, with the model's slug."""
    return [
        (model.slug, offering)
        for model in seeds.models
        if status(model, today) != "retired"
        for offering in model.offerings
        if is_served(offering, today)
    ]


def main() -> None:
    """Read the files and print the share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=existing_folder, nargs="?", default=ROOT / "scripts" / "seeds" / "catalog")
    seeds = read_seeds(parser.parse_args().folder)
    contracts = {(one.provider, one.model, one.operation): one for one in seeds.contracts}
    offers = active_offerings(seeds, datetime.now(UTC).date())
    reasons = [(slug, offering, missing(offering, contracts)) for slug, offering in offers]
    for slug, offering, reason in reasons:
        if reason is not None:
            print(f"{offering.provider}/{slug} ({offering.provider_model_id}): {reason}")
    served = [slug for slug, _, reason in reasons if reason is None]
    models = {slug for slug, _ in offers}
    print(f"{len(served)} of {len(offers)} active offerings can be served: {len(served) / len(offers):.1%}")
    print(f"{len(set(served))} of {len(models)} active models with offerings can be served")


if __name__ == "__main__":
    main()
