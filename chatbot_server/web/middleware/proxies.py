"""A proxy in front that nobody told the server of: then all visitors are taken for one."""

from __future__ import annotations

import ipaddress
import logging
from contextlib import suppress

from flask import Flask, request

from chatbot_server.config import Config
from chatbot_server.messages import say

logger = logging.getLogger("chatbot_server")


def watch_proxies(app: Flask, config: Config) -> None:
    """Say so once, in the log and for ``doctor``, where ``server.trusted_proxies`` is 0."""
    mark = config.untrusted_proxy_mark
    with suppress(OSError):  # what a server before this one saw
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
    """Whether *address* is this machine's or its network's; others could claim any proxy."""
    try:
        return ipaddress.ip_address(address or "").is_private
    except ValueError:
        return not address  # a Unix socket
