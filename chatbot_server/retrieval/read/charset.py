"""The letters of a page or file, whatever charset it claims to be in."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

_META = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What these names mean in practice, see the WHATWG's Encoding Standard.
_IN_PRACTICE = dict.fromkeys(("iso8859-1", "ascii"), "cp1252")
# Guessed between these alone: Central European charsets look like cp1252 to a guesser, and
# “à” becomes “ŕ”.
_LIKELY = [
    *("cp1252", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
]
# No text has them, but for a few strays.
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r\x1b")
_SAMPLE = 2000


def is_text(data: bytes) -> bool:
    """Whether *data* may be text, unlike a picture that its server calls a page."""
    sample = data[:_SAMPLE]
    strays = len(sample) - len(sample.translate(None, _CONTROLS))
    return data.startswith(_UTF16) or strays <= len(sample) // 20


def decoded(data: bytes, declared: str = "") -> str:
    """*data* as text; *declared* is the charset its sender named, if any.

    What is UTF-8 is UTF-8, also with a few broken bytes and whatever is claimed.
    """
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace")
    text = data.decode("utf-8-sig", "replace")
    errors = text.count("\ufffd")
    if not errors or len(re.findall(r"[^\x00-\x7f\ufffd]", text)) > 4 * errors:
        return text
    meta = _META.search(data[:2048])
    for name in (declared, meta[1].decode("ascii", "replace") if meta else ""):
        with suppress(LookupError, ValueError):
            codec = codecs.lookup(name).name
            return data.decode(_IN_PRACTICE.get(codec, codec))
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000], cp_isolation=_LIKELY).best()
    return data.decode(best.encoding if best else "cp1252", "replace")
