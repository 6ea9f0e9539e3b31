"""The line to the outside: addresses, deadlines, allowances."""

import threading
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.addresses import is_loopback, is_public, names_loopback
from app.gateway.transport import ByteBudget, Client, TransportError
from tests.gateway import upstream as up
from tests.gateway.upstream import Upstream, says, sends

INSIDE = """
127.0.0.1 127.1.2.3 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1
192.0.0.192 192.88.99.1 198.18.0.1 240.0.0.1 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1
64:ff9b:1::1 2002:7f00:1:: 2001:0:53aa:64c:0:0:0:1 2001:db8::1 fe80::1 fe80::1%eth0 fc00::1 ff02::1 fec0::1
"""
OUTSIDE = "8.8.8.8 151.101.1.69 2606:4700::1111 ::ffff:8.8.8.8"


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_addresses_outside_are(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_no_address_is_both_public_and_here(address: object) -> None:
    assert not (is_public(str(address)) and is_loopback(str(address)))


def test_loopback_by_name() -> None:
    assert all(names_loopback(host) for host in ("localhost", "127.0.0.1", "::1"))
    assert not any(names_loopback(host) for host in ("", "example.org", "10.0.0.1"))


def resolving(*addresses: str) -> Client:
    return Client(resolve=lambda _host, _port: list(addresses))


@pytest.mark.parametrize(
    "url",
    [
        "http://images.example/x.png",
        "https://images.example:8443/x.png",
        "ftp://images.example/x.png",
        "file:///etc/passwd",
        "//images.example/x",
        "",
        "https://",
        "http://[",
        "https://images.example:99999/",
    ],
)
def test_only_https_links_are_fetched(url: str) -> None:
    line = resolving("8.8.8.8").open_session(seconds=1, max_bytes=1000).to("https://api.example", seconds=1)
    with pytest.raises(TransportError):
        line.fetch(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "64:ff9b::7f00:1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_connected(address: str) -> None:
    line = (
        resolving("8.8.8.8", address).open_session(seconds=1, max_bytes=1000).to("https://api.example", seconds=1)
    )
    with pytest.raises(TransportError, match="address not permitted"):
        line.fetch("https://images.example/x.png")


def test_a_provider_elsewhere_may_not_link_to_loopback(upstream: Upstream) -> None:
    upstream.on("GET", "/", sends(b"x"))
    line = Client().open_session(seconds=1, max_bytes=1000).to("https://api.example", seconds=1)
    with pytest.raises(TransportError):
        line.fetch(f"{upstream.base}/x.png")
    assert upstream.asked == []


def test_a_provider_on_loopback_may(upstream: Upstream) -> None:
    upstream.on("GET", "/", sends(b"x"))
    line = Client().open_session(seconds=1, max_bytes=1000).to("http://localhost:1", seconds=1)
    assert line.fetch(f"{upstream.base}/x.png").content == b"x"


def test_a_provider_in_the_house_may_link_to_itself_only(upstream: Upstream) -> None:
    upstream.on("GET", "/", sends(b"x"))
    port = upstream.base.rpartition(":")[2]
    line = (
        resolving("127.0.0.1")
        .open_session(seconds=1, max_bytes=1000)
        .to(f"http://images.lan:{port}/v1", seconds=1)
    )
    assert line.fetch(f"http://images.lan:{port}/x.png").content == b"x"
    with pytest.raises(TransportError):
        line.fetch(f"http://other.lan:{port}/x.png")


def test_redirects_are_answers(upstream: Upstream) -> None:
    upstream.on("GET", "/", says(302, {}, {"location": "http://127.0.0.1/"}))
    line = Client().open_session(seconds=1, max_bytes=1000).to(upstream.base, seconds=1)
    assert line.fetch(f"{upstream.base}/x").status == 302
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("answerer", [up.drip_headers, up.drip_body])
def test_dripping_ends_at_the_deadline(upstream: Upstream, answerer: up.Answerer) -> None:
    upstream.on("GET", "/", answerer)
    line = Client().open_session(seconds=0.6, max_bytes=10**6)
    started = time.monotonic()
    with pytest.raises(TransportError) as caught:
        line.send(httpx.Request("GET", f"{upstream.base}/"))
    assert caught.value.is_timeout
    assert 0.5 < time.monotonic() - started < 10  # else it goes on for minutes


def test_a_resolver_that_hangs_ends_at_the_deadline() -> None:
    hanging = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        hanging.wait(10)
        return []

    line = Client(resolve=resolve).open_session(seconds=0.3, max_bytes=10)
    started = time.monotonic()
    with pytest.raises(TransportError) as caught:
        line.send(httpx.Request("GET", "http://slow.example/"))
    assert caught.value.is_timeout
    assert time.monotonic() - started < 9
    hanging.set()


def test_the_allowance_is_shared(upstream: Upstream) -> None:
    upstream.on("GET", "/", sends(b"x" * 400))
    line = Client().open_session(seconds=2, max_bytes=1000)
    for _ in range(2):
        assert len(line.send(httpx.Request("GET", f"{upstream.base}/")).content) == 400
    with pytest.raises(TransportError, match="too many bytes"):
        line.send(httpx.Request("GET", f"{upstream.base}/"))


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 500))
def test_an_allowance_gives_what_it_has_and_no_more(counts: list[int], limit: int) -> None:
    allowance, taken = ByteBudget(limit), 0
    for count in counts:
        if taken + count > limit:
            with pytest.raises(TransportError):
                allowance.take(count)
            return
        allowance.take(count)
        taken += count


def test_waiting_stops_at_the_deadline() -> None:
    slept: list[float] = []
    client = Client(clock=lambda: sum(slept), sleep=slept.append)
    line = client.open_session(seconds=2.5, max_bytes=1)
    line.wait(1)
    line.wait(1)
    with pytest.raises(TransportError):
        line.wait(1)
    assert slept == [1, 1, 0.5]
