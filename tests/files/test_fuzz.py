"""A short run of the file fuzzer: scripts/faults/files.py does 2,000 cases and both databases."""

from scripts.faults import files


def test_mutated_files_are_taken_or_refused() -> None:
    counts = files.run(120, seed=7)
    assert sum(counts.values()) == 120
    assert counts["votes refused"] > 5
    assert counts["toml refused"] > 5
