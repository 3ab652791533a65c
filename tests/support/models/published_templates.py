"""Chat templates as published, and what they write when nothing but Jinja runs them.

They are inside llama-cpp-python's source package, which is fetched once and never installed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chatbot_server.prompt.base import Message

PACKAGE = "llama_cpp_python==0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
FOLDER = "/vendor/llama.cpp/models/templates/"
PATIENCE = 400  # seconds: the package is large, and pip builds its metadata
EOS = "</s>"


def published_templates(cache_folder: Path) -> dict[str, str]:
    """Every template by its name; skips the test where the package cannot be had."""
    folder = cache_folder / PACKAGE.replace("==", "-templates-")
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)  # of a run that was cut off
        part.mkdir()
        _extract(_fetch(part), part)
        part.replace(folder)
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.jinja"))}


def _fetch(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
    # Only of this package the source: what builds its metadata need not be built itself.
    source = ["--no-binary", PACKAGE.split("==")[0]]
    try:
        subprocess.run(
            [*command, *source, PACKAGE],
            check=True, capture_output=True, timeout=PATIENCE,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        shutil.rmtree(folder)
        pytest.skip(f"pip cannot fetch the source of {PACKAGE}, which holds the templates: {error}")
    return next(folder.glob("*.tar.gz"))


def _extract(package: Path, folder: Path) -> None:
    assert hashlib.sha256(package.read_bytes()).hexdigest() == SHA256
    with tarfile.open(package) as archive:
        for member in archive:
            if FOLDER in member.name and member.name.endswith(".jinja"):
                file = archive.extractfile(member)
                assert file
                (folder / Path(member.name).name).write_bytes(file.read())
    package.unlink()


class _Generation(Extension):
    """transformers' tag around what a model is trained on, kept as a call as it is there."""

    tags = {"generation"}  # noqa: RUF012 – as Jinja declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller: Any) -> str:
        return str(caller())


def plain_rendering(template: str, messages: list[Message]) -> str | None:
    """What *template* writes, without BOS; None where it refuses the conversation."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
    )
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0)

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    environment.globals.update(raise_exception=refuse, strftime_now=midnight.strftime)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    try:
        text = environment.from_string(template).render(
            messages=[{"role": m.role, "content": m.content} for m in messages],
            add_generation_prompt=True, bos_token="<bos>", eos_token=EOS,
            tools=None, enable_thinking=False,
        )  # fmt: skip
    except (jinja2.TemplateError, TypeError):
        return None
    return text.removeprefix("<bos>")
