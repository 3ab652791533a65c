"""Whether a page answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. These
sums were fitted on XQuAD's 1,190 questions, each asked with its paragraph in the index and
with it taken out: where 90 % of the latter are refused, 90 % of the others are answered (83 %
without vectors). Fitted on four fifths and tried on the last, the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chatbot_server.retrieval import quote, stems
from chatbot_server.retrieval.faq import names
from chatbot_server.retrieval.text import sentences

# Beyond this cosine, more distance to the second document says no more.
WIDEST = 0.06


@dataclass(frozen=True)
class Evidence:
    """What speaks for a passage.

    Attributes:
        together: share of the question's weight that stands in two neighbouring sentences.
        words: BM25 of the passage over the logarithm of the index's size.
        names: share of the question's names that stand in the passage.
        missing: share of the question's telling words that do not.
        margin: cosine above the second document's; None without vectors.
    """

    together: float
    words: float
    names: float
    missing: float
    margin: float | None = None

    @property
    def enough(self) -> bool:
        """Whether sentences of the passage may be shown as the answer."""
        told = self.together + 0.3 * self.names - 0.8 * self.missing
        if self.margin is None:
            return told + 0.19 * self.words >= 1.02
        return told + 0.07 * self.words + 18 * min(self.margin, WIDEST) >= 0.82


def weigh_up(
    question: str,
    about: str,
    text: str,
    weigh: quote.Rarity,
    *,
    words: float,
    total: int,
    margin: float | None,
) -> Evidence:
    """The evidence in a passage *text* under the title and headings *about*.

    *words* is its BM25, *total* the number of chunks of the site.
    """
    asked = stems.telling_words(question)
    found = sentences(text)
    pairs = [" ".join(found[at : at + 2]) for at in range(max(1, len(found) - 1))]
    there = quote.stems_of(f"{about} {text}")
    missing = sum(1 for word in quote.telling(asked) if not word & there)
    named = [quote.telling([name])[0] for name in names(question)]
    held = sum(1 for name in named if name & there)
    return Evidence(
        together=max((quote.coverage(asked, pair, weigh) for pair in pairs), default=0.0),
        words=words / math.log(max(total, 2) + 1),
        names=held / len(named) if named else 1.0,
        missing=missing / len(asked) if asked else 1.0,
        margin=margin,
    )
