"""Builds what is published of one version; called by ``scripts/release``.

    python scripts/build_release.py FOLDER

Needs setuptools, and ``SOURCE_DATE_EPOCH``: the time that all files in the archives have.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import os
import shutil
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "packaging"))

import steps  # noqa: E402 - it lies beside what it installs
import wordpress_plugin  # noqa: E402 - it lies beside this script

# What the installer's file carries, beside the wheel.
CARRIED = ("install.sh", "packaging", "requirements.lock", "requirements", "LICENSE")
LINE = 76


def release(folder: Path, moment: int) -> list[Path]:
    """Wheel, sources, installer, WordPress plugin and checksums, in *folder*."""
    os.umask(0o022)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as work:
        staged = Path(work) / "sources"
        steps.stage(str(ROOT), str(staged))
        _make_plain(staged, moment)
        wheel, sources = _build(staged, Path(work), folder)
        _pack_again(sources, moment)
    version = wheel.name.split("-")[1]
    installer = folder / f"chatbot-server-{version}.sh"
    installer.write_text(_installer(version, wheel, moment), encoding="utf-8")
    installer.chmod(0o755)
    plugin = wordpress_plugin.pack(folder, version, moment)
    files = [wheel, sources, installer, plugin]
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="ascii")
    return [*files, folder / "SHA256SUMS"]


def _make_plain(folder: Path, moment: int) -> None:
    """Give every file the same rights and time, whoever checked them out."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)
        os.utime(path, (moment, moment))


def _build(staged: Path, work: Path, folder: Path) -> tuple[Path, Path]:
    from setuptools import build_meta  # type: ignore[import-untyped]

    sys.argv[1:] = []
    os.chdir(staged)
    with contextlib.redirect_stdout(io.StringIO()):
        sources = build_meta.build_sdist(str(work))
        wheel = build_meta.build_wheel(str(work))
    os.chdir(ROOT)
    return Path(shutil.copy(work / wheel, folder)), Path(shutil.copy(work / sources, folder))


def _pack_again(archive: Path, moment: int) -> None:
    """The same archive without its hour, its owner and its order."""
    with tarfile.open(archive) as packed:
        contents = {
            member.name: (packed.extractfile(member) or io.BytesIO()).read()
            for member in packed.getmembers()
            if member.isfile()
        }
    archive.write_bytes(_tar_gz(contents, moment))


def _tar_gz(contents: Mapping[str, bytes], moment: int) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(contents):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(contents[name]), moment
            member.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(contents[name]))
    return gzip.compress(tar.getvalue(), 9, mtime=0)


def _installer(version: str, wheel: Path, moment: int) -> str:
    contents = {f"wheel/{wheel.name}": wheel.read_bytes()}
    contents["digest"] = f"{steps.digest(str(ROOT))}\n".encode()
    for name in CARRIED:
        for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                contents[str(path.relative_to(ROOT))] = path.read_bytes()
    packed = _tar_gz(contents, moment)
    text = base64.b64encode(packed).decode("ascii")
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    template = (ROOT / "packaging/release.sh").read_text(encoding="utf-8")
    template = template.replace("@VERSION@", version)
    template = template.replace("@SUM@", hashlib.sha256(packed).hexdigest())
    return template.replace("@PAYLOAD@", "\n".join(lines))


if __name__ == "__main__":
    for file in release(Path(sys.argv[1]).absolute(), int(os.environ["SOURCE_DATE_EPOCH"])):
        print(f"{file.stat().st_size:>9}  {file}")
