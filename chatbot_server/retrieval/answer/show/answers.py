"""From sections to a grounding: the owner's words, quoted sections, passages, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chatbot_server.retrieval.answer.sections import quote
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.sections.relevance import section_relevances
from chatbot_server.retrieval.answer.show.alike import is_in_another_language
from chatbot_server.retrieval.answer.show.sources import Titles, link_to
from chatbot_server.retrieval.base import Grounding, Passage, Source
from chatbot_server.retrieval.index.chunks import BETWEEN
from chatbot_server.retrieval.language.markdown import plain_text

# The share of the query's weight that a passage must contain to be handed to a model.
RELATED_COVERAGE = 0.25
# The share that a page must contain to be offered with an honest no.
NEAR_COVERAGE = 0.15
PASSAGES = 6
# Pages offered with an honest no: more than three would be a list of search results.
NEAR_PAGES = 3
# How much less relevant than the first section another one may be to be shown with it. On sites
# that nothing is fitted on, a second section as close as this is the right one for one question in
# five, a third one for one in twenty. On the same page it may be further behind, because the
# visitor still has only one source to look at.
CLOSE, CLOSE_ON_ONE_PAGE = 1.0, 1.5
# The same for a second one where it is in doubt whether the first one answers.
CLOSE_IN_DOUBT = 2.5
MOST_CLOSE = 3
MAX_WORDS = 220  # of an answer with several sections
# The most sections that answer alike and are shown together; of more, the most that are offered as
# choices.
SHOWN_TOGETHER, CHOICES = 4, 8


@dataclass(frozen=True)
class Frame:
    """How sections are shown.

    Attributes:
        titles: the titles of the pages as a visitor reads them.
        is_comparing: the question compares, so that all rows of a table are shown.
        lines: the line to show above a section, by chunk id; empty for none.
    """

    titles: Titles
    is_comparing: bool = False
    lines: Mapping[int, str] = field(default_factory=dict)

    def render(self, section: Candidate, heading: str, start: int = 0) -> str:
        """*section* from its sentence *start* on, under *heading* and its line."""
        line = self.lines.get(section.chunk.id)
        rows = self._rows(section, has_line=bool(line))
        if len(rows) == len(section.sentences):
            body = quote.section(section.sentences, section.marked_sentences, start)
        else:
            body = quote.section(rows, ())
        parts = [heading and f"**{heading}**", line, body]
        return "\n\n".join(part for part in parts if part)

    def _rows(self, section: Candidate, *, has_line: bool) -> list[str]:
        """The sentences of *section*, without rows that do not answer the question."""
        left_out = section.rows_denied if self.is_comparing else section.rows_left_out
        if left_out and not has_line:  # a line already gives the row of the day
            return [text for at, text in enumerate(section.sentences) if at not in left_out]
        if self.is_comparing:
            return section.sentences
        return quote.only_rows(section.sentences, section.quoted_sentences)


def faq_answer(entry: Candidate, sections: Sequence[Candidate], frame: Frame) -> Grounding:
    """The owner's own words, taken from *entry*."""
    document = entry.document
    title = frame.titles.clean(document.title)
    source = Source(title, link_to(document.url, title), plain_text(document.text[:300]))
    others = [section for section in sections if section is not entry]
    return Grounding(
        "faq",
        answer=document.text,
        sources=(source,),
        passages=_passages([entry, *others], frame),
        score=entry.hit.score,
    )


def page_answer(
    sections: Sequence[Candidate], answering: Sequence[Candidate], frame: Frame
) -> Grounding:
    """A quote of the sections *answering*; if there are none, no answer, but related passages."""
    others = [
        section
        for section in sections
        if section.coverage >= RELATED_COVERAGE and section not in answering
    ]
    passages = _passages([*answering, *others], frame)
    grounding = Grounding(
        "passages" if passages else "nothing",
        passages=passages,
        score=sections[0].hit.score,
    )
    if not answering:
        return grounding
    return replace(
        grounding,
        status="quoted",
        answer=_as_text(answering, frame),
        sources=_sources(answering, frame),
    )


def near_pages(
    sections: Sequence[Candidate],
    frame: Frame,
    *,
    are_near: bool,
    shown_section: Candidate | None = None,
) -> tuple[Source, ...]:
    """The pages of *sections* that may help, each with a quote of its best section.

    Those in the language of the question come before others, after the page of *shown_section*.

    Args:
        are_near: the best section is about something related; otherwise only sections that contain
            enough words of the question count.
    """
    best_of_pages: dict[int, Candidate] = {}
    readable_first = sorted(
        sections, key=lambda each: each.document.language != each.query.language
    )
    for section in [shown_section, *readable_first] if shown_section else readable_first:
        if are_near or section.coverage >= NEAR_COVERAGE:
            best_of_pages.setdefault(section.document.id, section)
    return _sources([*best_of_pages.values()][:NEAR_PAGES], frame)


def unsure_answer(section: Candidate, frame: Frame) -> str:
    """The text of *section*, which may answer, under its heading."""
    return _as_text([section], frame)


def several_answer(
    sections: Sequence[Candidate], group: Mapping[str, Candidate], frame: Frame
) -> Grounding:
    """All sections of *group*, each under its name; if they are too many, a choice of them."""
    grounding = page_answer(sections, list(group.values()), frame)
    parts = [frame.render(section, name) for name, section in group.items()]
    answer = "\n\n".join(parts)
    if len(group) <= SHOWN_TOGETHER and len(answer.split()) <= MAX_WORDS:
        return replace(grounding, answer=answer)
    return replace(
        grounding, status="choices", answer="", sources=(), choices=tuple(group)[:CHOICES]
    )


def with_close_others(sections: Sequence[Candidate], *, in_doubt: bool) -> list[Candidate]:
    """The first of *sections*, with up to two more in its language that are nearly as relevant.

    Together they must be short, and beside a row that was asked for no other table is shown.

    Args:
        in_doubt: it is not sure that the first one answers.
    """
    first, *others = sections
    relevances = section_relevances(sections)
    close = [first]
    for other in others:
        behind = relevances[first.chunk.id] - relevances[other.chunk.id]
        widest = CLOSE
        if len(close) == 1 and in_doubt:
            widest = CLOSE_IN_DOUBT
        elif len(close) == 1 and other.document.id == first.document.id:
            widest = CLOSE_ON_ONE_PAGE
        if behind <= widest and _can_be_shown_beside(other, close):
            close.append(other)
        if len(close) == MOST_CLOSE:
            break
    return close


def _can_be_shown_beside(other: Candidate, shown_sections: Sequence[Candidate]) -> bool:
    """Whether *other* says something else than these, in their language, and is short enough."""
    texts = [section.chunk.text for section in (*shown_sections, other)]
    is_short = sum(len(text.split()) for text in texts) <= MAX_WORDS
    is_other_table = bool(shown_sections[0].rows_left_out) and other.is_other_table
    is_foreign = is_in_another_language(shown_sections[0], other)
    return is_short and not is_other_table and not is_foreign and texts[-1] not in texts[:-1]


def _passages(sections: Sequence[Candidate], frame: Frame) -> tuple[Passage, ...]:
    passages = (section.passage() for section in sections[:PASSAGES])
    return tuple(replace(passage, title=frame.titles.clean(passage.title)) for passage in passages)


def _as_text(answering: Sequence[Candidate], frame: Frame) -> str:
    """The sections one below the other, each under its heading, if it has one of its own."""
    has_several_pages = len({section.document.id for section in answering}) > 1
    if not has_several_pages:  # sections without heading first, not under that of another
        answering = sorted(
            answering,
            key=lambda each: bool(frame.titles.below(each.document.title, each.chunk.heading)),
        )
    parts: list[str] = []
    shown_sentences: list[str] = []
    heading_before = ""
    for section in answering:
        # The title of an entry is its question.
        is_titled = has_several_pages or section.document.faq
        path_of = frame.titles.path if is_titled else frame.titles.below
        heading = path_of(section.document.title, section.chunk.heading)
        sentences = section.sentences
        start = 1 if sentences[:1] == shown_sentences[-1:] else 0  # chunks share a sentence
        parts.append(frame.render(section, heading if heading != heading_before else "", start))
        shown_sentences, heading_before = sentences, heading
    return "\n\n".join(part for part in parts if part)


def _sources(answering: Sequence[Candidate], frame: Frame) -> tuple[Source, ...]:
    """The pages of the sections, each once, with a link to its best sentence."""
    sources: dict[int, Source] = {}
    for section in answering:
        document = section.document
        if document.id in sources:
            continue
        best = section.quoted_sentences
        title = frame.titles.clean(document.title)
        heading = frame.titles.below(document.title, section.chunk.heading)
        sentence = max(best, key=lambda sentence: sentence.score).text if best else ""
        url = link_to(document.url, sentence or heading.rpartition(BETWEEN)[2])
        sources[document.id] = Source(title or heading, url, plain_text(quote.joined(best)))
    return tuple(sources.values())
