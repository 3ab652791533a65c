"""The child process that reads hostile files.

Parsers of PDF, DOCX and HTML have hung, grown without bound and crashed on crafted
input; here each works under limits of memory, and is killed when it takes too long.

A request is ``{"kind", "name", "url", "charset", "data": base64}``, its answer
``{"documents": [{"title", "text", "faq"?}], "links", "canonical", "language", "noindex"}``
or ``{"error": code}``.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.read.charset import decoded
from chatbot_server.retrieval.read.urls import joined

MAX_PAGES = 500
MAX_TEXT = 2_000_000
MAX_LINKS = 5000
MAX_UNZIPPED = 50_000_000
MAX_RATIO = 100
MAX_ROWS = 20_000
SUFFIXES = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf", ".docx": "docx",
    ".csv": "csv", ".md": "text", ".markdown": "text", ".txt": "text",
}  # fmt: skip
# Of robots rules: what is not to be found, or not to be quoted.
NOT_KEPT = {"noindex", "none", "nosnippet"}
_BETWEEN = re.compile(r"\s+[|–—·•-]\s+")
Result = dict[str, Any]


class Unreadable(Exception):
    """The argument is the code of the sentence that says why."""


def answer(request: dict[str, str]) -> Result:
    """The documents of one file, or the code of an error."""
    data = base64.b64decode(request["data"])
    try:
        if request["kind"] == "html":  # its parser would guess, and take the French for Czech
            data = decoded(data, request.get("charset", "")).encode("utf-8", "replace")
        return _READERS[request["kind"]](data, request.get("name", ""), request.get("url", ""))
    except Unreadable as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "extract_big"}
    except Exception:  # whatever a parser says of a hostile file, it is unreadable
        return {"error": "extract_broken"}


def _text(data: bytes, name: str, url: str) -> Result:  # noqa: ARG001
    text = _decoded(data)[:MAX_TEXT]
    if not text.strip():
        raise Unreadable("extract_no_text")
    first = next((line.strip("# ").strip() for line in text.splitlines() if line.strip()), "")
    title = first if text.lstrip().startswith("#") else PurePosixPath(name).stem or first
    return {"documents": [{"title": title[:500], "text": text}]}


def _decoded(data: bytes) -> str:
    if b"\0" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("extract_not_text")
    return decoded(data)


def _csv(data: bytes, name: str, url: str) -> Result:  # noqa: ARG001
    """Questions and answers: columns of those names, else the only two there are."""
    text = _decoded(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:5000], ",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = [
        row
        for row, _n in zip(csv.reader(io.StringIO(text), dialect), range(MAX_ROWS), strict=False)
        if row
    ]
    if not rows:
        raise Unreadable("extract_csv")
    head = [cell.strip().lower() for cell in rows[0]]
    question = next(
        (at for at, cell in enumerate(head) if cell in ("question", "questions", "title", "titre")),
        None,
    )
    answer = next(
        (
            at
            for at, cell in enumerate(head)
            if cell in ("answer", "answers", "réponse", "reponse", "text", "texte")
        ),
        None,
    )
    if question is not None and answer is not None:
        rows = rows[1:]
    elif any(cell.strip() for row in rows for cell in row[2:]):
        raise Unreadable("extract_csv")  # which of them are the questions would be a guess
    else:
        question, answer = 0, 1
    pairs = [
        (row[question].strip(), row[answer].strip())
        for row in rows
        if len(row) > max(question, answer)
    ]
    documents = [{"title": q[:500], "text": a[:MAX_TEXT], "faq": True} for q, a in pairs if q and a]
    if not documents:
        raise Unreadable("extract_csv")
    return {"documents": documents}


def _pdf(data: bytes, name: str, url: str) -> Result:  # noqa: ARG001
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("extract_encrypted")
    parts: list[str] = []
    size = 0
    for page, _number in zip(reader.pages, range(MAX_PAGES), strict=False):
        found = page.extract_text() or ""
        parts.append(found[: MAX_TEXT - size])
        size += len(found)
        if size >= MAX_TEXT:
            break
    if not "".join(parts).strip():
        raise Unreadable("extract_no_text")
    title = str((reader.metadata and reader.metadata.title) or "") or PurePosixPath(name).stem
    return {"documents": [{"title": title[:500], "text": "\n\n".join(parts)}]}


def _docx(data: bytes, name: str, url: str) -> Result:  # noqa: ARG001
    _refuse_bomb(data)
    import mammoth  # type: ignore[import-untyped]

    page = mammoth.convert_to_html(io.BytesIO(data)).value
    text = "\n".join(_markdown(page[: 2 * MAX_TEXT]))
    if not text.strip():
        raise Unreadable("extract_no_text")
    return {"documents": [{"title": PurePosixPath(name).stem[:500], "text": text[:MAX_TEXT]}]}


def _refuse_bomb(data: bytes) -> None:
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise Unreadable("extract_broken") from None
    total = sum(entry.file_size for entry in entries)
    if total > MAX_UNZIPPED or len(entries) > 5000 or total > MAX_RATIO * max(len(data), 1):
        raise Unreadable("extract_bomb")


def _markdown(page: str) -> Iterator[str]:
    from lxml import html  # type: ignore[import-untyped]

    for element in html.document_fromstring(page).iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        told = " ".join(element.text_content().split())
        if told and len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            yield f"\n{'#' * int(tag[1])} {told}"
        elif told and tag in ("p", "li") and not element.findall(".//p"):
            yield told


def _html(data: bytes, name: str, url: str) -> Result:
    import trafilatura
    from lxml import html

    if len(data) > 20_000_000:
        raise Unreadable("extract_big")
    tree = trafilatura.load_html(data)
    if tree is None:  # a fragment without <html>, as editors export them
        text = _decoded(data).strip()
        if not text:
            raise Unreadable("extract_no_text")
        tree = html.document_fromstring(f"<html><body>{text}</body></html>")
    found: Result = {"links": _links(tree, url), "documents": []}
    found["canonical"] = _canonical(tree)
    found["language"] = str(next(iter(tree.xpath("/html/@lang")), ""))[:10]
    metas = [meta for meta in tree.iter("meta") if (meta.get("name") or "").lower() == "robots"]
    rules = directives(",".join(meta.get("content") or "" for meta in metas))
    found["noindex"] = bool(rules & NOT_KEPT)
    found["nofollow"] = bool(rules & {"nofollow", "none"})
    title = _title(tree) or name
    faq = _json_ld_faq(tree)
    whole = html.tostring(tree, encoding="unicode")
    for menu in tree.xpath("//body//nav | //body//*[@role='navigation']"):
        menu.drop_tree()
    # A page whose menu is never closed is nothing but a menu.
    text = _main_text(html.tostring(tree, encoding="unicode")) or _main_text(whole)
    if text:
        found["documents"].append({"title": title[:500], "text": text[:MAX_TEXT]})
    found["faq"] = faq
    return found


def _main_text(page: str) -> str:
    import trafilatura

    text = trafilatura.extract(
        page, output_format="markdown", include_comments=False,
        include_tables=True, include_links=False, favor_recall=True, deduplicate=False,
    )  # fmt: skip
    return (text or "\n".join(_markdown(page))).strip()


def directives(rules: str) -> set[str]:
    """The words of ``robots`` rules; ``max-image-preview: none`` and ``otherbot: …`` are none."""
    parts = rules.lower().split(",")
    return {word for part in parts if ":" not in part for word in part.split()}


def _canonical(tree: Any) -> str:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            return str(link.get("href") or "")
    return ""


def _title(tree: Any) -> str:
    for path in ("//meta[@property='og:title']/@content", "//title/text()", "//h1//text()"):
        told = " ".join("".join(tree.xpath(path)[:3]).split())
        if told:
            return _own_title(told, tree)
    return ""


def _own_title(title: str, tree: Any) -> str:
    """*title* without the site's name, which most pages put behind theirs."""
    parts = _BETWEEN.split(title)
    names = tree.xpath("//meta[@property='og:site_name' or @name='application-name']/@content")
    named = len(parts) > 1 and _plain(parts[-1]) in set(map(_plain, names))
    heading = _plain("".join(tree.xpath("(//h1)[1]//text()")))
    return parts[0] if (named and len(parts) == 2) or _plain(parts[0]) == heading else title


def _plain(text: str) -> str:
    return " ".join(fold(text).replace("’", "'").split())


def _links(tree: Any, url: str) -> list[str]:
    base = joined(url, next(iter(tree.xpath("//base/@href")), "")) or url
    links: dict[str, None] = {}
    for element in tree.xpath("//a[@href]")[: 2 * MAX_LINKS]:
        if "nofollow" not in (element.get("rel") or "").lower():
            links[joined(base, element.get("href").strip()) or ""] = None
    return [link for link in links if link.startswith(("http://", "https://"))][:MAX_LINKS]


def _json_ld_faq(tree: Any) -> list[list[str]]:
    """The owner's own questions and answers, marked up for search engines (schema.org)."""
    pairs: list[list[str]] = []
    for script in tree.xpath("//script[@type='application/ld+json']/text()")[:20]:
        with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError, RecursionError):
            data = json.loads(script)
            for item in data if isinstance(data, list) else data.get("@graph", [data]):
                if "FAQPage" in str(item.get("@type")):
                    for entry in item["mainEntity"][:200]:
                        answer = " ".join(_markdown(str(entry["acceptedAnswer"]["text"])))
                        plain = answer or str(entry["acceptedAnswer"]["text"])
                        pairs.append([str(entry["name"])[:500], plain[:20_000]])
    return pairs


_READERS: dict[str, Callable[[bytes, str, str], Result]] = {
    "text": _text, "csv": _csv, "pdf": _pdf, "docx": _docx, "html": _html,
}  # fmt: skip
