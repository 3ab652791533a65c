"""A completion as a stream that stays awake, and stops when the application leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import chain

from flask import Response, request

from chatbot_server.engine.base import Completion, Event
from chatbot_server.errors import ChatbotError
from chatbot_server.processes.threaded_stream import StreamSilent, ThreadedStream
from chatbot_server.web.disconnect import disconnect_check
from chatbot_server.web.v1.wire import Reply, broken_off

logger = logging.getLogger(__name__)

PING_SECONDS = 15.0
POLL_SECONDS = 0.5  # how often it is checked that the application is there
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def follow(completion: Completion, reply: Reply, *, with_usage: bool, language: str) -> Response:
    """*completion* as server-sent events of *reply*.

    Raises:
        ChatbotError: what the engine raises before its first event; so that a full queue
            is a status and not a broken stream.
    """
    first = next(completion)
    events: Iterator[Event | None] = chain((first,), listen(completion, disconnect_check(request)))

    def pieces() -> Generator[str, None, None]:
        try:
            yield from reply.pieces(events, with_usage=with_usage)
        except ChatbotError as error:
            yield broken_off(error, language)
        finally:
            completion.close()

    response = Response(pieces(), mimetype="text/event-stream", headers=HEADERS)
    # A generator that was never begun has no “finally”.
    response.call_on_close(completion.close)
    return response


def listen(
    completion: Completion, has_left: Callable[[], bool]
) -> Generator[Event | None, None, None]:
    """Events as they come, and None where it was quiet for a while."""
    quiet_seconds = 0.0
    with closing(ThreadedStream.of(completion)) as events:
        while not has_left():
            try:
                event = events.next(POLL_SECONDS)
            except StreamSilent:
                quiet_seconds += POLL_SECONDS
                if quiet_seconds >= PING_SECONDS:
                    quiet_seconds = 0.0
                    yield None
                continue
            except ChatbotError:
                raise
            except Exception:
                logger.exception("an answer could not be read")
                raise ChatbotError("internal") from None
            if event is None:
                return
            quiet_seconds = 0.0
            yield event
