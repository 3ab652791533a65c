"""Which certificates are trusted when a model is fetched, and what an untrusted one is called."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from chatbot_server.models.store.downloads.network import connection_error, new_client


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(autouse=True)
def trust() -> None:
    """Replaces the certificates that the other tests of this room have read before."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server whose certificate only its company knows: its address, and that certificate."""
    folder = tmp_path_factory.mktemp("company")
    certificate, key = folder / "company.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", key, "-out", certificate, "-subj", "/CN=company"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/", certificate
        server.shutdown()


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No certificate of the person who runs the tests."""
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))


def test_a_certificate_that_nobody_named_is_told_as_that(company: tuple[str, Path]) -> None:
    address, _ = company
    with pytest.raises(httpx.ConnectError) as refused, new_client() as client:
        client.get(address)
    told = connection_error(refused.value, address)
    assert told.code == "model_download_certificate"
    assert "self-signed" in told.values["why"] or "self signed" in told.values["why"]


@pytest.mark.parametrize("way", ["PIP_CERT", "SSL_CERT_FILE", "pip.conf"])
def test_what_pip_or_the_system_trusts_is_trusted(
    way: str, company: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address, certificate = company
    if way == "pip.conf":
        (tmp_path / way).write_text(f"[global]\ncert = {certificate}\n")
    else:
        monkeypatch.setenv(way, str(certificate))
    with new_client() as client:
        assert client.get(address).status_code == 200
