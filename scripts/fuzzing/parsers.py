"""Feed one parser with what atheris makes of a few seeds, led by the lines it reaches.

    python -m fuzzing.parsers NAME SECONDS

What the parser refuses in its own words is right; any other error, more than a gigabyte, and ten
seconds for one input are findings: atheris prints the input, writes it to a file, and ends with
another code than 0.
"""

from __future__ import annotations

import struct
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["chatbot_server", "protego"]):
    from protego import Protego

    from chatbot_server.engine.openai.exchange import InvalidReply, read_events
    from chatbot_server.errors import ModelError
    from chatbot_server.models.files.inspect import inspect_model
    from chatbot_server.retrieval.crawl.sitemap import sitemap_addresses
    from chatbot_server.retrieval.read.document import Unreadable
    from chatbot_server.retrieval.read.html_page import read_html

URL = "https://example.org/a"
MOST_BYTES, INPUT_SECONDS, MEGABYTES = 8192, 10, 1024
MEMORY = Path("/dev/shm")  # noqa: S108 - a file of its own in a folder of its own


def model_file(data: bytes) -> None:
    """GGUF, or the files of before."""
    with tempfile.NamedTemporaryFile(dir=MEMORY) as file:
        file.write(data)
        file.flush()
        try:
            inspect_model(Path(file.name))
        except ModelError as error:
            error.sentence("fr")


def robots(data: bytes) -> None:
    """robots.txt."""
    rules = Protego.parse(data.decode("utf-8-sig", "replace"))
    rules.can_fetch(URL, "chatbot")
    rules.crawl_delay("chatbot")
    list(islice(rules.sitemaps, 9))


def sitemap(data: bytes) -> None:
    """Sitemaps and indexes of them, gzipped or not."""
    list(sitemap_addresses([URL], lambda _url: data, 100))


def page(data: bytes) -> None:
    """HTML."""
    try:
        read_html(data, "page", URL, "")
    except Unreadable:
        return


def linked_data(data: bytes) -> None:
    """JSON-LD within a page."""
    page(b'<script type="application/ld+json">' + data + b"</script><p>We open at nine.</p>")


def events(data: bytes) -> None:
    """Server-sent events of an endpoint, in pieces of any length."""
    size = 1 + (data[0] if data else 0)
    pieces = (data[start : start + size] for start in range(1, len(data), size))
    try:
        list(read_events(pieces, 100_000))
    except InvalidReply:
        return


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


GGUF = (
    struct.pack("<4sIQQ", b"GGUF", 3, 1, 2)
    + (_text("general.architecture") + struct.pack("<I", 8) + _text("llama"))
    + (_text("llama.context_length") + struct.pack("<II", 4, 512))
    + (_text("token_embd.weight") + struct.pack("<IQQIQ", 2, 32, 4, 0, 0))
    + bytes(1024)
)
GGML = struct.pack("<4sI7I", b"tjgg", 3, 4, 32, 256, 4, 1, 8, 2) + bytes(512)
LINKED = (
    b"""{"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [{"@type": "Question",
    "name": "When?", "acceptedAnswer": {"@type": "Answer", "text": "At <b>nine</b>."}}]}""",
    b"""[{"@type": ["Store", "Cafe"], "name": "A", "openingHours": "Mo-Fr 09:00-17:00",
    "address": {"@type": "PostalAddress", "streetAddress": "1 Road"}, "openingHoursSpecification":
    [{"dayOfWeek": "Monday", "opens": "09:00"}], "offers": [{"price": "3"}]}]""",
)
PARSERS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "gguf": (model_file, (GGUF,)),
    "ggml": (model_file, (GGML, b"lmgg" + GGML[4:], b"fmgg" + GGML[4:])),
    "robots": (robots, (b"User-agent: *\nDisallow: /a*$\nCrawl-delay: 2\nSitemap: /s.xml\n",)),
    "sitemap": (
        sitemap,
        (
            b"<urlset><url><loc>https://example.org/b</loc></url></urlset>",
            b"<s:sitemapindex><s:loc><![CDATA[https://example.org/c]]></s:loc></s:sitemapindex>",
            b"\x1f\x8b\x08\x00",
        ),
    ),
    "html": (
        page,
        (
            b"<html lang=fr><title>A</title><h1>B</h1><p>C<table><tr><th>D<td>E</table><ul><li>F",
            b'<div itemscope itemtype="https://schema.org/Place"><i itemprop=name>G</i></div>',
            b"<dl><dt>H<dd>I</dl><details><summary>J</summary>K</details><a href=mailto:l@m.org>N",
        ),
    ),
    "json-ld": (linked_data, LINKED),
    "sse": (
        events,
        (b'\x07data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n', b"\x00: ping\n"),
    ),
}


def main() -> None:
    """Fuzz the parser that is named; does not return."""
    name, seconds = sys.argv[1], int(sys.argv[2])
    parse, seeds = PARSERS[name]
    with tempfile.TemporaryDirectory(prefix="chatbot-fuzz-") as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-print_final_stats=1"]
        limits = [f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEGABYTES}", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, *limits, folder], parse)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
