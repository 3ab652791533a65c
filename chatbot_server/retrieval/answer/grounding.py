"""What the sections that were found say about a query: judged, then worded as an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chatbot_server.messages import say
from chatbot_server.retrieval.answer.decide.entries import (
    RankedEntry,
    near_entries,
    ranked_entries,
    sure_entry,
)
from chatbot_server.retrieval.answer.decide.evidence import (
    Assessment,
    gather_evidence,
    quotable,
    threshold_raise,
    weigh,
)
from chatbot_server.retrieval.answer.decide.prices_of_parts import sections_with_prices_of_parts
from chatbot_server.retrieval.answer.search.fusion import Hit, margin
from chatbot_server.retrieval.answer.search.query import Query
from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.answer.sections.candidate import Candidate
from chatbot_server.retrieval.answer.show.alike import (
    alike_sections,
    in_own_language,
    with_own_entries,
)
from chatbot_server.retrieval.answer.show.answers import (
    Frame,
    faq_answer,
    near_pages,
    page_answer,
    several_answer,
    unsure_answer,
    with_close_others,
)
from chatbot_server.retrieval.answer.show.further import further_headings, headings_of_rest
from chatbot_server.retrieval.answer.show.ordering import in_order_asked_for
from chatbot_server.retrieval.answer.show.overview import first_of, overview_of, page_titled
from chatbot_server.retrieval.answer.show.sources import Titles
from chatbot_server.retrieval.answer.show.timely import lines_above
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.language.words import synonyms


@dataclass(frozen=True)
class Material:
    """What a query is answered from.

    Attributes:
        sections: those of the documents that were found, best first.
        now: when it is asked.
    """

    query: Query
    sections: Sequence[Candidate]
    index: SiteIndex
    now: datetime


def ground_in_sections(
    query: Query,
    hits: Sequence[Hit],
    sections: Sequence[Candidate],
    index: SiteIndex,
    now: datetime,
) -> Grounding:
    """What *sections*, best first, of the documents of *hits* say about *query*, asked *now*."""
    if not sections:  # all of them were indexed anew since they were found
        return Grounding("nothing", lasting=False)
    sections, hits = with_own_entries(sections, hits, query)
    pages = {section.document.title: section.chunk.heading for section in sections}
    frame = Frame(Titles(pages, index.state.name), synonyms.compares(query.text, query.languages))
    entries = ranked_entries(query, sections, hits)
    entry = sure_entry(query, entries, index)
    if entry is not None:
        answer = faq_answer(entry, sections, frame)
    else:
        answer = _answer_from_pages(Material(query, sections, index, now), entries, frame)
    return replace(answer, margin=margin(hits), lasting=query.moment is None)


def _answer_from_pages(
    material: Material, entries: Sequence[RankedEntry], frame: Frame
) -> Grounding:
    """The entries that are near, the pages that answer, or an honest no with pages to look at."""
    query, sections = material.query, material.sections
    if page := page_titled(sections, query, frame.titles, material.index.unit):
        sections = first_of(page)
        rest = headings_of_rest(page, sections, frame.titles)
        return replace(_show_best(sections, material, frame), further=rest)
    candidates = in_own_language(quotable(sections, query), query)
    assessment = None
    if candidates:
        evidence = gather_evidence(candidates, query, material.index.chunk_count)
        assessment = weigh(evidence, threshold_raise(evidence, candidates[0], query))
    if near := _near_entry_sections(material, entries, candidates, assessment):
        answer = _show_best(near, material, frame)
        lead_in = say("answer_near_entry", query.language)
        return replace(answer, answer=f"{lead_in}\n\n{answer.answer}", of_near_question=True)
    is_answered = assessment is not None and assessment.answers
    together = sections_with_prices_of_parts(candidates, query)
    if len(together) > 1 or (together and not is_answered):
        return _show_best(together, material, frame)
    if assessment is not None and assessment.answers:
        answering = in_order_asked_for(candidates, query)
        # Beside the answer to a follow-up, it would be the one about what the follow-up replaces.
        in_doubt = assessment.is_in_doubt and query.own is None
        return _quote(answering, material, frame, in_doubt=in_doubt)
    nothing = page_answer(sections, (), frame)
    if assessment is not None and assessment.is_unsure:
        return replace(
            nothing,
            near=near_pages(sections, frame, are_near=True, shown_section=candidates[0]),
            unsure_answer=unsure_answer(candidates[0], frame),
        )
    is_near = assessment is not None and assessment.is_near
    return replace(nothing, near=near_pages(sections, frame, are_near=is_near))


def _near_entry_sections(
    material: Material,
    entries: Sequence[RankedEntry],
    candidates: Sequence[Candidate],
    assessment: Assessment | None,
) -> list[Candidate]:
    """The sections of near *entries*, to be shown under their own questions.

    Empty if the first of *candidates* answers, according to its *assessment*, and has higher odds
    than the best entry. Before a page in the visitor's language, no entry in another is shown.
    """
    query = material.query
    has_pages = any(not section.document.faq for section in material.sections)
    near = near_entries(query, entries, material.index.chunk_count, beside_pages=has_pages)
    if assessment is None or not assessment.answers:
        return [entry.candidate for entry in near]
    if candidates[0].document.language == query.language:
        near = [each for each in near if each.candidate.document.language == query.language]
    is_ahead = bool(near) and near[0].log_odds >= assessment.log_odds
    return [entry.candidate for entry in near] if is_ahead else []


def _quote(
    answering: Sequence[Candidate], material: Material, frame: Frame, *, in_doubt: bool
) -> Grounding:
    """Sections of pages: all that answer alike, an overview, or the best ones.

    Args:
        in_doubt: a second section is shown that is less near.
    """
    query, sections = material.query, material.sections
    if group := alike_sections(answering, frame.titles):
        lines = lines_above([*group.values()], query, material.now)
        return several_answer(sections, group, replace(frame, lines=lines))
    if overview := overview_of(answering, query, frame.titles, material.index.unit):
        return _show_best(overview, material, frame)
    to_show = with_close_others(answering, in_doubt=in_doubt)
    further = further_headings(answering, to_show, frame.titles)
    return replace(_show_best(to_show, material, frame), further=further)


def _show_best(to_show: Sequence[Candidate], material: Material, frame: Frame) -> Grounding:
    """The answer from *to_show*; about a day, only from those that say something about it."""
    query = material.query
    lines = lines_above(to_show, query, material.now)
    if query.moment or query.for_closed_days:
        to_show = [section for section in to_show if lines.get(section.chunk.id)] or to_show
    answer = page_answer(material.sections, to_show, replace(frame, lines=lines))
    moment_line = next((line for line in lines.values() if line), "") if query.moment else ""
    return replace(answer, moment_line=moment_line)
