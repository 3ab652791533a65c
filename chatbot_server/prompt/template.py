"""A model file's own chat template, learned as data instead of trusted as a program.

At first use the template is run a few times, in a process with limits, on conversations
of placeholders. From what it put around them a :class:`ChatFormat` is made, which must
then write those conversations exactly as the template did. Afterwards the template never
runs again, what a visitor wrote never passes through it, and prompts grow at their end.
A template that does more than put text around messages (system text in the last question,
for one) is run for every prompt, still on placeholders and in that process.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from chatbot_server.errors import ModelError
from chatbot_server.processes.json_line_child import ChildFailed, JsonLineChild
from chatbot_server.prompt.base import Message, Prompt, Segment
from chatbot_server.prompt.formats import ChatFormat, MessageMarkup, render

SECONDS = 60  # of waiting, on a busy machine
PROCESSOR_SECONDS = 2
MEMORY_BYTES = 512 << 20
MAX_TEMPLATE = 200_000
BOS = "Bos7f3aMarker"

_Render = tuple[list[dict[str, str]], bool]


def render_template(template: str, eos: str, messages: Sequence[Message]) -> Prompt:
    """Write *messages* as *template* would; only the template's own text is trusted.

    Raises:
        ModelError: the template is broken, endless, or reaches for what it must not.
    """
    form = learn_template(template, eos)
    if form:
        return render(form, messages)
    contents = [message.content for message in messages]
    stand_ins = [{"role": m.role, "content": _placeholder(i)} for i, m in enumerate(messages)]
    texts, reason = _run(template, eos, [(stand_ins, True)], _today())
    if texts[0] is None or _placeholder(len(contents) - 1) not in texts[0]:
        raise ModelError("prompt_template_broken", reason=_printable(reason or "a message is lost"))
    text = texts[0].removeprefix(BOS)
    parts = re.split(r"Said(\d+)Here7f3a", text.replace(BOS, ""))
    segments = [
        Segment(contents[int(part)] if index % 2 else part, trusted=index % 2 == 0)
        for index, part in enumerate(parts)
    ]
    non_empty = tuple(segment for segment in segments if segment.text)
    bos = texts[0].startswith(BOS) or None
    return Prompt(tuple(messages), non_empty, (eos,) if eos else (), bos)


def learn_template(template: str, eos: str) -> ChatFormat | None:
    """The chat format of *template*; None where it must be run for each prompt.

    Raises:
        ModelError: as for :func:`render_template`. Failures are remembered, too.
    """
    form = _learn(template, eos, _today())
    if isinstance(form, ModelError):
        raise ModelError(form.code, reason=form.values.get("reason"))
    return form


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()


def _placeholder(index: int) -> str:
    return f"Said{index}Here7f3a"


def _conversation(roles: str) -> list[dict[str, str]]:
    """``s``, ``u`` and ``a`` become messages with placeholders, numbered from 0."""
    names = {"s": "system", "u": "user", "a": "assistant"}
    return [{"role": names[r], "content": _placeholder(i)} for i, r in enumerate(roles)]


@lru_cache(maxsize=8)
def _learn(template: str, eos: str, today: str) -> ChatFormat | ModelError | None:
    """Cached for a day, because some templates contain the date."""
    probes = ["u", "uau", "uauau", "su", "suau", "suauau"]
    orders: list[_Render] = [(_conversation(roles), True) for roles in probes]
    orders += [(_conversation("u"), False), (_conversation("ua"), False)]
    try:
        texts, reason = _run(template, eos, orders, today)
    except ModelError as error:
        return error
    if texts[0] is None:
        return ModelError("prompt_template_broken", reason=_printable(reason))
    examples = [text for text in texts if text is not None]
    if len(examples) < len(texts):  # no system role: its text goes into the first question
        has_last_two = texts[-1] is not None and texts[-2] is not None
        examples = examples[:3] + examples[-2:] if has_last_two else []
    try:
        form = _derive(examples, eos)
    except ValueError:
        return None
    texts_by_roles = dict(zip(probes, texts, strict=False))
    is_same = all(_writes(form, roles, text) for roles, text in texts_by_roles.items())
    return form if is_same else None


def _derive(texts: list[str], eos: str) -> ChatFormat:
    """The text around each role, found by subtraction.

    Raises:
        ValueError: the texts are not made that simply.
    """
    if len(texts) not in (5, 8):
        raise ValueError("no plain conversation")
    bos = all(text.startswith(BOS) for text in texts)
    texts = [text.removeprefix(BOS) for text in texts]
    if any(BOS in text for text in texts):
        raise ValueError("BOS within")
    start, before_answer, between, last = _split(texts[1], 3)
    user_after = _split(texts[-2], 1)[1]
    answer_after = _split(texts[-1], 2)[2]
    user = MessageMarkup(_without(between, start=answer_after), user_after)
    assistant = MessageMarkup(_without(before_answer, start=user_after), answer_after)
    opening = _without(start, end=user.before)
    prefix, system, default = opening, MessageMarkup("", "\n\n", inside=True), None
    if len(texts) == 8:
        before, after = _split(texts[3], 2)[:2]
        prefix, system, default = _system(opening, user.before, before, after)
    return ChatFormat(
        name="template", system=system, user=user, assistant=assistant,
        generate=_without(last, start=user_after), prefix=prefix, default_system=default,
        stop=tuple({t.strip(): None for t in (answer_after, eos, user.before) if t.strip()}),
        bos=True if bos else None,
    )  # fmt: skip


def _system(
    opening: str, user: str, before: str, after: str
) -> tuple[str, MessageMarkup, str | None]:
    """Prefix, text around the instructions, and the template's own instructions."""
    if not after.endswith(user):  # they stand in the first question
        return (
            opening,
            MessageMarkup(_without(before, start=opening + user), after, inside=True),
            None,
        )
    end = after.removesuffix(user)
    if before.startswith(opening):
        return opening, MessageMarkup(before.removeprefix(opening), end), None
    return "", MessageMarkup(before, end), _without(_without(opening, start=before), end=end)


def _split(text: str, count: int) -> list[str]:
    """The text around *count* placeholders, each of which must be there once and in order."""
    parts = re.split("|".join(_placeholder(index) for index in range(count)), text)
    whole = "".join(
        part + (_placeholder(index) if index < count else "") for index, part in enumerate(parts)
    )
    if len(parts) != count + 1 or whole != text:
        raise ValueError("placeholders moved")
    return parts


def _without(text: str, *, start: str = "", end: str = "") -> str:
    if not (text.startswith(start) and text.endswith(end) and len(text) >= len(start + end)):
        raise ValueError("not a plain sum")
    return text[len(start) : len(text) - len(end)]


def _writes(form: ChatFormat, roles: str, text: str | None) -> bool:
    if text is None:
        return "s" in roles
    messages = [Message(m["role"], m["content"]) for m in _conversation(roles)]  # type: ignore[arg-type]
    segments = render(form, messages).segments
    return "".join(segment.text for segment in segments) == text.removeprefix(BOS)


def _run(
    template: str, eos: str, renders: list[_Render], today: str
) -> tuple[list[str | None], str]:
    if len(template) > MAX_TEMPLATE:
        raise ModelError("prompt_template_slow")
    request = {"template": template, "bos": BOS, "eos": eos, "today": today, "renders": renders}
    child = JsonLineChild(
        "chatbot_server.prompt.template_child",
        memory_bytes=MEMORY_BYTES,
        processor_seconds=PROCESSOR_SECONDS,
    )
    try:
        answer = child.ask(request, SECONDS)
    except ChildFailed as error:
        raise ModelError("prompt_template_slow") from error
    finally:
        child.close()
    return answer["texts"], answer["reason"]


def _printable(reason: str) -> str:
    """A stranger's words, fit for a terminal."""
    return "".join(char for char in reason if char.isprintable())[:200]
