"""
The metrics for Prometheus. Every metric is listed in `METRICS`; nothing else is measured.

Counting costs a dictionary look-up until `start` is called, which the web server does when METRICS_TOKEN is set.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

PREFIX = "blindvote_"


@dataclass(frozen=True)
class Metric:
    """A metric: its kind, what it says, its labels, and a histogram's upper bounds."""

    kind: Literal["counter", "histogram"]
    says: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
SLOW = (0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320)
QUEUED = (0.001, 0.1, *SLOW[:7])
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
METRICS = {
    "requests_total": Metric("counter", "Requests answered.", ("rule", "method", "status")),
    "request_seconds": Metric("histogram", "From the request to its answer's first byte.", ("rule",), QUICK),
    "matchups_issued_total": Metric("counter", "Pairs issued for the first time.", ("mode",)),
    "votes_total": Metric("counter", "Votes stored. An empty reason: counted.", ("outcome", "counted", "reason")),
    "undone_total": Metric("counter", "Requests to take a vote back that were granted.", ("mode",)),
    "refresh_seconds": Metric("histogram", "Computing and publishing a mode's stale boards.", ("mode",), QUICK),
    "refresh_cpu_seconds_total": Metric("counter", "CPU of claiming, computing and publishing boards.", ("mode",)),
    "generations_total": Metric("counter", "Attempts at providers, by how they ended.", ("provider", "outcome")),
    "generation_seconds": Metric("histogram", "One attempt at a provider.", ("provider",), SLOW),
    "queue_seconds": Metric("histogram", "Waiting for a place to make images in.", ("outcome",), QUEUED),
    "queue_depth": Metric("histogram", "Requests that wait when one more comes.", (), SIZES),
    "spent_usd_total": Metric("counter", "What attempts cost, in US dollars.", ("provider",)),
    "security_events_total": Metric("counter", "Refusals and other events of the security log.", ("event",)),
    "log_lines_lost_total": Metric("counter", "Lines of the log that could not be written."),
    "database_busy_total": Metric("counter", "Times the database did not let us in."),
    "write_queue_depth": Metric("histogram", "Writes that wait when a batch begins.", (), SIZES),
    "write_batch_size": Metric("histogram", "Writes that share one commit.", (), SIZES),
    "write_commit_seconds": Metric("histogram", "One batch from its first write to its commit.", (), QUICK),
}
"""Beside these, /metrics tells at the moment of asking what `app.web.metrics` reads from the database."""

_live: dict[str, Any] = {}
_children: dict[tuple[str, ...], Any] = {}
_registry: Any = None
_starting = threading.Lock()


def start() -> None:
    """Start counting in this process. Once is enough; again does nothing."""
    global _registry  # noqa: PLW0603 (a process counts for all applications in it)
    import prometheus_client as client  # noqa: PLC0415 (slow, and it looks for the shared folder when loaded)

    with _starting:
        if _live:
            return
        _registry = client.CollectorRegistry()
        for name, metric in METRICS.items():
            told = (PREFIX + name, metric.says, metric.labels)
            if metric.kind == "counter":
                _live[name] = client.Counter(*told, registry=_registry)
            else:
                _live[name] = client.Histogram(*told, registry=_registry, buckets=metric.bounds)


def count(name: str, *labels: str, by: float = 1) -> None:
    """Add to a counter; labels in the order of `METRICS`. A shared folder that is full or gone loses the count."""
    if _live:
        with suppress(OSError, ValueError):
            _child(name, labels).inc(by)


def observe(name: str, value: float, *labels: str) -> None:
    """Add one value to a histogram; seconds where the name says so. It is lost as a count is."""
    if _live:
        with suppress(OSError, ValueError):
            _child(name, labels).observe(value)


@contextmanager
def timing(name: str, *labels: str) -> Iterator[None]:
    """Observe the seconds that the block takes, if it ends well."""
    started = perf_counter()
    yield
    observe(name, perf_counter() - started, *labels)


def observe_batch(*, size: int, waiting: int, seconds: float) -> None:
    """Observe a group commit: how many writes it held, how many more waited, and how many seconds it took."""
    if _live:
        observe("write_batch_size", size)
        observe("write_queue_depth", waiting)
        observe("write_commit_seconds", seconds)


def exposition(shared: Path | None) -> bytes:
    """Write all counts in Prometheus' text format: of every process that shares the folder, or of this one."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    if shared is None:
        return generate_latest(_registry)
    together = CollectorRegistry()
    MultiProcessCollector(together, path=str(shared))  # type: ignore[no-untyped-call]
    return generate_latest(together)


def _child(name: str, labels: tuple[str, ...]) -> Any:
    # prometheus-client's own look-up takes a lock each time.
    key = (name, *labels)
    child = _children.get(key)
    if child is None:
        metric = _live[name]
        child = _children[key] = metric.labels(*labels) if labels else metric
    return child
