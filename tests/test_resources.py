"""Data files beside the modules are read whole, or refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from chatbot_server.resources import read_yaml


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [("one: 1\ntwo: 2\none: 3\n", "one", 3), ("months:\n  may: 5\n  may: 6\n", "may", 3)],
)
def test_a_key_that_stands_twice_is_refused(
    text: str, key: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path.parent)
    (tmp_path / "__init__.py").touch()
    (tmp_path / "fr.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(yaml.YAMLError) as refused:
        read_yaml(tmp_path.name, "fr.yaml")
    assert f"{key!r} occurs twice" in str(refused.value)
    assert f'fr.yaml", line {line}' in str(refused.value)
