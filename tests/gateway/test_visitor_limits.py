"""VisitorLimits: how many visitors draw at once, how many one has, how often one starts."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from app.gateway.errors import RateLimited
from app.gateway.visitor_limits import VisitorLimits
from tests.gateway.world import NOW


def test_a_visitor_has_two_places_and_all_have_three() -> None:
    limits = VisitorLimits(at_once=3, each=2, a_minute=100)
    with ExitStack() as stack:
        for name in ("one", "one", "two"):
            stack.enter_context(limits.hold_place(name, NOW))
        for name, words in (("one", "You are drawing 2"), ("two", "Others are drawing"), ("three", "Others")):
            with pytest.raises(RateLimited, match=words) as caught, limits.hold_place(name, NOW):
                pass
            assert caught.value.retry_after <= 60
    with limits.hold_place("three", NOW), limits.hold_place("one", NOW), limits.hold_place("one", NOW):
        pass


def test_a_place_is_free_again_after_a_failure() -> None:
    limits = VisitorLimits(at_once=1, each=1, a_minute=100)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limits.hold_place("one", NOW):
            raise ZeroDivisionError


def test_a_visitors_pace() -> None:
    limits = VisitorLimits(at_once=9, each=9, a_minute=3)
    for second in (0, 10, 20):
        with limits.hold_place("one", NOW + timedelta(seconds=second)):
            pass
    with pytest.raises(RateLimited) as caught, limits.hold_place("one", NOW + timedelta(seconds=30)):
        pass
    assert caught.value.retry_after == 30
    with (
        limits.hold_place("two", NOW + timedelta(seconds=30)),
        limits.hold_place("one", NOW + timedelta(seconds=60)),
    ):
        pass


def test_starts_of_a_clock_that_was_ahead_hold_nobody_up() -> None:
    limits = VisitorLimits(at_once=9, each=9, a_minute=1)
    with limits.hold_place("one", NOW + timedelta(days=2)):
        pass
    with limits.hold_place("one", NOW):
        pass
    with pytest.raises(RateLimited), limits.hold_place("one", NOW + timedelta(seconds=1)):
        pass
