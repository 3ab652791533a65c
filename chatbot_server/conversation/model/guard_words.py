"""The words by which the guard reads a sentence of a model: one data file for each language.

A visitor may be answered in another language than that of the pages, and a model may mix both.
The words of all languages are therefore looked for in every sentence.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from chatbot_server.resources import read_yaml_files
from chatbot_server.retrieval.language.language_file import Phrases
from chatbot_server.retrieval.language.text import BLANKS_RUN


class GuardWords(BaseModel):
    """The words of one language.

    Attributes:
        contrasts: begin a clause that says something else: “whereas”.
        exceptions: begin a clause that is an exception: “but”.
        joints: join two statements, which may each have figures: “and”.
        titles: come before the name of a person.
        comparisons: occur in sentences that compute or compare several figures.
        private: what visitors should tell no chatbot: “password”.
        asks: ask for what is *private*.
        logs_in, logs_in_at: “sign in”, “here”.
        calls: ask to call a number.
        pays, pays_how: “pay”, “immediately”.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contrasts: Phrases
    exceptions: Phrases
    joints: Phrases
    titles: Phrases
    comparisons: Phrases
    private: Phrases
    asks: Phrases
    logs_in: Phrases
    logs_in_at: Phrases
    calls: Phrases
    pays: Phrases
    pays_how: Phrases


_RECORDS = [
    GuardWords.model_validate(record)
    for record in read_yaml_files(__package__, "guard_words_of").values()
]


def _any_of(*fields: str) -> str:
    """A pattern for any word of *fields*, in any language."""
    words = (word for record in _RECORDS for field in fields for word in getattr(record, field))
    return f"(?:{'|'.join(dict.fromkeys(words))})"


_BEFORE = rf"(?:,\s+|{BLANKS_RUN})"
# Where another statement begins: at a contrast, or at a comma that is not in a number.
CONTRAST = re.compile(
    rf"(?:{BLANKS_RUN})?[;:]\s+"
    rf"|{_BEFORE}{_any_of('exceptions', 'contrasts')}\s+"
    r"|,\s+(?!\d)",
    re.IGNORECASE,
)
EXCEPTION = re.compile(rf"{_BEFORE}{_any_of('exceptions')}\s+", re.IGNORECASE)
JOINT = re.compile(rf"{BLANKS_RUN}(?:{_any_of('joints')}|–|—)\s+", re.IGNORECASE)
PERSON = re.compile(rf"\b(?:{_any_of('titles')}|[A-ZÀ-Þ][\w’-]*)\.? ([A-ZÀ-Þ][\w’-]+)")
COMPARISON = re.compile(rf"\b{_any_of('comparisons')}\b")
# Numbers that cost much to call.
_COSTLY_NUMBER = r"(?:\+\d{1,3}[ .-]?9\d\d\b|\b0?(?:89\d|90\d)\b)"
# What no site asks for through a chatbot, whatever its pages say.
DEMAND = re.compile(
    rf"\b{_any_of('asks')}\b.{{0,60}}\b{_any_of('private')}\b"
    rf"|\b{_any_of('logs_in')}\b.{{0,20}}\b{_any_of('logs_in_at')}\b"
    rf"|\b{_any_of('calls')}\b.{{0,20}}{_COSTLY_NUMBER}"
    rf"|\b{_any_of('pays')}\b.{{0,30}}\b{_any_of('pays_how')}\b"
)
