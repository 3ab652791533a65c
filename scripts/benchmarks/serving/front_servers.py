"""nginx, Caddy or Apache in front of a server, set up as docs/configuration.md says.

Their programs are looked for in PATH; with ``CHATBOT_FRONT_ROOT``, in a folder with what Debian's
packages hold (``dpkg -x``), so that nothing has to be installed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAMES = ("nginx", "caddy", "apache")
ROOT = Path(os.environ.get("CHATBOT_FRONT_ROOT", "/"))
LIBRARIES = ROOT / "usr" / "lib" / "x86_64-linux-gnu"
START_SECONDS, STOP_SECONDS = 30, 10
# Started by root, nginx would not reach its own folder as another user, and Apache wants to be one.
USERS_OF_ROOT = {"nginx": "user root;", "apache": "User nobody\nGroup nogroup"}
# limit_conn counts all of this machine's clients as one: what it does was not to be measured.
# Apache's times for a request are Debian's.
NGINX = """
{user} daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {inside};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_read_timeout 300s;
            client_max_body_size 40m;
        }}
    }}
}}
"""
CADDY = """
{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    reverse_proxy {inside}
}}
"""
APACHE = """
{user}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/errors
Mutex file:{folder}
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule reqtimeout_module {modules}/mod_reqtimeout.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule headers_module {modules}/mod_headers.so
ServerLimit 4
StartServers 4
ThreadLimit 256
ThreadsPerChild 256
MaxRequestWorkers 1024
MinSpareThreads 256
MaxSpareThreads 1024
TimeOut 30
RequestReadTimeout header=20-40,minrate=500
RequestReadTimeout body=10,minrate=500
ProxyPreserveHost On
ProxyPass / {inside}/ flushpackets=on timeout=300
RequestHeader set X-Forwarded-Proto expr=%{{REQUEST_SCHEME}}
"""


@contextmanager
def front_server(name: str, inside: str, folder: Path) -> Iterator[str]:
    """The address of *name*, which passes everything on to the server at *inside*.

    Raises:
        RuntimeError: its program is not there, or does not start.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder.mkdir()
    values = {"port": port, "inside": inside, "folder": folder}
    command = _command(name, folder, values | {"modules": ROOT / "usr/lib/apache2/modules"})
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env=os.environ | {"LD_LIBRARY_PATH": str(LIBRARIES), "HOME": str(folder)},
        )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        process.kill()


def _command(name: str, folder: Path, values: dict[str, object]) -> list[str]:
    """Write the settings of *name*; returns what starts it."""
    users = USERS_OF_ROOT if os.geteuid() == 0 else {}
    text = {"nginx": NGINX, "caddy": CADDY, "apache": APACHE}[name]
    text = text.format(user=users.get(name, ""), **values)
    file = folder / "settings"
    file.write_text(text, encoding="utf-8")
    if name == "nginx":
        return [_program("usr/sbin/nginx"), "-c", str(file), "-p", str(folder)]
    if name == "caddy":
        return [_program("usr/bin/caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]
    return [_program("usr/sbin/apache2"), "-D", "FOREGROUND", "-f", str(file), "-d", str(folder)]


def _program(path: str) -> str:
    file = ROOT / path
    program = str(file) if file.exists() else shutil.which(file.name)
    if program is None:
        raise RuntimeError(f"{file.name} is not installed")
    return program


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the web server in front does not start")
