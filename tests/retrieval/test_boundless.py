"""Text made to take for ever is read in time that grows with its length only."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.patience import LONG

# Read by what reads every page; hours, where time grows with the square of the length.
READ = """
import sys
from chatbot_server.retrieval import acronyms, chunks
text = sys.argv[1] * int(sys.argv[2])
chunks.split(text)
acronyms.definitions(text)
"""


@pytest.mark.parametrize(("part", "times"), [("M. ", 600_000), ("a", 1_800_000)])
def test_a_page_of_two_megabytes_is_indexed_whatever_it_repeats(part: str, times: int) -> None:
    subprocess.run([sys.executable, "-c", READ, part, str(times)], check=True, timeout=LONG)
