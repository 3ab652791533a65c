"""What a start does before the server is there: under load, each of its seconds is many."""

from __future__ import annotations

import subprocess
import sys

PREPARES = ("service.prepare", "accounts.service", "web.snippet")
# What answers need, downloads, and the demo site when it is made.
NOT_NEEDED = (
    "chatbot_server.conversation.turn",
    "chatbot_server.retrieval.index.indexing",
    "chatbot_server.retrieval.language.languages",
    "httpx",
)


# What only downloads and pages with a chat's text need.
NOT_NEEDED_BY_WEB = ("httpx", "markdown_it")


def test_the_web_server_imports_nothing_before_it_is_ready_that_single_pages_need() -> None:
    program = "import sys, chatbot_server.app; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert not set(NOT_NEEDED_BY_WEB) & set(done.stdout.split())


def test_the_preparation_of_a_start_imports_nothing_that_only_answers_need() -> None:
    imports = ", ".join(f"chatbot_server.{name}" for name in PREPARES)
    program = f"import sys, {imports}; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert not set(NOT_NEEDED) & set(done.stdout.split())
