"""What a file is called, and the document made of it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from chatbot_server.retrieval.language.text import BLANKS_RUN
from chatbot_server.retrieval.read.document import CUT_TEXT, Result, Unreadable, document
from chatbot_server.retrieval.read.files.writer import MarkdownWriter

# What programs put there by themselves.
_PROGRAMS_OWN = re.compile(
    r"(?:microsoft (?:word|excel|powerpoint)(?: - .*)?|(?:powerpoint presentation"
    r"|présentation powerpoint|diapositive|slide|document|untitled(?: document)?|unknown(?: title)?"
    r"|(?:document )?sans (?:titre|nom)|ohne titel"
    r"|sin título|unbenannt|\(?(?:anonymous|unspecified)\)?"
    r"|titre|title|book|classeur|mappe|libro|feuil(?:le)?|sheet|tabelle|blatt|hoja|foglio)[\s-]*\d*)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r".*\.(?:docx?|dotx?|odt|ods|odp|xlsx?|pptx?|epub|pdf|indd|rtf|txt|md|qxp|pages|html?)",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[_+\s]+|(?<=\w)-(?=\w)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_COPY = re.compile(rf"(?:{BLANKS_RUN})?\(\d{{1,2}}\)$")


def one_document(
    writer: MarkdownWriter, name: str, own_title: str = "", notice: str = ""
) -> Result:
    """The one document of a file called *name*, which calls itself *own_title*.

    *notice* is the code of a sentence about what was not read.

    Raises:
        Unreadable: there is no text in it.
    """
    text = writer.text
    if not text:
        raise Unreadable("extract_no_text")
    title = title_of(name, own_title, writer.first_heading)
    notice = notice or (CUT_TEXT if writer.is_full else "")
    return {"documents": [document(title, text)], "notice": notice}


def title_of(name: str, own_title: str, heading: str) -> str:
    """The title that a file has of its own, else its first heading, else its name."""
    own_title = " ".join(_CONTROL.sub(" ", own_title).split())
    return ("" if is_made_up(own_title) else own_title) or heading or readable_name(name)


def is_made_up(title: str) -> bool:
    """Whether a program gave the *title*, not a person: “Feuil1”, “Microsoft Word - a.docx”."""
    return bool(_PROGRAMS_OWN.fullmatch(title) or _FILE_NAME.fullmatch(title))


def readable_name(name: str) -> str:
    """The name of a file as words: “house-rules_2026 (1).pdf” is “House rules 2026”."""
    stem = PurePosixPath(unquote(name)).stem
    words = " ".join(_SEPARATORS.sub(" ", _COPY.sub("", stem)).split())
    return words[:1].upper() + words[1:]
