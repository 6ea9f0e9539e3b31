"""A short form of scripts/faults/other_makers.py: what answers tell of who made what, with votes and sweeps."""

from pathlib import Path

from scripts.faults.other_makers import SWAPPED, arenas, compare


def test_with_other_makers_in_an_open_field_no_public_answer_is_another(tmp_path: Path) -> None:
    with arenas(tmp_path, 5, "local") as both:
        one, told = compare(*both)
    assert told == []
    reached = {path.split("?")[0] for path in one}
    asked = {path for path in one if "question=prompt" in path}
    for part in (
        *("/integrity", "/api/v1/integrity", "/api/v1/votes", "/models", "/models/m1", "/models/m1/card.png"),
        *("/feed.atom", "/sitemap.xml", "/llms.txt", "/charts/text-to-image", "/methodology", "/badge/m1.svg"),
        *("/leaderboards/text-to-image/odd", f"/competitions/{SWAPPED}", "/compare/m0/m1", "/api/v1/models/m1"),
    ):
        assert part in reached, part
    assert sum(one[path][0] == 200 for path in asked) > len(asked) / 2
    assert one["/leaderboards/text-to-image?question=prompt"][0] == 200
    assert any(path.startswith("/sheets/") for path in one)
