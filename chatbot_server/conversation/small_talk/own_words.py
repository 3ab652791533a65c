"""What the chatbot says of its own accord, about itself and in answer to remarks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbot_server.conversation.questions import VisitorQuestion
from chatbot_server.conversation.small_talk.clock import what_time_it_is
from chatbot_server.conversation.small_talk.emergency import country_of, words_of_help
from chatbot_server.conversation.small_talk.remarks import DISTRESSES, Kind, Remark
from chatbot_server.engine.base import EngineInfo
from chatbot_server.messages import LANGUAGES, say
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.clauses import questions_of
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.markdown import literal
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.asked_in import language_asked_in

# So much of a question is looked at for names, and so many are named in the answer.
READ_CHARS = 1000
NAMES = 3
# What the site can be asked is told to who asks for that, or for what no site tells.
TOPICS_BESIDE: tuple[Kind, ...] = ("abilities", "weather", "joke", "world")
_WORD = re.compile(r"[^\W_]+")


def language_of_reply(question: VisitorQuestion, remark: Remark | None = None) -> str:
    """The language the visitor writes in, as far as it can be told; else the panel's."""
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
    """What is said to *remark*: *topics* are what the site can be asked about."""
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
    elif remark.kind in TOPICS_BESIDE:
        words = [say(f"about_{remark.kind}", language, site=name), _list_of(topics, language)]
    elif remark.is_courtesy:
        return say(f"courtesy_{remark.kind}", language)
    else:
        words = [say(f"about_{remark.kind}", language, site=name)]
    if contact := question.contact:
        words.append(say("about_contact", language, contact=contact))
    return "\n\n".join(word for word in words if word)


def honest_no(
    question: VisitorQuestion,
    grounding: Grounding,
    topics: Sequence[str] = (),
    *,
    has_pages: bool,
) -> str:
    """That the pages do not answer *question*; *has_pages*: some are offered that may help; else
    *topics* are what the site can be asked about."""
    language, site = language_of_reply(question), question.site.name
    if has_pages:
        words = [say("answer_unsure", language)]
    elif names := _names_elsewhere(question, grounding):
        words = [say("answer_elsewhere", language, site=site, names=", ".join(map(literal, names)))]
    else:
        words = [say("answer_nothing", language)]
    if contact := question.contact:
        words.append(say("about_contact", language, contact=contact))
    if has_pages:
        words.append(say("answer_offer", language))
    what_is_there = "" if has_pages else _list_of(topics, language)
    return "\n\n".join(part for part in (" ".join(words), what_is_there) if part)


def _list_of(topics: Sequence[str], language: str) -> str:
    """That the site can be asked about *topics*; nothing where there are none."""
    lines = [say("about_topics", language), *(f"- {literal(topic)}" for topic in topics)]
    return "\n".join(lines) if topics else ""


def _names_elsewhere(question: VisitorQuestion, grounding: Grounding) -> list[str]:
    """What the question names, as it is written there, and neither site nor passages do."""
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
