"""The parts of install.sh, each sourced by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.install


@pytest.mark.parametrize(
    ("machine", "avx2", "extras"),
    [
        ("Linux x86_64", True, {"llamacpp", "semantic"}),
        ("Linux x86_64", False, set()),
        ("Darwin arm64", False, {"llamacpp", "semantic"}),
        ("Darwin x86_64", True, {"llamacpp"}),
        ("Linux armv7l", False, set()),
    ],
)
def test_what_has_a_ready_made_package_comes_along(
    checkout: Path, machine: str, avx2: bool, extras: set[str]
) -> None:
    script = f"grep() {{ {str(avx2).lower()}; }}; sw_vers() {{ echo 13.2; }}"
    script += f"; . packaging/install/locks.sh; choose_locks {machine}; echo $locks"
    done = subprocess.run(["sh", "-c", script], cwd=checkout, capture_output=True, text=True)
    everywhere = {"requirements.lock", "requirements/postgres.lock", "requirements/valkey.lock"}
    wanted = everywhere | {f"requirements/{extra}.lock" for extra in extras}
    assert (set(done.stdout.split()), done.stderr) == (wanted, "")


def test_a_file_that_is_no_model_is_refused_before_the_settings_are_written(
    checkout: Path, tmp_path: Path
) -> None:
    config, model = tmp_path / "config.yaml", tmp_path / "bad.gguf"
    model.write_text("bad")
    script = f"tmp={tmp_path} config={config} model={model} host= port= service=none quiet="
    script += "; . packaging/install/words.sh; . packaging/install/build.sh; make_data() { :; }"
    script += f'; program() {{ {sys.executable} -m chatbot_server --config $config "$@"; }}'
    script += "; configure; echo written"
    done = subprocess.run(["sh", "-c", script], cwd=checkout, capture_output=True, text=True)
    assert (done.returncode, "written" in done.stdout) == (1, False)
    assert "bad.gguf is not a model file" in done.stderr
    assert not config.exists()
