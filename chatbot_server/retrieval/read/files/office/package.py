"""The parts of a file that is a ZIP archive of XML: DOCX, XLSX, PPTX, OpenDocument, EPUB."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import Any

from chatbot_server.retrieval.read.document import Unreadable

MAX_ENTRIES = 5000
# Of all parts that are read. What is packed is pictures for the most part, which are not.
MAX_UNPACKED = 50_000_000
# As a tree in memory, XML takes some ten times its size.
MAX_TREE = 20_000_000
MAX_RATIO = 300
SMALL = 1_000_000
TEXT = (".xml", ".rels", ".html", ".xhtml", ".htm")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


class Package:
    """A ZIP archive, of which no more is unpacked than is asked for, and never without bound."""

    def __init__(self, data: bytes) -> None:
        """Open the archive.

        Raises:
            Unreadable: it is none, or one that harms.
        """
        if data.startswith(_OLE):  # of Microsoft's programs before 2007, or with a password
            raise Unreadable("extract_encrypted" if _ENCRYPTED_PACKAGE in data else "extract_old")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            is_other = not data.startswith(b"PK")
            raise Unreadable("extract_other_kind" if is_other else "extract_broken") from None
        entries = self._archive.infolist()
        if len(entries) > MAX_ENTRIES or any(map(_is_bomb, entries)):
            raise Unreadable("extract_bomb")
        self.names = frozenset(self._archive.namelist())
        self._budget = MAX_UNPACKED

    def stream(self, name: str) -> io.BytesIO:
        """The bytes of the part *name*; none where there is no such part.

        Raises:
            Unreadable: damaged, behind a password, or beyond all measure.
        """
        if name not in self.names:
            return io.BytesIO()
        entry = self._archive.getinfo(name)
        if entry.flag_bits & 1:
            raise Unreadable("extract_encrypted")
        if entry.file_size > self._budget:
            raise Unreadable("extract_bomb" if _is_packed_tightly(entry) else "extract_big")
        try:
            with self._archive.open(entry) as part:  # never yields more than its size says
                data = part.read()
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise Unreadable("extract_broken") from None
        self._budget -= len(data)
        return io.BytesIO(data)

    def tree(self, name: str) -> Any:
        """The root element of the part *name*; an empty one where there is no such part.

        Raises:
            Unreadable: it is no XML, or too much of it.
        """
        from lxml import etree  # type: ignore[import-untyped]

        data = self.stream(name).getvalue()
        if len(data) > MAX_TREE:
            raise Unreadable("extract_big")
        try:
            return etree.fromstring(data or b"<none/>", xml_parser())
        except etree.XMLSyntaxError:
            raise Unreadable("extract_broken") from None

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What the part *name* of an Office file refers to: type and name of each, by its id."""
        rels = self.tree(f"{dirname(name)}/_rels/{name.rpartition('/')[2]}.rels".lstrip("/"))
        return {
            str(element.get("Id")): (
                str(element.get("Type")).rpartition("/")[2],
                normpath(join("/", dirname(name), str(element.get("Target")))).lstrip("/"),
            )
            for element in rels
            if element.get("TargetMode") != "External"
        }

    def main_part(self, root: str) -> tuple[str, Any]:
        """The name of an Office file's main part, and its tree, whose root is called *root*.

        Raises:
            Unreadable: it is a file of another kind, or damaged.
        """
        parts = self.related("").values()
        name = next((part for kind, part in parts if kind == "officeDocument"), "")
        tree = self.tree(name)
        if local(tree) != root:
            raise Unreadable("extract_other_kind")
        return name, tree

    def title(self, name: str) -> str:
        """The title among the properties in the part *name*."""
        return next((text_of(element) for element in self.tree(name).iter("{*}title")), "")


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    """Whether a part grows beyond what text does; pictures of one colour are not read."""
    is_text = entry.filename.endswith(TEXT) and entry.file_size > SMALL
    return is_text and _is_packed_tightly(entry)


def _is_packed_tightly(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > MAX_RATIO * max(entry.compress_size, 1)


def xml_parser() -> Any:
    """A parser that opens nothing else and expands no entity."""
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )


def local(element: Any) -> str:
    """The name of *element* without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """The attribute *name* of *element*, in whatever namespace; empty: it has none."""
    if element is None:
        return ""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def child(element: Any, *path: str) -> Any:
    """The first element down the *path* of local names; None: there is none."""
    for name in path:
        element = None if element is None else element.find(f"{{*}}{name}")
    return element


def children(element: Any, name: str) -> Iterator[Any]:
    """The elements called *name* right below *element*."""
    return iter(()) if element is None else element.iterfind(f"{{*}}{name}")


def text_of(element: Any) -> str:
    """All text below *element*, in single blanks."""
    return "" if element is None else " ".join("".join(element.itertext()).split())
