"""Ranks and ratings in words that say how sure they are."""

import pytest

from app.leaderboards.views.certainty import describe_place, explain_doubt, is_decided, ordinal, rank_span
from app.leaderboards.views.results import BoardPlace

OPEN = BoardPlace(1, 6, 1010.0, 900.0, 1120.0, 7, True, 1, 6)
DECIDED = BoardPlace(2, 6, 1010.0, 1000.0, 1020.0, 1200, False, 2, 2)
ALONE = BoardPlace(1, 1, 1166.0, 917.0, 1416.0, 4, True, 1, 1)
NOWHERE = BoardPlace(None, 6)


def test_ordinals() -> None:
    wanted = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 112: "112th"}
    assert {number: ordinal(number) for number in wanted} == wanted


@pytest.mark.parametrize(
    ("place", "words", "span", "decided"),
    [
        (OPEN, "1st to 6th of 6, 7 votes", "1\N{EN DASH}6", False),
        (DECIDED, "2nd of 6, 1,200 votes", "2", True),
        (ALONE, "1st of 1, 4 votes", "1", False),
        (NOWHERE, "not ranked yet, 0 votes", "\N{EN DASH}", False),
    ],
)
def test_a_place_is_written_as_sure_as_it_is(place: BoardPlace, words: str, span: str, decided: bool) -> None:
    assert (describe_place(place), rank_span(place), is_decided(place)) == (words, span, decided)


def test_a_provisional_rating_gives_its_own_reason() -> None:
    assert explain_doubt(OPEN) == "known to ±110 Elo only"
    assert (
        explain_doubt(BoardPlace(1, 6, 1010.0, 990.0, 1030.0, 7, True)) == "7 of the 100 votes that a rating takes"
    )
    assert "no chain of votes" in str(explain_doubt(BoardPlace(1, 6, 1010.0, 990.0, 1030.0, 700, True)))
    assert explain_doubt(DECIDED) is None
    assert explain_doubt(NOWHERE) is None
