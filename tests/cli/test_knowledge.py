"""``chatbot-server knowledge``: each verb as an owner uses it, and what it says when misused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from support.command_line import Ran, Run
from support.web_site import WebSite

SETTINGS = {
    "engine": {"model": None},
    "retrieval": {"semantic": "off", "requests_per_second": 50.0},
}

Written = Callable[[str, str | bytes], Path]


@pytest.fixture(autouse=True)
def config(tmp_path: Path) -> Path:
    """The configuration that every run reads."""
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(SETTINGS))
    return file


@pytest.fixture
def allow_loopback(config: Path) -> None:
    """The tests' own web site may be crawled."""
    config.write_text(
        yaml.safe_dump(
            SETTINGS | {"retrieval": SETTINGS["retrieval"] | {"private_hosts": ["127.0.0.1"]}}
        )
    )


@pytest.fixture
def web() -> Iterator[WebSite]:
    """A web site to crawl."""
    made = WebSite()
    yield made
    made.close()


@pytest.fixture
def write(tmp_path: Path) -> Written:
    """Makes a file to be read."""

    def write(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def knows(run: Run, *words: str) -> Ran:
    """A run that succeeds."""
    ran = run("knowledge", *words)
    assert (ran.exit_code, ran.err) == (0, "")
    return ran


def refused(run: Run, *words: str, code: int = 2) -> str:
    """The one sentence of a run that fails."""
    ran = run("knowledge", *words)
    assert ran.exit_code == code, ran.err
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err
    return ran.err


def listed(run: Run, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(knows(run, "list", "--json", *words).out)
    return found


def told(run: Run, question: str, *words: str) -> str:
    record = json.loads(knows(run, "search", question, "--json", *words).out)
    return f"{record['status']}: {record['answer']}"


def test_an_entry_a_note_and_files_are_answered_from_at_once(run: Run, write: Written) -> None:
    also = ["--also", "Is there delivery?"]
    knows(run, "add", "--question", "Do you deliver?", "--answer", "In two days.", *also)
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    ran = knows(
        run,
        "add",
        str(write("faq.csv", "question,answer\nDo you wrap gifts?,For 2 €.\n")),
        str(write("prices.md", "# Prices\n\nA bicycle costs 300 €.")),
    )
    assert "faq.csv: documents read: 1" in ran.out
    assert told(run, "is there delivery") == "faq: In two days."
    assert told(run, "Is the shop closed in August?") == "quoted: The shop is closed in August."
    assert told(run, "do you wrap gifts?") == "faq: For 2 €."
    assert "300 €" in told(run, "What does a bicycle cost?")
    assert [(row["kind"], row["documents"]) for row in listed(run)] == [
        ("faq", 1),
        ("note", 1),
        ("file", 1),
        ("file", 1),
    ]


def test_search_shows_a_person_the_answer_and_where_it_is_from(run: Run) -> None:
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    shown = knows(run, "search", "Is the shop closed in August?").out
    assert shown.startswith(
        "Quoted from your pages:\n\nThe shop is closed in August.\n\n1.00  Summer"
    )
    assert knows(run, "search", "Who painted Guernica?").out == "Nothing was found about this.\n"
    assert "Nothing was found" in knows(run, "search", "").out
    assert "Nothing was found" in knows(run, "search", "\ud83d\x00 '\"; DROP TABLE" * 500).out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--question", "Why?"],
        ["--answer", "Because."],
        ["--question", "Why?", "--answer", "  "],
        ["--title", "T"],
        ["--also", "How?", "--title", "T", "--text", "X"],
    ],
)
def test_half_an_entry_is_refused(run: Run, words: list[str]) -> None:
    assert "Say what to add" in refused(run, "add", *words)
    assert listed(run) == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("broken.pdf", b"%PDF-1.7 nothing here", "damaged"),
        ("empty.pdf", b"", "damaged"),
        ("empty.csv", b"", "two columns"),
        ("one-column.csv", b"question\nWhy?\nHow?\n", "two columns"),
        ("picture.png", b"\x89PNG", "cannot be read"),
        ("noise.txt", b"\x00\x01\x02" * 100, "not a text"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    run: Run, write: Written, name: str, content: bytes, why: str
) -> None:
    good = write("good.md", "# Prices\n\nA bicycle costs 300 €.")
    ran = run("knowledge", "add", str(write(name, content)), str(good))
    assert ran.exit_code == 1
    assert ran.err.count("\n") == 1
    assert name in ran.err
    assert why in ran.err
    assert "good.md" in ran.out
    assert [row["address"] for row in listed(run)] == ["good.md"]


def test_columns_by_other_names_are_not_guessed(run: Run, write: Written) -> None:
    file = write("people.csv", "name;age;town\nAda;36;London\n")
    ran = run("knowledge", "add", str(file))
    assert ran.exit_code == 1
    assert "two columns, question and answer" in ran.err
    two = write("two.csv", "Do you deliver?;Yes.\nDo you wrap?;No.\n")
    assert "read: 2" in knows(run, "add", str(two)).out


def test_a_file_that_is_not_there_is_named_and_nothing_is_promised(
    run: Run, tmp_path: Path
) -> None:
    ran = run("knowledge", "add", str(tmp_path / "nowhere.md"), str(tmp_path))
    assert ran.exit_code == 1
    assert "nowhere.md" in ran.err
    assert ran.err.count("\n") == 2
    assert ran.out == ""


def test_an_unknown_site_is_named_by_every_verb(run: Run, write: Written) -> None:
    rows = str(write("rows.jsonl", ""))
    for words in (
        ["add", "--title", "T", "--text", "X"],
        ["crawl", "example.org"],
        ["list"],
        ["search", "Why?"],
        ["remove", "1"],
        ["status"],
        ["export"],
        ["import", rows],
        ["push-secret"],
        ["unanswered"],
        ["answer", "abc", "Yes."],
        ["golden", "list"],
        ["golden", "run"],
        ["golden", "remove", "1"],
        ["golden", "add", "Why?", "--nothing"],
    ):
        assert "no-such-site" in refused(run, *words, "--site", "no-such-site", code=1)


def test_of_several_sites_one_must_be_named(run: Run) -> None:
    for name in ("One", "Two"):
        run("site", "add", name)
    sites = json.loads(run("site", "list", "--json").out)
    keys = [site["key"] for site in sites if not site["demo"]]
    sentence = refused(run, "list")
    assert all(key in sentence for key in keys)
    knows(run, "add", "--title", "T", "--text", "Only one knows this.", "--site", keys[0])
    assert len(listed(run, "--site", keys[0])) == 1
    assert listed(run, "--site", keys[1]) == []
    assert told(run, "Who knows this?", "--site", keys[1]).startswith("nothing")


def test_removing_a_source_takes_back_what_was_read_from_it(run: Run) -> None:
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    (source,) = listed(run)
    number = str(source["number"])
    assert number in knows(run, "remove", number).out
    assert told(run, "Is the shop closed in August?").startswith("nothing")
    assert "There is nothing" in knows(run, "list").out
    assert number in refused(run, "remove", number, code=1)
    assert run("knowledge", "remove", "first").exit_code == 2


def test_status_tells_how_much_there_is(run: Run) -> None:
    assert json.loads(knows(run, "status", "--json").out)["documents"] == 0
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    assert json.loads(knows(run, "status", "--json").out) == {
        "documents": 1,
        "semantic": False,
        "waiting": 0,
    }
    assert "Documents: 1." in knows(run, "status").out


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
        (b"[1, 2]\n", "Document 1"),
        (b'{"id": "a", "text": "x"}\n{"id": "b"}\n', "Document 2"),
        (b'{"id": "a", "text": "x", "source": "nonsense"}\n', "Document 1"),
        (b'{"id": "a", "text": "x", "wordings": 3}\n', "Document 1"),
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


@pytest.mark.parametrize(
    ("documents", "questions", "why"),
    [
        ("", '{"question": "Why?", "relevant": "x"', "line 1"),
        ("", '{"question": "Why?"}', "line 1"),
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
    assert "nowhere" in refused(run, "eval", str(tmp_path / "nowhere.json"))


def test_a_site_is_read_listed_paused_and_resumed(
    run: Run, web: WebSite, allow_loopback: None
) -> None:
    web.put("/", "Home", 'Welcome. <a href="/hours">Hours</a> <a href="/secret">Secret</a>')
    web.put("/hours", "Hours", "The shop is open from 9:30 to 19:00.")
    web.put("/secret", "Secret", "Not for machines.", **{"X-Robots-Tag": "noindex"})
    ran = knows(run, "crawl", web.address, "--json")
    crawled = json.loads(ran.out)
    assert crawled["pages"] == {"read": 2, "skipped": 1}
    number = str(crawled["source"])
    assert "19:00" in told(run, "When is the shop open?")
    shown = knows(run, "list").out
    assert "2 read, 1 left out" in shown
    assert f"1 left out: The page asks not to be indexed. ({web.address}/secret)" in shown
    knows(run, "crawl", "--pause", number)
    assert "paused" in knows(run, "list").out
    assert listed(run)[0]["state"] == "paused"
    assert "1 left out, 2 unchanged" in knows(run, "crawl", "--resume", number).out


def test_a_site_that_cannot_be_read_is_told_in_a_sentence(run: Run) -> None:
    sentence = refused(run, "crawl", "http://127.0.0.1/", code=1)
    assert "private network" in sentence
    assert "private network" in knows(run, "list").out


@pytest.mark.parametrize(
    "words",
    [[], ["example.org", "--pause", "1"], ["--pause", "1", "--resume", "1"], ["--pause", "0"]],
)
def test_a_crawl_wants_one_thing_to_do(run: Run, words: list[str]) -> None:
    assert run("knowledge", "crawl", *words).exit_code == 2


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "//", "https://"])
def test_what_is_no_address_of_the_web_is_not_asked_for(run: Run, address: str) -> None:
    assert "not an address of the web" in refused(run, "crawl", address)
    assert listed(run) == []


def test_only_a_crawl_can_be_paused(run: Run) -> None:
    knows(run, "add", "--title", "T", "--text", "X")
    number = str(listed(run)[0]["number"])
    for option in ("--pause", "--resume"):
        assert "no crawl" in refused(run, "crawl", option, number)
        assert "99" in refused(run, "crawl", option, "99", code=1)
