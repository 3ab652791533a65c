"""``chatbot-server site test``: a page from a real server, and what is said about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask, Response, redirect
from support.command_line import Run
from support.servers.serving import serve_app

from chatbot_server.web.visitor.widget import widget_blueprint


@dataclass
class Pages:
    """One server that is both the chat's and the owner's pages'."""

    url: str
    key: str
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        source = f'src="{self.url}/widget.js" data-base="{self.url}/"'
        return f'<script async {source} data-site="{self.key}"></script>'


Test = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    app = Flask("pages")
    app.register_blueprint(widget_blueprint())
    pages = Pages("", "")

    @app.get("/page")
    def page() -> Response:
        response = Response(pages.html, content_type="text/html; charset=utf-8")
        for name, value in pages.headers:
            response.headers.add(name, value)
        return response

    app.add_url_rule("/away", view_func=lambda: redirect("http://localhost:8080/inward"))
    app.add_url_rule("/file", endpoint="file", view_func=lambda: Response("x", mimetype="text/csv"))
    serving = serve_app(app)
    pages.url = serving.url
    settings = {
        "data_dir": str(tmp_path / "data"),
        "engine": {"model": None},
        "server": {"public_url": pages.url},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    yield pages
    serving.close()


@pytest.fixture
def test_page(pages: Pages, run: Run) -> Test:
    """Runs ``site test`` on the site of *pages*; gives the exit code and the findings by name."""
    # Another host than the chat's own pages have, so that the origin has to be allowed.
    pages.key = json.loads(run("site", "add", "Own", "--json").out)[0]["key"]

    def test(path: str = "/page", key: str = "") -> tuple[int, dict[str, dict[str, Any]]]:
        address = pages.url.replace("127.0.0.1", "localhost") + path
        ran = run("site", "test", key or pages.key, address, "--json")
        assert "Traceback" not in ran.err
        return ran.exit_code, {entry["name"]: entry for entry in json.loads(ran.out or "[]")}

    return test


def test_what_it_says_to_do_makes_all_well(pages: Pages, test_page: Test, run: Run) -> None:
    pages.html = f"<!doctype html>{pages.tag}"
    code, found = test_page()
    assert code == 1
    origin = pages.url.replace("127.0.0.1", "localhost")
    command = f"site edit {pages.key} --origin {origin}"
    assert f"chatbot-server {command}" in found["origin_missing"]["sentence"]
    assert run(*command.split(), "--json").exit_code == 0
    code, found = test_page()
    assert (code, set(found)) == (0, {"server", "origin", "tag"})


def test_defects_of_the_page_are_told(pages: Pages, test_page: Test) -> None:
    pages.html = "<!doctype html><p>Nothing here"
    code, found = test_page()
    assert code == 1
    assert pages.tag in found["absent"]["sentence"]
    pages.html = pages.tag * 2
    assert "2 times" in test_page()[1]["twice"]["sentence"]


def test_every_policy_header_is_read(pages: Pages, test_page: Test) -> None:
    pages.html = pages.tag
    name = "Content-Security-Policy"
    pages.headers = ((name, "script-src 'self'"), (name, "connect-src 'none'"))
    _, found = test_page()
    assert f"script-src 'self' {pages.url}" in found["script"]["sentence"]
    assert f"connect-src {pages.url}" in found["connect"]["sentence"]


@pytest.mark.parametrize("path", ["/nowhere", "/file"])
def test_what_is_no_page_is_said(test_page: Test, path: str) -> None:
    code, found = test_page(path)
    assert code == 1
    assert not found["page"]["ok"]


def test_a_page_that_leads_elsewhere_into_the_private_network_is_not_followed(
    pages: Pages, run: Run, test_page: Test
) -> None:
    ran = run("site", "test", pages.key, f"{pages.url}/away")
    assert ran.exit_code == 1
    assert "✘ localhost:8080 is in a private network" in ran.out
    assert "?chatbot-debug" in ran.out


def test_misuse_is_one_sentence(pages: Pages, run: Run, test_page: Test) -> None:
    for words in ([pages.key, "ftp://x"], ["no-such-site", pages.url]):
        ran = run("site", "test", *words)
        assert ran.exit_code != 0
        assert ran.err.count("\n") == 1


def test_a_server_that_is_away_is_said(pages: Pages, tmp_path: Path, test_page: Test) -> None:
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    config["server"]["public_url"] = "http://127.0.0.1:1"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    pages.html = pages.tag
    _, found = test_page()
    assert not found["server"]["ok"]
    assert found["host"]["sentence"].count("127.0.0.1") == 2
