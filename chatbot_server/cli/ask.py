"""``chatbot-server ask``: one answer in the terminal, as it is written."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from typing import Any

import click

from chatbot_server.app import build_knowledge, build_service
from chatbot_server.cli.context import Context
from chatbot_server.cli.options import JSON, SITE, print_json, site_id_of
from chatbot_server.conversation.events import (
    Cited,
    Ended,
    Event,
    Failed,
    Started,
    TextPiece,
    Waiting,
)
from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.errors import ModelError, NotFound, UsageError
from chatbot_server.prompt.clean import clean_text
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.why import Explanation, explain
from chatbot_server.retrieval.language.markdown import plain_text
from chatbot_server.service.prepare import engine_for
from chatbot_server.storage.knowledge.documents import has_documents
from chatbot_server.storage.site.sites import Site

# Characters that may be Markdown. What they mark is known only at the end of their line.
_MARKS = re.compile(r"[\\*_`~\[#]")

MOST_CONTENDERS = 5  # to list; further ones do not explain the answer


class PlainLines:
    """Renders an answer for the terminal, with its Markdown read line by line."""

    def __init__(self) -> None:
        self._line = ""

    def feed(self, piece: str) -> str:
        """The text that can be shown after *piece*."""
        *whole_lines, self._line = (self._line + piece).split("\n")
        text = "".join(f"{plain_text(line, addresses=True)}\n" for line in whole_lines)
        return text if _MARKS.search(self._line) else text + self.finish()

    def finish(self) -> str:
        """The rest of the answer."""
        line, self._line = self._line, ""
        return plain_text(line, addresses=True)


@click.command(help="help_ask")
@click.argument("question")
@SITE
@click.option("--why", "is_explained", is_flag=True, help="help_ask_why")
@JSON
@click.pass_obj
def ask(
    context: Context, /, question: str, key: str | None, is_explained: bool, as_json: bool
) -> None:
    """Ask as a visitor would; nothing is stored."""
    text = clean_text(question).strip()
    if not text or len(text) > context.config.limits.message_chars:
        raise UsageError("ask_length", field="QUESTION", limit=context.config.limits.message_chars)
    with context.database.session() as session:
        site = session.get_one(Site, site_id_of(context, key))
        visitor_question = VisitorQuestion(site, text, context.language, keep=False)
        if not (site.free_chat or has_documents(session, site.id)):
            values = {"name": site.name, "key": site.key, "address": site.address}
            click.echo(context.say("doctor_no_pages", **values), err=True)
    with (
        closing(build_knowledge(context.config, context.database)) as knowledge,
        closing(_events(context, knowledge, visitor_question)) as events,
    ):
        answer = {}
        if as_json:
            answer = _whole_answer(text, events)
        else:
            _show_answer(context, events)
        explanations = (
            explain(knowledge, site.id, text, (), context.language) if is_explained else []
        )
    if is_explained:
        answer["why"] = [asdict(explanation) for explanation in explanations]
    if as_json:
        print_json(answer)
        return
    for line in why_lines(context, explanations):
        click.echo(line)


def _show_answer(context: Context, events: Iterator[Event]) -> None:
    lines = PlainLines()
    for event in events:
        if isinstance(event, TextPiece):
            click.echo(lines.feed(event.text), nl=False)
        elif isinstance(event, Waiting):
            click.echo(context.say("ask_waiting", position=event.position), err=True)
        elif isinstance(event, Cited):
            click.echo(lines.finish(), nl=False)
            for source in event.items:
                click.echo(f"\n— {source.title} {source.url}".rstrip(), nl=False)
        elif isinstance(event, Failed):
            click.echo(lines.finish())
            raise event.error
    click.echo(lines.finish())


def _whole_answer(question: str, events: Iterator[Event]) -> dict[str, Any]:
    answer: dict[str, Any] = {"question": question, "answer": "", "sources": []}
    for event in events:
        if isinstance(event, TextPiece):
            answer["answer"] += event.text
        elif isinstance(event, Cited):
            answer["sources"] = [asdict(source) for source in event.items]
        elif isinstance(event, Ended):
            answer |= {"origin": event.origin, "suggestions": list(event.suggestions)}
        elif isinstance(event, Failed):
            raise event.error
    return answer


def _events(
    context: Context, knowledge: KnowledgeBase, question: VisitorQuestion
) -> Generator[Event, None, None]:
    """The answer, event by event; its conversation is erased at the end."""

    def warn(error: ModelError) -> None:
        click.echo(error.sentence(context.language), err=True)

    with engine_for(context.config, warn) as engine:
        service = build_service(context.config, engine, context.database, knowledge)
        answer = service.answer(service.prepare(question))
        secret = ""
        try:
            for _number, event in filter(None, answer.follow()):
                if isinstance(event, Started):
                    secret = event.secret or ""
                yield event
        finally:
            answer.stop_and_wait()
            with suppress(NotFound):  # it was ended before anything was stored
                service.erase(answer.conversation, secret)


def why_lines(context: Context, explanations: Sequence[Explanation]) -> Iterator[str]:
    """What decided about each question, in words."""
    for each in explanations:
        yield ""
        yield context.say(
            "ask_why_question",
            question=each.question,
            looked_up=each.looked_up,
            language=each.language,
        )
        yield context.say(f"ask_why_{each.status}")
        for number, contender in enumerate(each.contenders[:MOST_CONTENDERS], 1):
            meaning = "–" if contender.cosine is None else f"{contender.cosine:.3f}"
            name = " › ".join(part for part in (contender.title, contender.heading) if part)
            yield context.say(
                "ask_why_entry" if contender.is_entry else "ask_why_section",
                number=number,
                name=name,
                meaning=meaning,
                share=round(100 * contender.coverage),
            )
        if each.contenders:
            values = {name: value or 0.0 for name, value in each.evidence.items()}
            shares = {name: round(100 * values[name]) for name in ("missing", "unknown", "names")}
            yield context.say("ask_why_evidence", margin=f"{values['margin']:.1f}", **shares)
