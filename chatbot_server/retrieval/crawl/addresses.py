"""Which addresses and ports may be requested: public ones, and those the operator names.

The networks are written down here: Python's own list grows with its version, and leaves out what
is public by number and private by use, such as the host of a cloud's machines.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

PORTS = frozenset({80, 443, 8080, 8443})
USUAL_PORTS = frozenset({80, 443})
# All that IPv6 has given out (RFC 4291), and where it leads to the IPv4 address in its last 32
# bits (RFC 6052); the rest is local, or was meant for such translations.
_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# IANA's registries of special-purpose addresses, and what clouds took for themselves.
_SPECIAL_IPV4 = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24
198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32
"""
_SPECIAL_IPV6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20"
_SPECIAL = tuple(
    ipaddress.ip_network(network) for network in (_SPECIAL_IPV4 + _SPECIAL_IPV6).split()
)


def is_public(address: str) -> bool:
    """Whether anyone on the internet could reach *address*."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip not in _UNICAST:
            return False
    return not any(ip in network for network in _SPECIAL if network.version == ip.version)


class PrivateHosts:
    """Hosts that may be in a private network, each with the ports that are named.

    Args:
        entries: ``host``, which is the usual ports of the web, or ``host:port``.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._ports: dict[str, set[int]] = {}
        for entry in entries:
            is_bare_ipv6 = entry.count(":") > 1 and "[" not in entry
            parts = urlsplit(f"//[{entry}]" if is_bare_ipv6 else f"//{entry}")
            ports = self._ports.setdefault((parts.hostname or entry).lower(), set())
            ports |= {parts.port} if parts.port else USUAL_PORTS

    def __contains__(self, host: str) -> bool:
        return host.lower() in self._ports

    def allow_port_of(self, url: str) -> None:
        """Allow the port of *url*, which the owner gave to be read, if its host is allowed."""
        parts = urlsplit(url)
        ports = self._ports.get(parts.hostname or "")
        if parts.port and ports is not None:
            ports.add(parts.port)

    def is_port_allowed(self, host: str, port: int) -> bool:
        """Whether *port* of *host* may be requested."""
        return port in self._ports.get(host.lower(), PORTS)


def private_hosts_entry(host: str, port: int) -> str:
    """The entry of ``retrieval.private_hosts`` that allows *port* of *host*."""
    name = f"[{host}]" if ":" in host and port not in USUAL_PORTS else host
    return name[:200] if port in USUAL_PORTS else f"{name[:200]}:{port}"
