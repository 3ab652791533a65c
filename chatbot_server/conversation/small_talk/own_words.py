"""The chatbot's own words: replies to remarks, and the honest no."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.small_talk.clock import what_time_it_is
from chatbot_server.conversation.small_talk.emergency import country_of, words_of_help
from chatbot_server.conversation.small_talk.remarks import DISTRESSES, Kind, Remark
from chatbot_server.engine.base import EngineInfo
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.retrieval.base import Grounding, Source
from chatbot_server.retrieval.language.clauses import questions_of
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.markdown import literal
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.question_language import language_asked_in

# Characters of a question in which names are looked for, and how many the answer repeats.
READ_CHARS = 1000
NAMES = 3
# Replies to these remarks also list what the site can be asked about.
WITH_TOPICS: tuple[Kind, ...] = ("abilities", "offer", "orders", "weather", "joke", "world")
_WORD = re.compile(r"[^\W_]+")


def language_of_reply(question: VisitorQuestion, remark: Remark | None = None) -> str:
    """The language that the visitor writes in; that of the panel if it cannot be told."""
    if remark is not None:
        return remark.language if remark.language in LANGUAGES else question.locale
    language = language_asked_in(question.text, question.locale, LANGUAGES)
    return language if language in LANGUAGES else question.locale


def reply_to(
    remark: Remark,
    question: VisitorQuestion,
    topics: Sequence[str] = (),
    model: EngineInfo | None = None,
) -> str:
    """The reply to *remark*; *topics* are what the site can be asked about."""
    language = language_of_reply(question, remark)
    name = question.site.name
    if remark.kind in DISTRESSES:
        country = country_of(question.site, question.region)
        words = [words_of_help(remark.kind, country, language)]
    elif remark.kind == "maker":
        key = "about_local_model" if model and model.local else "about_remote_model"
        no_model = say("about_no_model", language)
        about_model = say(key, language, model=model.model) if model else no_model
        words = [say("about_maker", language, site=name), about_model]
    elif remark.kind == "clock":
        return what_time_it_is(question.site, language)
    elif remark.kind in WITH_TOPICS:
        words = [say(f"about_{remark.kind}", language, site=name), _list_of(topics, language)]
    elif remark.is_courtesy:
        return say(f"courtesy_{remark.kind}", language)
    else:
        words = [say(f"about_{remark.kind}", language, site=name)]
    if contact := question.contact:
        words.append(say("about_contact", language, contact=contact))
    return _joined(words, "\n\n")


def honest_no(
    question: VisitorQuestion,
    grounding: Grounding,
    topics: Sequence[str] = (),
    pages: Sequence[Source] = (),
) -> str:
    """The sentence that the pages do not answer *question*.

    Args:
        topics: what the site can be asked about; named if no pages are offered.
        pages: related pages that are offered with it.
    """
    language = language_of_reply(question)
    no = _sentence_of_no(question, grounding, language, has_pages=bool(pages))
    contact = say("about_contact", language, contact=question.contact) if question.contact else ""
    if pages and grounding.unsure_answer:
        lead_in = f"{no} {say('answer_closest', language)}"
        offer = say("answer_closest_source" if len(pages) == 1 else "answer_offer", language)
        return _joined([lead_in, grounding.unsure_answer, contact, offer], "\n\n")
    offer = say("answer_offer", language) if pages else _list_of(topics, language)
    return _joined([_joined([no, contact], " "), offer], "\n\n")


def _sentence_of_no(
    question: VisitorQuestion, grounding: Grounding, language: str, *, has_pages: bool
) -> str:
    """That there is no sure answer, nothing about the names asked for, or nothing at all."""
    if has_pages:
        return say("answer_unsure", language)
    if names := _names_elsewhere(question, grounding):
        site = question.site.name
        return say("answer_elsewhere", language, site=site, names=", ".join(map(literal, names)))
    return say("answer_nothing", language)


def _joined(parts: Sequence[str], between: str) -> str:
    """Those of *parts* that say something."""
    return between.join(part for part in parts if part)


def _list_of(topics: Sequence[str], language: str) -> str:
    """The list of what the site can be asked about; empty without *topics*."""
    lines = [say("about_topics", language), *(f"- {literal(topic)}" for topic in topics)]
    return "\n".join(lines) if topics else ""


def _names_elsewhere(question: VisitorQuestion, grounding: Grounding) -> list[str]:
    """The names in the question that neither the site's name nor the passages contain."""
    passages = (
        f"{passage.title} {passage.heading} {passage.text}" for passage in grounding.passages
    )
    known_words = set(stems.words(" ".join([question.site.name, *passages])))
    text = question.text[:READ_CHARS]
    questions = questions_of(text, stems.guess_language(text))  # without “Bonjour Camille”
    text = " ".join(f"{each.text} {each.background}" for each in questions)
    names = contrast.names(text) - contrast.no_names() - known_words
    visitors_words = _WORD.findall(text)
    return list(dict.fromkeys(word for word in visitors_words if names & set(stems.words(word))))[
        :NAMES
    ]
