"""Finds this process's connections to clients, and ends those that send requests, or read answers, too slowly."""

import fcntl
import os
import socket
import stat
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path

FILES = Path("/proc/self/fd")
"""Where Linux lists the files that this process holds open; without such a folder nothing is ended."""
LAST_SENT, LAST_RECEIVED = 44, 52
"""Bytes before the fields `tcpi_last_data_sent` and `tcpi_last_data_recv` (milliseconds) of Linux's `tcp_info`."""
RESOLUTION = 0.05
"""Seconds by which two looks at the same moment may differ."""
_never_closed: list[int] = []
"""Copies of files that are no sockets."""


@dataclass(frozen=True)
class Connection:
    """
    Describe a client's connection: the address it comes from, and seconds since data went and came.

    `pieces` counts the looks at which more had come since something was sent: two say that a request comes slowly.
    """

    peer: str
    sent_ago: float
    received_ago: float
    pieces: int = 0


@dataclass(frozen=True)
class _Look:
    """Hold when data had last gone and come over a connection (monotonic seconds), and its pieces."""

    sent: float
    received: float
    pieces: int


class ClientConnections:
    """The connections of clients to this process, compared from one look to the next."""

    def __init__(self) -> None:
        self._looks: dict[tuple[str, int], _Look] = {}

    def stop_reading(self, port: int, now: float, is_meant: Callable[[Connection], bool]) -> int:
        """
        Read no more from those connections to a port of ours that are meant; returns how many there were.

        Whoever waits for bytes of such a connection meets its end at once, and can still answer. Nothing else
        frees a thread that reads: Granian's worker stops when a request is answered whose body another one reads.
        """
        ended, looks = 0, {}
        for client in _list_clients(port):
            with client, suppress(OSError):  # one that ends meanwhile needs no end
                key = client.getpeername()[:2]
                looks[key] = look = _look_at(client, now, self._looks.get(key))
                if is_meant(Connection(write_plainly(key[0]), now - look.sent, now - look.received, look.pieces)):
                    client.shutdown(socket.SHUT_RD)
                    ended += 1
        self._looks = looks
        return ended

    def end_unread(self, port: int, seconds: float) -> int:
        """End those that took nothing of what waits for them for so long; returns how many there were."""
        ended = 0
        for client in _list_clients(port):
            with client, suppress(OSError):
                if _count_unsent(client) and _look_at(client, 0.0, None).sent < -seconds:
                    client.shutdown(socket.SHUT_RDWR)
                    ended += 1
        return ended


@lru_cache(1024)
def write_plainly(address: str) -> str:
    """Write an IPv4 address inside an IPv6 one as IPv4, and what is no address as it is."""
    try:
        given = ip_address(address)
    except ValueError:
        return address
    mapped = given.ipv4_mapped if isinstance(given, IPv6Address) else None
    return str(mapped or given)


def _list_clients(port: int) -> Iterator[socket.socket]:
    """List the sockets with this port of ours, each as a copy, which stays the same while it is used."""
    for file in FILES.iterdir() if FILES.is_dir() else ():
        copy = _copy_socket(int(file.name))
        if copy is None:
            continue
        if copy.family in {socket.AF_INET, socket.AF_INET6} and copy.getsockname()[1] == port:
            yield copy
        else:
            copy.close()


def _copy_socket(number: int) -> socket.socket | None:
    """Copy a socket that this process has open; None where the number is that of another file, or of none."""
    # Never a copy of another file: to close it would end this process's locks on SQLite's database (fcntl(2)), and
    # two workers would write over each other's votes.
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return None
        copy = os.dup(number)
    except OSError:  # closed since it was listed
        return None
    if stat.S_ISSOCK(os.fstat(copy).st_mode):
        return socket.socket(fileno=copy)
    _never_closed.append(copy)  # the number became another file's between the two looks
    return None


def _count_unsent(client: socket.socket) -> int:
    """Count the bytes that were written and have not reached the client."""
    (count,) = struct.unpack("=i", fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)))
    return int(count)


def _look_at(client: socket.socket, now: float, before: _Look | None) -> _Look:
    """Ask the kernel when data last went and came. Raises OSError for a socket without that."""
    known = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)
    (sent,), (received,) = (
        struct.unpack_from("=I", known, LAST_SENT),
        struct.unpack_from("=I", known, LAST_RECEIVED),
    )
    sent, received = now - sent / 1000, now - received / 1000
    if before is None or sent > before.sent + RESOLUTION:
        return _Look(sent, received, 0)
    return _Look(sent, received, before.pieces + (received > before.received + RESOLUTION))
