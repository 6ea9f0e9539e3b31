"""Keys are secrets kept as hashes; money is reserved before it is spent."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database.doors import Database
from app.gateway import errors, keys, money, playground
from app.gateway.keys import Key
from app.gateway.money import Budget, Payer
from app.gateway.playground import Visitor
from app.gateway.request import read_request
from app.gateway.tables import ApiKey
from tests.factories import picture_bytes
from tests.gateway.upstream import Upstream, coded, says
from tests.gateway.world import NOW, World

PNG = picture_bytes(1)


def make(
    database: Database, *, scopes: Iterable[str] = keys.SCOPES, cap: int | None = None, hours: int | None = None
) -> tuple[Key, str]:
    expires = NOW + timedelta(hours=hours) if hours is not None else None
    return database.write(
        lambda s: keys.create_key(s, "laptop", now=NOW, scopes=scopes, cap_micros=cap, expires_at=expires)
    )


def caller(database: Database, secret: str | None, *, later: int = 0) -> keys.Caller:
    with database.reading() as session:
        return keys.authenticate(session, secret, now=NOW + timedelta(hours=later))


def test_a_key_opens_and_its_secret_is_not_stored(database: Database) -> None:
    key, secret = make(database)
    assert caller(database, secret).key_id == key.id
    assert len(secret) > 50
    assert secret.startswith(key.prefix)
    with database.reading() as session:
        row = session.scalars(select(ApiKey)).one()
        assert secret not in str(vars(row))
        assert secret.removeprefix(key.prefix) not in str(vars(row))
        assert [listed.prefix for listed in keys.list_keys(session)] == [key.prefix]


def test_what_is_no_key_opens_nothing(database: Database) -> None:
    key, secret = make(database)
    wrong = [None, "", "bv", key.prefix, secret[:-1], secret + "x", secret.upper(), "sk-123", "\udc80", "é_é_é"]
    for text in wrong:
        with pytest.raises(errors.InvalidKey):
            caller(database, text)


def test_a_key_ends_when_revoked_or_expired(database: Database) -> None:
    key, secret = make(database, hours=1)
    caller(database, secret)
    with pytest.raises(errors.InvalidKey):
        caller(database, secret, later=1)
    revoked = database.write(lambda s: keys.revoke_key(s, key.prefix, now=NOW))
    assert database.write(lambda s: keys.revoke_key(s, key.prefix, now=NOW + timedelta(days=1))) == revoked
    with pytest.raises(errors.InvalidKey):
        caller(database, secret)
    with pytest.raises(keys.UnknownKey):
        database.write(lambda s: keys.revoke_key(s, "bv_nothing", now=NOW))


def test_scopes(database: Database) -> None:
    _, secret = make(database, scopes=["models"])
    caller(database, secret).check("models")
    with pytest.raises(errors.ScopeMissing):
        caller(database, secret).check("generate")
    with pytest.raises(keys.UnknownScope):
        make(database, scopes=["everything"])


def test_all_budgets_pay_or_none(database: Database) -> None:
    wide, narrow = Budget("a", 100), Budget("b", 10)
    database.write(lambda s: money.reserve(s, [wide, narrow], 10))
    with pytest.raises(errors.CapReached):
        database.write(lambda s: money.reserve(s, [wide, narrow], 1))
    assert _spent(database, "a", "b") == [10, 10]
    database.write(lambda s: money.settle(s, [wide, narrow], reserved=10, spent=3))
    assert _spent(database, "a", "b") == [3, 3]


def _spent(database: Database, *names: str) -> list[int]:
    with database.reading() as session:
        return [money.read_spent(session, name) for name in names]


def test_a_race_for_the_last_cent_has_one_winner(database: Database) -> None:
    def take(_number: int) -> bool:
        def work(session: Session) -> None:
            money.reserve(session, [Budget("one", 10)], 10)

        try:
            database.write(work)
        except errors.CapReached:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(16))) == 1
    assert _spent(database, "one") == [10]


def test_a_cap_stops_before_the_call(both: World) -> None:
    both.at("painter", "")
    key, secret = make(both.database, cap=50_000)
    payer = caller(both.database, secret).payer
    for _ in range(2):
        both.ask(size="256x256", payer=payer)
    with pytest.raises(errors.CapReached):
        both.ask(size="256x256", payer=payer)
    with both.database.reading() as session:
        assert [listed.spent_micros for listed in keys.list_keys(session)] == [48_000]
    assert key.spent_micros == 0


def test_a_failure_costs_nothing(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", "/v1/", says(500, {}))
    with pytest.raises(errors.AllProvidersFailed):
        world.ask(model="brush-1", payer=Payer("x", budgets=(Budget("x", 10**9),)))
    assert _spent(world.database, "x") == [0]


def test_what_has_no_price_is_not_for_the_capped(world: World, upstream: Upstream) -> None:
    world.at("gemini", upstream.base)
    with pytest.raises(errors.PriceUnknown):
        world.ask(model="imagen-1", payer=Payer("x", budgets=(Budget("x", 10**9),)))
    assert upstream.asked == []


def _draw(world: World, daily: str = "0", visitor: str = "v", **values: object) -> str:
    request = read_request("generation", {"prompt": "x", "size": "256x256", **values})
    made = playground.make_for_visitor(
        world.database,
        world.storage,
        request,
        world.config,
        Visitor(visitor, Decimal(daily)),
        now=world.now,
        client=world.client,
    )
    return made.provider


def test_the_playground_paints_for_everybody(world: World, upstream: Upstream) -> None:
    world.at("painter", "")
    world.at("openai", upstream.base)
    assert _draw(world) == "painter"
    with pytest.raises(errors.ModelUnavailable):
        _draw(world, model="brush-1")
    for values in ({"n": 5}, {"model": "painter/poster-pro"}):
        with pytest.raises(errors.InvalidParameter):
            _draw(world, **values)
    with world.database.reading() as session:
        listed = playground.list_visitor_models(session, world.config, Decimal(0), NOW)
        paid = playground.list_visitor_models(session, world.config, Decimal(1), NOW)
    assert [model.slug for model in listed] == ["poster-pro"]
    assert [model.slug for model in paid] == ["brush-1", "gpt-image-9", "poster-pro", "twin-1"]


def test_the_playground_spends_a_days_money_and_no_more(both: World, upstream: Upstream) -> None:
    both.at("openai", upstream.base)
    upstream.on("POST", "/v1/", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    daily = "0.1"
    assert _draw(both, daily, "first", model="brush-1") == "openai"
    with pytest.raises(errors.BudgetExhausted):
        _draw(both, daily, "first", model="brush-1")
    for visitor in range(9):
        _draw(both, daily, f"v{visitor}", model="brush-1")
    with pytest.raises(errors.BudgetExhausted):
        _draw(both, daily, "last", model="brush-1")
    both.now = NOW + timedelta(days=1)
    assert _draw(both, daily, "last", model="brush-1") == "openai"
