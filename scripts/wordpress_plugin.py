"""Packs ``wordpress/`` as the ZIP that a site owner installs; called by ``build_release.py``.

The version is written into the files, and translations are compiled, on the way.
"""

from __future__ import annotations

import ast
import re
import struct
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "wordpress"
NAME = "chatbot-server"
VERSION_MARK = b"@VERSION@"
MO_MAGIC, MO_HEADER = 0x950412DE, 28
FIELD = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)? ?(".*")$')


def pack(folder: Path, version: str, moment: int) -> Path:
    """The plugin's ZIP in *folder*; all files have the time *moment*, in Unix seconds."""
    archive = folder / f"{NAME}-wordpress-{version}.zip"
    files = plugin_files(version)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{NAME}/{name}", time.gmtime(moment)[:6])
            member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, 3
            member.external_attr = 0o100644 << 16
            packed.writestr(member, files[name])
    return archive


def plugin_files(version: str) -> dict[str, bytes]:
    """What the plugin's folder contains once it is installed, by path."""
    files = {}
    for path in SOURCES.rglob("*"):
        name = path.relative_to(SOURCES)
        if path.is_file() and path.suffix == ".po":
            translation = read_translation(path.read_text(encoding="utf-8"))
            files[str(name.with_suffix(".mo"))] = compile_translation(translation)
        elif path.is_file():
            files[str(name)] = path.read_bytes().replace(VERSION_MARK, version.encode())
    return files


def read_translation(text: str) -> dict[str, str]:
    """The sentences of a ``.po`` file and their translations; plural forms are parted by NUL.

    Raises:
        ValueError: a line that is none of such a file.
    """
    translation: dict[str, str] = {}
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if not line or line.startswith("#"):
                continue
            match = FIELD.match(line)
            if match is None:
                raise ValueError(f"no line of a translation: {line}")
            name = match[1] or name
            fields[name] = fields.get(name, "") + ast.literal_eval(match[2])
        if fields:
            original = [fields[key] for key in ("msgid", "msgid_plural") if key in fields]
            forms = [fields[key] for key in sorted(fields) if key.startswith("msgstr")]
            translation["\0".join(original)] = "\0".join(forms)
    return translation


def compile_translation(translation: Mapping[str, str]) -> bytes:
    """The ``.mo`` file of *translation*: what WordPress reads."""
    originals = sorted(text.encode() for text in translation)
    texts = [*originals, *(translation[text.decode()].encode() for text in originals)]
    count = len(originals)
    start = MO_HEADER + 8 * len(texts)
    table, content = b"", b""
    for text in texts:
        table += struct.pack("<II", len(text), start + len(content))
        content += text + b"\0"
    places = (MO_HEADER, MO_HEADER + 8 * count)
    return struct.pack("<7I", MO_MAGIC, 0, count, *places, 0, start) + table + content
