#!/usr/bin/env -S .venv/bin/python
"""
Print how many of the catalogue's active offerings the gateway could serve, were every key set.

An offering counts as served when its provider can be called and a contract says how. The rest is listed with what
is missing. Run from the checkout: `scripts/bench/servable.py [FOLDER]`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from app.catalog.contracts import ANY_MODEL, Contract  # noqa: E402
from app.catalog.seeds import ModelSeed, OfferingSeed, read_seeds  # noqa: E402
from app.gateway.providers import PROVIDERS  # noqa: E402

OPERATIONS = {"text-to-image": "generation", "image-edit": "edit"}


def missing(model: ModelSeed, offering: OfferingSeed, contracts: dict[tuple[str, str, str], Contract]) -> str | None:
    """What keeps an offering from being served; None where nothing does."""
    if offering.provider not in PROVIDERS:
        return "no adapter"
    if not offering.provider_model_id:
        return "no id"
    names = (offering.provider_model_id, ANY_MODEL)
    known = any((offering.provider, name, operation) in contracts for name in names for operation in OPERATIONS.values())
    return None if known else "no contract"


def main() -> None:
    """Read the files and print the share."""
    seeds = read_seeds(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "scripts" / "seeds" / "catalog")
    contracts = {(one.provider, one.model, one.operation): one for one in seeds.contracts}
    today = datetime.now(UTC).date()
    active = [model for model in seeds.models if not (model.sunset and model.sunset <= today)]
    offers = [
        (model, offering)
        for model in active
        for offering in model.offerings
        if not (offering.ended_on and offering.ended_on <= today)
    ]
    lacking = [(model.slug, offering, missing(model, offering, contracts)) for model, offering in offers]
    served = [slug for slug, _, why in lacking if why is None]
    for slug, offering, why in lacking:
        if why is not None:
            print(f"{offering.provider}/{slug} ({offering.provider_model_id}): {why}")
    print(f"{len(served)} of {len(offers)} active offerings can be served: {len(served) / len(offers):.1%}")
    print(f"{len(set(served))} of {len([m for m in active if m.offerings])} active models with offerings can be served")


if __name__ == "__main__":
    main()
