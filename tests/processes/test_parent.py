"""A child ends with its parent, also where that was gone before the child could look."""

from __future__ import annotations

import os
import subprocess
import sys

from support.patience import LONG

from chatbot_server.processes.parent import PARENT

CHILD = """
import os
from chatbot_server.processes.parent import PARENT, end_with_parent
end_with_parent()
print("lives", os.environ.get(PARENT))
"""


def run_child(variables: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    return done.returncode, done.stdout.strip()


def test_a_child_whose_parent_is_gone_before_it_looks_ends() -> None:
    assert run_child({PARENT: str(os.getppid())}) == (1, "")  # another than who started it


def test_a_child_of_a_living_parent_goes_on_and_tells_its_own_children_nothing() -> None:
    assert run_child({PARENT: str(os.getpid())}) == (0, "lives None")
    assert run_child({}) == (0, "lives None")
