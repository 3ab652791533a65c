"""``/v1`` on a real socket, for the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import openai
from flask import Flask
from support.patience import LONG
from support.servers.serving import serve_app

from chatbot_server.config.sections import LimitsSection, ServerSection
from chatbot_server.engine.base import Engine, Sampling
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.api_keys import create_key
from chatbot_server.web.middleware.address import set_public_address
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.v1.embeddings import TextEmbedder
from chatbot_server.web.v1.routes import openai_blueprint
from chatbot_server.web.v1.wrong_paths import wrong_paths_blueprint

PARROT = "Je vais au café demain 😀"  # what the tests' model always says
PUBLIC_URL = "https://chat.example.org/assist"


@dataclass
class Api:
    """A running ``/v1``."""

    url: str
    key: str
    database: Database
    engine: Engine

    def client(self, key: str | None = None) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key or self.key, max_retries=0)

    def post(self, path: str, body: object = None) -> httpx.Response:
        """A request whose body is *body* as JSON, or as it is where it is bytes."""
        headers = {"Authorization": f"Bearer {self.key}"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(f"{self.url}/v1/{path}", content=content, headers=headers, timeout=LONG)


def serve(
    engine: Engine,
    folder: Path,
    limits: LimitsSection | None = None,
    embedder: TextEmbedder | None = None,
) -> Iterator[Api]:
    database = Database(f"sqlite:///{folder / 'chatbot.db'}")
    database.migrate()
    with database.session() as session:
        _, key = create_key(session, "tests")
    app = Flask(__name__)
    rates = RateLimits(limits or LimitsSection(api_key=("100000 per minute",)))
    sampling = Sampling(max_tokens=24, temperature=0.3)
    app.register_blueprint(openai_blueprint(engine, database, rates, sampling, embedder))
    app.register_blueprint(wrong_paths_blueprint())
    set_public_address(app, ServerSection.model_validate({"public_url": PUBLIC_URL}))
    serving = serve_app(app)
    try:
        yield Api(serving.url, key, database, engine)
    finally:
        serving.close()
        database.close()
