"""HostPages that carry the widget's tag, on a web site of their own."""

from __future__ import annotations

from flask import Flask, Response
from support.servers.serving import serve_app
from support.widget.scripted_server import SITE


class HostPages:
    """Pages of another origin than the chat's."""

    def __init__(self, chat: str) -> None:
        self.chat = chat
        self.found: dict[str, tuple[str, dict[str, str]]] = {}
        app = Flask("pages")
        app.add_url_rule("/<path:name>", view_func=self._serve)
        self.serving = serve_app(app)

    def _serve(self, name: str) -> Response:
        if name not in self.found:
            return Response("", 204)
        html, headers = self.found[name]
        return Response(html, headers={"Content-Type": "text/html; charset=utf-8"} | headers)

    def tag(self, **data: str) -> str:
        """The tag as an owner pastes it; ``data_x`` keyword arguments become attributes."""
        extra = "".join(f' data-{key.replace("_", "-")}="{value}"' for key, value in data.items())
        site = "" if "site" in data else f' data-site="{SITE}"'
        return f'<script async src="{self.chat}/widget.js"{site}{extra}></script>'

    def add(
        self,
        body: str = "",
        *,
        head: str = "",
        tag: str | None = None,
        lang: str = "en",
        headers: dict[str, str] | None = None,
        name: str = "page.html",
    ) -> str:
        """Put a page up; returns its address."""
        html = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Atelier</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{head}</head><body><main><h1>Atelier Lumen</h1><p>Lamps made by hand.</p>{body}"
            f"</main>{self.tag() if tag is None else tag}</body></html>"
        )
        self.found[name] = (html, headers or {})
        return f"{self.serving.url}/{name}"
