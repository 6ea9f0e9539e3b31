"""What readers see of a board, and what they may ask of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from app.api.boards import BoardQuery
from app.arena.errors import UnknownCategory, UnknownCompetition, UnknownMode
from app.arena.tables import Tally
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from app.leaderboards.views.boards import BoardView, Heading, read_board, read_competition_board
from app.leaderboards.views.filters import ALL, BadFilter, Filters, filter_fields, parse_filters
from app.leaderboards.views.head_to_head import Battles, compare_models
from app.leaderboards.views.results import read_results
from app.web.models import ListFilters
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START


def view(database: Database, **query: str) -> BoardView:
    with database.reading() as session:
        return read_board(session, MODE, now=START, filters=parse_filters(query, Filters))


def names(database: Database, **query: str) -> list[str]:
    return [row.model.slug.removeprefix("model-") for row in view(database, **query).standings]


@pytest.fixture
def priced(database: Database) -> Database:
    """Six models: 1 to 3 priced, 1 retired, 2 deprecated, 3 with five timed images and 4 with four."""
    models, competitions = factories.world(database)

    def work(session: Session) -> None:
        for model, usd, provider in zip(models, (0.03, 0.01, 0.02), ("acme", "bolt", "acme"), strict=False):
            factories.add_price(session, model, usd, provider)
        for sample in range(1, 6):
            factories.add_entry(session, competitions[0], models[2], sample=sample, seconds=float(sample))
            if sample < 5:
                factories.add_entry(session, competitions[0], models[3], sample=sample, seconds=1.0)
        session.execute(update(ImageModel).where(ImageModel.id == models[0]).values(sunset=date(2026, 1, 1)))
        session.execute(
            update(ImageModel).where(ImageModel.id == models[1]).values(deprecated_on=date(2026, 1, 1))
        )
        session.execute(update(ImageModel).where(ImageModel.id == models[5]).values(creator="Other", name="Zebra"))

    database.write(work)
    refresh(database, MODE, now=START)
    return database


def test_a_standing_holds_everything_a_reader_needs(priced: Database) -> None:
    seen = view(priced)
    assert (seen.mode, seen.category, seen.competition) == (MODE, None, None)
    assert seen.run is not None
    assert (seen.run.votes, seen.run.method, seen.run.method_version) == (1800, "bradley_terry", 2)
    first = seen.standings[0]
    assert (first.rank, first.of, first.model.slug, first.model.status) == (1, 6, "model-1", "retired")
    assert first.rating_low < first.rating < first.rating_high
    assert (first.votes, first.interval, first.change_24h) == (600, "prompt", None)
    assert first.win_rate == first.wins / 600
    assert [row.price_usd for row in seen.standings] == [0.03, 0.01, 0.02, None, None, None]
    assert [row.seconds_median for row in seen.standings] == [None, None, 3.0, None, None, None]


FILTERED: list[tuple[dict[str, str], str]] = [
    ({}, "123456"),
    ({"sort": "rank", "order": "desc"}, "654321"),
    ({"sort": "price_usd"}, "231456"),
    ({"sort": "price_usd", "order": "desc"}, "132456"),
    ({"sort": "name", "order": "desc"}, "654321"),
    ({"sort": "rating"}, "123456"),
    ({"creator": "other"}, "6"),
    ({"creator": "nobody"}, ""),
    ({"provider": "acme"}, "13"),
    ({"status": "deprecated"}, "2"),
    ({"status": "active"}, "3456"),
    ({"max_price": "0.02"}, "23"),
    ({"q": "zEb"}, "6"),
    ({"q": "Z\u00e9bra"}, "6"),
    ({"q": "zeebra"}, "6"),
    ({"q": "by other the zebra model"}, "6"),
    ({"q": "m o d e l 3"}, "3"),
    ({"q": "zeebra", "status": "retired"}, ""),
    ({"q": " ", "creator": "", "unheard_of": "x"}, "123456"),
    ({"status": "active", "max_price": "0.02", "q": "model"}, "3"),
]


def test_filters(priced: Database) -> None:
    for query, expected in FILTERED:
        assert "".join(names(priced, **query)) == expected, query


VALUES = {"status": "retired", "max_price": "0.02", "weights": "open", "max_parameters": "2.5"}
"""Those of filters that do not take any text."""


@pytest.mark.parametrize("kind", [Filters, ListFilters])
def test_a_link_keeps_every_filter(kind: type[Filters]) -> None:
    asked = {one.name: VALUES.get(one.name, "text-to-image") for one in filter_fields(kind)}
    for sort in kind.SORTS:
        query = asked | {"sort": sort, "order": "asc" if kind.SORTS[sort] == "desc" else "desc"}
        filters = parse_filters(query, kind)
        assert parse_filters(filters.query, kind) == filters
        for column in kind.SORTS:
            link = dict(parse_qsl(filters.link(column).removeprefix("?")))
            assert link.items() >= (asked | {"sort": column}).items()
            assert parse_filters(link, kind) == replace(filters, sort=column, order=kind.SORTS[column])


def test_a_second_click_on_a_column_turns_it_round() -> None:
    by_votes = parse_filters({"sort": "votes"}, Filters)
    assert by_votes.link("votes") == "?sort=votes&order=asc"
    assert ALL.link("rank") == "?sort=rank&order=desc"
    assert (ALL.query, ALL.link("votes")) == ({}, "?sort=votes")


def test_every_filter_is_a_parameter_of_the_api() -> None:
    assert {one.name for one in filter_fields(Filters)} | {"sort", "order", "format", "question"} == set(
        BoardQuery.model_fields
    )


def test_filters_keep_ranks_and_their_number(priced: Database) -> None:
    only = view(priced, q="zebra").standings[0]
    assert (only.rank, only.of) == (6, 6)


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("sort", "id"),
        ("order", "up"),
        ("status", "dead"),
        ("max_price", "cheap"),
        ("max_price", "nan"),
        ("max_price", "inf"),
        ("max_price", "-1"),
    ],
)
def test_bad_filters_are_named(param: str, value: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse_filters({param: value}, Filters)
    assert (refused.value.code, refused.value.param) == ("invalid_request", param)
    assert param in str(refused.value)


def test_a_model_below_four_battles_has_no_rank(database: Database) -> None:
    models, competitions = factories.world(database)

    def work(session: Session) -> None:
        newcomer = factories.add_models(session, 1)[0]
        factories.tally(session, competitions[0], newcomer, models[0], 3)

    database.write(work)
    refresh(database, MODE, now=START)
    last = view(database).standings[-1]
    assert (last.model.slug, last.rank, last.of, last.rank_low, last.provisional) == (
        "model-7",
        None,
        6,
        None,
        True,
    )


def test_a_board_nobody_voted_on_is_empty(database: Database) -> None:
    seen = view(database)
    assert (seen.run, seen.standings) == (None, ())


def test_category_and_competition_boards(priced: Database) -> None:
    with priced.reading() as session:
        portrait = read_board(session, MODE, "portrait", now=START)
        one = read_competition_board(session, "c1", now=START)
    assert portrait.category == Heading("portrait", "Portrait")
    assert portrait.run is not None
    assert portrait.run.votes == 1200
    assert (one.mode, one.competition, one.open_gallery) == (MODE, Heading("c1", "C1"), False)
    assert {row.interval for row in one.standings} == {"vote"}
    assert all(row.borrowed is not None for row in one.standings)


def test_unknown_boards(priced: Database) -> None:
    with priced.reading() as session:
        with pytest.raises(UnknownMode):
            read_board(session, "text-to-song", now=START)
        with pytest.raises(UnknownCategory):
            read_board(session, MODE, "landscape", now=START)
        with pytest.raises(UnknownCompetition):
            read_competition_board(session, "c9", now=START)


def statements(database: Database, work: Any) -> int:
    """How many statements a read takes."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    with database.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", counted)
        work(session)
        event.remove(connection, "before_cursor_execute", counted)
    return count


@pytest.mark.parametrize("asked", ["board", "results", "compare"])
def test_the_number_of_queries_does_not_grow(database: Database, asked: str) -> None:
    def read(session: Session) -> None:
        if asked == "board":
            assert read_board(session, MODE, now=START).standings
        elif asked == "results":
            assert read_results(session, "model-1").competitions
        else:
            assert compare_models(session, "model-1", "model-2", MODE, now=START).total.votes

    factories.world(database, models=2, competitions=1)
    refresh(database, MODE, now=START, refresh_seconds=0)
    few = statements(database, read)

    def grow(session: Session) -> None:
        models = factories.add_models(session, 4)
        for number in range(2, 5):
            made = factories.add_competition(session, f"c{number}", models)
            factories.everybody_meets(session, made, models)
            factories.add_price(session, models[0], 0.01, f"p{number}")

    database.write(grow)
    refresh(database, MODE, now=START + timedelta(hours=30), refresh_seconds=0)
    assert statements(database, read) == few


def test_model_results(priced: Database) -> None:
    def work(session: Session) -> None:
        one = factories.add_models(session, 1)[0]
        factories.add_competition(session, "new", [one])
        factories.add_competition(session, "unseen", [one], status="draft")

    priced.write(work)
    with priced.reading() as session:
        first, newcomer = read_results(session, "model-1"), read_results(session, "model-7")
    assert [(row.mode, row.category and row.category.slug) for row in first.boards] == [
        (MODE, None),
        (MODE, "portrait"),
    ]
    assert (first.boards[0].place.rank, first.boards[0].place.of) == (1, 6)
    assert [(row.slug, row.place.rank, row.place.of) for row in first.competitions] == [
        ("c1", 1, 6),
        ("c2", 1, 6),
        ("c3", 1, 6),
    ]
    assert [row.categories for row in first.competitions] == [(Heading("portrait", "Portrait"),)] * 2 + [()]
    assert [(row.slug, row.place.rank, row.place.of) for row in newcomer.competitions] == [("new", None, 0)]
    assert (newcomer.boards[0].place.rank, newcomer.boards[0].place.of) == (None, 6)


def test_head_to_head_counts_both_sides(database: Database) -> None:
    def work(session: Session) -> None:
        one, two, three = factories.add_models(session, 3)
        made = factories.add_competition(session, "c1", [one, two, three])
        other = factories.add_competition(session, "c2", [one, two])
        factories.tally(session, made, one, two, 5, 2, 1, 0)
        factories.tally(session, made, two, one, 3, 4, 0, 1)
        factories.tally(session, made, one, three, 9)
        factories.tally(session, other, two, one, 1)

    database.write(work)
    refresh(database, MODE, now=START)
    with database.reading() as session:
        ours = compare_models(session, "model-1", "model-2", MODE, now=START)
        theirs = compare_models(session, "model-2", "model-1", MODE, now=START)
        unmet = compare_models(session, "model-2", "model-3", MODE, now=START)
    assert ours.total == Battles(9, 6, 1, 1)
    assert ours.total.a_score == 10 / 17
    assert [(row.slug, row.battles) for row in ours.competitions] == [
        ("c1", Battles(9, 5, 1, 1)),
        ("c2", Battles(0, 1)),
    ]
    assert theirs.total == Battles(6, 9, 1, 1)
    assert ours.expected is not None
    assert theirs.expected is not None
    assert ours.expected > 0.5
    assert ours.expected + theirs.expected == pytest.approx(1)
    assert (unmet.total, unmet.competitions, unmet.total.a_score) == (Battles(), (), None)
    assert (ours.a, ours.b) == (theirs.b, theirs.a)
    assert replace(ours, a=None).b is not None


def test_head_to_head_sums_up_by_category(database: Database) -> None:
    def work(session: Session) -> None:
        one, other, third = factories.add_models(session, 3)
        text, portrait = (factories.add_category(session, slug) for slug in ("text", "portrait"))
        for slug, filed, pair in (
            ("both", [text, portrait], (one, other)),
            ("text-only", [text], (one, other)),
            ("neither", [], (one, other)),
            ("others", [portrait], (one, third)),
        ):
            made = factories.add_competition(session, slug, [one, other, third], filed)
            session.add(
                Tally(competition_id=made, left_model_id=pair[0], right_model_id=pair[1], left_wins=2, ties=1)
            )

    database.write(work)
    with database.reading() as session:
        met = compare_models(session, "model-2", "model-1", MODE, now=START)
    assert [(row.slug, row.battles.b_wins, row.battles.ties) for row in met.categories] == [
        ("portrait", 2, 1),
        ("text", 4, 2),
    ]
    assert met.total.votes == 9
