"""``chatbot-server knowledge``: each verb as an owner uses it, and what it says when misused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Run
from support.files.office_files import docx, encrypted_pdf, image_pdf, pdf
from support.knowledge_cli import Written, knows, listed, refused, told

pytestmark = pytest.mark.usefixtures("knowledge_config")


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
    assert "faq.csv: documents read: 1, words: 2, tables: 0" in ran.out
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


def test_files_are_summed_up_for_scripts(run: Run, write: Written) -> None:
    table = write("prices.md", "# Prices\n\n| what | price |\n|---|---|\n| bicycle | 300 € |\n")
    missing = run("knowledge", "add", str(table), "/nowhere.md", "--json")
    assert missing.exit_code == 1
    good, bad = json.loads(missing.out)["files"]
    figures = {"documents": 1, "words": 5, "tables": 1}
    assert good == {
        "name": "prices.md",
        "source": listed(run)[0]["number"],
        **figures,
        "notice": "",
    }
    assert (bad["name"], bad["why"]) == ("nowhere.md", missing.err.strip())


def test_search_shows_a_person_the_answer_and_where_it_is_from(run: Run) -> None:
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    shown = knows(run, "search", "Is the shop closed in August?").out
    assert shown.startswith(
        "Quoted from your pages:\n\nThe shop is closed in August.\n\n1.00  Summer"
    )
    assert knows(run, "search", "Who painted Guernica?").out == "Nothing was found about this.\n"
    assert "Nothing was found" in knows(run, "search", "\x00 '\"; DROP TABLE" * 500).out


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
        ("empty.pdf", b"", "is empty (0 bytes)"),
        ("empty.csv", b"", "is empty (0 bytes)"),
        ("empty.md", b"", "is empty (0 bytes)"),
        ("blank.txt", b" \r\n\n", "no text"),
        ("empty.html", b"<html><body></body></html>", "no text"),
        ("one-column.csv", b"question\nWhy?\nHow?\n", "two columns"),
        ("locked.pdf", encrypted_pdf("Secret."), "password"),
        ("scanned.pdf", image_pdf(), "no text"),
        ("broken.docx", b"PK\x03\x04 nothing here", "damaged"),
        ("text.docx", b"only text", "not a file of the kind"),
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


def test_of_a_folder_the_files_that_can_be_read_are_added(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    (folder / "more").mkdir(parents=True)
    assert "a folder without a file that can be read" in refused(run, "add", str(folder), code=1)
    for name in ("prices.md", "hours.txt", "photo.png", "more/rest.md", ".hidden"):
        (folder / name).write_text("# Prices\n\nA bicycle costs 300 €.")
    ran = run("knowledge", "add", str(folder))
    assert ran.exit_code == 0
    assert (
        f"Left out of {folder}, as they are no files that can be read: more, photo.png" in ran.err
    )
    assert [row["address"] for row in listed(run)] == ["hours.txt", "prices.md"]


@pytest.mark.parametrize(("name", "made"), [("prices.pdf", pdf), ("prices.docx", docx)])
def test_what_office_programs_write_is_read(
    run: Run, write: Written, name: str, made: Callable[[str], bytes]
) -> None:
    knows(run, "add", str(write(name, made("A red bicycle costs 300 euros."))))
    assert told(run, "What does a red bicycle cost?") == "quoted: A red bicycle costs 300 euros."


def test_of_two_files_of_one_name_the_second_is_refused(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / folder / "prices.md" for folder in ("old", "new")]
    for file in files:
        file.parent.mkdir()
        file.write_text(f"# Prices\n\nA bicycle of the {file.parent.name} kind costs 300 €.")
    ran = run("knowledge", "add", *map(str, files))
    assert ran.exit_code == 1
    assert ran.err.count("\n") == 1
    assert str(files[1]) in ran.err
    assert ran.out.startswith("prices.md: documents read: 1")
    assert "old kind" in told(run, "What does a bicycle cost?")


def test_a_file_read_again_replaces_what_it_held(run: Run, write: Written) -> None:
    for price in ("300", "400"):
        knows(run, "add", str(write("prices.pdf", pdf(f"A red bicycle costs {price} euros."))))
    assert "400" in told(run, "What does a red bicycle cost?")
    assert [row["documents"] for row in listed(run)] == [1]


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


def test_what_the_demo_got_is_not_lost_from_sight(run: Run, write: Written) -> None:
    added = knows(run, "add", "--title", "T", "--text", "Only the demo knows this.").out
    assert "what the demo page answers from" in added
    run("site", "add", "Shop")
    shown = knows(run, "list").out
    assert "There is nothing" in shown
    key = shown.split("--site ")[1].split("”")[0]
    assert [row["documents"] for row in listed(run, "--site", key)] == [1]
    added = knows(run, "add", "--title", "T", "--text", "The shop knows this.").out
    assert "demo" not in added + knows(run, "list").out


def test_removing_a_source_takes_back_what_was_read_from_it(run: Run) -> None:
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    (source,) = listed(run)
    number = str(source["number"])
    assert number in knows(run, "remove", number).out
    assert told(run, "Is the shop closed in August?").startswith("nothing")
    assert "There is nothing" in knows(run, "list").out
    assert number in refused(run, "remove", number, code=1)
    assert run("knowledge", "remove", "first").exit_code == 2


def test_one_entry_is_seen_and_removed_and_the_others_stay(run: Run) -> None:
    knows(run, "add", "--question", "Do you deliver?", "--answer", "Yes.", "--also", "Delivery?")
    knows(run, "add", "--question", "Do you wrap gifts?", "--answer", "For 2 €.")
    (source,) = listed(run)
    number = str(source["number"])
    shown = knows(run, "list", number).out.splitlines()
    assert [line.split(maxsplit=1)[-1] for line in shown] == [
        *("Do you deliver?", "Delivery?", "Do you wrap gifts?")
    ]
    first = shown[0].split()[0]
    assert (
        "“Do you deliver?” is forgotten." in knows(run, "remove", number, "--document", first).out
    )
    assert told(run, "do you deliver").startswith("nothing")
    assert told(run, "do you wrap gifts") == "faq: For 2 €."
    assert first in refused(run, "remove", number, "--document", first, code=1)
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    elsewhere = str(listed(run, str(listed(run)[1]["number"]))[0]["document"])
    assert elsewhere in refused(run, "remove", number, "--document", elsewhere, code=1)
    knows(run, "add", "--title", "Winter", "--text", "The shop is open in December.")
    notes = str(listed(run)[1]["number"])
    assert all(row["removable"] for row in listed(run, notes))
    knows(run, "remove", notes, "--document", elsewhere)
    assert [row["title"] for row in listed(run, notes)] == ["Winter"]
    assert "99" in refused(run, "list", "99", code=1)


@pytest.mark.parametrize(
    "words",
    [
        ["knowledge", "remove"],
        ["knowledge", "remove", "1", "--document"],
        ["knowledge", "list"],
        ["knowledge", "golden", "remove"],
        ["knowledge", "crawl", "--pause"],
        ["knowledge", "crawl", "--resume"],
        ["api-key", "revoke"],
        ["contact", "remove"],
    ],
)
def test_a_number_beyond_any_is_refused_in_a_sentence(run: Run, words: list[str]) -> None:
    ran = run(*words, "99999999999999999999")
    assert ran.exit_code == 2
    assert ran.err.count("\n") == 1


def test_a_file_whose_name_is_no_text_is_refused(run: Run, write: Written) -> None:
    assert "not text" in refused(run, "add", str(write("caf\udce9.md", "Closed in August.")))


def test_status_tells_how_much_there_is(run: Run) -> None:
    assert json.loads(knows(run, "status", "--json").out)["documents"] == 0
    knows(run, "add", "--title", "Summer", "--text", "The shop is closed in August.")
    assert json.loads(knows(run, "status", "--json").out) == {
        "documents": 1,
        "semantic": False,
        "waiting": 0,
    }
    assert "Documents: 1." in knows(run, "status").out
