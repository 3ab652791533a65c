"""The libraries alone, to compare with, each in a bare process.

Run as a program, this file reads one JSON request a line and answers each with one line. Nothing
of the engine stands between the library and the clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbot_server.engine.ctransformers.library import library_variant
from chatbot_server.engine.tokenizers import make_tokenizer
from chatbot_server.engine.tokenizers.prompts import PromptEncoder
from chatbot_server.models.files.inspect import inspect_model
from chatbot_server.models.files.prepare import prepare_model
from chatbot_server.models.files.vocabulary import load_tokenizer
from chatbot_server.prompt.base import Prompt

CONTEXT = 2048
BATCH = 32  # engine.batch_size


class LibraryProcess:
    """This file as a program, asked by its parent."""

    def __init__(self, library: str, file: Path, threads: int, slots: int) -> None:
        arguments = [library, str(file), str(threads), str(slots)]
        self._process = subprocess.Popen(
            [sys.executable, __file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._read_answer()

    def ask(self, **request: object) -> Any:
        """The answer to one request."""
        assert self._process.stdin is not None  # it is a pipe
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read_answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _read_answer(self) -> Any:
        assert self._process.stdout is not None  # it is a pipe
        return json.loads(self._process.stdout.readline())


def main() -> None:
    """Load the library's model, then answer requests until the input ends."""
    library, file, threads, slots = sys.argv[1:5]
    load = LOADERS[library]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    answer = load(Path(file), int(threads), int(slots))
    print("{}", file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=out, flush=True)


def load_ctransformers(file: Path, threads: int, _slots: int) -> Callable[[Any], Any]:
    """One prompt at a time: evaluate it, then sample and evaluate token by token."""
    from ctransformers import LLM  # type: ignore[import-untyped]
    from ctransformers.llm import Config  # type: ignore[import-untyped]

    model = prepare_model(inspect_model(file), Path(tempfile.gettempdir()) / "chatbot-bench")
    tokenizer = make_tokenizer(load_tokenizer(model))
    encoder = PromptEncoder(tokenizer)
    config = Config(context_length=CONTEXT, threads=threads, batch_size=BATCH)
    llm = LLM(str(model.path), model.file.architecture, config=config, lib=library_variant())

    def answer(request: Any) -> Any:
        ids = encoder.encode(Prompt.from_json(request["prompt"]))
        llm.reset()
        began = time.monotonic()
        llm.eval(ids)
        read = time.monotonic() - began
        count = 0
        token = llm.sample(top_k=1, repetition_penalty=1.0)
        while count < request["tokens"] and token not in tokenizer.end_ids:
            count += 1
            llm.eval([token])
            token = llm.sample(top_k=1, repetition_penalty=1.0)
        write = time.monotonic() - began - read
        return {"read_speed": len(ids) / read, "write_speed": count / write}

    return answer


def load_llama_cpp_python(file: Path, threads: int, _slots: int) -> Callable[[Any], Any]:
    """As with ctransformers; its own settings otherwise."""
    from llama_cpp import Llama  # type: ignore[import-not-found]

    llm = Llama(str(file), n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False)

    def answer(request: Any) -> Any:
        text = "".join(segment.text for segment in Prompt.from_json(request["prompt"]).segments)
        ids = llm.tokenize(text.encode(), add_bos=False, special=True)
        llm.reset()
        began = time.monotonic()
        llm.eval(ids)
        # The library computes while it is asked for the result, not before.
        token = llm.sample(temp=0)
        read = time.monotonic() - began
        count = 0
        while count < request["tokens"] and token != llm.token_eos():
            count += 1
            llm.eval([token])
            token = llm.sample(temp=0)
        write = time.monotonic() - began - read
        return {"read_speed": len(ids) / read, "write_speed": count / write}

    return answer


def load_xllamacpp(file: Path, threads: int, slots: int) -> Callable[[Any], Any]:
    """Prompts at once, as llama.cpp's own server takes them."""
    import xllamacpp  # type: ignore[import-untyped]

    folder = tempfile.TemporaryDirectory(prefix="chatbot-bench-")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.n_ctx, parameters.n_parallel = CONTEXT * slots, slots
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.hostnames = [f"{folder.name}/library.sock"]
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)

    def answer(request: Any, _keep: Any = folder) -> Any:
        results: list[dict[str, float]] = []

        def ask(text: str) -> None:
            results.append(_ask_xllamacpp(server, text, request["tokens"]))

        askers = [threading.Thread(target=ask, args=(text,)) for text in request["texts"]]
        began = time.monotonic()
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        total = sum(result["tokens"] for result in results)
        return {
            "speed": total / (time.monotonic() - began),
            "first": sorted(result["first"] for result in results),
        }

    return answer


def _ask_xllamacpp(server: Any, text: str, tokens: int) -> dict[str, float]:
    began = time.monotonic()
    times: list[float] = []
    last: dict[str, Any] = {}

    def hear(chunk: Any) -> bool:
        times.append(time.monotonic() - began)
        last.update(chunk)
        return False

    body = {
        "prompt": text,
        "max_tokens": tokens,
        "temperature": 0,
        "top_k": 1,
        "repeat_penalty": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    server.handle_completions(body, hear)
    return {"first": times[0], "tokens": last["usage"]["completion_tokens"]}


LOADERS = {
    "ctransformers": load_ctransformers,
    "llama_cpp": load_llama_cpp_python,
    "xllamacpp": load_xllamacpp,
}

if __name__ == "__main__":
    main()
