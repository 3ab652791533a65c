"""Streams a completion without occupying a thread; it stops when the application leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import chain

from flask import Response

from chatbot_server.engine.base import Completion, Event
from chatbot_server.errors import ChatbotError
from chatbot_server.processes.threaded_stream import StreamSilent, ThreadedStream
from chatbot_server.web.server.event_stream import EventStream, Notifier, Pieces, respond
from chatbot_server.web.v1.responses.wire import ResponseReply
from chatbot_server.web.v1.wire import Reply

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5  # how often it is checked whether the application has left


def follow(
    completion: Completion, reply: Reply | ResponseReply, *, with_usage: bool, language: str
) -> Response:
    """*completion* as server-sent events of *reply*.

    The first event is awaited here, so that a full queue is a status and not a broken stream.

    Raises:
        ChatbotError: the engine refused before its first event.
    """
    first, notifier = next(completion), Notifier()
    later = _read(ThreadedStream.of(completion, notifier.notify), 0.0, lambda: False)
    events: Iterator[Event | None] = chain((first,), later)

    def pieces() -> Pieces:
        try:
            yield from reply.pieces(events, with_usage=with_usage)
        except ChatbotError as error:
            yield reply.broken_off(error, language)
        finally:
            later.close()

    return respond(EventStream(pieces(), notifier, completion.close))


def listen(
    completion: Completion, has_left: Callable[[], bool]
) -> Generator[Event | None, None, None]:
    """The events as they come, for callers that may block; None after half a second without one."""
    return _read(ThreadedStream.of(completion), POLL_SECONDS, has_left)


def _read(
    stream: ThreadedStream[Event], seconds: float, has_left: Callable[[], bool]
) -> Generator[Event | None, None, None]:
    with closing(stream):
        while not has_left():
            try:
                event = stream.next(seconds)
            except StreamSilent:
                yield None
                continue
            except ChatbotError:
                raise
            except Exception:
                logger.exception("an answer could not be read")
                raise ChatbotError("internal") from None
            if event is None:
                return
            yield event
