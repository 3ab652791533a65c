"""Letters above and below the line, as they are read: cents, minutes, fractions, footnotes."""

from __future__ import annotations

import re

# Marks around them, from the area that Unicode leaves to programs.
SUP, SUP_END, SUB, SUB_END = "\ue001", "\ue002", "\ue003", "\ue004"
MARKS = {"sup": (SUP, SUP_END), "sub": (SUB, SUB_END)}
_CENTS_SIGN = re.compile(rf"(\d)\s?{SUP}\s?([€£$₱])\s?(\d\d)\s?{SUP_END}")
_SIGN_CENTS = re.compile(rf"(\d)\s?([€£₱])\s?{SUP}\s?(\d\d)\s?{SUP_END}")
_CENTS = re.compile(rf"(\d)\s?[.,]?{SUP}[.,]?(\d\d)\s?([€£]?)\s?{SUP_END}")
_LOW_CENTS = re.compile(rf"(\d)\s?[.,]?{SUB}[.,]?(\d\d)\s?{SUB_END}\s?([€£$])")
_FRACTION = re.compile(
    rf"(?:(\d)\s?)?{SUP}\s?(\d{{1,3}})\s?{SUP_END}\s?[/⁄∕]\s?{SUB}?\s?(\d{{1,3}})"
)
_MINUTES = re.compile(rf"(\d){SUP}([0-5]\d){SUP_END}(?=\s?(?:uhr|heures?|horas?|h|[ap]m)\b)", re.I)
_TWO_TIMES = re.compile(
    rf"(\d){SUP}([0-5]\d){SUP_END}(\s?(?:[-–—]|à|bis|to|until|a)\s?\d{{1,2}}){SUP}([0-5]\d){SUP_END}"
)
_CURRENCY = re.compile(r"[€£$₱]|\b(?:chf|eur|euros?)\b", re.IGNORECASE)
_TRADE_MARK = re.compile(rf"{SUP}\s?TM\s?{SUP_END}")
_NUMBER_SIGN = re.compile(rf"\b([Nn]){SUP}\s?[oº]s?\s?{SUP_END}")
_RAISED = re.compile(rf"{SUP}\s?([-−+]?\d{{1,3}})\s?{SUP_END}")
_LOWERED = re.compile(rf"(?<=\d){SUB}\s?(\d{{1,3}})\s?{SUB_END}")
_SUPERSCRIPT = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_NO_MARKS = dict.fromkeys(map(ord, (SUP, SUP_END, SUB, SUB_END)))


def on_the_line(text: str, decimal: str) -> str:
    """*text*, where marks stand around what is raised or lowered: “9€50” of which the end is above
    the line is “9,50 €”.

    Args:
        decimal: what comes before the cents in the page's language.
    """
    if SUP not in text and SUB not in text:
        return text
    text = _FRACTION.sub(_fraction, text)
    if not _CURRENCY.search(text):
        text = _MINUTES.sub(r"\1:\2", _TWO_TIMES.sub(r"\1:\2\3:\4", text))
    text = _CENTS_SIGN.sub(rf"\1{decimal}\3 \2", text)
    text = _SIGN_CENTS.sub(rf"\1{decimal}\3 \2", text)
    text = _LOW_CENTS.sub(rf"\1{decimal}\2 \3", text)
    text = _CENTS.sub(lambda match: f"{match[1]}{decimal}{match[2]} {match[3]}".rstrip(), text)
    text = _NUMBER_SIGN.sub(r"\1°", text)
    text = _TRADE_MARK.sub("™", text)
    text = _RAISED.sub(lambda match: match[1].translate(_SUPERSCRIPT), text)
    text = _LOWERED.sub(lambda match: match[1].translate(_SUBSCRIPT), text)
    return text.translate(_NO_MARKS)


def _fraction(match: re.Match[str]) -> str:
    """“1 1/2”; other digits above the line, before a stroke, are none of a fraction."""
    whole, part, all_parts = match.groups()
    if int(part) >= int(all_parts):
        return match[0]
    return f"{whole} {part}/{all_parts}" if whole else f"{part}/{all_parts}"
