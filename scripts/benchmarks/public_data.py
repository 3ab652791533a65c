"""The public data that some benchmarks measure on; the project does not hold it.

One folder with ``cnil-faq/documents.jsonl`` and ``cnil-faq/questions.jsonl`` (the FAQ of the CNIL,
and questions to it, as ``chatbot-server knowledge eval`` reads them), and ``xquad.en.json`` (the
English part of XQuAD, as published).
"""

from __future__ import annotations

import argparse
from pathlib import Path

DOCUMENTS = "cnil-faq/documents.jsonl"
QUESTIONS = "cnil-faq/questions.jsonl"
XQUAD = "xquad.en.json"


def add_data_argument(parser: argparse.ArgumentParser, *files: str) -> None:
    """Make the folder of public data, which must hold *files*, an argument called ``data``."""

    def folder(text: str) -> Path:
        missing = [name for name in files if not (Path(text) / name).is_file()]
        if missing:
            raise argparse.ArgumentTypeError(f"there is no {' and no '.join(missing)} in {text}")
        return Path(text)

    parser.add_argument("data", type=folder, help=f"a folder with {', '.join(files)}")
