"""The command line: its verbs, their help, and what it says to who misuses them."""

from __future__ import annotations

import errno
import getpass
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.command_line import Run

from chatbot_server.cli.click_messages import misuse, placeholders_in
from chatbot_server.cli.context import refusal
from chatbot_server.cli.main import VERBS, root
from chatbot_server.messages import COMMAND, COMMAND_VARIABLE, catalogue, say


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_verb_explains_itself_in_both_languages(
    run: Run, monkeypatch: pytest.MonkeyPatch, verb: str, language: str
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", language)
    shown = run(verb, "--help")
    assert shown.exit_code == 0
    assert "help_" not in shown.out
    usage, _, sentences = shown.out.partition("\n\n")
    assert "..." not in sentences, usage  # the sentences of a group's commands are whole


def test_sentences_name_the_words_that_the_usage_shows() -> None:
    """“Read the site at ADDRESS”; in French, usage and sentence say ADRESSE."""
    for key, texts in catalogue().items():
        if key.startswith("help_"):
            english, french = (
                set(re.findall(r"\b[A-ZÉ]{3,}\b", placeholders_in(texts[language], "fr")))
                for language in ("en", "fr")
            )
            assert english - {"GDPR"} == french - {"RGPD"}, key


def test_usage_and_mistakes_name_what_to_type_in_the_readers_language(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATBOT_LANGUAGE", "fr")
    assert "models pull [OPTIONS] NOM|hf:DÉPÔT/FICHIER|URL" in run("models", "pull", "--help").out
    assert run("site", "add").err.startswith("Il manque NOM. Voir")
    monkeypatch.setenv("CHATBOT_LANGUAGE", "en")
    assert run("site", "add").err.startswith("NAME is missing. See")


def test_an_option_without_its_value_leads_to_the_help_of_its_command(run: Run) -> None:
    assert run("site", "add", "Shop", "--name").err.endswith("chatbot-server site add --help\n")


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_needs_no_settings_does_not_wait_for_what_reads_them(option: str) -> None:
    lines = [
        "import sys; from chatbot_server.cli.main import main",
        f"sys.argv[1:] = [{option!r}]",
        "try: main()\nfinally: sys.exit('pydantic' in sys.modules)",
    ]
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False).returncode == 0


def test_the_first_check_of_doctor_waits_for_no_part_of_a_later_one() -> None:
    lines = [
        "import sys; from chatbot_server.cli.diagnosis.doctor import doctor",
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, check=True, text=True
    )
    assert not {"sqlalchemy", "httpx", "numpy", "smtplib"} & set(done.stdout.split())


def test_the_help_lists_the_verbs(run: Run) -> None:
    shown = run("--help").out
    for verb in set(VERBS) - {"jobs"}:
        assert verb in shown


def test_help_is_a_word_too(run: Run) -> None:
    assert run("help").out == run("--help").out
    assert run("help", "site", "add").out == run("site", "add", "--help").out


def test_a_remedy_names_the_command_as_it_is_typed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMMAND_VARIABLE, "/opt/x/chatbot-server")
    error = click.UsageError("", click.Context(root, info_name=COMMAND))
    assert misuse(error, "en").endswith("See: /opt/x/chatbot-server --help")


def test_the_usage_names_the_program_as_it_is_called(run: Run) -> None:
    assert run("site", "--help").out.startswith("Usage: chatbot-server site ")


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (errno.ENOENT, "os_missing"),
        (errno.EISDIR, "os_folder"),
        (errno.EROFS, "os_denied"),
        (errno.ENOSPC, "os_full"),
        (errno.EIO, "os_error"),
    ],
)
def test_what_the_system_refuses_is_one_sentence_with_its_remedy(number: int, key: str) -> None:
    told = refusal(OSError(number, "why", "prices.csv"), "fr")
    whose = {"user": getpass.getuser(), "owner": Path().absolute().owner()}
    assert told == say(key, "fr", where="prices.csv", why="why", **whose)


def test_words_that_are_no_text_are_refused(run: Run) -> None:
    ran = run("site", "add", "n\udcff")
    assert (ran.exit_code, ran.err.count("\n")) == (2, 1)
    assert "UTF-8" in ran.err


@pytest.mark.parametrize(
    ("words", "en", "fr"),
    [
        ("serv", "Did you mean serve?", "Vouliez-vous dire serve\u202f?"),
        ("nonsense", "There is no command nonsense.", "La commande nonsense n’existe pas."),
        ("site lst", "Did you mean list?", "Vouliez-vous dire list\u202f?"),
        ("init --prot 1", "Did you mean --port?", "Vouliez-vous dire --port\u202f?"),
        ("init --nonsense", "no option --nonsense", "L’option --nonsense n’existe pas"),
        ("site add", "NAME is missing.", "Il manque NOM."),
        ("init --port", "--port needs a value", "--port doit être suivie"),
        ("init --port 0", "a whole number from 1 to 65535", "un nombre entier de 1 à 65535"),
        ("init --port x", "a whole number from 1 to 65535", "un nombre entier de 1 à 65535"),
        ("site add x --position y", "--position: write one of: bottom-right,", "l’un de ces mots"),
        ("migrate stray", "too many words", "trop de mots"),
    ],
)
def test_misuse_is_told_in_the_persons_language(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: str, en: str, fr: str
) -> None:
    for language, told in (("en", en), ("fr", fr)):
        monkeypatch.setenv("CHATBOT_LANGUAGE", language)
        ran = run(*words.split())
        assert (ran.exit_code, ran.err.count("\n")) == (2, 1)
        assert told in ran.err


def test_no_help_mixes_two_languages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chatbot_server", "site", "add", "--help"]
    french = os.environ | {"CHATBOT_LANGUAGE": "fr"}
    told = subprocess.run(command, env=french, capture_output=True, text=True).stdout
    assert told.startswith("Usage\u00a0: chatbot-server site add ")
    assert "Afficher cette aide." in told
    assert "Show" not in told


@pytest.mark.parametrize(
    "words", [["nonsense"], ["serve", "--nonsense"], ["site", "add"], ["init", "--port", "0"]]
)
def test_misuse_is_exit_code_2(run: Run, words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_a_word_of_an_installation_is_named_as_that(run: Run) -> None:
    for word in ("status", "stop"):
        told = run(word)
        assert (told.exit_code, "install.sh" in told.err) == (2, True)
    assert "install.sh" not in run("statsu").err
    assert "install.sh" not in run("models", "status").err


def test_a_backup_into_a_folder_that_is_not_there_names_the_folder(
    run: Run, tmp_path: Path
) -> None:
    run("init", "--model", "none")
    ran = run("backup", str(tmp_path / "nowhere" / "all.chatbot-backup"))
    assert ran.err.startswith(f"{tmp_path / 'nowhere'} does not exist.")
