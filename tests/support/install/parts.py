"""Functions of install.sh, called one by one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.patience import LONG


def shell(checkout: Path, script: str, **variables: str) -> str:
    """What *script* says, with every part of install.sh there."""
    parts = "for part in words places locks checks build activate next_steps remove"
    parts += "; do . packaging/install/$part.sh; done; quiet= me=./install.sh prefix=/ service=none"
    command = ["sh", "-euc", f"{parts}; {script}"]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nowhere"} | variables
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=LONG
    )
    return done.stdout + done.stderr
