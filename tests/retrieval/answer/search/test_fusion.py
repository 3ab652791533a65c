"""How words and meaning become one order."""

from __future__ import annotations

import numpy as np
import pytest

from chatbot_server.retrieval.answer.search.fusion import (
    ChunkMatch,
    MeaningMatch,
    VectorRows,
    WordMatch,
    WordRow,
    fused,
    nearest,
    scaled,
    with_matches,
)

TITLE = -1


def near(
    rows: list[tuple[int, int, float]], sharing: dict[int, int] | None = None
) -> dict[int, MeaningMatch]:
    """:func:`nearest` of ``(document, chunk, cosine)`` rows."""
    return nearest(vector_rows(rows), sharing or {})


def vector_rows(rows: list[tuple[int, int, float]], hubness: float = 0.0) -> VectorRows:
    """Of rows, of which each is *hubness* nearer to any question than the one before it."""
    documents, chunks, cosines = zip(*rows, strict=True)
    numbers = np.array(cosines, dtype=np.float32), np.arange(len(rows), dtype=np.float32) * hubness
    return VectorRows(np.array(documents), np.array(chunks), *numbers)


def test_a_document_is_as_near_as_its_title_and_its_best_chunk() -> None:
    found = near([(7, TITLE, 0.9), (7, 70, 0.6), (7, 71, 0.8)])

    assert found[7].chunk == 71
    assert found[7].meaning == pytest.approx(0.45 * 0.9 + 0.55 * 0.8)
    assert [found[7].title, found[7].text] == pytest.approx([0.9, 0.8])


def test_a_document_without_a_title_is_judged_by_its_text_alone() -> None:
    assert near([(7, 70, 0.6)])[7].meaning == pytest.approx(0.6)


def test_a_title_that_many_documents_share_weighs_less() -> None:
    rows = [(1, TITLE, 0.9), (1, 10, 0.7), (2, TITLE, 0.8), (2, 20, 0.78)]

    assert list(near(rows)) == [1, 2]
    assert list(near(rows, sharing={1: 9, 2: 9})) == [2, 1]


def test_only_the_hundred_nearest_are_compared() -> None:
    found = near([(number, number, number / 1000) for number in range(1, 151)])

    assert sorted(found) == list(range(51, 151))


def test_a_clear_winner_by_meaning_outweighs_words_that_are_undecided() -> None:
    clear = {
        1: MeaningMatch(0.9, 0.9, 0.9, 10),
        2: MeaningMatch(0.7, 0.7, 0.7, 20),
        3: MeaningMatch(0.5, 0.5, 0.5, 30),
    }
    words = {2: WordMatch(5.2, 21), 1: WordMatch(5.0, 11), 3: WordMatch(1.0, 31)}

    assert [hit.document for hit in fused(clear, words, 9)] == [1, 2, 3]
    assert [hit.chunk for hit in fused(clear, words, 9)] == [11, 21, 31]


def test_the_best_are_taken_and_the_entry_that_was_asked_for() -> None:
    words = {number: WordMatch(float(number), 10 * number) for number in range(1, 10)}

    assert [hit.document for hit in fused({}, words, 3)] == [9, 8, 7]
    assert [hit.document for hit in fused({}, words, 3, entry=2)] == [9, 8, 7, 2]
    assert [hit.document for hit in fused({}, words, 3, entry=8)] == [9, 8, 7]
    assert [hit.document for hit in fused({}, words, 3, entry=11)] == [9, 8, 7]


def test_words_alone_decide_where_nothing_is_known_of_meaning() -> None:
    hits = fused({}, {1: WordMatch(2.0, 10), 2: WordMatch(4.0, 20)}, 9)

    assert [(hit.document, hit.score, hit.meaning) for hit in hits] == [
        (2, 1.0, 0.0),
        (1, 0.0, 0.0),
    ]


def test_equal_scores_are_all_the_best() -> None:
    assert scaled({1: 0.5, 2: 0.5}) == {1: 1.0, 2: 1.0}
    assert scaled({}) == {}


def test_a_hit_tells_how_well_each_of_its_chunks_matches() -> None:
    worded = [WordRow(1, 11, 3.0, "A"), WordRow(3, 30, 1.0, "C"), WordRow(1, 12, 0.5, "A")]
    rows = vector_rows([(1, TITLE, 0.9), (1, 10, 0.8), (1, 11, 0.75), (2, 20, 0.7)])
    hits = fused(nearest(rows, {}), {1: WordMatch(3.0, 11), 3: WordMatch(1.0, 30)}, 9)
    matches = {hit.document: hit.matches for hit in with_matches(hits, worded, rows)}

    words = {chunk: match.words for chunk, match in matches[1].items()}
    assert words == {10: 0.0, 11: 3.0, 12: 0.5}
    cosines = {chunk: match.cosine for chunk, match in matches[1].items()}
    # 12 is none of the nearest: as far as the last.
    assert cosines == pytest.approx({10: 0.8, 11: 0.75, 12: 0.7})
    assert matches[3] == {30: ChunkMatch(1.0, None)}  # its vectors are still to be made


def test_a_chunk_that_is_near_to_any_question_is_less_near_to_this_one() -> None:
    rows = vector_rows([(1, 10, 0.8), (1, 11, 0.85), (1, 12, 0.6)], hubness=0.1)
    (hit,) = with_matches(fused(nearest(rows, {}), {}, 9), [], rows)
    nearness = {chunk: match.nearness for chunk, match in hit.matches.items()}
    assert sorted(nearness, key=lambda chunk: nearness[chunk] or 0.0) == [12, 11, 10]
