"""``knowledge unanswered``, ``answer`` and ``golden``, as an owner uses them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Run
from support.conversations import start_conversation
from support.knowledge_cli import knows, refused

from chatbot_server.config import load_config
from chatbot_server.service.jobs import golden
from chatbot_server.storage.base import HOUR
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import demo_site
from chatbot_server.storage.visitors.messages import add_message
from chatbot_server.storage.visitors.quality import QualityRun

pytestmark = pytest.mark.usefixtures("knowledge_config")


@pytest.fixture
def asked_in_vain(run: Run, tmp_path: Path, knowledge_config: Path) -> None:
    """Four visitors got an honest no; three of them asked the same."""
    run("knowledge", "add", "--title", "Summer", "--text", "The shop is closed in August.")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'chatbot.db'}")
    with database.session() as session:
        for text in ("Do you rent skis?", "do you rent skis", "Can I rent skis?", "Who is Ada?"):
            site = demo_site(session).id
            chat, _secret = start_conversation(session, site, locale="en", page=None, keep=True)
            add_message(session, chat, "user", text)
            add_message(session, chat, "assistant", "I found nothing.").origin = "none"
    database.close()


def groups(run: Run) -> list[dict[str, Any]]:
    ran = run("knowledge", "unanswered", "--json")
    assert ran.exit_code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def told(run: Run, question: str) -> tuple[str, str]:
    record = json.loads(run("knowledge", "search", question, "--json").out)
    return record["status"], record["answer"]


@pytest.mark.usefixtures("asked_in_vain")
def test_the_most_frequent_group_comes_first_with_its_wordings(run: Run) -> None:
    first, second = groups(run)
    assert first["times"] == 3
    assert {text.casefold() for text in first["questions"]} >= {"can i rent skis?"}
    assert second["questions"] == ["Who is Ada?"]
    assert second["pages"] == {}
    shown = run("knowledge", "unanswered").out
    assert first["group"] in shown
    assert "3 ×" in shown
    assert "knowledge answer GROUP" in shown
    assert len(json.loads(run("knowledge", "unanswered", "--limit", "1", "--json").out)) == 1


def test_where_everything_is_answered_it_says_so(run: Run) -> None:
    assert groups(run) == []
    assert run("knowledge", "unanswered").out == "No question is without an answer.\n"


@pytest.mark.usefixtures("asked_in_vain")
def test_one_answer_becomes_an_faq_entry_and_the_group_goes(run: Run) -> None:
    name = groups(run)[0]["group"]
    ran = run("knowledge", "answer", name, "Yes, for 12 € a day.")
    assert ran.exit_code == 0, ran.err
    assert "2 of 2" in ran.out
    for question in ("Do you rent skis?", "can I rent skis"):
        assert told(run, question) == ("faq", "Yes, for 12 € a day.")
    assert [group["questions"] for group in groups(run)] == [["Who is Ada?"]]


@pytest.mark.usefixtures("asked_in_vain")
def test_the_answer_may_come_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Oui,\n12 € par jour.\n"))
    assert run("knowledge", "answer", groups(run)[0]["group"]).exit_code == 0
    assert told(run, "Do you rent skis?") == ("faq", "Oui,\n12 € par jour.")


@pytest.mark.usefixtures("asked_in_vain")
@pytest.mark.parametrize("answer", ["", " \n", "x" * 20_001])
def test_an_answer_that_is_none_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    name = groups(run)[0]["group"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    for words in (["knowledge", "answer", name, answer], ["knowledge", "answer", name]):
        ran = run(*words)
        assert ran.exit_code == 2
        assert "between 1 and 20000 characters" in ran.err
    ran = run("knowledge", "answer", "00000000", "Yes.")
    assert (ran.exit_code, ran.err.count("\n")) == (1, 1)
    assert "00000000" in ran.err


@pytest.mark.usefixtures("asked_in_vain")
def test_an_entry_that_makes_golden_questions_worse_is_taken_back_unless_forced(run: Run) -> None:
    golden = ["knowledge", "golden", "add", "Do you rent skis?", "--nothing"]
    assert run(*golden).exit_code == 0
    name = groups(run)[0]["group"]
    ran = run("knowledge", "answer", name, "Yes.")
    assert ran.exit_code == 1
    assert "“Do you rent skis?” is now told: Yes." in ran.err
    assert "taken back" in ran.err
    assert told(run, "Do you rent skis?")[0] == "nothing"
    ran = run("knowledge", "answer", name, "Yes.", "--force")
    assert ran.exit_code == 0
    assert "“Do you rent skis?” is now told: Yes." in ran.err
    assert told(run, "Do you rent skis?") == ("faq", "Yes.")


def test_golden_questions_live_from_add_to_remove(run: Run, tmp_path: Path) -> None:
    run("knowledge", "add", "--title", "Summer", "--text", "The shop is closed in August.")
    run(
        "knowledge",
        "golden",
        "add",
        "Is the shop closed in August?",
        "--expect",
        "closed in AUGUST",
    )
    file = tmp_path / "golden.jsonl"
    file.write_text(
        '{"question": "Who painted Guernica?", "expect": null}\n'
        '{"question": "When is the shop closed?", "expect": "https://example.org/summer"}\n'
    )
    assert "added: 2" in run("knowledge", "golden", "add", "--file", str(file)).out
    rows = json.loads(run("knowledge", "golden", "list", "--json").out)
    assert [row["expect"] for row in rows] == ["closed in AUGUST", "", "https://example.org/summer"]
    assert "→ nothing is known about it" in run("knowledge", "golden", "list").out

    ran = run("knowledge", "golden", "run", "--json")
    assert (ran.exit_code, ran.err.count("\n")) == (1, 1)
    assert [row["passed"] for row in json.loads(ran.out)] == [True, True, False]
    shown = run("knowledge", "golden", "run")
    assert "as expected  Who painted Guernica?" in shown.out
    assert "not as expected  When is the shop closed?" in shown.out
    assert "Of 3 golden questions, 1 are not answered as expected." in shown.err

    number = str(rows[2]["number"])
    assert run("knowledge", "golden", "remove", number).exit_code == 0
    assert run("knowledge", "golden", "remove", number).exit_code == 1
    ran = run("knowledge", "golden", "run")
    assert (ran.exit_code, ran.out.splitlines()[-1]) == (
        0,
        "Golden questions answered as expected: 2 of 2.",
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["Why?"],
        ["Why?", "--expect", " "],
        ["Why?", "--expect", "x", "--nothing"],
        ["Why?", "--expect", "x", "--file", "f"],
        ["--nothing", "--file", "f"],
        ["x" * 301, "--nothing"],
        ["--file", "nowhere.jsonl"],
    ],
)
def test_half_a_golden_question_is_refused(run: Run, words: list[str]) -> None:
    ran = run("knowledge", "golden", "add", *words)
    assert (ran.exit_code, ran.err.count("\n")) == (2, 1)
    assert json.loads(run("knowledge", "golden", "list", "--json").out) == []


@pytest.mark.parametrize("line", ["[]", '{"expect": "x"}', '{"question": 1}', "{", '"x"'])
def test_a_wrong_line_is_named_and_no_line_is_taken(run: Run, tmp_path: Path, line: str) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text('{"question": "Why?", "expect": "x"}\n' + line)
    ran = run("knowledge", "golden", "add", "--file", str(file))
    assert ran.exit_code == 2
    assert "line 2" in ran.err
    assert json.loads(run("knowledge", "golden", "list", "--json").out) == []
    assert run("knowledge", "golden", "run").exit_code == 0


def test_runs_are_listed_and_compared(run: Run, knowledge_config: Path) -> None:
    knows(run, "add", "--question", "Do you deliver?", "--answer", "Yes, in Hull.")
    knows(run, "golden", "add", "Do you deliver?", "--expect", "in Hull")
    assert "not been asked yet" in knows(run, "golden", "runs").out
    config = load_config(knowledge_config)
    database = Database(config.database_url)
    golden(config, database)
    knows(run, "add", "--question", "Do you deliver?", "--answer", "No.")
    with database.session() as session:
        session.query(QualityRun).one().created -= HOUR
    golden(config, database)
    database.close()
    lines = knows(run, "golden", "runs").out.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["own answers changed", "every night"]
    assert json.loads(knows(run, "golden", "runs", "--json").out)[0]["worse"] == {
        "Do you deliver?": 1
    }
    assert knows(run, "golden", "compare", "1", "2").out.splitlines() == [
        "worse: Do you deliver?",
        "  - Yes, in Hull.",
        "  + No.",
    ]
    assert "There is no run" in refused(run, "golden", "compare", "1", "4711", code=1)
