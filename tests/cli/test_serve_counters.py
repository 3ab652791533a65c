"""Where requests are counted is asked before the server starts, and by the doctor."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Run
from support.servers.ports import free_port


@pytest.mark.parametrize("verb", ["serve", "doctor"])
def test_what_cannot_be_reached_is_said(run: Run, tmp_path: Path, verb: str) -> None:
    address = f"valkey://127.0.0.1:{free_port()}"
    settings = f"engine: {{model: null}}\nlimits: {{storage: '{address}'}}\n"
    (tmp_path / "config.yaml").write_text(settings)
    done = run(verb)
    assert done.exit_code == 1
    assert f"requests cannot be counted at {address}" in done.out + done.err
