"""What a thread of the web server does: it has the application answer one request."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from gunicorn.http import wsgi  # type: ignore[import-untyped]

from chatbot_server.web.server.connection import READ_SIZE, Connection
from chatbot_server.web.server.event_stream import EventStream
from chatbot_server.web.server.incoming import ReceiveTimeout, WholeRequest
from chatbot_server.web.server.streamed_body import StreamedBody


@dataclass(frozen=True)
class RequestHandler:
    """Has a WSGI application answer, in a thread that owns the connection meanwhile.

    Attributes:
        settings: gunicorn's configuration.
        timeout: how long a body that is still to come may take.
        is_ending: whether the server ends, so that no connection is kept.
        refuse: answers with the status of an error.
    """

    application: Callable[..., Any]
    settings: Any
    timeout: ReceiveTimeout
    is_ending: Callable[[], bool]
    refuse: Callable[[Connection, Exception], None]

    def handle(self, connection: Connection, request: WholeRequest) -> EventStream | None:
        """Answer *request*; returns a stream whose events are still to come, if it is one.

        Raises:
            OSError: the client has left.
            Exception: the application failed after it had begun to answer.
        """
        connection.response = None
        try:
            environ = self._begin(connection, request)
            response = connection.response
            pieces = self.application(environ, response.start_response)
            with ExitStack() as ending:
                if hasattr(pieces, "close"):
                    ending.callback(pieces.close)
                for piece in [pieces.take()] if isinstance(pieces, EventStream) else pieces:
                    response.write(piece)
                    connection.outbox.flush()
                if isinstance(pieces, EventStream) and not pieces.is_over:
                    ending.pop_all()
                    return pieces
            response.close()
            connection.outbox.flush()
        except OSError:
            raise
        except Exception as error:
            if connection.response and connection.response.headers_sent:
                raise
            self.refuse(connection, error)
        return None

    def _begin(self, connection: Connection, request: WholeRequest) -> dict[str, Any]:
        """Give *connection* a response, and return the WSGI environment of *request*."""
        environ: dict[str, Any]
        response, environ = wsgi.create(
            request.head, connection.outbox, connection.client, connection.server, self.settings
        )
        connection.response = response
        environ["wsgi.input"] = io.BytesIO(request.body)
        if request.missing:
            connection.outbox.flush()
            rest = StreamedBody(connection.socket, request.body, request.missing, self.timeout)
            environ["wsgi.input"] = io.BufferedReader(rest, READ_SIZE)
        environ["wsgi.multithread"] = True
        environ["gunicorn.socket"] = connection.socket
        if self.is_ending():
            response.force_close()
        return environ
