"""The browser of a server's owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.servers.owner_server import ORIGIN, OwnerServer
from werkzeug.test import TestResponse


@pytest.fixture
def post(owner: OwnerServer) -> Callable[..., TestResponse]:
    """Sends a form of the owner's pages, as the owner; made with the first call."""
    client: list[FlaskClient] = []

    def send(path: str, **form: Any) -> TestResponse:
        if not client:
            client.append(owner.browser("owner"))
        path = path.replace("KEY", owner.key)
        return client[0].post(path, data=form, headers=ORIGIN)

    return send
