"""A short run of the file fuzzer: scripts/faults/files.py does 2,000 cases of all kinds."""

import pytest

from scripts.faults import files
from tests import postgres


def test_mutated_files_are_taken_or_refused_alike_on_every_database(request: pytest.FixtureRequest) -> None:
    on_both = postgres.available() and not request.config.getoption("--no-postgres")
    counts = files.run(60, seed=7, postgres=on_both)
    assert sum(counts.values()) == 60
    assert [name for name in counts if name.endswith(files.FAULT)] == []
    assert {name.partition(":")[0] for name in counts} == set(files.ORDER)
    assert {
        "votes: refused",
        "votes: taken",
        "manifest_pack: taken",
        "zip_pack: no pack",
        "toml: refused",
    } <= counts.keys()
