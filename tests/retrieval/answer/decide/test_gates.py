"""Which fitted weights judge a section: those of small sites, of large ones, or both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatbot_server.retrieval.answer.decide.evidence import Evidence, weigh

# “Can I bring my spaniel?” of “Dogs are welcome on a lead”: few of its words, and near in meaning.
IN_OTHER_WORDS = Evidence(
    cosine=0.86,
    hubness=0.76,
    title_cosine=0.85,
    coverage=0.35,
    pair_coverage=0.3,
    missing=0.6,
    unknown=0.0,
    rarest_missing=0.8,
    telling_missing=0.7,
    missing_nearness=0.03,
    number_missing=0.0,
    fact_missing=0.0,
    names=1.0,
    margin=2.0,
    other_language=0.0,
    words=1.4,
    chunks=60,
    under_heading=1.0,
    interaction=0.7,
    word_nearness=None,
)
IN_OTHER_LANGUAGE = replace(IN_OTHER_WORDS, other_language=1.0)
WITHOUT_HEADING = replace(IN_OTHER_WORDS, under_heading=0.0)
NOT_COMPARED = replace(IN_OTHER_WORDS, interaction=None)


@pytest.mark.parametrize("chunks", [60, 240, 300])
def test_sections_under_headings_answer_in_other_words_on_sites_of_any_size(chunks: int) -> None:
    assert weigh(replace(IN_OTHER_WORDS, chunks=chunks)).answers


def test_the_larger_the_site_the_more_a_section_must_have_for_it() -> None:
    sizes = (80, 240, 900, 4000, 9000)
    odds = [weigh(replace(IN_OTHER_WORDS, chunks=chunks)).log_odds for chunks in sizes]
    assert odds == sorted(odds, reverse=True)
    assert odds[-2] == odds[-1] < odds[0]


@pytest.mark.parametrize("evidence", [WITHOUT_HEADING, NOT_COMPARED, IN_OTHER_LANGUAGE])
def test_other_sections_are_judged_as_of_a_large_site_from_240_chunks_on(
    evidence: Evidence,
) -> None:
    at_240, at_900 = (weigh(replace(evidence, chunks=chunks)) for chunks in (240, 900))
    assert at_240 == at_900 != weigh(evidence)


def test_between_an_answer_and_a_no_a_section_is_unsure() -> None:
    interactions = [0.7, 0.6, 0.5, 0.4, 0.2]
    judged = [weigh(replace(IN_OTHER_WORDS, interaction=each)) for each in interactions]
    assert [each.answers for each in judged] == [True, True, False, False, False]
    assert [each.is_unsure for each in judged] == [False, False, True, True, False]
