"""What a visitor downloads, and that it is what the sources say."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "widget"
DIST = WIDGET / "dist"
LOCALES = ("ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt")


def compressed(name: str) -> int:
    """Bytes of the one file that matches *name*, as gzip -9 sends it."""
    (file,) = DIST.glob(name)
    return len(gzip.compress(file.read_bytes(), 9, mtime=0))


@pytest.fixture(scope="module")
def modules() -> Path:
    """The development dependencies, installed as the lock file says."""
    if not (WIDGET / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WIDGET, check=True)
    return WIDGET / "node_modules"


def test_the_loader_is_at_most_2_5_kb() -> None:
    assert compressed("widget.js") <= 2_500


def test_loader_panel_and_english_are_at_most_14_7_kb() -> None:
    assert compressed("widget.js") + compressed("panel-*.js") <= 14_700


@pytest.mark.parametrize("locale", LOCALES)
def test_a_locale_is_at_most_1_2_kb(locale: str) -> None:
    assert compressed(f"{locale}-*.json") <= 1200


def test_nothing_comes_from_elsewhere() -> None:
    for file in DIST.iterdir():
        addresses = re.findall(r"https?://[\w.-]+", file.read_text(encoding="utf-8"))
        # The SVG namespace is a name, never fetched; localhost is a pattern of the diagnosis.
        assert set(addresses) <= {"http://www.w3.org"}, file.name


def test_no_markup_is_ever_parsed() -> None:
    sinks = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function"
    )
    for file in DIST.glob("*.js"):
        assert not re.search(sinks, file.read_text(encoding="utf-8")), file.name


def test_the_widget_has_no_runtime_dependency() -> None:
    assert "dependencies" not in json.loads((WIDGET / "package.json").read_text(encoding="utf-8"))


def test_the_lock_file_pins_by_hash_and_names_no_registry() -> None:
    lock = json.loads((WIDGET / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: facts for name, facts in lock["packages"].items() if name}
    assert all("integrity" in facts and "resolved" not in facts for facts in packages.values())


def test_dist_is_what_the_sources_build(modules: Path, tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=WIDGET, check=True)
    built = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    kept = {file.name: file.read_bytes() for file in DIST.iterdir()}
    assert sorted(built) == sorted(kept), "run `npm run build` in widget/ and commit dist"
    assert built == kept


def test_the_types_of_the_sources_hold(modules: Path) -> None:
    checked = subprocess.run(
        ["node", "node_modules/typescript/bin/tsc", "-p", "jsconfig.json"],
        cwd=WIDGET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout == ""


def test_the_pure_parts_pass_their_own_tests() -> None:
    done = subprocess.run(
        ["node", "--test", "test/"], cwd=WIDGET, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_every_locale_has_the_words_and_placeholders_of_english() -> None:
    folder = WIDGET / "src" / "locales"
    english = json.loads((folder / "en.json").read_text(encoding="utf-8"))
    for locale in LOCALES:
        words = json.loads((folder / f"{locale}.json").read_text(encoding="utf-8"))
        for group, texts in english.items():
            assert list(words[group]) == list(texts), locale
            for key, text in texts.items():
                holes = re.findall(r"{\w+}", text)
                assert re.findall(r"{\w+}", words[group][key]) == holes, f"{locale}: {key}"
                assert words[group][key].strip(), f"{locale}: {key}"


def test_every_word_is_used() -> None:
    english = json.loads((WIDGET / "src/locales/en.json").read_text(encoding="utf-8"))
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for part in english
        for file in (WIDGET / "src" / part).rglob("*.js")
    )
    for key in (key for words in english.values() for key in words):
        assert re.search(rf"\b{key}\b", code), key


def options() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((WIDGET / "src/options.json").read_text("utf-8"))
    return found


def test_the_options_of_the_table_are_those_of_the_code() -> None:
    files = [file for file in (WIDGET / "src").rglob("*.js") if "debug" not in file.parts]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    read = set(re.findall(r"\boptions\.([a-zA-Z]+)", code))
    for names in re.findall(r"\{ ([a-zA-Z, =\"{}-]+) \} = (?:app\.)?options\b", code):
        read |= set(re.findall(r"\b([a-zA-Z]+)\b(?! \")", names))
    read |= {"position", "color", "size", "style", "name", "greeting"}  # by name in a list
    known = {re.sub(r"-(\w)", lambda m: m[1].upper(), entry["name"]) for entry in options()}
    assert known <= read
    assert read - known <= {"nonce"}


def test_the_table_of_options_in_the_docs_is_generated_from_the_code() -> None:
    def row(*cells: str) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rows = [
        row(f"`data-{entry['name']}`", entry["values"], entry["default"], entry["meaning"])
        for entry in options()
    ]
    page = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
    table = page.split("<!-- options -->\n")[1].split("<!-- /options -->")[0].splitlines()
    assert table[2:] == rows, "run `npm run build` in widget/"
