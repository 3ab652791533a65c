"""Chat formats: one data file each in ``formats/``, and how a conversation is written in one.

A new family is a new data file, and a case file among the tests. Its keys::

    source: where the facts come from
    bos: true | false | null           begin with BOS; null: as the model file says
    prefix: text before everything
    system, user, assistant:           the text around a message of that role
      {before: "", after: "", inside: false, finish: ""}
    default_system: said where the conversation has no system message; null: no such message then
    generate: what the model's answer is written after
    stop: [strings that end an answer]
    match: {names: regular expression, architectures: [], template: [], without: [], priority: 0}

``inside`` puts the system text in the first user message; ``finish`` is added to one
that does not end with punctuation. ``generate`` must be what an earlier answer begins
with, so that a prompt only ever grows at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from chatbot_server.errors import ConfigError
from chatbot_server.prompt.base import Message, Prompt, Segment
from chatbot_server.resources import read_yaml_files

FALLBACK = "plain"
TEMPLATE = "template"  # the model file's own chat template
SENTENCE_ENDS = (".", "!", "?", "…", ":", "。", "！", "？", "؟", "।")


@dataclass(frozen=True)
class MessageMarkup:
    """The text around a message of one role."""

    before: str = ""
    after: str = ""
    inside: bool = False
    finish: str = ""


@dataclass(frozen=True)
class Match:
    """How a model of this family is recognised.

    Attributes:
        names: a regular expression for the model's name.
        template: what its chat template holds, all of it.
        without: what marks the templates of others that hold it too.
    """

    names: str = ""
    architectures: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    priority: int = 0

    def fits(self, chat_template: str) -> bool:
        """Whether *chat_template* is of this family."""
        text = chat_template.replace("\\n", "\n")  # line feeds are written either way
        has_markers = bool(self.template) and all(marker in text for marker in self.template)
        return has_markers and not any(marker in text for marker in self.without)


@dataclass(frozen=True)
class ChatFormat:
    """A family's way of writing a conversation."""

    name: str
    system: MessageMarkup
    user: MessageMarkup
    assistant: MessageMarkup
    generate: str
    prefix: str = ""
    default_system: str | None = None
    stop: tuple[str, ...] = ()
    bos: bool | None = None
    source: str = ""
    match: Match = field(default_factory=Match)


@cache
def all_formats() -> Mapping[str, ChatFormat]:
    """Every family by name."""
    records = read_yaml_files("chatbot_server.prompt", "formats")
    return {name: parse_format(name, record) for name, record in records.items()}


def parse_format(name: str, record: dict[str, Any]) -> ChatFormat:
    """A data file's contents.

    Raises:
        TypeError: a key is missing or unknown.
    """
    roles = ("system", "user", "assistant")
    values: dict[str, Any] = {role: MessageMarkup(**record[role]) for role in roles}
    match: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in record.get("match", {}).items()
    }
    values |= {"match": Match(**match), "stop": tuple(record.get("stop", ()))}
    return ChatFormat(name=name, **{**record, **values})


def get_format(name: str) -> ChatFormat:
    """The family *name*.

    Raises:
        ConfigError: there is none of that name (it comes from ``engine.family``).
    """
    try:
        return all_formats()[name]
    except KeyError as error:
        families = ", ".join((*all_formats(), TEMPLATE))
        raise ConfigError("prompt_family_unknown", name=name, known=families) from error


def pick_format(architecture: str, chat_template: str | None, name: str) -> str:
    """The family of a model: by its template, else its name, else its architecture.

    A template that no family knows is used itself (``template``); a model that nothing
    is known of is asked in the ``plain`` way.
    """
    forms = sorted(all_formats().values(), key=lambda form: -form.match.priority)
    if chat_template:
        return next((form.name for form in forms if form.match.fits(chat_template)), TEMPLATE)
    plain_name = name.lower().replace(" ", "-")
    for form in forms:
        if form.match.names and re.search(form.match.names, plain_name):
            return form.name
    return next((f.name for f in forms if architecture in f.match.architectures), FALLBACK)


def render(form: ChatFormat, messages: Sequence[Message]) -> Prompt:
    """Write *messages* in *form*. Only the format's own text is trusted."""
    spoken_messages = [message for message in messages if message.role != "system"]
    opening = _opening(form, messages)
    writer = _SegmentWriter()
    writer.add(form.prefix, trusted=True)
    if not form.system.inside:
        writer.extend(opening)
        opening = []
    elif opening and not any(message.role == "user" for message in spoken_messages):
        spoken_messages.insert(0, Message("user", ""))
    for message in spoken_messages:
        markup = form.user if message.role == "user" else form.assistant
        writer.add(markup.before, trusted=True)
        if message.role == "user":
            writer.extend(opening)
            opening = []
        writer.add(message.content, trusted=False)
        if markup.finish and not message.content.rstrip().endswith(SENTENCE_ENDS):
            writer.add(markup.finish, trusted=True)
        writer.add(markup.after, trusted=True)
    writer.add(form.generate, trusted=True)
    return Prompt(tuple(messages), tuple(writer.segments), form.stop, form.bos)


def _opening(form: ChatFormat, messages: Sequence[Message]) -> list[Segment]:
    """The instructions with the text around them; empty without instructions."""
    instructions = "\n\n".join(m.content for m in messages if m.role == "system")
    if not instructions and form.default_system is None:
        return []
    return [
        Segment(form.system.before, trusted=True),
        Segment(instructions or form.default_system or "", trusted=not instructions),
        Segment(form.system.after, trusted=True),
    ]


class _SegmentWriter:
    """Builds segments: adjacent text of the same trust is joined.

    The space before an untrusted text goes with it: « USER: » + « Hello » are the tokens
    ``USER :`` + ``▁Hello`` in training, never ``▁`` alone. A space is no control token.
    """

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def extend(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            self.add(segment.text, trusted=segment.trusted)

    def add(self, text: str, *, trusted: bool) -> None:
        if not text:
            return
        last = self.segments[-1] if self.segments else None
        if not trusted and last and last.trusted and last.text.endswith(" "):
            self.segments.pop()
            self.add(last.text[:-1], trusted=True)
            text = " " + text
        if self.segments and self.segments[-1].trusted == trusted:
            text = self.segments.pop().text + text
        self.segments.append(Segment(text, trusted))
