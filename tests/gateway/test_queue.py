"""The queue: its bound, its deadline, its shares, and the pause it asks for."""

import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.errors import RateLimited
from app.gateway.queue import QueuedRequest, RequestQueue


class Clock:
    """Seconds, moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def admitted(*requests: QueuedRequest) -> list[bool]:
    return [request.admitted.is_set() for request in requests]


def test_one_caller_leaves_places_to_others() -> None:
    queue = RequestQueue(at_once=4, waiting=8)
    greedy = [queue.enter("greedy") for _ in range(6)]
    assert admitted(*greedy) == [True] * 3 + [False] * 3
    modest = queue.enter("modest")
    assert admitted(modest) == [True]


def test_who_runs_least_is_next_and_then_who_came_first() -> None:
    queue = RequestQueue(at_once=2, waiting=8)
    first, second = queue.enter("a"), queue.enter("b")
    third, fourth, fifth = queue.enter("b"), queue.enter("a"), queue.enter("a")
    queue.leave(first)
    assert admitted(third, fourth, fifth) == [False, True, False]
    queue.leave(second)
    assert admitted(third, fifth) == [True, False]


def test_a_full_queue_says_when_a_place_is_free() -> None:
    clock = Clock()
    queue = RequestQueue(at_once=1, waiting=4, clock=clock)
    running = queue.enter("a")
    clock.now = 20
    queue.leave(running)  # requests take 20 seconds
    queue.enter("a")
    clock.now = 25
    for caller in "bcde":
        queue.enter(caller)
    with pytest.raises(RateLimited) as caught:
        queue.enter("f")
    assert caught.value.retry_after == 18, "15 seconds and a fifth"


def refused(queue: RequestQueue, caller: str) -> int:
    with pytest.raises(RateLimited) as caught:
        queue.enter(caller)
    return caught.value.retry_after


def test_those_who_are_refused_are_not_told_one_and_the_same_time() -> None:
    """Each place that becomes free makes room for one of them."""
    clock = Clock()
    queue = RequestQueue(at_once=2, waiting=2, clock=clock)
    for caller in "abcd":
        queue.enter(caller)
    assert [refused(queue, caller) for caller in "efghij"] == [12, 12, 24, 24, 24, 24], "no more than fit in"
    clock.now = 25
    assert refused(queue, "k") == 30, "those promises are over"


def test_a_request_that_outlasts_the_usual_is_not_always_about_to_end() -> None:
    clock = Clock()
    queue = RequestQueue(at_once=1, waiting=1, clock=clock)
    for seconds in (1, 1, 1, 30):
        first = queue.enter("a")
        clock.now += seconds
        queue.leave(first)
    queue.enter("a")
    clock.now += 5
    queue.enter("b")
    assert refused(queue, "c") == 30, "25 and a fifth, of those that took longer than 5 seconds"
    clock.now += 35
    assert refused(queue, "c") == 48, "none took longer than 40 seconds"


def test_a_caller_cannot_fill_the_queue() -> None:
    queue = RequestQueue(at_once=1, waiting=4)
    queue.enter("a")
    for _ in range(3):
        queue.enter("a")
    with pytest.raises(RateLimited, match="Your share"):
        queue.enter("a")
    queue.enter("b")
    with pytest.raises(RateLimited, match="This server's queue"):
        queue.enter("b")


def test_the_wait_is_told() -> None:
    clock = Clock()
    queue = RequestQueue(at_once=1, waiting=4, clock=clock)
    first, second = queue.enter("a"), queue.enter("b")
    clock.now = 12.3456
    queue.leave(first)
    with queue.place(second, 1) as waited:
        assert waited == 12.346


def test_the_deadline() -> None:
    clock = Clock()
    queue = RequestQueue(at_once=1, waiting=9, clock=clock)
    queue.enter("a")
    queue.enter("b")
    late = queue.enter("c")
    with pytest.raises(RateLimited) as caught, queue.place(late, 0.01):
        pytest.fail("there was no place")
    assert caught.value.retry_after == 20, "one of ten seconds runs, another is ahead"
    assert not late.admitted.is_set()


def test_a_place_is_free_again_after_a_failure() -> None:
    queue = RequestQueue(at_once=1, waiting=2)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.place(queue.enter("a"), 1):
            raise ZeroDivisionError


def test_threads_that_wait_get_their_turn() -> None:
    queue = RequestQueue(at_once=2, waiting=32)
    most, running, lock = 0, 0, threading.Lock()

    def work(queued: QueuedRequest) -> None:
        nonlocal most, running
        with queue.place(queued, 20):
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.005)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work, args=(queue.enter(str(n % 3)),)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, running) == (2, 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=40))
def test_never_more_than_there_are_places(steps: list[tuple[str, int]]) -> None:
    """Whoever enters and leaves in whatever order: places are never exceeded, and none stays empty."""
    queue = RequestQueue(at_once=4, waiting=6)
    inside: list[QueuedRequest] = []
    for caller, leaves in steps:
        with suppress(RateLimited):
            inside.append(queue.enter(caller))
        for _ in range(min(leaves, len(inside))):
            queue.leave(inside.pop(0))
        running = [one for one in inside if one.admitted.is_set()]
        waiting = [one for one in inside if not one.admitted.is_set()]
        assert len(running) <= 4
        shares = {one.caller for one in running if sum(r.caller == one.caller for r in running) == 3}
        assert len(running) == 4 or {one.caller for one in waiting} <= shares
