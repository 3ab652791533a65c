"""The configuration: what is read, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from chatbot_server.config import Config, load_config
from chatbot_server.config.load import known_keys
from chatbot_server.errors import ConfigError

# A hundred million words, once it is all written out.
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n}, ' * 10}]\n" for n in range(8))
EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def load(tmp_path: Path, text: str | bytes, **environment: str) -> Config:
    file = tmp_path / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(file, environment)


def complaint(tmp_path: Path, text: str | bytes, **environment: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environment)
    for language in ("en", "fr"):
        assert str(tmp_path / "config.yaml") in caught.value.sentence(language)
    return caught.value


def test_the_example_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    shown = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))

    def keys(section: dict[str, object], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for name, value in section.items():
            inner = keys(value, f"{prefix}{name}.") if isinstance(value, dict) else None
            found |= inner or {f"{prefix}{name}"}
        return found

    assert keys(shown) == set(known_keys())
    defaults = Config(data_dir=EXAMPLE.parent / "data")
    assert load_config(EXAMPLE, {}) == defaults


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "").server.port == 8080
    assert load(tmp_path, "server:\n").server.port == 8080


def test_a_bare_on_or_off_is_the_word_that_was_typed(tmp_path: Path) -> None:
    retrieval = load(tmp_path, "retrieval: {browser: off, semantic: on}").retrieval
    assert (retrieval.browser, retrieval.semantic) == ("off", "on")
    assert "auto, off" in complaint(tmp_path, "retrieval: {browser: on}").sentence("en")


@pytest.mark.parametrize("word", ["none", "null", '"none"'])
def test_no_model_can_be_written_as_the_installer_has_it(tmp_path: Path, word: str) -> None:
    (tmp_path / "config.yaml").write_text(f"engine: {{model: {word}}}\n")
    assert load_config(tmp_path / "config.yaml").engine.model is None


def test_the_data_folder_is_beside_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, "data_dir: here").data_dir == tmp_path / "here"
    assert load(tmp_path, "data_dir: /there").data_dir == Path("/there")


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, "server: {port: 1000}", CHATBOT_SERVER_PORT="2000")
    assert config.server.port == 2000


def test_an_empty_variable_of_the_installer_is_not_a_setting(tmp_path: Path) -> None:
    assert load(tmp_path, "", CHATBOT_PREFIX="/opt", CHATBOT_YES="1") == load(tmp_path, "")


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("server: {prot: 80}", "server.prot", "server.port"),
        ("prot: 80", "prot", ""),
        ("port: 80", "port", "server.port"),
        ("server: {port: yes}", "server.port", "true"),
        ("server: {port: 70000}", "server.port", "70000"),
        ("server: {port: '80'}", "server.port", "'80'"),
        ("server: 80", "server", "80"),
        ("engine: {temperature: hot}", "engine.temperature", "hot"),
        ("limits: {visitor: [often]}", "limits.visitor.0", "often"),
        ("privacy: {retention_days: -1}", "privacy.retention_days", "0 or more"),
        ("server: {host: 3}", "server.host", "an address"),
        ("server: {log_level: loud}", "server.log_level", "debug, info, warning, error"),
        ("server: {public_url: chat}", "server.public_url", "begins with http:// or https://"),
        ("engine: {top_p: 0}", "engine.top_p", "more than 0"),
        ("engine: {endpoints: [{}]}", "engine.endpoints.0.url", "is missing"),
        ("limits: {site: often}", "limits.site", "a list"),
        ("metrics: {host: 0.0.0.0}", "metrics", "metrics.token is needed"),
        ("metrics: {token: short}", "metrics.token", "16 to 200"),
        ("limits: {storage: memcached}", "limits.storage", "valkey://"),
        ("limits: {api_key: [0 per minute]}", "limits.api_key.0", "20 per minute"),
        ("limits: {api_key: [9 per 0 minutes]}", "limits.api_key.0", "20 per minute"),
        ("database: foo", "database", "postgresql+psycopg://"),
        ("server: {host: bad host}", "server.host", "127.0.0.1"),
        ("engine: {kind: openai}", "engine", "engine.endpoints"),
        ("data_dir: ~nobodyx/foo", "data_dir", "~nobodyx/foo"),
        ("server: {port: 1}\nserver: {port: 2}", "server", "line 2"),
        ("server: {port: 1, port: 2}", "port", "second time"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, key: str, said: str) -> None:
    error = complaint(tmp_path, text)
    assert error.field == key
    assert key in str(error)
    assert said in str(error)
    assert error.code != "config_wrong_value"  # whose end is English in every language


@pytest.mark.parametrize(
    "text", ["server: [", "\ttab: 1", b"\xff\xfe\x00", "a: *unknown", "- 1", "just words", "1"]
)
def test_what_is_not_a_configuration_is_refused(tmp_path: Path, text: str | bytes) -> None:
    complaint(tmp_path, text)


@pytest.mark.parametrize("text", ["server: &a [*a]", BOMB], ids=["endless", "bomb"])
def test_what_refers_to_another_place_is_refused(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text).code == "config_alias"
    assert load(tmp_path, "", CHATBOT_ENGINE_MODEL="*a").engine.model == "*a"


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    complaint(tmp_path, "[" * 100_000)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    assert complaint(tmp_path, b"#" * 2_000_000).code == "config_too_big"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chatbot-server init"):
        load_config(tmp_path / "config.yaml", {})


def test_a_wrong_variable_is_refused_like_a_wrong_setting(tmp_path: Path) -> None:
    assert complaint(tmp_path, "", CHATBOT_SERVER_PORT="many").field == "server.port"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("server:\n\tport: 1\n", "config_yaml_tab", 2),
        ("server: port: 1\n", "config_yaml_colon", 1),
        ("data_dir: @here\n", "config_yaml_sign", 1),
        ("server: {host: *}\n", "config_yaml_sign", 1),
        ("data_dir: !here x\n", "config_yaml_sign", 1),
        ('data_dir: "x\nserver: {}\n', "config_yaml_open_quote", 1),
        ("server: {port: 1\n\n", "config_yaml_bracket", 1),
        ("engine: {model: a: b}\n", "config_yaml_bracket", 1),
        ("server:\n  port: 1\n host: x\n", "config_yaml_indent", 3),
        ("data_dir: x\nengine:\n  model: \udce9\n", "config_yaml_bytes", 3),
        ("data_dir: a\x00b\n", "config_yaml_bytes", 1),
        ("data_dir: a\n---\nserver: {}\n", "config_yaml_documents", 2),
    ],
)
def test_what_is_no_yaml_is_told_in_plain_words(
    tmp_path: Path, text: str, code: str, line: int
) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as told:
        load_config(file, {})
    assert (told.value.code, told.value.values["line"]) == (code, line)
    assert f"ligne {line}" in told.value.sentence("fr")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("server: {port: true}", "true"),
        ("server: {port: null}", "null"),
        ("server: [1]", "[1]"),
        ("data_dir: 2020-01-01", "2020-01-01"),
        ("server: {port: '1'}", "'1'"),
    ],
)
def test_what_was_found_is_told_as_it_is_written(tmp_path: Path, text: str, found: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as told:
        load_config(file, {})
    assert f"found {found};" in told.value.sentence()
