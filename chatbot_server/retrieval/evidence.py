"""Whether a page answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. This
sum was fitted on 400 searches over XQuAD, half of them with the right paragraph taken
out of the index: at 90 % of those refused, 93 % of the others are answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chatbot_server.retrieval import quote, stems
from chatbot_server.retrieval.faq import names
from chatbot_server.retrieval.text import sentences


@dataclass(frozen=True)
class Evidence:
    """What speaks for a passage.

    Attributes:
        together: share of the question's weight that stands in two neighbouring sentences.
        words: BM25 of the passage over the logarithm of the index's size.
        names: share of the question's names that stand in the passage.
        margin: cosine above the second document's; None without vectors.
    """

    together: float
    words: float
    names: float
    margin: float | None = None

    @property
    def enough(self) -> bool:
        """Whether sentences of the passage may be shown as the answer."""
        if self.margin is None:
            return self.together + 0.14 * self.words + 0.46 * self.names >= 1.21
        told = self.together + 0.11 * self.words + 0.48 * self.names + 14.9 * self.margin
        return told >= 1.29


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
    named = [quote.telling([name])[0] for name in names(question)]
    held = sum(1 for name in named if name & there)
    return Evidence(
        together=max((quote.coverage(asked, pair, weigh) for pair in pairs), default=0.0),
        words=words / math.log(max(total, 2) + 1),
        names=held / len(named) if named else 1.0,
        margin=margin,
    )
