"""Ends a command that is told to stop: by Ctrl-C, by a service manager, or because its terminal was closed."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import current_thread, main_thread
from types import FrameType
from typing import NoReturn

import click

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = "Stopped."
GO_ON = "What was done is kept; run the same command again to go on."


@dataclass
class Stops:
    """Signals that came while a block was not to be interrupted."""

    is_held: bool = False
    waiting: list[int] = field(default_factory=list)


_stops = Stops()


@contextmanager
def stoppable() -> Iterator[None]:
    """
    Let SIGTERM and SIGHUP interrupt a command as Ctrl-C does, so that it leaves nothing half done.

    A signal that is ignored stays so: nohup asks for that.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def hold_stops() -> Iterator[None]:
    """Let a stop wait for the end of the block, whose steps are to be done together."""
    _stops.is_held = True
    try:
        yield
    finally:
        _stops.is_held = False
    if _stops.waiting:
        raise KeyboardInterrupt(_stops.waiting.pop())


@contextmanager
def tell_stopped(what: str) -> Iterator[None]:
    """Say what a stop within the block leaves, unless a block inside has said it."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if not getattr(stop, "__notes__", ()):
            stop.add_note(what)
        raise


def find_stop(error: BaseException | None) -> KeyboardInterrupt | None:
    """Find the interruption that an exception follows from; None where nobody stopped the command."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def end_stopped(stop: KeyboardInterrupt) -> NoReturn:
    """Tell what a stop left, and end: with 1 after Ctrl-C, else by the signal, as a service manager expects."""
    click.echo(f"\n{' '.join((STOPPED, *getattr(stop, '__notes__', (GO_ON,))))}", err=True)
    number = stop.args[0] if stop.args else signal.SIGINT
    if number != signal.SIGINT:
        sys.stdout.flush()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(1)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    if not _stops.is_held:
        raise KeyboardInterrupt(number)
    _stops.waiting.append(number)
