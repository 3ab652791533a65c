"""Whether a page answers a question, or only speaks of something near.

No single measure tells them apart, and similarity of meaning least of all. These sums were
fitted on XQuAD's 1,190 questions, each asked with its paragraph in the index and with it
taken out, so that 90 % of the latter are refused, and tried on three small sites in French and
English; see ``docs/decisions/0004-retrieval.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chatbot_server.retrieval.language import synonyms
from chatbot_server.retrieval.language.contrast import names
from chatbot_server.retrieval.language.synonyms import Rarity
from chatbot_server.retrieval.language.text import sentences

# Beyond this cosine, more distance to the next document says no more.
WIDEST = 0.06
# A document whose words answer may lie this far behind the nearest one in meaning.
BEHIND = -0.01


@dataclass(frozen=True)
class Evidence:
    """What speaks for a passage.

    Attributes:
        together: share of the question's weight that stands in two neighbouring sentences.
        words: BM25 of the passage over the logarithm of the index's size.
        names: share of the question's names that stand in the passage.
        missing: share of the question's content words that do not.
        margin: cosine above the best other document's; None without vectors.
    """

    together: float
    words: float
    names: float
    missing: float
    margin: float | None = None

    @property
    def strength(self) -> float:
        """How much speaks for the passage, beyond what is enough; below 0, too little does."""
        if self.margin is None:
            told = self.together + 0.45 * self.names - 0.6 * self.missing
            return told + 0.19 * self.words - 1.22
        margin = min(max(self.margin, BEHIND), WIDEST)
        told = self.together + 0.1 * self.names - 0.8 * self.missing
        return told + 0.07 * self.words + 18 * margin - 0.68


def weigh_up(
    question: str,
    about: str,
    text: str,
    weigh: Rarity,
    *,
    words: float,
    total: int,
    margin: float | None,
) -> Evidence:
    """The evidence in a passage *text* under the title and headings *about*.

    *words* is its BM25, *total* the number of chunks of the site.
    """
    asked = synonyms.query_words(question)
    found = sentences(text)
    pairs = [" ".join(found[at : at + 2]) for at in range(max(1, len(found) - 1))]
    there = synonyms.terms_in(f"{about} {text}")
    missing = sum(1 for word in asked if not word.is_in(there))
    named = [synonyms.word(name) for name in names(question)]
    held = sum(1 for name in named if name.stems & there)
    return Evidence(
        together=max(
            (synonyms.coverage(asked, synonyms.terms_in(pair), weigh) for pair in pairs), default=0
        ),
        words=words / math.log(max(total, 2) + 1),
        names=held / len(named) if named else 1.0,
        missing=missing / len(asked) if asked else 1.0,
        margin=margin,
    )
