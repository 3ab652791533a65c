"""``/v1``: the model for applications that speak the OpenAI API (``docs/openai-api.md``)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from chatbot_server.engine.base import Completion, Engine, EngineInfo, Sampling
from chatbot_server.engine.thoughts import ThinkingCompletion
from chatbot_server.errors import (
    BadRequest,
    ChatbotError,
    EngineChanged,
    EngineError,
    Forbidden,
    NotFound,
    TooLarge,
    Unauthorized,
)
from chatbot_server.prompt.assemble import assemble
from chatbot_server.prompt.base import Prompt
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.api_keys import Scope, find_key
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.middleware.requests import bearer, language_of
from chatbot_server.web.server.disconnect import disconnect_check
from chatbot_server.web.v1.bodies import (
    ChatCompletionBody,
    CompletionBody,
    EmbeddingBody,
)
from chatbot_server.web.v1.embeddings import (
    ModelVectors,
    TextEmbedder,
    choose_vectors,
    embedding_entry,
    require_width,
)
from chatbot_server.web.v1.generation import GenerationBody
from chatbot_server.web.v1.refusals import read_application_body
from chatbot_server.web.v1.responses.body import ResponseBody
from chatbot_server.web.v1.responses.wire import ResponseReply
from chatbot_server.web.v1.series import CompletionSeries
from chatbot_server.web.v1.stream import follow, listen
from chatbot_server.web.v1.wire import Reply, embeddings, model_id, models, problem

logger = logging.getLogger(__name__)

# Applications send whole documents; visitors do not.
BODY_BYTES = 2_000_000
BATCH_BYTES = 16_000_000  # thousands of texts for vectors
CLIENT_LEFT = 499  # as nginx logs it; nobody reads it
# The method of each path. One route answers all wrong methods and unknown paths.
ALLOWED = {
    "chat/completions": "POST",
    "completions": "POST",
    "embeddings": "POST",
    "responses": "POST",
    "models": "GET",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class ModelApi:
    """What the routes do, apart from HTTP.

    Attributes:
        sampling: the options for all that a request does not set.
        embedder: makes vectors beside the engine, if the model for search is installed.
    """

    engine: Engine
    database: Database
    rates: RateLimits
    sampling: Sampling
    embedder: ModelVectors | None

    def check_key(self) -> None:
        """Check the API key of the request, and count it.

        Raises:
            Unauthorized: there is no key, or it is not known.
            TooManyRequests: it is used too often.
            Forbidden: it is valid for another kind of requests only.
        """
        secret = bearer(request)
        if not secret:
            raise Unauthorized("api_missing_key")
        with self.database.session() as session:
            key = find_key(session, secret)
        if key is None:
            self.rates.check_small()  # limits how fast keys can be guessed
            raise Unauthorized("api_wrong_key")
        self.rates.check_key(str(key.id))
        scope: Scope = "embeddings" if request.endpoint == "openai.embed" else "chat"
        if request.path != "/v1/models" and not key.allows(scope):
            raise Forbidden("api_key_scope", scope=key.scope)

    def find_model(self, model: str) -> EngineInfo:
        """The facts of *model*.

        Raises:
            NotFound: there is no such model.
        """
        info = self.engine.info()
        name = model_id(info.model)
        if model_id(model).casefold() not in (name.casefold(), "default"):
            makes_vectors = self.embedder and model.casefold() in self.embedder.aliases
            code = "api_only_vectors" if makes_vectors else "api_model_unknown"
            raise NotFound(code, model=model[:80], served=name)
        return replace(info, model=name)

    def list_models(self, created: int) -> list[dict[str, Any]]:
        """The entries of ``/v1/models``.

        Raises:
            EngineError: there is neither a language model now, nor one for vectors.
        """
        beside = [embedding_entry(self.embedder, created)] if self.embedder else []
        try:
            return models(self.engine.info(), created) + beside
        except EngineError:
            if not beside:
                raise
            return beside

    def describe_model(self, name: str, created: int) -> dict[str, Any]:
        """The entry of ``/v1/models/NAME``.

        Raises:
            NotFound: there is no such model.
        """
        if self.embedder and name.casefold() in self.embedder.aliases - {"default"}:
            return embedding_entry(self.embedder, created)
        return models(self.find_model(name), created)[0]

    def chat(self, body: ChatCompletionBody | ResponseBody) -> tuple[Completion, str]:
        """Begin the answer to a conversation; returns it with the name of its model.

        Raises:
            EngineChanged: the model was changed twice meanwhile.
        """
        info = self.find_model(body.model)
        try:
            return self._begin_chat(body, info), info.model
        except EngineChanged:  # while the prompt was made
            info = self.find_model(body.model)
            return self._begin_chat(body, info), info.model

    def _begin_chat(self, body: ChatCompletionBody | ResponseBody, info: EngineInfo) -> Completion:
        messages, box = body.chat_messages(), body.toolbox().on(info)
        is_native = info.engine == "openai"
        prompt = assemble(info, messages if is_native else box.write_into(messages))
        if not any(message.content.strip() or message.calls for message in messages):
            raise BadRequest("api_text_empty", field=body.text_field, name=body.text_field)
        sampling = box.sampling(body.sampling(self.sampling), native=is_native)

        def begin(sampling: Sampling) -> Completion:
            completion = self._begin(prompt, sampling, body, body.text_field)
            answer = ThinkingCompletion(completion, prompt)
            return answer if is_native else box.read(answer)

        several = body.each(sampling) if isinstance(body, ChatCompletionBody) else [sampling]
        try:
            return CompletionSeries([partial(begin, each) for each in several])
        except BadRequest as error:
            if error.field == "response_format":
                error.field = "tools" if box.is_forced else body.schema_field
            raise

    def complete(self, body: CompletionBody) -> tuple[Completion, int]:
        """Begin the completions of one or several prompts; returns them with their number."""
        prompts = body.prompts()
        several = body.each(body.sampling(self.sampling))
        begin = [
            partial(self._begin, prompt, sampling, body, "prompt")
            for prompt in prompts
            for sampling in several
        ]
        return CompletionSeries(begin), len(begin)

    def embed(self, body: EmbeddingBody, has_left: Callable[[], bool]) -> dict[str, Any]:
        """The vectors of the body's texts."""
        maker = choose_vectors(body.model, self.embedder, self.engine, self.find_model)
        make = partial(maker.make, query=body.input_type == "query", has_left=has_left)
        texts = body.texts()
        if body.dimensions:  # checked on one text, before a thousand are computed for nothing
            require_width(make(texts[:1])[0], body.dimensions)
        vectors, tokens = make(texts)
        return embeddings(vectors, maker.name, tokens, body.encoding_format)

    def _begin(
        self, prompt: Prompt, sampling: Sampling, body: GenerationBody, field: str
    ) -> Completion:
        """Begin to answer *prompt*, which came in *field* of the request."""
        try:
            return self.engine.generate(prompt, sampling, conversation=body.prompt_cache_key)
        except BadRequest as error:
            error.field = error.field or field
            raise


def openai_blueprint(
    engine: Engine,
    database: Database,
    rates: RateLimits,
    sampling: Sampling,
    embedder: TextEmbedder | None = None,
) -> Blueprint:
    """Routes of ``/v1``. *embedder* makes vectors beside the engine."""
    bp = Blueprint("openai", __name__, url_prefix="/v1")
    beside = ModelVectors(embedder) if embedder else None
    api = ModelApi(engine, database, rates, sampling, beside)

    _register_entry(bp, api)

    @bp.post("/chat/completions")
    def chat() -> Response:
        body = read_application_body(request, ChatCompletionBody)
        completion, model = api.chat(body)
        return _answer(completion, body, Reply(model, chat=True, count=body.n, each=body.n))

    @bp.post("/responses")
    def respond() -> Response:
        body = read_application_body(request, ResponseBody)
        completion, model = api.chat(body)
        return _answer(completion, body, ResponseReply(model, body.repeated()))

    @bp.post("/completions")
    def complete() -> Response:
        body = read_application_body(request, CompletionBody)
        info = api.find_model(body.model)
        completion, count = api.complete(body)
        reply = Reply(info.model, chat=False, count=count, each=body.n)
        return _answer(completion, body, reply)

    @bp.post("/embeddings")
    def embed() -> Response:
        body = read_application_body(request, EmbeddingBody)
        return jsonify(api.embed(body, disconnect_check(request)))

    _register_models(bp, api)
    _register_errors(bp)
    return bp


def _register_entry(bp: Blueprint, api: ModelApi) -> None:
    """Before each request: answer what asks for methods, bound bodies, and check the key."""

    @bp.before_request
    def enter() -> Response | None:
        method = _method_of(request.path.removeprefix("/v1/"))
        if request.method == "OPTIONS" and method:
            return Response(status=204, headers={"Allow": f"{method}, OPTIONS"})
        is_batch = request.endpoint == "openai.embed"
        request.max_content_length = BATCH_BYTES if is_batch else BODY_BYTES
        api.check_key()
        return None


def _method_of(path: str) -> str | None:
    """The method that *path* is asked with; None where nothing is there."""
    return "GET" if path.startswith("models/") else ALLOWED.get(path)


def _register_models(bp: Blueprint, api: ModelApi) -> None:
    start_time = int(time.time())

    @bp.get("/models")
    def list_models() -> Response:
        return jsonify(object="list", data=api.list_models(start_time))

    @bp.get("/models/<path:name>")
    def show_model(name: str) -> Response:
        return jsonify(api.describe_model(name, start_time))

    @bp.route("/", defaults={"path": ""}, methods=METHODS, strict_slashes=False)
    @bp.route("/<path:path>", methods=METHODS)
    def nothing(path: str) -> Response:
        where = f"/v1/{path}"[:80]
        if method := _method_of(path):
            raise MethodNotAllowed(valid_methods=[method])
        raise NotFound("api_no_route", method=request.method, path=where)


def _answer(completion: Completion, body: GenerationBody, reply: Reply | ResponseReply) -> Response:
    if not body.stream:
        has_left = disconnect_check(request)
        events = listen(completion, has_left)
        try:
            return jsonify(reply.whole(event for event in events if event))
        except EngineError:
            if has_left():  # no fault of the engine, and nobody to be told
                return Response(status=CLIENT_LEFT)
            raise
        finally:
            completion.close()
    return follow(completion, reply, with_usage=body.with_usage, language=language_of(request))


def _register_errors(bp: Blueprint) -> None:
    @bp.errorhandler(ChatbotError)
    def chatbot_error(error: ChatbotError) -> Response:
        if error.status >= 500:
            logger.warning("%s: %s", error.code, error)
        response = jsonify(problem(error, language_of(request)))
        response.status_code = error.status
        if error.retry_seconds:
            response.headers["Retry-After"] = str(error.retry_seconds)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @bp.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code == 413:
            limit = request.max_content_length
            return chatbot_error(TooLarge("body_too_large", field="body", limit=limit))
        if not isinstance(error, MethodNotAllowed):
            response = chatbot_error(BadRequest("api_not_object", field="body"))
        else:
            methods, path = ", ".join(error.valid_methods or ()), request.path[:80]
            response = chatbot_error(
                BadRequest("api_method", method=request.method, path=path, allowed=methods)
            )
            if methods:
                response.headers["Allow"] = methods
        response.status_code = error.code or 500
        return response

    @bp.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        logger.exception("unexpected error in %s", request.url_rule, exc_info=error)
        return chatbot_error(ChatbotError("internal"))
