"""A completion as a stream that stays awake, and stops when the application leaves."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import chain

from flask import Response, request

from chatbot_server.engine.base import Completion, Event
from chatbot_server.errors import ChatbotError
from chatbot_server.web.disconnect import has_left
from chatbot_server.web.v1.wire import Reply, broken_off

logger = logging.getLogger(__name__)

PING_SECONDS = 15.0
GLANCE_SECONDS = 0.5
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Heard = Event | ChatbotError | None


def follow(completion: Completion, reply: Reply, *, with_usage: bool, language: str) -> Response:
    """*completion* as server-sent events of *reply*.

    Raises:
        ChatbotError: what the engine raises before its first event; so that a full queue
            is a status and not a broken stream.
    """
    first = next(completion)
    listening = listen(completion, has_left(request))
    events: Iterator[Event | None] = chain((first,), listening)

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


def listen(completion: Completion, left: Callable[[], bool]) -> Generator[Event | None, None, None]:
    """Events as they come, and None where it was quiet for a while."""
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(completion, heard), daemon=True).start()
    quiet = 0.0
    while not left():
        try:
            event = heard.get(timeout=GLANCE_SECONDS)
        except queue.Empty:
            quiet += GLANCE_SECONDS
            if quiet >= PING_SECONDS:
                quiet = 0.0
                yield None
            continue
        if event is None:
            return
        if isinstance(event, ChatbotError):
            raise event
        quiet = 0.0
        yield event


def _read(completion: Completion, heard: queue.SimpleQueue[Heard]) -> None:
    try:
        for event in completion:
            heard.put(event)
    except ChatbotError as error:
        heard.put(error)
    except Exception:
        logger.exception("an answer could not be read")
        heard.put(ChatbotError("internal"))
    finally:
        heard.put(None)
