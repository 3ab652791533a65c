"""Questions put into the site's own spelling and words."""

from __future__ import annotations

import re

from chatbot_server.retrieval.answer.search.site_index import SiteIndex
from chatbot_server.retrieval.language.dialogue import contrast
from chatbot_server.retrieval.language.languages import ALWAYS_USED, LANGUAGES, Languages
from chatbot_server.retrieval.language.text import fold
from chatbot_server.retrieval.language.words import stems
from chatbot_server.retrieval.language.words.everyday import in_plain_words
from chatbot_server.retrieval.language.words.spelling import SHORTEST, Spellings, common_words
from chatbot_server.storage.knowledge.index.chunks import texts_of

# From how many of its chunks a site's words are read, which takes 0.2 s.
READ = 1500
# The most words of one question that are corrected.
CORRECTED = 12
# A whole word: no part of a compound, an address or a file's name.
_WORD = re.compile(r"(?<![\w.@/-])[^\W\d_]+(?![\w@/-]|\.\w)")


def corrected(index: SiteIndex, question: str, languages: Languages, language: str) -> str:
    """*question* with misspelled and colloquial words replaced by words of the site.

    It is in *language*, one of *languages*.
    """
    spellings: Spellings = index.memory.once(
        "spellings", lambda: Spellings(texts_of(index.unit, index.site_id, READ), languages)
    )

    def is_the_sites(flat: str) -> bool:
        return spellings.is_own(flat) or index.chunks_with(flat, languages) > 0

    names = contrast.names(question, languages, language)
    is_certain = any(stems.is_stop_word(word, language) for word in stems.words(question))
    right = common_words((language,) if is_certain else ALWAYS_USED)
    budget = CORRECTED if right else 0

    def is_right(flat: str) -> bool:
        forms = {flat, flat.removesuffix("s")}
        return (
            flat in names
            or f"{flat}s" in spellings
            or any(form in spellings or form in right for form in forms)
        )

    def meant(match: re.Match[str]) -> str:
        nonlocal budget
        flat = fold(match[0])
        if not budget or len(flat) < SHORTEST or is_right(flat):
            return match[0]
        budget -= 1
        heard_alike = [f"{flat}r"] if match[0].endswith(("é", "è")) else []  # “fevrié”
        word = _nearest([flat, *heard_alike], spellings, language)
        return spellings.written(word) if word else match[0]

    return in_plain_words(_WORD.sub(meant, question), is_the_sites, language)


def _nearest(forms: list[str], spellings: Spellings, language: str) -> str | None:
    """The known word that one of *forms* stands for, with or without its elision: “lecole”."""
    elisions = LANGUAGES[language].elisions
    rests = (form.removeprefix(letters) for form in forms for letters in elisions)
    forms = [*forms, *(rest for rest in rests if rest not in forms and rest[:1] in "aeiouyh")]
    whole = [(0, form) for form in forms if form in spellings]
    nearest = min([*whole, *filter(None, map(spellings.nearest, forms))], default=None)
    return nearest[1] if nearest else None
