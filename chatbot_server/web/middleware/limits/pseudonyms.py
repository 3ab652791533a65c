"""Names of visitors and networks for counting, from which nobody can compute an address."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time

from chatbot_server.storage.base import DAY


class Pseudonyms:
    """Pseudonyms of visitors and networks that change every day.

    A name is a keyed hash of the address under random bytes. These are kept in memory only and are
    replaced every day, so that nobody can compute yesterday's names again. A visitor is an IPv4
    address, or an IPv6 /64, which providers give to one household; a network is an IPv4 /24 or an
    IPv6 /48.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day = -1
        self._salt = b""

    def name(self, address: str) -> str:
        """Today's name of the visitor at *address*."""
        return self._name(address, ipv4_bytes=4, ipv6_bytes=8)

    def network(self, address: str) -> str:
        """Today's name of the network of *address*."""
        return self._name(address, ipv4_bytes=3, ipv6_bytes=6)

    def _name(self, address: str, *, ipv4_bytes: int, ipv6_bytes: int) -> str:
        with self._lock:
            day = int(time.time()) // DAY
            if day != self._day:
                self._day, self._salt = day, secrets.token_bytes(32)
            salt = self._salt
        try:
            ip = ipaddress.ip_address(address)
            ipv4 = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else ip
            network = ipv4.packed[:ipv4_bytes] if ipv4 else ip.packed[:ipv6_bytes]
        except ValueError:
            network = address.encode()
        return hashlib.blake2b(network, key=salt, digest_size=16).hexdigest()
