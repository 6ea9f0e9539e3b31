"""Places: how many visitors draw at once, how many one has, how often one starts."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from app.gateway.errors import RateLimited
from app.gateway.places import Places
from tests.gateway.world import NOW


def test_a_visitor_has_two_places_and_all_have_three() -> None:
    places = Places(at_once=3, each=2, a_minute=100)
    with ExitStack() as stack:
        for name in ("one", "one", "two"):
            stack.enter_context(places.taken(name, NOW))
        for name, words in (("one", "You are drawing 2"), ("two", "Others are drawing"), ("three", "Others")):
            with pytest.raises(RateLimited, match=words) as caught, places.taken(name, NOW):
                pass
            assert caught.value.retry_after <= 60
    with places.taken("three", NOW), places.taken("one", NOW), places.taken("one", NOW):
        pass


def test_a_place_is_free_again_after_a_failure() -> None:
    places = Places(at_once=1, each=1, a_minute=100)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), places.taken("one", NOW):
            raise ZeroDivisionError


def test_a_visitors_pace() -> None:
    places = Places(at_once=9, each=9, a_minute=3)
    for second in (0, 10, 20):
        with places.taken("one", NOW + timedelta(seconds=second)):
            pass
    with pytest.raises(RateLimited) as caught, places.taken("one", NOW + timedelta(seconds=30)):
        pass
    assert caught.value.retry_after == 30
    with places.taken("two", NOW + timedelta(seconds=30)), places.taken("one", NOW + timedelta(seconds=60)):
        pass


def test_starts_of_a_clock_that_was_ahead_hold_nobody_up() -> None:
    places = Places(at_once=9, each=9, a_minute=1)
    with places.taken("one", NOW + timedelta(days=2)):
        pass
    with places.taken("one", NOW):
        pass
    with pytest.raises(RateLimited), places.taken("one", NOW + timedelta(seconds=1)):
        pass
