"""``knowledge export``, ``import`` and ``eval``: files in and out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Run
from support.knowledge_cli import Written, knows, listed, refused, told

pytestmark = pytest.mark.usefixtures("knowledge_config")


def test_what_was_exported_comes_back_the_same(run: Run, write: Written) -> None:
    knows(run, "add", "--title", "Été", "--text", "Fermé en août — “sûr”.\n\nRouvre le 1er.")
    knows(run, "add", "--question", "Do you deliver?", "--answer", "Yes.", "--also", "Delivery?")
    knows(run, "add", str(write("faq.csv", "question,answer\nA?,1\nB?,2\n")))
    exported = knows(run, "export").out
    rows = [json.loads(line) for line in exported.splitlines()]
    assert len(rows) == 4
    for source in listed(run):
        knows(run, "remove", str(source["number"]))
    file = write("knowledge.jsonl", exported)
    assert "changed: 4" in knows(run, "import", str(file)).out
    assert knows(run, "export").out == exported
    assert "changed: 0" in knows(run, "import", str(file)).out
    assert told(run, "delivery") == "faq: Yes."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "cannot be read"),
        (b"not json\n", "line 1"),
        (b"[" * 100_000 + b"\n", "line 1"),
        (b"[1, 2]\n", "Document 1"),
        (b'{"id": "a", "text": "x"}\n{"id": "b"}\n', "Document 2"),
        (b'{"id": "a", "text": "x", "source": "nonsense"}\n', "Document 1"),
        (b'{"id": "a", "text": "x", "wordings": 3}\n', "Document 1"),
        (b'{"id": "a", "text": "x", "language": 7}\n', "Document 1"),
        (b'{"id": "a", "text": "x", "language": "\\ud800"}\n', "Document 1"),
        (b'{"id": "\\ud800", "text": "x"}\n', "Document 1"),
        (b'{"id": "a\\u0000", "text": "x"}\n', "Document 1"),
        (b'{"id": "a", "text": "x", "address": "\\udcff"}\n', "Document 1"),
        (b'{"id": "a", "text": "x", "source": ["note"]}\n', "Document 1"),
    ],
)
def test_what_is_no_export_is_refused(run: Run, write: Written, content: bytes, why: str) -> None:
    assert why in refused(run, "import", str(write("rows.jsonl", content)))


def test_an_import_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    assert "nowhere.jsonl" in refused(run, "import", str(tmp_path / "nowhere.jsonl"))


def test_eval_prints_its_figures_and_touches_nothing(run: Run, write: Written) -> None:
    documents = write(
        "d.jsonl",
        '{"id": "1", "title": "Summer", "text": "The shop is closed in August."}\n'
        '{"id": "2", "title": "Prices", "text": "A bicycle costs 300 €."}\n',
    )
    questions = write(
        "q.jsonl",
        '{"question": "Is the shop closed in August?", "relevant": ["1"], "answers": ["August"]}\n'
        '{"question": "Who painted Guernica?", "relevant": []}\n',
    )
    words = ["--documents", str(documents), "--questions", str(questions), "--semantic", "off"]
    figures = json.loads(knows(run, "eval", *words, "--json").out)
    assert (figures["documents"], figures["questions"]) == (2, 2)
    for name in ("recall@1", "mrr@10", "answer_accuracy", "honest_no"):
        assert figures[name] == 1.0, name
    assert "recall@1" in knows(run, "eval", *words).out
    assert listed(run) == []


def test_eval_counts_each_way_in_which_the_site_s_own_answers_go_wrong(
    run: Run, write: Written
) -> None:
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    knows(run, "add", "--title", "Prices", "--text", "A bicycle costs 300 €. A tandem costs 500 €.")
    august = '{"question": "Is the shop closed in August?", "must": [%s], "must_not": [%s]}\n'
    lines = (
        august % ('"closed in august"', ""),
        august % ('"30 days"', ""),
        august % ('"closed"', '"AUGUST"'),
        '{"question": "Wo ist der Bahnhof?", "must": ["Leeds"]}\n',
        '{"question": "Who painted Guernica?", "must": []}\n',
        august % ("", ""),
        '{"question": "And a tandem?", "history": ["What does a bicycle cost?"], "must": ["500"]}',
    )
    words = ["--questions", str(write("q.jsonl", "".join(lines))), "--semantic", "off"]
    figures = json.loads(knows(run, "eval", *words, "--json").out)
    shares = {"right": 0.4, "incomplete": 0.2, "misleading": 0.2, "wrong_no": 0.2, "bare_no": 0.2}
    assert {name: figures[name] for name in shares} == shares
    assert (figures["questions"], figures["honest_no"]) == (7, 0.5)


DOCUMENT = '{"id": "1", "text": "The shop opens at nine."}'


@pytest.mark.parametrize(
    ("documents", "questions", "why"),
    [
        (DOCUMENT, '{"question": "Why?", "relevant": "x"', "line 1"),
        (DOCUMENT, '{"question": "Why?", "must": ["("]}', "line 1: this is no pattern"),
        (DOCUMENT, '{"question": "Why?"}', "line 1"),
        ('{"id": "1"}', "", "line 1"),
        ("3\n", "", "line 1"),
    ],
)
def test_eval_names_the_line_it_cannot_read(
    run: Run, write: Written, documents: str, questions: str, why: str
) -> None:
    files = str(write("d.jsonl", documents)), str(write("q.jsonl", questions))
    assert why in refused(run, "eval", "--documents", files[0], "--questions", files[1])


def test_eval_wants_to_know_what_to_measure(run: Run, write: Written, tmp_path: Path) -> None:
    file = str(write("squad.json", '{"data": 3}'))
    assert "Say what to measure" in refused(run, "eval")
    assert "Say what to measure" in refused(run, "eval", file, "--documents", file)
    assert "squad.json" in refused(run, "eval", file)
    deep = str(write("deep.json", "[" * 100_000))
    assert "deep.json" in refused(run, "eval", deep)
    assert "nowhere" in refused(run, "eval", str(tmp_path / "nowhere.json"))
