"""Forms longer than visitors' are read of browsers that are logged in, and of no others."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx
from support.patience import LONG
from support.servers.live_server import LiveServer
from support.servers.owner_server import ORIGIN, PASSWORD, OwnerServer

FILE = b"We bake at night. " * 100_000


def test_a_real_server_reads_a_file_of_who_is_logged_in_only(
    make_server: Callable[..., LiveServer],
) -> None:
    server = make_server(engine={"model": None})
    server.start()
    token = (server.folder / "data" / "setup-token").read_text().strip()
    form = {"token": token, "name": "Ann", "password": PASSWORD}
    site = {"name": "Bakery", "url": "", "languages": "en"}
    headers = {"Origin": server.url}
    with httpx.Client(base_url=server.url, headers=headers, timeout=LONG) as browser:
        assert browser.post("/setup", data=form).status_code == 303
        browser.get("/admin/start")
        browser.post("/admin/start", data=site)
        key = server.cli("site", "list", "--json").split('"key": "')[1].split('"')[0]
        path, upload = f"/admin/{key}/knowledge", {"file": ("bread.txt", FILE, "text/plain")}
        assert browser.post(path, files=upload).status_code == 303
        server.stop()
        server.start()
        assert browser.post(path, files=upload).status_code == 303  # before any page was opened
    for cookie in ("", "chatbot_admin=guessed"):
        assert b" 303 SEE OTHER" in answer_before_the_body(server, path, cookie)
        stranger = httpx.post(
            server.url + path, files=upload, headers=headers | {"Cookie": cookie}, timeout=LONG
        )
        assert stranger.headers["Location"].startswith("/admin/login?")
        log_in = httpx.post(
            f"{server.url}/admin/login",
            data={"name": "x" * 200_000},
            headers=headers | {"Cookie": cookie},
            timeout=LONG,
        )
        assert log_in.status_code == 413
        assert "takes at most 65.5 kB at once" in log_in.text


def answer_before_the_body(server: LiveServer, path: str, cookie: str) -> bytes:
    """What is answered to a long form of which nothing but the head has come."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.url}\r\n"
    head += f"Cookie: {cookie}\r\nContent-Length: {len(FILE)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), LONG) as connection:
        connection.sendall(head.encode())
        return connection.recv(4096)


def test_a_form_that_is_too_long_is_said_in_the_readers_language(owner: OwnerServer) -> None:
    much = {"name": "x" * 200_000}
    for path in ("/setup", "/admin/login", "/admin/join"):
        headers = ORIGIN | {"Accept-Language": "fr"}
        page = owner.browser(None).post(path, data=much, headers=headers)
        assert page.status_code == 413
        assert "accepte au plus 65,5" in page.text
