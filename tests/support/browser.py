"""A visitor's browser at a whole application, where only the model is scripted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from support.configured import make_config
from support.scripted_chat import ScriptedModel

from chatbot_server.app import create_app
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site

EVENT = re.compile(r"^event: (\w+)\ndata: (.*)$", re.MULTILINE)


class Browser:
    """Asks a whole application with the owner's pages, where only the model is scripted."""

    def __init__(self, folder: Path, **sections: dict[str, Any]) -> None:
        self.database = Database(f"sqlite:///{folder / 'chatbot.db'}")
        self.database.migrate()
        config = make_config(folder, **sections)
        self.model = ScriptedModel("quote", ["Hello."])
        self.client: FlaskClient = create_app(config, self.model, self.database).test_client()
        with self.database.session() as session:
            site = demo_site(session)
            site.free_chat = True
            self.site, self.site_id = site.key, site.id

    def ask(self, message: str, secret: str = "", **fields: Any) -> dict[str, Any]:
        body = {"site": self.site, "message": message, "locale": "en", **fields}
        headers = {"Authorization": f"Bearer {secret}"}
        with self.client.post("/api/chat", json=body, headers=headers) as response:
            assert response.status_code == 200, response.get_data(as_text=True)
            whole: dict[str, Any] = {"text": ""}
            for name, line in EVENT.findall(response.get_data(as_text=True)):
                whole[name] = json.loads(line)
                whole["text"] += whole[name]["text"] if name == "token" else ""
        return whole

    def erase(self, answer: dict[str, Any]) -> None:
        start = answer["start"]
        secret = {"Authorization": f"Bearer {start['secret']}"}
        erased = self.client.delete(f"/api/conversation/{start['conversation']}", headers=secret)
        assert erased.status_code == 200

    def rate(self, answer: dict[str, Any], value: str | None) -> None:
        start = answer["start"]
        secret = {"Authorization": f"Bearer {start['secret']}"}
        body = {"message": start["message"], "value": value}
        assert self.client.post("/api/feedback", json=body, headers=secret).status_code == 200

    def transcript(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        start = answer["start"]
        secret = {"Authorization": f"Bearer {start['secret']}"}
        read = self.client.get(f"/api/conversation/{start['conversation']}", headers=secret)
        messages: list[dict[str, Any]] = read.get_json()["messages"]
        return messages
