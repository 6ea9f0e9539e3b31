"""A short form of scripts/faults/public_answers.py: what answers tell of a pair nobody judged."""

from pathlib import Path

from scripts.faults.public_answers import arena, prove, prove_sheets


def test_no_public_answer_moves_when_a_pair_is_opened_or_skipped(tmp_path: Path) -> None:
    rows: list[str] = []
    with arena(tmp_path, 8) as app:
        assert prove(app, is_short=True, show=rows.append), "\n".join(rows)


def test_no_sheet_moves_when_somebody_votes(tmp_path: Path) -> None:
    rows: list[str] = []
    with arena(tmp_path, 4, "local") as app:
        assert prove_sheets(app, rows.append), "\n".join(rows)
