"""The HTTP client for models: its certificates, and errors of connections."""

from __future__ import annotations

import ast
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import certifi
import httpx

from chatbot_server.errors import ModelError

MAX_REDIRECTS = 5
PIP_CONFIG_SECONDS = 30
# Where people name the certificate of a proxy that looks into connections; pip asks them, too.
CERTIFICATE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PIP_CERTIFICATE = re.compile(r"^(?:global|install|download|site|user)\.cert=(.*)$", re.MULTILINE)


def new_client() -> httpx.Client:
    """A client that follows few redirects and gives up on silence, not on slowness."""
    timeout = httpx.Timeout(30, connect=15)
    return httpx.Client(
        follow_redirects=True, max_redirects=MAX_REDIRECTS, timeout=timeout, verify=trust()
    )


def trust() -> ssl.SSLContext:
    """The system's certificates, Mozilla's, and those that the operator named for pip."""
    context = ssl.create_default_context()  # SSL_CERT_FILE and SSL_CERT_DIR, else the system's
    for place in (certifi.where(), *_named_for_pip()):
        with suppress(OSError):  # an ssl.SSLError is one: no certificate in it
            is_folder = Path(place).is_dir()
            context.load_verify_locations(**{"capath" if is_folder else "cafile": place})
    return context


def _named_for_pip() -> Iterator[str]:
    yield from (os.environ[name] for name in CERTIFICATE_VARIABLES if os.environ.get(name))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    with suppress(OSError, subprocess.SubprocessError, ValueError, SyntaxError):
        listing = subprocess.run(
            command, capture_output=True, text=True, timeout=PIP_CONFIG_SECONDS, check=True
        )
        for path in PIP_CERTIFICATE.findall(listing.stdout):
            yield str(ast.literal_eval(path))


def connection_error(error: Exception, url: str, size: int = 0) -> ModelError:
    """The error about a failed connection to *url*: the cause, and the remedy.

    *size*: bytes that have come already, and are kept.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message or "?"
            return ModelError("model_download_certificate", url=url, why=why)
    host = httpx.URL(url).host
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return ModelError("model_download_name", url=url, host=host)
        if isinstance(cause, ConnectionRefusedError):
            return ModelError("model_download_refused", url=url)
    if any(isinstance(cause, httpx.ProxyError) for cause in causes):
        return ModelError("model_download_proxy", url=url, why=str(error)[:200])
    if size:
        return ModelError("model_download_dropped", url=url, done=size // 1_000_000)
    return ModelError("model_download_unreachable", url=url, why=str(error)[:200] or "?")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
