"""Carries requests out in threads of their own, so that a caller may disconnect and ask again while they run."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Thread

from app.database.doors import Database, DatabaseBusy
from app.gateway import planning, replay
from app.gateway.errors import RateLimited
from app.gateway.generate import IMAGE_BYTES, QUEUE, GatewayConfig, Generation, carry_out
from app.gateway.money import Payer
from app.gateway.planning import PreparedRequest
from app.gateway.queue import QueuedRequest
from app.gateway.replay import Repetition
from app.gateway.request import ImageRequest
from app.gateway.settling import KeptAnswer
from app.gateway.storage import Storage
from app.gateway.transport import ByteBudget, Client, HttpSession

logger = logging.getLogger(__name__)

RENEW_SECONDS = 10
"""How often a running request says that it still runs."""
POLL_SECONDS = 0.25
"""How often one who joined looks for the answer, which another process may write."""
ABANDONED_SECONDS = 60
"""How long work goes on whose caller has gone, so that a retry can join it."""
CANCEL_SECONDS = 2.5
"""What is left to a request that is given up, for telling its provider."""


@dataclass(frozen=True)
class Gateway:
    """The parts that requests are carried out with; `clock` tells the time in UTC."""

    database: Database
    storage: Storage
    config: GatewayConfig
    client: Client
    clock: Callable[[], datetime]


def submit(
    gateway: Gateway, request: ImageRequest, payer: Payer, repetition: Repetition | None
) -> "PendingGeneration":
    """
    Start the request, or join the one that it repeats.

    Raises a GatewayError for what can't be carried out or does not fit into the queue.
    """
    if repetition is None:
        return _start(gateway, request, payer, None)
    now = gateway.clock()
    claim = gateway.database.write(lambda session: replay.claim(session, repetition, now=now))
    if not claim.is_owner:
        return JoinedRequest(gateway, claim.row_id)
    keep = KeptAnswer(claim.row_id, repetition.seconds)
    try:
        return _start(gateway, request, payer, keep)
    except Exception as error:
        _fail(gateway, claim.row_id, error)
        raise


def _start(gateway: Gateway, request: ImageRequest, payer: Payer, keep: KeptAnswer | None) -> "BackgroundRequest":
    prepared = planning.prepare(gateway.database, request, gateway.config, payer, now=gateway.clock())
    started = BackgroundRequest(gateway, prepared, payer, QUEUE.enter(payer.name), keep)
    Thread(target=copy_context().run, args=(started.run,), name="generation", daemon=True).start()
    return started


def _fail(gateway: Gateway, row_id: int, error: Exception) -> None:
    """Write down why a request ended; a busy database leaves that to the lease's end."""
    may_retry = isinstance(error, RateLimited | DatabaseBusy)
    with suppress(DatabaseBusy):
        gateway.database.write(
            lambda session: replay.fail(session, row_id, error, now=gateway.clock(), may_retry=may_retry)
        )


class Revocation:
    """The clock of a request that may be given up: then it jumps to shortly before the current attempt's end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._skipped = 0.0
        self.is_revoked = False
        self.http: HttpSession | None = None

    def __call__(self) -> float:
        return self._clock() + self._skipped

    def give_up(self) -> None:
        """Leave the attempt the seconds that a cancellation takes; no other attempt begins."""
        self.is_revoked = True
        if self.http is not None:
            self._skipped += max(0.0, self.http.left - CANCEL_SECONDS)


@dataclass(frozen=True)
class RevocableSession(HttpSession):
    """An HTTP session that tells its revocation of each attempt."""

    revocation: Revocation | None = field(default=None, repr=False)

    def to(self, base_url: str, *, seconds: float) -> HttpSession:
        """Lead to a provider; once the request is given up, without any time left."""
        revocation = self.revocation
        http = super().to(base_url, seconds=0 if revocation and revocation.is_revoked else seconds)
        if revocation:
            revocation.http = http
        return http


class BackgroundRequest:
    """A request that this process carries out in the background."""

    is_replay = False

    def __init__(
        self,
        gateway: Gateway,
        prepared: PreparedRequest,
        payer: Payer,
        queued: QueuedRequest,
        keep: KeptAnswer | None,
    ) -> None:
        self._gateway = gateway
        self._prepared = prepared
        self._payer = payer
        self._queued = queued
        self._keep = keep
        self._revocation = Revocation(gateway.client.clock)
        self._future: Future[Generation] = Future()
        self._is_joined = False
        self._renewed = time.monotonic()

    def run(self) -> None:
        """Wait for a place and make the images. The thread's whole work."""
        try:
            with QUEUE.place(self._queued, self._gateway.config.queue_seconds) as waited:
                self._future.set_result(self._carry_out(replace(self._prepared, queue_seconds=waited)))
        except Exception as error:  # noqa: BLE001 (raised again in `result`, to whoever waits)
            if self._keep:
                _fail(self._gateway, self._keep.row_id, error)
            self._future.set_exception(error)

    def wait(self, seconds: float) -> bool:
        """Wait, and say now and then that the request still runs."""
        until = time.monotonic() + seconds
        while not self._future.done() and (left := until - time.monotonic()) > 0:
            wait_for([self._future], min(left, RENEW_SECONDS))
            self._renew()
        return self._future.done()

    def result(self) -> Generation:
        """Wait to the end. Raises what the request ended in."""
        while not self.wait(RENEW_SECONDS):
            pass
        return self._future.result()

    def abandon(self) -> None:
        """Go on for a while, in case a retry joins; then give up."""
        if not self._future.done():
            logger.info("A caller has gone; the work goes on for %s seconds.", ABANDONED_SECONDS)
            Thread(target=self._outlive, name="abandoned generation", daemon=True).start()

    def _carry_out(self, prepared: PreparedRequest) -> Generation:
        gateway, config = self._gateway, self._gateway.config
        limit = ByteBudget(IMAGE_BYTES * (1 + prepared.request.n))
        client = replace(gateway.client, clock=self._revocation)
        http = RevocableSession(client, client.clock() + config.seconds, limit, revocation=self._revocation)
        return carry_out(
            gateway.database,
            gateway.storage,
            prepared,
            config,
            clock=gateway.clock,
            http=http,
            payer=self._payer,
            keep=self._keep,
        )

    def _outlive(self) -> None:
        until = time.monotonic() + ABANDONED_SECONDS
        while not self.wait(min(RENEW_SECONDS, max(0.1, until - time.monotonic()))):
            if self._is_joined:
                until = time.monotonic() + ABANDONED_SECONDS
            elif time.monotonic() >= until:
                self._revocation.give_up()
                logger.info("Nobody has asked for the work again; it is given up.")
                return

    def _renew(self) -> None:
        if self._keep is None or time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        self._renewed = time.monotonic()
        row_id, now = self._keep.row_id, self._gateway.clock()
        with suppress(DatabaseBusy):
            write = self._gateway.database.write
            self._is_joined = write(lambda session: replay.renew(session, row_id, now=now))


class JoinedRequest:
    """A request that another one repeats: running here or in another process, or done."""

    is_replay = True

    def __init__(self, gateway: Gateway, row_id: int) -> None:
        self._gateway = gateway
        self._row_id = row_id
        self._ended: dict[str, object] | Exception | None = None
        self._wanted = time.monotonic()

    def wait(self, seconds: float) -> bool:
        """Look for the answer now and then."""
        until = time.monotonic() + seconds
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        return self._ended is not None

    def result(self) -> Generation:
        """Wait to the end, and issue new links. Raises what the request ended in."""
        while not self.wait(RENEW_SECONDS):
            pass
        if not isinstance(self._ended, dict):
            raise self._ended or RuntimeError("not reached")
        gateway, answer = self._gateway, self._ended
        fresh = gateway.database.write(
            lambda session: replay.restore(
                session, answer, now=gateway.clock(), link_seconds=gateway.config.link_seconds
            )
        )
        return replay.read(answer, fresh, gateway.storage)

    def abandon(self) -> None:
        """Do nothing: whoever carries the request out learns that nobody asks for it any more."""

    def _has_ended(self) -> bool:
        if self._ended is None:
            try:
                with self._gateway.database.reading() as session:
                    self._ended = replay.outcome(session, self._row_id, now=self._gateway.clock())
            except Exception as error:  # noqa: BLE001 (raised again in `result`)
                self._ended = error
        if self._ended is None and time.monotonic() - self._wanted > RENEW_SECONDS:
            self._wanted = time.monotonic()
            now = self._gateway.clock()
            with suppress(DatabaseBusy):
                self._gateway.database.write(lambda session: replay.want(session, self._row_id, now=now))
        return self._ended is not None


PendingGeneration = BackgroundRequest | JoinedRequest
"""A generation under way that somebody waits for: carried out here, or by whoever asked for it first."""
