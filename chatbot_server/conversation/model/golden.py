"""What a model writes to golden questions: with the prompts of visitors, but after them."""

from __future__ import annotations

import time
from dataclasses import replace

from chatbot_server.conversation.events import Ended, TextPiece
from chatbot_server.conversation.model.faithfulness import MAX_TOKENS, SEED
from chatbot_server.conversation.model.instructions import instructions_of
from chatbot_server.conversation.model.prompting import Dialogue
from chatbot_server.conversation.model.writing import Withheld, Writer
from chatbot_server.conversation.record import Record
from chatbot_server.engine.base import Engine, Sampling
from chatbot_server.errors import BadRequest, EngineError
from chatbot_server.messages import LANGUAGES
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.words.stems import guess_language
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site

MOST_WAITED = 60.0  # seconds that a question waits for the model while visitors use it
MOST_ATTEMPTS = 3
LOOK_SECONDS = 1.0  # between two looks at who waits for the model


class GoldenWriter:
    """Has the model answer questions of which nobody waits for the answer.

    The same model and the same passages give the same answer. A visitor who waits for the model
    has an answer that is being written cut off; it is written anew once the model is free.
    """

    def __init__(self, database: Database, engine: Engine, sampling: Sampling) -> None:
        self._database = database
        self._engine = engine
        most = min(sampling.max_tokens, MAX_TOKENS)
        self._sampling = replace(sampling, max_tokens=most, temperature=0.0, seed=SEED)

    def __call__(self, site_id: int, question: str, grounding: Grounding) -> str | None:
        """What visitors read of the model in place of *grounding*; None: nothing."""
        with self._database.session() as session:
            site = session.get_one(Site, site_id)
            language = guess_language(question, site.language or "en")
            language = language if language in LANGUAGES else "en"
            instructions = instructions_of(site, language)
        return self.write(Dialogue(instructions, (), question, language=language), grounding)

    def write(self, dialogue: Dialogue, grounding: Grounding) -> str | None:
        """What visitors read at the end of *dialogue* in place of *grounding*; None: nothing."""
        is_by_owner = grounding.status in ("faq", "choices")
        if is_by_owner or not Writer(self._engine, self._sampling, "").may_write(grounding):
            return None
        for attempt in range(MOST_ATTEMPTS):
            deadline = time.monotonic() + MOST_WAITED
            while any(self._engine.workload()) and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
            is_last = attempt == MOST_ATTEMPTS - 1
            text = self._write(dialogue, grounding, gives_way=not is_last)
            if text is not None:
                break
        return text or None  # a refused sentence leaves what was found, or an honest no

    def _write(self, dialogue: Dialogue, grounding: Grounding, *, gives_way: bool) -> str | None:
        """What is shown of the model's answer; None if it was cut off, as a visitor waits."""
        writer = Writer(self._engine, self._sampling, "")
        text, next_look = "", time.monotonic() + LOOK_SECONDS
        try:
            for event in writer.from_passages(dialogue, grounding, Record()):
                if isinstance(event, TextPiece):
                    text += event.text
                if isinstance(event, Ended):
                    return text
                if gives_way and time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_SECONDS
                    if self._engine.workload().waiting:
                        return None
        except (Withheld, EngineError, BadRequest):
            # As in a turn: a quote follows what was shown, if there is one.
            return f"{text.strip()}\n\n{grounding.answer}".strip() if text else ""
        finally:
            writer.cancel()
        return text
