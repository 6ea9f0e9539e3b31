#!/usr/bin/env -S .venv/bin/python
"""
Print the table of docs/gateway.md: what each provider is asked in its own words, and what is done here.

    scripts/bench/provider_table.py [--write | --check]

`--write` puts it into the document, `--check` exits with 1 where it isn't there as a whole. A new provider needs
no line of the document: a release refuses to go without a whole table. It takes a second.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from app.catalog.contracts import Contract  # noqa: E402
from app.catalog.seeds import read_contract_files  # noqa: E402

OPERATIONS = ("generation", "edit", "variation")
DOCUMENT = ROOT / "docs" / "gateway.md"
HEAD = ("provider", "operation", "shape and scale", "images a call", "format", "mask", "other values")


def share(contracts: Iterable[Contract], has: Callable[[Contract], object], word: str) -> str | None:
    """Return the word, with `some` where not every model has it."""
    found = [bool(has(one)) for one in contracts]
    return None if not any(found) else word if all(found) else f"{word} (some)"


def shape(contracts: list[Contract]) -> str:
    """Name those of ratio, pixels and tier that have a field."""
    words = (
        share(contracts, lambda one: one.ratio, "ratio"),
        share(contracts, lambda one: one.size, "pixels"),
        share(contracts, lambda one: one.tier, "tier"),
    )
    return ", ".join(word for word in words if word) or "told"


def count(contracts: list[Contract]) -> str:
    """Return how many images a call may bring; more are further calls."""
    most = [one.n.max or 1 if one.n else 1 for one in contracts]
    return str(min(most)) if min(most) == max(most) else f"{min(most)} to {max(most)}"


def mask(contracts: list[Contract]) -> str:
    """Say what marks the area to edit; `refused` where there is no mask or nobody says what one means."""
    kinds = {one.mask.edit for one in contracts if one.mask}
    some = "" if all(one.mask for one in contracts) else " (some)"
    return f"{', '.join(sorted(kinds))}{some}" if kinds else "refused"


def row(provider: str, operation: str, contracts: list[Contract]) -> str:
    """Write one line of the table."""
    cells = (
        provider,
        operation,
        shape(contracts),
        count(contracts),
        share(contracts, lambda one: one.output_format, "asked for") or "converted here",
        mask(contracts) if operation == "edit" else "",
        "passed on" if all(one.open for one in contracts) else "listed ones",
    )
    return f"| {' | '.join(cells)} |"


def rows(contracts: Iterable[Contract]) -> list[str]:
    """Write a line for every provider and operation that there is a contract for."""
    found: dict[tuple[str, str], list[Contract]] = {}
    for one in contracts:
        found.setdefault((one.provider, one.operation), []).append(one)
    providers = sorted({provider for provider, _ in found})
    keys = [(provider, operation) for provider in providers for operation in OPERATIONS]
    return [row(*key, found[key]) for key in keys if key in found]


def table() -> str:
    """Write the whole table in Markdown."""
    head = f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}"
    return "\n".join([head, *rows(read_contract_files(ROOT / "scripts" / "seeds" / "catalog"))])


def with_table(document: str) -> str:
    """Put the table in the place of the one that the document has."""
    lines = document.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith(f"| {HEAD[0]} | {HEAD[1]} |"))
    last = next(place for place in range(first, len(lines)) if not lines[place].startswith("|"))
    return "\n".join([*lines[:first], table(), *lines[last:], ""])


def main() -> None:
    """Print the table, or write or check the document's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    given, document = parser.parse_args(), DOCUMENT.read_text(encoding="utf-8")
    if given.check:
        sys.exit(int(table() not in document))
    if given.write:
        DOCUMENT.write_text(with_table(document), encoding="utf-8")
    else:
        print(table())


if __name__ == "__main__":
    main()
