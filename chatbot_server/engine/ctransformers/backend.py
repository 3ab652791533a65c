"""The ctransformers library as the engine's backend: K slots over one mapped file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatbot_server.engine.backend import (
    EngineSettings,
    require_fitting_prompt,
    require_known_tokens,
)
from chatbot_server.engine.base import Event, Sampling, Workload
from chatbot_server.engine.ctransformers.decoder import CtDecoder
from chatbot_server.engine.ctransformers.threads import ThreadGovernor
from chatbot_server.engine.scheduling.answer import Answer
from chatbot_server.engine.scheduling.cache import StateCache
from chatbot_server.engine.scheduling.scheduler import Scheduler
from chatbot_server.engine.scheduling.slot import Slot
from chatbot_server.engine.text import TextStream
from chatbot_server.engine.tokenizers import make_tokenizer
from chatbot_server.engine.tokenizers.prompts import PromptEncoder
from chatbot_server.errors import BadRequest, ChatbotError, ModelError
from chatbot_server.models.base import PreparedModel
from chatbot_server.models.files.vocabulary import load_tokenizer
from chatbot_server.prompt.base import Prompt


class CTransformersBackend:
    """A model loaded into the engine's process. Every method may be called from any thread.

    Raises:
        ModelError: the library cannot load the file, or has no build for this machine.
    """

    def __init__(self, model: PreparedModel, settings: EngineSettings) -> None:
        governor = ThreadGovernor(settings.threads)
        first = CtDecoder(model, settings, governor)
        is_gguf = model.file.format == "gguf"
        self.context_length = first.context_length
        if is_gguf and settings.context_length < first.context_length:
            self.context_length = settings.context_length
        self._tokenizer = make_tokenizer(load_tokenizer(model))
        if first.vocab_size < len(self._tokenizer.data.tokens):
            raise ModelError("engine_load_refused", file=model.path.name)
        # Two instances of a legacy model share a static buffer in the library, and each
        # would read the whole file into memory again.
        self.slots = settings.slots if is_gguf else 1
        decoders = first.share(self.slots) if self.slots > 1 else [first]
        if not decoders:
            more = (CtDecoder(model, settings, governor) for _ in range(self.slots - 1))
            decoders = [first, *more]
        states = settings.state_cache_mb > 0 and all(
            decoder.enable_state(check=decoder is decoders[0]) for decoder in decoders
        )
        self.cache = StateCache(settings.state_cache_mb * 1_000_000) if states else None
        self._encoder = PromptEncoder(self._tokenizer)
        self._scheduler = Scheduler(
            [Slot(decoder) for decoder in decoders],
            self._tokenizer,
            self._encoder,
            settings,
            self.cache,
        )

    def workload(self) -> Workload:
        """How many answers run, and how many wait."""
        return self._scheduler.workload()

    def stalled_seconds(self) -> float:
        """Seconds since the last step, while there is work."""
        return self._scheduler.stalled_seconds()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, read as untrusted."""
        return [self._tokenizer.count(text) for text in texts]

    def tokenize(self, prompt: Prompt) -> list[int]:
        """The tokens of *prompt*; control tokens come from its trusted segments only."""
        if prompt.tokens:
            require_known_tokens(prompt.tokens, len(self._tokenizer.data.tokens))
            return list(prompt.tokens)
        return self._encoder.encode(prompt)

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        conversation: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Complete *prompt*; see :class:`chatbot_server.engine.base.Engine`."""
        refuse_unsupported(sampling)
        ids = self.tokenize(prompt)
        require_fitting_prompt(len(ids), self.context_length)
        limit = sampling.length(self.context_length - len(ids))
        answer = self._answer(ids, limit, prompt, sampling)
        answer.conversation, answer.cancelled = conversation, cancelled
        self._scheduler.submit(answer)
        return _events(answer)

    def warm(self, prompt: Prompt) -> None:
        """Evaluate *prompt* once, or in every slot if states cannot be copied."""
        ids = self.tokenize(prompt)
        require_fitting_prompt(len(ids), self.context_length)
        copies = 1 if self.cache else self.slots
        answers = [self._answer(ids, 0, prompt, Sampling()) for _ in range(copies)]
        for answer in answers:
            self._scheduler.submit(answer)
        for answer in answers:
            for _ in _events(answer):
                pass

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Refused: the library returns the state of the last token, a poor vector for a text."""
        raise BadRequest("engine_no_embeddings")

    def close(self) -> None:
        """Stop answering."""
        self._scheduler.close()

    def _answer(self, ids: list[int], limit: int, prompt: Prompt, sampling: Sampling) -> Answer:
        stop = (*prompt.stop, *sampling.stop)
        controls = self._tokenizer.controls
        # A control token has no text, so a stop string that spells one is an id.
        ends = self._tokenizer.end_ids | {controls[text] for text in stop if text in controls}
        return Answer(ids, sampling, limit, ends, TextStream(stop))


def refuse_unsupported(sampling: Sampling) -> None:
    """Refuse options that the library does not have.

    Raises:
        BadRequest: names the field of the request.
    """
    if sampling.json or sampling.schema:
        raise BadRequest("engine_no_json", field="response_format")
    for name in ("frequency_penalty", "presence_penalty"):
        if getattr(sampling, name):
            raise BadRequest("engine_no_penalty", field=name, name=name)


def _events(answer: Answer) -> Iterator[Event]:
    while (event := answer.events.get()) is not None:
        if isinstance(event, ChatbotError):
            raise event
        yield event
