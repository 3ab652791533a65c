"""A stand-in for the chat server, for what a real model cannot be made to say.

It serves the real widget files and speaks ``docs/http-api.md`` over real HTTP, but its answers
are written beforehand: hostile output, errors at a chosen moment, streams cut anywhere. The main
journey runs against the real server (``test_journey.py``).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request
from flask_cors import CORS

from chatbot_server.web.visitor.widget import widget_blueprint

SITE = "demo"
CONFIG: dict[str, Any] = {
    "site": SITE,
    "name": "Atelier Lumen",
    "locale": "en",
    "color": "#1d4ed8",
    "position": "bottom-right",
    "greeting": "Hello! I know the opening hours, the workshop and the prices of Atelier Lumen.",
    "notice": "Answers are written by an AI and can be wrong.",
    "suggestions": ["When are you open?", "What does a lamp cost?", "Do you repair old lamps?"],
    "contact": {"form": True, "email": "hello@example.org", "url": None},
    "privacy": {
        "model": "SmolLM2 135M Instruct",
        "local": True,
        "retention_days": 30,
        "policy_url": None,
    },
    "limits": {"message_chars": 4000},
    "state": "ready",
}
DONE: dict[str, Any] = {
    "origin": "model",
    "finish": "stop",
    "usage": {"prompt_tokens": 10, "completion_tokens": 10, "cached_tokens": 0},
    "timings": {"queue": 0, "prompt": 0.1, "completion": 0.2},
    "energy": None,
    "ai": {"generated": True, "model": "scripted"},
    "suggestions": [],
}
#: One step of a stream: an event, ``("gate", None)`` (wait for the test) or ``("drop", None)``.
Step = tuple[str, Any]


def say(text: str, **done: Any) -> list[Step]:
    """The steps of a plain answer."""
    return [("token", {"text": text}), ("done", DONE | done)]


@dataclass
class Script:
    """What the server will say, and what it was asked."""

    config: dict[str, Any] = field(default_factory=lambda: dict(CONFIG))
    answers: dict[str, list[Step]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    refuse: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    stopped: set[str] = field(default_factory=set)
    cut: int = 0
    running: dict[str, list[Step]] = field(default_factory=dict)
    tampered: bool = False


def create_scripted_app(script: Script) -> Flask:
    """The HTTP face of *script*."""
    app = Flask(__name__)
    CORS(app, resources={r"/api/*": {"origins": "*"}})
    app.register_blueprint(widget_blueprint())

    @app.before_request
    def note() -> Response | None:
        if request.method != "OPTIONS":
            body = request.get_json(silent=True)
            script.calls.append((request.method, request.full_path.rstrip("?"), body))
        refusal = script.refuse.get(request.path)
        if refusal and request.method != "OPTIONS":
            response = jsonify(refusal[1])
            response.status_code = refusal[0]
            return response
        return None

    @app.after_request
    def tamper(response: Response) -> Response:
        if script.tampered and "panel-" in request.path:
            response.direct_passthrough = False
            response.set_data(response.get_data() + b";document.title='tampered'")
        return response

    _answers(app, script)
    _others(app, script)
    return app


def _answers(app: Flask, script: Script) -> None:
    @app.get("/api/widget")
    def widget() -> Response:
        return jsonify(script.config)

    @app.post("/api/chat")
    def chat() -> Response:
        body = request.get_json()
        script.asked.append(body)
        number = str(len(script.asked))
        steps = script.answers.get(body["message"]) or say(f"You said: {body['message']}")
        start = {"conversation": "c1", "message": f"m{number}", "question": f"q{number}"}
        if "conversation" not in body:
            start["secret"] = "s3cret"
        script.running[f"m{number}"] = [("start", start), *steps]
        return _stream(script, f"m{number}", 0)

    @app.get("/api/chat/<message>")
    def take_up(message: str) -> Response:
        return _stream(script, message, int(request.headers.get("Last-Event-ID", 0)))

    @app.delete("/api/chat/<message>")
    def stop(message: str) -> Response:
        script.stopped.add(message)
        script.gate.set()
        return jsonify(stopped=True)


def _others(app: Flask, script: Script) -> None:
    @app.get("/api/conversation/<identifier>")
    def history(identifier: str) -> Response:
        return jsonify(conversation=identifier, created="", expires="", messages=script.history)

    @app.get("/api/conversation/<identifier>/news")
    def news(identifier: str) -> Response:
        return jsonify(person=None, messages=[], wait=0)

    @app.delete("/api/conversation/<identifier>")
    def erase(identifier: str) -> Response:
        return jsonify(erased={"conversations": 1, "messages": 2 * len(script.asked)})

    @app.post("/api/feedback")
    def feedback() -> Response:
        return jsonify(saved=True)

    @app.post("/api/contact")
    def contact() -> Response:
        return jsonify(sent=True)


def _stream(script: Script, message: str, last: int) -> Response:
    return Response(_chunks(script, message, last), mimetype="text/event-stream")


def _chunks(script: Script, message: str, last: int) -> Iterator[bytes]:
    number = 0
    steps = script.running[message]
    for at, (name, data) in enumerate(steps):
        if name == "drop":
            steps[at] = ("dropped", None)
            return
        if name == "dropped":
            continue
        if name == "gate":
            script.gate.wait()
            if message in script.stopped:
                yield from _event(script, number + 1, "done", DONE | {"finish": "stopped"})
                return
            continue
        number += 1
        if number > last:
            yield from _event(script, number, name, data)


def _event(script: Script, number: int, name: str, data: Any) -> Iterator[bytes]:
    text = f"id: {number}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
    raw = text.encode()
    size = script.cut or len(raw)
    for at in range(0, len(raw), size):
        yield raw[at : at + size]
