"""The command line: what it does, and what it says when it cannot."""

from __future__ import annotations

import errno
import getpass
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from support.command_line import Run
from support.models.tiny_models import write_random_llama_gguf

from chatbot_server.cli import running_server
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


def test_init_writes_a_configuration_only_where_there_is_none(run: Run, tmp_path: Path) -> None:
    assert "chatbot-server serve" in run("init", "--port", "9001", "--model", "none").out
    file = tmp_path / "config.yaml"
    assert yaml.safe_load(file.read_text()) == {
        "data_dir": "data",
        "server": {"port": 9001},
        "engine": {"model": None},
    }
    before = file.read_bytes()
    assert run("init", "--port", "9002").exit_code == 0
    assert file.read_bytes() == before
    assert "http://127.0.0.1:9001/widget.js" in run("snippet").out


def test_a_configuration_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    words = ["-m", "chatbot_server", "--config", str(tmp_path / "c.yaml"), "init"]
    limited = "ulimit -f 0; exec " + shlex.join([sys.executable, "-B", *words])
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True)
    assert done.returncode == 1
    assert "c.yaml: the configuration cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_init_makes_is_for_its_user_alone(run: Run, tmp_path: Path) -> None:
    run("init", "--model", "none")
    for path in (tmp_path / "config.yaml", tmp_path / "data", tmp_path / "data" / "chatbot.db"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_without_a_configuration_every_verb_says_how_to_make_one(run: Run) -> None:
    for words in (["serve"], ["site", "list"], ["snippet"], ["ask", "Hello"], ["config", "check"]):
        ran = run(*words)
        assert ran.exit_code == 1
        assert "chatbot-server init" in ran.err
        assert "Traceback" not in ran.err


def test_a_broken_configuration_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("server: {prot: 1}")
    ran = run("serve")
    assert ran.exit_code == 1
    assert ran.err.count("\n") == 1
    assert "server.port" in ran.err


@pytest.mark.parametrize("setting", ["family: nope", "model: nope", "model: ~nobodyx/a.gguf"])
def test_the_check_finds_what_the_start_would_refuse(
    run: Run, tmp_path: Path, setting: str
) -> None:
    (tmp_path / "config.yaml").write_text(f"engine: {{{setting}}}")
    ran = run("config", "check")
    assert ran.exit_code == 1
    assert setting.partition(" ")[2] in ran.err


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
        ("init --port", "--port is followed by", "--port est suivie"),
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


def test_a_model_that_is_not_there_stops_the_start(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("engine: {model: no-such-model}")
    ran = run("serve")
    assert ran.exit_code == 1
    assert "no-such-model" in ran.err


@pytest.mark.parametrize("host", ["999.1.1.1", "203.0.113.7", "::9"])
def test_an_address_of_another_machine_is_not_blamed_on_the_port(
    run: Run, tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_server, "SECONDS", 0.5)
    (tmp_path / "config.yaml").write_text(f"server: {{host: '{host}'}}\nengine: {{model: null}}")
    found = {entry["name"]: entry for entry in json.loads(run("doctor", "--json").out)}
    assert not found["port"]["ok"]
    assert found["port"]["sentence"].startswith(f"server.host: {host} is not an address")


def test_a_data_folder_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("data_dir: /proc/nowhere\nengine: {model: null}")
    ran = run("serve")
    assert ran.exit_code == 1
    assert "/proc/nowhere" in ran.err


def test_a_site_lives_from_add_to_remove(run: Run) -> None:
    run("init", "--model", "none")
    made = json.loads(
        run(
            *("site", "add", "Boulangerie", "--origin", "HTTPS://Example.org:443/pain"),
            *("--greeting", "fr=Bonjour !", "--greeting", "Hello!", "--color", "#AA0000"),
            *("--suggestion", "Quand ouvrez-vous ?", "--json"),
        ).out
    )[0]
    assert made["origins"] == ["https://example.org"]
    assert made["words"]["greeting"] == {"fr": "Bonjour !", "*": "Hello!"}
    assert made["color"] == "#aa0000"
    assert made["key"] in run("snippet", made["key"]).out
    assert made["key"] in run("snippet").out
    edited = json.loads(
        run(
            "site", "edit", made["key"], "--name", "Pain", "--origin", "localhost:3000", "--json"
        ).out
    )[0]
    assert edited["name"] == "Pain"
    assert edited["origins"] == ["https://example.org", "https://localhost:3000"]
    assert edited["suggestions"] == {"*": ["Quand ouvrez-vous ?"]}
    assert run("site", "remove", made["key"], "--yes").exit_code == 0
    assert made["key"] not in run("site", "list").out
    assert run("site", "edit", made["key"], "--name", "x").exit_code == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--origin", "ftp://example.org"),
        ("--origin", "https://"),
        ("--origin", "https://exa mple.org"),
        ("--origin", "https://example.org:99999"),
        ("--origin", "https://[x"),
        ("--color", "red"),
        ("--language", "français"),
        ("--greeting", " "),
        ("--greeting", "x" * 501),
        ("--greeting", "fr="),
        ("--suggestion", "fr= "),
        ("--suggestion", "a\x1b[2Jb"),
        ("--instructions", "x" * 4001),
        ("--contact-email", "nope"),
        ("--contact-url", "javascript:alert(1)"),
        ("--contact-url", "https://[x"),
        ("--policy-url", "foo"),
        ("--policy-url", "https://example.org/a b"),
        ("--position", "middle"),
        ("--free-chat", "yes"),
        ("--country", "France"),
        ("--time-zone", "Paris"),
        ("--time-zone", "../etc/passwd"),
    ],
)
def test_a_wrong_site_setting_is_refused_and_changes_nothing(
    run: Run, option: str, value: str
) -> None:
    run("init", "--model", "none")
    before = run("site", "list", "--json").out
    ran = run("site", "add", "Shop", option, value)
    assert ran.exit_code == 2
    assert option in ran.err
    assert run("site", "list", "--json").out == before


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb", "a\x1bb", "n\udcff"])
def test_a_name_is_one_line_of_text(run: Run, name: str) -> None:
    run("init", "--model", "none")
    key = json.loads(run("site", "list", "--json").out)[0]["key"]
    for words in (["add", name], ["edit", key, "--name", name]):
        ran = run("site", *words)
        assert (ran.exit_code, ran.err.count("\n")) == (2, 1)
    assert [site["name"] for site in json.loads(run("site", "list", "--json").out)] == [
        "Demo",
        "Playground",
    ]


def test_what_was_set_is_shown_and_can_be_emptied(run: Run) -> None:
    run("init", "--model", "none")
    contact = {"contact_email": "a@b.org", "contact_url": "https://b.org", "policy_url": "http://c"}
    settings = contact | {"instructions": "Be brief.\nBe kind."}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    made = json.loads(run("site", "add", "Café « M »", *options, "--json").out)[0]
    assert {name: made[name] for name in settings} == settings
    emptied = [option.partition("=")[0] + "=" for option in options]
    made = json.loads(run("site", "edit", made["key"], *emptied, "--json").out)[0]
    assert [made[name] for name in settings] == [None, None, None, ""]


def test_an_origin_that_is_not_there_cannot_be_removed(run: Run) -> None:
    run("init", "--model", "none")
    made = json.loads(run("site", "add", "A", "--origin", "https://a.org", "--json").out)[0]
    ran = run("site", "edit", made["key"], "--remove-origin", "https://b.org")
    assert (ran.exit_code, "https://a.org" in ran.err) == (2, True)
    assert run("site", "edit", made["key"], "--remove-origin", "a.org").exit_code == 0


def test_a_site_without_pages_is_named_until_it_has_some_or_its_model_may_invent(run: Run) -> None:
    run("init", "--model", "none")
    key = json.loads(run("site", "add", "Shop", "--json").out)[0]["key"]

    def pages() -> list[tuple[bool, bool]]:
        checks = json.loads(run("doctor", "--json").out)
        return [(c["ok"], key in c["sentence"]) for c in checks if c["name"] == "pages"]

    assert pages() == [(False, True)]
    assert f"crawl https://example.org --site {key}" in run("site", "list").out
    run("site", "edit", key, "--origin", "https://own.example")
    for told in (run("site", "list").out, run("doctor").out):
        assert f"crawl https://own.example --site {key}" in told
    run("site", "edit", key, "--free-chat", "on")
    assert pages() == []
    assert "invents" in run("site", "list").out.split(key, 1)[1]
    run("site", "edit", key, "--free-chat", "off")
    run("knowledge", "add", "--site", key, "--title", "Hours", "--text", "Open on Sunday.")
    assert pages() == [(True, False)]
    assert "no pages yet" not in run("site", "list").out.split(key, 1)[1]


def test_a_time_zone_has_iana_s_name_or_is_the_server_s(run: Run) -> None:
    run("init", "--model", "none")
    made = json.loads(run("site", "add", "Shop", "--time-zone", "Europe/Paris", "--json").out)[0]
    assert made["time_zone"] == "Europe/Paris"
    changed = run("site", "edit", made["key"], "--time-zone", "auto", "--json").out
    assert json.loads(changed)[0]["time_zone"] is None


def test_a_country_is_two_letters_or_told_by_language_and_addresses(run: Run) -> None:
    run("init", "--model", "none")
    made = json.loads(run("site", "add", "Shop", "--country", "be", "--json").out)[0]
    assert made["country"] == "BE"
    changed = run("site", "edit", made["key"], "--country", "auto", "--json").out
    assert json.loads(changed)[0]["country"] is None


def test_doctor_finds_what_is_wrong_and_exits_with_1(run: Run, tmp_path: Path) -> None:
    run("init", "--model", "none")
    good = run("doctor", "--json")
    assert {entry["name"] for entry in json.loads(good.out)} >= {"config", "database", "model"}
    mark = tmp_path / "data" / "run" / "untrusted-proxy"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    assert "trusted_proxies" in run("doctor").out
    (tmp_path / "config.yaml").write_text("engine: {model: no-such-model}")
    bad = run("doctor")
    assert bad.exit_code == 1
    assert "✘" in bad.out
    assert "no-such-model" in bad.out


def test_doctor_names_an_engine_that_is_faster(run: Run, tmp_path: Path) -> None:
    model = write_random_llama_gguf(tmp_path / "tiny.gguf")
    for kind, is_named in (("auto", True), ("llamacpp", False)):
        (tmp_path / "config.yaml").write_text(f"engine: {{model: {model}, kind: {kind}}}")
        checks = {check["name"]: check for check in json.loads(run("doctor", "--json").out)}
        assert checks["model"]["ok"]
        assert ("engine.kind: llamacpp" in checks["model"]["sentence"]) is is_named


def test_config_example_is_a_configuration(run: Run, tmp_path: Path) -> None:
    shown = run("config", "example").out
    (tmp_path / "config.yaml").write_text(shown)
    assert run("config", "check").exit_code == 0


def test_a_word_of_an_installation_is_named_as_that(run: Run) -> None:
    for word in ("status", "stop"):
        told = run(word)
        assert (told.exit_code, "install.sh" in told.err) == (2, True)
    assert "install.sh" not in run("statsu").err
    assert "install.sh" not in run("models", "status").err


def test_a_folder_is_no_configuration(run: Run, tmp_path: Path) -> None:
    told = run("--config", str(tmp_path), "config", "check")
    assert (told.exit_code, f"{tmp_path} is a folder" in told.err) == (1, True)


@pytest.mark.parametrize("words", [["--config", "my bot.yaml"], ["--config=my bot.yaml"]])
def test_a_remedy_names_the_configuration_that_was_named(tmp_path: Path, words: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    environment.pop(COMMAND_VARIABLE, None)
    command = [sys.executable, "-m", "chatbot_server", *words, "site", "list"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert f"chatbot_server --config '{tmp_path / 'my bot.yaml'}' init" in done.stderr


@pytest.mark.parametrize("is_installed", [True, False])
def test_only_an_installation_is_told_to_restart(
    monkeypatch: pytest.MonkeyPatch, is_installed: bool
) -> None:
    monkeypatch.setenv("CHATBOT_CONTROL", "1" if is_installed else "")
    monkeypatch.setenv(COMMAND_VARIABLE, COMMAND)
    catalogue.cache_clear()
    try:
        told = say("restored", "fr")
    finally:
        catalogue.cache_clear()
    assert told.endswith("chatbot-server restart" if is_installed else "tapez chatbot-server serve")


def test_a_backup_into_a_folder_that_is_not_there_names_the_folder(
    run: Run, tmp_path: Path
) -> None:
    run("init", "--model", "none")
    ran = run("backup", str(tmp_path / "nowhere" / "all.chatbot-backup"))
    assert ran.err.startswith(f"{tmp_path / 'nowhere'} does not exist.")
