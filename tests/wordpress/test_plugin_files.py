"""The plugin's files keep the rules of the WordPress directory, as its Plugin Check tests them."""

from __future__ import annotations

import gettext
import io
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import wordpress_plugin
from support.patience import LONG
from support.wordpress.site import php_program, wordpress_files

FOLDER = Path(__file__).parents[2] / "wordpress"
PHP_FILES = sorted(FOLDER.rglob("*.php"))
SCRIPTS = sorted(FOLDER.rglob("*.js"))
README = (FOLDER / "readme.txt").read_text(encoding="utf-8")
PHP_TEXT = "\n".join(file.read_text(encoding="utf-8") for file in PHP_FILES)
# A sentence between single quotes, as an argument.
SENTENCE = r"'((?:[^'\\]|\\.)*)'"
ONE = re.compile(rf"\b(?:__|_e|esc_html__|esc_attr__|esc_html_e)\(\s*{SENTENCE}, 'chatbot-server'")
SEVERAL = re.compile(rf"\b_n\(\s*{SENTENCE}, {SENTENCE},.*, 'chatbot-server'")
HOLDER = re.compile(r"%(?:\d\$)?[sd]")
# What prints: each argument is escaped where it is printed.
PRINTED = re.compile(r"\b(?:echo|printf)\b(.*);$", re.MULTILINE)
SAFE = re.compile(
    r"\b(?:esc_html|esc_attr|esc_url|esc_textarea|esc_html__|selected|checked)\("
    r"|\(int\)|'(?:[^'\\]|\\.)*'"
)


def header(name: str, text: str) -> str:
    found = re.search(rf"^(?: \* )?{name}:\s*(.+)$", text, re.MULTILINE)
    assert found, f"no {name}"
    return found[1]


def sentences() -> set[str]:
    """What is translated; two forms are parted by NUL, as in a translation."""
    found = {text.replace("\\'", "'") for text in ONE.findall(PHP_TEXT)}
    return (
        found
        | {"\0".join(forms) for forms in SEVERAL.findall(PHP_TEXT)}
        | {header("Description", PHP_TEXT)}
    )


def translation() -> dict[str, str]:
    [file] = FOLDER.rglob("*.po")
    read = wordpress_plugin.read_translation(file.read_text(encoding="utf-8"))
    return {original: text for original, text in read.items() if original}


@pytest.mark.parametrize("file", PHP_FILES, ids=lambda file: file.name)
def test_php_reads_each_file(file: Path) -> None:
    done = subprocess.run([php_program(), "-l", file], capture_output=True, timeout=LONG)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", PHP_FILES, ids=lambda file: file.name)
def test_no_file_does_anything_when_it_is_opened_by_its_address(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    guards = ("defined( 'ABSPATH' ) || exit;", "defined( 'WP_UNINSTALL_PLUGIN' ) || exit;")
    assert any(guard in text for guard in guards)
    done = subprocess.run([php_program(), file], capture_output=True, timeout=LONG)
    assert (done.returncode, done.stdout) == (0, b"")


def test_nothing_is_older_or_newer_than_php_7_4_can_read() -> None:
    newer = r"\bmatch\s*\(|\?->|\breadonly\b|\benum \w+|: (?:static|mixed|never)\b|#\["
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", PHP_TEXT, flags=re.DOTALL)
    assert re.findall(newer, code) == []
    assert "function __construct( private" not in code


def test_what_is_printed_is_escaped_where_it_is_printed() -> None:
    unsafe = [line.strip() for line in PRINTED.findall(PHP_TEXT) if not is_escaped(line)]
    assert unsafe == []


def is_escaped(arguments: str) -> bool:
    """Whether each argument begins with what escapes it; commas inside of brackets are not ends."""
    depth, part, parts = 0, "", []
    text = re.sub(r"'(?:[^'\\]|\\.)*'", "''", arguments.strip())
    text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and letter in ",.":
            parts.append(part)
            part = ""
        else:
            part += letter
    return all(SAFE.match(piece.strip()) for piece in [*parts, part] if piece.strip())


@pytest.mark.parametrize(
    ("arguments", "is_safe"),
    [
        ("( '<a>%s</a>', esc_html( $name ) )", True),
        (" '<p>' . esc_html__( 'Hello, you', 'chatbot-server' ) . '</p>'", True),
        ("( '<a>%s</a>', $name )", False),
        (" '<p>' . get_the_title( $post )", False),
        ("( '%s %s', esc_html( $name ), $_GET['a'] )", False),
    ],
)
def test_what_is_not_escaped_is_noticed(arguments: str, is_safe: bool) -> None:
    assert is_escaped(arguments) is is_safe


def test_no_address_of_this_machine_or_of_others_is_in_the_code() -> None:
    code = PHP_TEXT + "\n".join(file.read_text(encoding="utf-8") for file in SCRIPTS)
    assert not re.search(r"localhost|127\.0\.0\.1", code)
    addresses = set(re.findall(r"https?://[\w.]+\.\w+", code))
    assert addresses == {"https://chat.example.org", "https://www.gnu.org"}


def test_every_name_that_others_can_meet_is_ours() -> None:
    for file in PHP_FILES:
        assert "namespace Chatbot_Server;" in file.read_text(encoding="utf-8"), file
    hooks = re.findall(r"\bapply_filters\( '([\w-]+)'", PHP_TEXT)
    foreign = {"the_content", "wpml_post_language_details"}
    assert {name for name in hooks if not name.startswith("chatbot_server_")} == foreign
    handles = re.findall(r"wp_(?:enqueue|register)_script\( '([\w-]+)'", PHP_TEXT)
    assert all(name.startswith("chatbot-server") for name in handles)
    assert not re.search(r"load_plugin_textdomain|wp_print_script_tag", PHP_TEXT)


def test_forms_and_calls_are_checked_for_who_sent_them() -> None:
    handlers = re.findall(r"^function (handle_\w+)\(.*?^}", PHP_TEXT, re.MULTILINE | re.DOTALL)
    bodies = re.findall(r"^function handle_\w+\(.*?^}", PHP_TEXT, re.MULTILINE | re.DOTALL)
    assert len(handlers) == PHP_TEXT.count("'admin_post_") + PHP_TEXT.count("'wp_ajax_")
    for body in bodies:
        assert re.search(r"check_(?:admin|ajax)_referer\(", body)
        assert "current_user_can(" in body


def test_the_readme_is_as_the_directory_wants_it() -> None:
    assert len(header("Tags", README).split(",")) <= 5
    short = README.split("\n\n")[1]
    assert len(short) <= 150
    for name in ("Requires at least", "Requires PHP", "License"):
        assert header(name, README) == header(name, PHP_TEXT), name
    assert header("Stable tag", README) == header("Version", PHP_TEXT) == "@VERSION@"
    sections = re.findall(r"^== (.+) ==$", README, re.MULTILINE)
    assert {"Description", "Installation", "External services", "Privacy", "Changelog"} <= {
        *sections
    }
    assert not re.search(r"compliant|five stars|Powered by", README)
    assert not re.match(r"=== (?:WordPress|Woo)", README)


def test_tested_up_to_is_the_wordpress_of_these_tests(cache_folder: Path) -> None:
    version = (wordpress_files(cache_folder) / "wp-includes/version.php").read_text()
    assert f"$wp_version = '{header('Tested up to', README)}." in version


def test_every_sentence_has_its_french() -> None:
    french = translation()
    assert french.keys() == sentences()
    for original, text in french.items():
        assert text.strip(), original
        forms = [*original.split("\0"), *text.split("\0")]
        assert len({tuple(sorted(HOLDER.findall(form))) for form in forms}) == 1, original
        assert not re.search(r" [;:?!»]|« ", text), f"a blank that may break: {text}"


def test_the_translation_is_what_other_programs_read() -> None:
    content = wordpress_plugin.plugin_files("1.0.0")["languages/chatbot-server-fr_FR.mo"]
    read = gettext.GNUTranslations(io.BytesIO(content))
    assert read.gettext("Your chatbot") == "Votre chatbot"
    forms = ("%s page is waiting to be sent.", "%s pages are waiting to be sent.")
    assert [read.ngettext(*forms, number).split()[1] for number in (0, 1, 2)] == [
        "page",
        "page",
        "pages",
    ]


def test_a_line_that_is_no_translation_is_refused() -> None:
    with pytest.raises(ValueError, match="no line of a translation: msgfoo"):
        wordpress_plugin.read_translation('msgid "a"\nmsgfoo "b"\n')


def test_the_zip_holds_what_is_installed_and_nothing_else(plugin_zip: Path) -> None:
    assert plugin_zip.name == "chatbot-server-wordpress-9.8.7.zip"
    with zipfile.ZipFile(plugin_zip) as archive:
        names = archive.namelist()
        main = archive.read("chatbot-server/chatbot-server.php").decode()
    assert all(name.startswith("chatbot-server/") for name in names)
    assert {Path(name).suffix for name in names} == {".php", ".js", ".txt", ".mo", ""}
    assert header("Version", main) == "9.8.7"
    assert "const VERSION     = '9.8.7';" in main
    again = wordpress_plugin.pack(plugin_zip.parent / "..", "9.8.7", 1_700_000_000)
    assert again.read_bytes() == plugin_zip.read_bytes()
