"""Sites: their names, their settings, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Run


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


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [("time_zone", "Europe/Paris", "Europe/Paris"), ("country", "be", "BE")],
)
def test_where_a_site_is_can_be_said_and_left_to_the_server_again(
    run: Run, name: str, given: str, stored: str
) -> None:
    option = f"--{name.replace('_', '-')}"
    run("init", "--model", "none")
    made = json.loads(run("site", "add", "Shop", option, given, "--json").out)[0]
    assert made[name] == stored
    changed = run("site", "edit", made["key"], option, "auto", "--json").out
    assert json.loads(changed)[0][name] is None


def test_a_running_server_is_told_of_changed_settings(run: Run, tmp_path: Path) -> None:
    run("init", "--model", "none")
    added = run("site", "add", "Bakery", "--origin", "https://bakery.example", "--json")
    key = json.loads(added.out)[0]["key"]
    call = tmp_path / "data" / "run" / "jobs-embed.called"
    call.parent.mkdir(parents=True, exist_ok=True)
    assert run("site", "edit", key, "--country", "FR").exit_code == 0
    assert call.exists(), "golden questions are asked again now"
    call.unlink()
    number = json.loads(run("site", "history", key, "--json").out)[0]["id"]
    assert run("site", "undo", key, str(number)).exit_code == 0
    assert call.exists()
