"""The only way in which this server requests other servers: with limits, public addresses only.

Every address a name resolves to must be public, and the connection goes to the very
address that was checked: a DNS that changes its answer in between gains nothing.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore

from chatbot_server import __version__
from chatbot_server.errors import ChatbotError
from chatbot_server.retrieval.crawl.addresses import PrivateHosts, is_public, private_hosts_entry
from chatbot_server.retrieval.read.urls import joined

MAX_REDIRECTS = 5
CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 60.0
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


class FetchError(ChatbotError):
    """A page could not be fetched; ``code`` says why."""


@dataclass(frozen=True)
class FetchResponse:
    """A response; ``url`` is the address after redirects, repeated headers are joined by commas."""

    url: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The media type without parameters; of a page whose server names none, that of a page."""
        media_type = self.headers.get("content-type", "").split(";")[0].strip().lower()
        is_page = not media_type and self.body[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        return "text/html" if is_page else media_type

    @property
    def charset(self) -> str:
        """The charset that the server declares; empty if it declares none."""
        charset = _CHARSET.search(self.headers.get("content-type", ""))
        return charset[1] if charset else ""


def in_utf8(header: str) -> str:
    """A *header* whose bytes are UTF-8, as browsers take them, or as it is."""
    with contextlib.suppress(UnicodeError):
        return header.encode("latin-1").decode()
    return header


class Fetcher:
    """Fetches over http and https.

    Args:
        contact: put into the user agent, so that a site's owner can reach ours.
        private_hosts: that may be in the private network, with or without a port.
        max_bytes: of one answer, after decompression.
    """

    def __init__(
        self, contact: str = "", private_hosts: Iterable[str] = (), max_bytes: int = 5_000_000
    ) -> None:
        about = f"; {contact}" if contact else ""
        self.agent = f"ChatbotServer/{__version__} (site owner's own crawler{about})"
        self._private_hosts = PrivateHosts(private_hosts)
        self._max_bytes = max_bytes
        self._deadline = _Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=_PublicAddressBackend(self._private_hosts, self._deadline),
            max_connections=4,
            retries=0,
        )

    def get(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        seconds: float = TOTAL_SECONDS,
        *,
        truncate: bool = False,
        allows: Callable[[str], bool] = lambda url: True,  # noqa: ARG005
    ) -> FetchResponse:
        """GET *url*, following redirects; not for two threads at once.

        *seconds* is for all of it. What is too big is refused, or cut if asked to *truncate*;
        what *allows* refuses is not asked for, also where a redirect leads there.

        Raises:
            FetchError: refused, unreachable, too slow, too big or too many redirects.
        """
        self._deadline.moment = time.monotonic() + seconds
        for _hop in range(MAX_REDIRECTS + 1):
            self._raise_for_forbidden_address(url)
            if not allows(url):
                raise FetchError("fetch_address", url=url[:200])
            response = self._send_single_request(url, headers or {}, truncate=truncate)
            target = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not target:
                return response
            url = joined(url, in_utf8(target)) or target
        raise FetchError("fetch_redirects", url=url[:200])

    def post(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> int:
        """POST *body* to *url*, which redirects nowhere; returns the status of the answer.

        Raises:
            FetchError: refused, unreachable or too slow.
        """
        self._deadline.moment = time.monotonic() + seconds
        self._raise_for_forbidden_address(url)
        return self._send_single_request(url, headers, body, truncate=True).status

    def check(self, url: str) -> None:
        """Raises:
        FetchError: *url* may not be asked, or its name leads nowhere.
        """
        self._raise_for_forbidden_address(url)
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        resolve_public_address(str(parts.hostname), port, self._private_hosts)

    def allow_port_of(self, url: str) -> None:
        """See :meth:`~.addresses.PrivateHosts.allow_port_of`."""
        self._private_hosts.allow_port_of(url)

    def is_private_host(self, host: str) -> bool:
        """Whether *host* may be in the private network."""
        return host in self._private_hosts

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _raise_for_forbidden_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise FetchError("fetch_address", url=url[:200]) from None
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https") or not host:
            raise FetchError("fetch_address", url=url[:200])
        if parts.username is not None or len(url) > 2000:
            raise FetchError("fetch_address", url=url[:200])
        if not self._private_hosts.is_port_allowed(host, port):
            if host in self._private_hosts:
                raise FetchError("fetch_private", host=private_hosts_entry(host, port))
            # Private addresses are reported first: the operator can allow them with this port.
            resolve_public_address(host, port, self._private_hosts)
            raise FetchError("fetch_address", url=url[:200])

    def _send_single_request(
        self, url: str, headers: dict[str, str], body: bytes | None = None, *, truncate: bool
    ) -> FetchResponse:
        """GET *url*, or POST *body* to it."""
        import httpx

        request_headers: dict[str | bytes, str | bytes] = {
            "User-Agent": self.agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf,*/*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        request_headers.update({name: text.encode("latin-1") for name, text in headers.items()})
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), CONNECT_SECONDS)
        try:
            target = httpx.URL(url)  # international names and blanks as they travel
            request_headers["Host"] = target.netloc
            if body is not None:
                request_headers["Content-Length"] = str(len(body))
            with self._pool.stream(
                "GET" if body is None else "POST",
                str(target),
                headers=request_headers,
                content=body,
                extensions={"timeout": timeouts},
            ) as response:
                response_headers = _join_headers(response)
                text = self._read_body(response, response_headers, url, truncate)
                return FetchResponse(url, response.status, response_headers, text)
        except FetchError:
            raise
        except (httpcore.TimeoutException, TimeoutError):
            raise FetchError("fetch_slow", url=url[:200]) from None
        except httpcore.ConnectError as error:
            is_tls = isinstance(error.__context__, ssl.SSLError)
            code = "fetch_certificate" if is_tls else "fetch_unreachable"
            raise FetchError(code, host=urlsplit(url).netloc[:200]) from None
        except Exception as error:  # httpcore, h11, ssl and idna each raise their own
            raise FetchError("fetch_failed", url=url[:200], why=type(error).__name__) from None

    def _read_body(
        self, response: httpcore.Response, headers: dict[str, str], url: str, truncate: bool
    ) -> bytes:
        is_gzip = headers.get("content-encoding", "").lower() in ("gzip", "x-gzip")
        unzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if is_gzip else None
        body = b""
        for piece in response.iter_stream():
            most = self._max_bytes + 1 - len(body)
            try:
                body += unzip.decompress(piece, most) if unzip else piece[:most]
            except zlib.error:
                raise FetchError("fetch_failed", url=url[:200], why="gzip") from None
            if len(body) > self._max_bytes:
                if truncate:
                    return body[: self._max_bytes]
                raise FetchError("fetch_big", url=url[:200], limit=self._max_bytes)
        return body


class _Deadline:
    """The time (monotonic) at which a fetch ends, even if the server still sends."""

    moment = float("inf")

    def limit(self, timeout: float | None) -> float:
        """Seconds that one more read or write may take, at most *timeout*.

        Raises:
            httpcore.ReadTimeout: none.
        """
        remaining = self.moment - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout
        return remaining if timeout is None else min(timeout, remaining)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection that ends at the deadline, even if its server sends slowly."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.limit(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        timeout = self._deadline.limit(timeout)
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _DeadlineStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _join_headers(response: httpcore.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw, value in response.headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


class _PublicAddressBackend(httpcore.SyncBackend):
    """Resolves once, checks every address, and connects to the first."""

    def __init__(self, private_hosts: PrivateHosts, deadline: _Deadline) -> None:
        super().__init__()
        self._private_hosts = private_hosts
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        address = resolve_public_address(host, port, self._private_hosts)
        timeout = self._deadline.limit(timeout)
        stream = super().connect_tcp(address, port, timeout, local_address, socket_options)
        return _DeadlineStream(stream, self._deadline)


def resolve_public_address(host: str, port: int, private_hosts: PrivateHosts) -> str:
    """The address to connect to.

    Raises:
        FetchError: the name does not exist, or any of its addresses is not public.
    """
    try:
        records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError("fetch_unknown_host", host=host[:200]) from None
    addresses = [str(record[4][0]).split("%")[0] for record in records]
    if host not in private_hosts and not all(map(is_public, addresses)):
        raise FetchError("fetch_private", host=private_hosts_entry(host, port))
    return addresses[0]
