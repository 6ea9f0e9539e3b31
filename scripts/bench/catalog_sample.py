"""Draws facts of real models from the catalogue, to be checked by hand against pages looked up for them."""

import argparse
import random
from collections.abc import Iterator

from app.catalog.seeds import SHIPPED, Seeds, read_seeds
from app.catalog.shapes import ModelSeed, PriceSeed

CHECKABLE = (
    *("released", "status", "deprecated_on", "sunset", "successor", "licence", "open_weights", "weights", "paper"),
    *("homepage", "parameter_count", "modes"),
)
"""Facts that a page can confirm or deny; prose, tags and architecture are words of our own."""


def facts(seeds: Seeds) -> Iterator[tuple[str, str, str, str]]:
    """List (model, fact, value, source) of everything that can be checked, in the order of the files."""
    for model in seeds.models:
        if not model.demo:
            yield from _model_facts(model)


def _model_facts(model: ModelSeed) -> Iterator[tuple[str, str, str, str]]:
    for fact, source in model.facts().items():
        head, _, limit = fact.partition(".")
        if head == "limits":
            yield model.slug, fact, str(getattr(model.limits, limit)), source or ""
        elif fact in CHECKABLE:
            yield model.slug, fact, str(getattr(model, fact)), source or ""
    for offering in model.offerings:
        for price in offering.prices:
            yield model.slug, f"price at {offering.provider}", _price(price), price.source or offering.source


def _price(price: PriceSeed) -> str:
    for_what = "".join(f", {name} {value}" for name, value in price.conditions.items())
    units = f"{price.per:,} {price.metric}s" if price.per != 1 else price.metric
    return f"${price.usd} per {units}{f', {price.direction}' if price.direction else ''}{for_what}"


def main() -> None:
    """Print a numbered table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--count", type=int, default=40)
    asked = parser.parse_args()
    seeds = read_seeds(SHIPPED)
    drawn = random.Random(asked.seed).sample(list(facts(seeds)), asked.count)
    for number, (model, fact, value, source) in enumerate(drawn, 1):
        told = seeds.sources[source]
        print(f"{number:>3}  {model:<28} {fact:<26} {value}")
        print(f"     {told.title}{f' <{told.url}>' if told.url else ''}")


if __name__ == "__main__":
    main()
