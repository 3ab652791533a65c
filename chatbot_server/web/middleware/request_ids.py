"""Request ids: in responses, in lines of the log, and in errors."""

from __future__ import annotations

import secrets

from flask import Flask, Response

from chatbot_server.logs import REQUEST

REQUEST_ID = "X-Request-Id"


def register_request_ids(app: Flask) -> None:
    """Give each request a random id."""

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
