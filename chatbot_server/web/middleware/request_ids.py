"""Each request has an id: in its answer, in the log's lines about it, and in what is wrong."""

from __future__ import annotations

import secrets

from flask import Flask, Response

from chatbot_server.logs import REQUEST

REQUEST_ID = "X-Request-Id"


def register_request_ids(app: Flask) -> None:
    """Give each request an id that says nothing of who sent it."""

    @app.before_request
    def begin() -> None:
        REQUEST.set(secrets.token_hex(6))

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers[REQUEST_ID] = REQUEST.get()
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        REQUEST.set("")
