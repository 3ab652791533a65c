"""Detects a proxy that is not configured, behind which all visitors count as one."""

from __future__ import annotations

import ipaddress
import logging
from contextlib import suppress

from flask import Flask, request

from chatbot_server.config import Config
from chatbot_server.messages import say

logger = logging.getLogger("chatbot_server")


def watch_proxies(app: Flask, config: Config) -> None:
    """Report a proxy once, in the log and to ``doctor``, if ``server.trusted_proxies`` is 0."""
    mark = config.untrusted_proxy_mark
    with suppress(OSError):  # left by the last run of the server
        mark.unlink(missing_ok=True)
    if config.server.trusted_proxies:
        return

    @app.before_request
    def look() -> None:
        is_forwarded = "X-Forwarded-For" in request.headers
        if not is_forwarded or mark.name in app.extensions or not _is_near(request.remote_addr):
            return
        app.extensions[mark.name] = True
        logger.warning("%s", say("proxy_untrusted"))
        with suppress(OSError):
            mark.touch()


def _is_near(address: str | None) -> bool:
    """Whether *address* is of this machine or its network; others may send any header."""
    try:
        return ipaddress.ip_address(address or "").is_private
    except ValueError:
        return not address  # a Unix socket
