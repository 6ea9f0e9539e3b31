"""The result card: what ten votes say about a voter, and what they did for the board."""

import dataclasses
import json
import random
from pathlib import Path

import pytest

from app.arena import errors
from app.arena.people import shared_tastes, vote_history
from app.database.doors import Database
from app.leaderboards.runs import refresh
from app.leaderboards.views import taste
from app.leaderboards.views.personal import OwnStanding, read_own_board
from tests.factories import NOW, cast, issue, later, make_arena, undo
from tests.leaderboards.test_personal import ALICE, BOB, MODE, vote_for

CAROL = b"c" * 16


def standing(slug: str, own: float, crowd: float | None, seen: int = 1) -> OwnStanding:
    return OwnStanding(slug, slug.upper(), None, own, own - 9, own + 9, crowd, seen, 0)


def read_card(database: Database, voter: bytes) -> taste.ResultCard:
    with database.reading() as session:
        return taste.read_card(session, voter)


def test_without_a_vote_there_is_no_card(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    issue(database, ALICE)
    with pytest.raises(errors.NotVoted):
        read_card(database, ALICE)


def test_a_card_tells_the_favourite_and_who_disagrees(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=4, models=4)
    vote_for(database, ALICE, "m1", 12)
    for voter in (BOB, CAROL):
        vote_for(database, voter, "m2", 24)
    card = read_card(database, ALICE)
    assert (card.judged, card.taste.votes, card.taste.mode) == (10, 12, MODE)
    assert card.taste.top[0].slug == "m1"
    assert len(card.taste.top) == 3
    assert card.second_look is not None
    assert (card.second_look.picked, card.second_look.other) == ("m1", "m2")
    assert (card.second_look.against, card.second_look.of) == (2, 2)


def test_nothing_to_look_at_again_where_nobody_disagrees(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=3)
    vote_for(database, ALICE, "m1", 6)
    vote_for(database, BOB, "m1", 6)
    assert read_card(database, ALICE).second_look is None


def test_undone_votes_and_skips_are_not_on_the_card(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    first, _, _ = (_judge(database, outcome) for outcome in ("a", "b", "skip"))
    undo(database, first, ALICE)
    card = read_card(database, ALICE)
    assert (card.judged, card.taste.votes) == (1, 1)


def _judge(database: Database, outcome: str) -> bytes:
    matchup = issue(database, ALICE).public_id
    cast(database, matchup, outcome, ALICE)
    return matchup


def test_the_votes_of_a_card_narrow_intervals(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=4, models=4)
    vote_for(database, BOB, "m2", 20)
    vote_for(database, ALICE, "m1", 10)
    narrowing = read_card(database, ALICE).narrowing
    assert narrowing is not None
    assert (narrowing.votes, narrowing.models) == (10, 4)
    assert 0.05 < narrowing.share < 0.5
    assert narrowing.before > narrowing.after
    with database.reading() as session:
        assert narrowing.slug in {row.slug for row in read_own_board(session, ALICE, MODE)}


def test_a_card_names_no_model_that_the_voter_has_not_seen(database: Database, tmp_path: Path) -> None:
    """Of thirty models, three votes show six at the most."""
    make_arena(database, tmp_path, competitions=1, models=30)
    vote_for(database, BOB, "m2", 40)
    refresh.refresh(database, MODE, now=NOW)
    seen: set[str] = set()
    for n in range(3):
        issued = issue(database, ALICE, rng=random.Random(n)).public_id
        cast(database, issued, "a", ALICE)
    with database.reading() as session:
        for vote in vote_history.list_own_votes(session, ALICE, now=NOW, undo_seconds=600):
            seen |= {vote.a.model, vote.b.model}
        card = taste.read_card(session, ALICE)
    named = {row.slug for row in card.taste.top} | {card.narrowing.slug if card.narrowing else ""}
    named |= {card.taste.parting.slug} if card.taste.parting else set()
    assert named - {""} <= seen


@pytest.mark.parametrize(
    ("board", "expected"),
    [
        ([], None),
        ([standing("a", 1100, 1100), standing("b", 900, 900)], None),
        ([standing("a", 1100, None), standing("b", 900, 900)], None),
        ([standing("a", 1100, 900), standing("b", 900, 1100, seen=2)], ("b", 2, 1, 2)),
        ([standing("a", 1100, 900), standing("b", 1000, 1000), standing("c", 900, 950)], ("a", 1, 3, 3)),
        ([standing("a", 1000, 900), standing("b", 1000 - 1e-10, 1100)], None),
        ([standing("a", 1000, 900), standing("b", 1000, 1100), standing("c", 900, 1200)], ("c", 3, 1, 3)),
        ([standing("a", 1000, 900), standing("b", 1000, 850), standing("c", 900, 800)], None),
    ],
)
def test_where_voter_and_crowd_part(board: list[OwnStanding], expected: tuple[str, int, int, int] | None) -> None:
    found = taste._find_parting(board)
    assert (found and (found.slug, found.own_place, found.crowd_place, found.of)) == expected


def test_a_taste_is_the_same_after_being_stored(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 5)
    vote_for(database, BOB, "m1", 5)
    taste_of_alice = read_card(database, ALICE).taste
    assert taste.load_taste(json.loads(json.dumps(dataclasses.asdict(taste_of_alice)))) == taste_of_alice


def share(database: Database, voter: bytes, content: dict[str, object], token: bytes) -> shared_tastes.SharedCard:
    return database.write(
        lambda session: shared_tastes.share(session, voter, content, token=token, now=later(minutes=1))
    )


def test_sharing_the_same_twice_is_one_card(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 1)
    first = share(database, ALICE, {"votes": 1}, b"1" * 16)
    assert share(database, ALICE, {"votes": 1}, b"2" * 16) == first
    other = share(database, ALICE, {"votes": 2}, b"2" * 16)
    with database.reading() as session:
        assert shared_tastes.list_shared(session, ALICE) == [other, first]
        assert shared_tastes.read_shared(session, first.token).content == {"votes": 1}


def test_only_who_shares_a_card_takes_it_back(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 1)
    vote_for(database, BOB, "m0", 1)
    card = share(database, ALICE, {}, b"1" * 16)
    with pytest.raises(errors.TasteNotFound):
        database.write(lambda session: shared_tastes.revoke(session, BOB, card.token))
    database.write(lambda session: shared_tastes.revoke(session, ALICE, card.token))
    with database.reading() as session, pytest.raises(errors.TasteNotFound):
        shared_tastes.read_shared(session, card.token)
    with pytest.raises(errors.TasteNotFound):
        database.write(lambda session: shared_tastes.revoke(session, ALICE, card.token))


def test_there_is_a_limit_and_taking_back_makes_room(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 1)
    for n in range(shared_tastes.MOST):
        share(database, ALICE, {"n": n}, bytes([n]) * 16)
    with pytest.raises(errors.ShareLimit):
        share(database, ALICE, {"n": -1}, b"z" * 16)
    database.write(lambda session: shared_tastes.revoke(session, ALICE, bytes([3]) * 16))
    share(database, ALICE, {"n": -1}, b"z" * 16)


def test_a_forgotten_voter_shares_nothing(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 1)
    card = share(database, ALICE, {}, b"1" * 16)
    database.write(lambda session: vote_history.delete_voter(session, ALICE, now=later(minutes=2)))
    with database.reading() as session, pytest.raises(errors.TasteNotFound):
        shared_tastes.read_shared(session, card.token)
    with pytest.raises(errors.MatchupNotFound):
        share(database, ALICE, {}, b"2" * 16)


def test_without_the_table_votes_remain_and_with_it_cards_are_shared_again(
    database: Database, tmp_path: Path
) -> None:
    """Migration 0016 down and up over an arena with votes and a shared card."""
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 3)
    share(database, ALICE, {"votes": 3}, b"1" * 16)
    database.migrate("0015")
    database.migrate()
    with database.reading() as session:
        assert vote_history.count_votes(session, ALICE) == 3
        assert shared_tastes.list_shared(session, ALICE) == []
    share(database, ALICE, {"votes": 3}, b"1" * 16)
