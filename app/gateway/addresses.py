"""Keeps links that somebody else gave us from leading into private networks."""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

# Global by the tables of some Python releases, yet leading elsewhere than their owner says.
NOT_UNICAST = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10"))
UNICAST = IPv6Network("2000::/3")
TUNNELS = tuple(IPv6Network(text) for text in ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20"))


def is_public(text: str) -> bool:
    """
    Tell whether an address is somebody's on the open internet.

    IPv6 forms that carry an IPv4 address are judged by it when mapped and refused when tunnelled or translated.
    """
    address = ip_address(text.partition("%")[0])
    if not isinstance(address, IPv4Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        return address in UNICAST and address.is_global and not any(address in net for net in TUNNELS)
    return address.is_global and not address.is_multicast and not any(address in net for net in NOT_UNICAST)


def is_loopback(text: str) -> bool:
    """Tell whether an address is this machine's own."""
    address = ip_address(text.partition("%")[0])
    mapped = None if isinstance(address, IPv4Address) else address.ipv4_mapped
    return (mapped or address).is_loopback


def names_loopback(host: str) -> bool:
    """Tell whether a host as an operator wrote it is this machine: `localhost` or an address."""
    if host.lower() == "localhost":
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False
