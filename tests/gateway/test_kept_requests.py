"""Kept requests and links to files, on both databases: migrated with data, claimed by many at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.gateway import files, keys, replay
from app.gateway.errors import RateLimited, RequestInterrupted
from app.gateway.files import LinkedFile
from app.gateway.replay import Claim, Repetition
from app.gateway.tables import GenerationRow, KeptRequest, StoredImage
from tests.gateway.world import NOW, World


def key_of(world: World) -> int:
    made, _ = world.database.write(lambda session: keys.create_key(session, "k", now=NOW))
    return made.id


def claim(world: World, repetition: Repetition, now: datetime = NOW) -> Claim:
    return world.database.write(lambda session: replay.claim(session, repetition, now=now))


def test_down_and_up_again_with_links_and_kept_requests(both: World) -> None:
    both.at("painter", "")
    file = both.ask(size="256x256").drawn[0].file
    assert file is not None
    claim(both, Repetition(key_of(both), "f" * 64, "order"))

    def another(session: Session) -> LinkedFile:
        made = files.another_link(file)
        generation = session.scalars(select(GenerationRow.id)).one()
        files.link_until(session, made, generation, NOW + timedelta(hours=2))
        return made

    both.database.write(another)
    assert _count(both, StoredImage) == 2
    both.database.migrate("0009")
    both.database.migrate()
    assert (_count(both, StoredImage), _count(both, KeptRequest)) == (1, 0)


def test_a_file_goes_with_its_last_link(both: World) -> None:
    both.at("painter", "")
    file = both.ask(size="256x256").drawn[0].file
    assert file is not None
    generation = both.database.write(lambda session: session.scalars(select(GenerationRow.id)).one())
    other = files.another_link(file)
    both.database.write(lambda session: files.link_until(session, other, generation, NOW + timedelta(hours=2)))

    def expire(hours: float) -> list[str]:
        return both.database.write(lambda session: files.expire(session, now=NOW + timedelta(hours=hours)))

    assert expire(1.5) == []
    assert expire(2.5) == [file.key]


def test_of_many_with_one_key_one_carries_it_out(both: World) -> None:
    repetition = Repetition(key_of(both), "f" * 64, "order")
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(both, repetition), range(8)))
    assert sum(one.is_owner for one in claims) == 1
    assert len({one.row_id for one in claims}) == 1


def test_of_many_retries_each_takes_another_request(both: World) -> None:
    key = key_of(both)
    firsts = {claim(both, Repetition(key, "f" * 64)).row_id for _ in range(4)}
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda _: claim(both, Repetition(key, "f" * 64, retries=1)), range(4)))
    assert len(firsts) == 4
    assert {one.row_id for one in claims} == firsts
    assert not any(one.is_owner for one in claims)


@pytest.mark.parametrize(
    ("error", "may_retry", "is_owner"),
    [(RateLimited("later", retry_after=5), True, True), (ValueError("no"), False, False)],
)
def test_a_retry_takes_over_what_failed_and_may_be_tried_again(
    both: World, error: Exception, may_retry: bool, is_owner: bool
) -> None:
    key = key_of(both)
    row = claim(both, Repetition(key, "f" * 64)).row_id
    both.database.write(lambda session: replay.fail(session, row, error, now=NOW, may_retry=may_retry))
    again = claim(both, Repetition(key, "f" * 64, retries=1))
    assert (again.row_id == row, again.is_owner) == (is_owner, True)


def test_the_error_that_a_request_ended_in_is_told_again(both: World) -> None:
    row = claim(both, Repetition(key_of(both), "f" * 64, "order")).row_id
    error = RateLimited("Every provider asks for a pause.", retry_after=9)
    both.database.write(lambda session: replay.fail(session, row, error, now=NOW, may_retry=True))
    with both.database.reading() as session, pytest.raises(RateLimited, match="asks for a pause") as caught:
        replay.outcome(session, row, now=NOW)
    assert caught.value.retry_after == 9


def test_a_lease_that_ended_is_told(both: World) -> None:
    row = claim(both, Repetition(key_of(both), "f" * 64, "order")).row_id
    with both.database.reading() as session:
        assert replay.outcome(session, row, now=NOW) is None
        with pytest.raises(RequestInterrupted):
            replay.outcome(session, row, now=NOW + replay.LEASE)
    both.database.write(lambda session: replay.renew(session, row, now=NOW + timedelta(seconds=30)))
    with both.database.reading() as session:
        assert replay.outcome(session, row, now=NOW + replay.LEASE) is None


def _count(world: World, table: Any) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_request_left_behind_by_a_clock_that_was_ahead_is_taken_over_within_a_minute(both: World) -> None:
    repetition = Repetition(key_of(both), "f" * 64, "order")
    row = claim(both, repetition, NOW + timedelta(days=2)).row_id
    assert not claim(both, repetition).is_owner, "it may still be worked on"
    with both.database.reading() as session, pytest.raises(RequestInterrupted):
        replay.outcome(session, row, now=NOW + timedelta(minutes=1))
    assert claim(both, repetition, NOW + timedelta(minutes=1)).is_owner


def test_who_waits_since_a_clock_was_ahead_is_told_within_a_minute(both: World) -> None:
    row = claim(both, Repetition(key_of(both), "f" * 64, "order"), NOW + timedelta(days=2)).row_id
    both.database.write(lambda session: replay.want(session, row, now=NOW))
    with both.database.reading() as session, pytest.raises(RequestInterrupted):
        replay.outcome(session, row, now=NOW + timedelta(minutes=1))
