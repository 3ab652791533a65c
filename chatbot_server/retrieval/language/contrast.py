"""What sets two texts about one subject apart: a negation, an opposite, a name."""

from __future__ import annotations

import re

from chatbot_server.retrieval.language import stems
from chatbot_server.retrieval.language.text import fold

_NEGATION = re.compile(
    r"\b(ne|n|pas|plus|jamais|aucun|aucune|rien|sans|ni|non|not|no|never|without|cannot|none|nor|neither)\b"
    r"|n['’]t\b"
)
# “ne … plus” and “not … any more” are negations; “plus” alone is “more”.
_MORE = re.compile(r"(?<!ne )\bplus\b(?! (jamais|aucun))")
_NAME = re.compile(
    r"(?<=[\w,;:’'«“(] )[A-ZÀ-Þ][\w’-]+|\b[A-ZÀ-Þ][A-ZÀ-Þ0-9]{1,}(?:-\d+)?\b|(?<=[’'])[A-ZÀ-Þ][\w-]+"  # noqa: E501
)
_OPPOSITE = (
    "ouvrir ouvert ouverte ouverts ouvertes ouverture open opened opening|fermer ferme fermee fermes fermees fermeture close closed closing",  # noqa: E501
    "avant before|apres after",
    "avec with|sans without",
    "gratuit gratuite gratuits gratuites gratuitement free|payant payante payants payantes paid paying",  # noqa: E501
    "acheter achat buy purchase|vendre vente sell sale",
    "ajouter ajout add|supprimer suppression retirer enlever remove delete",
    "entrer entree enter|sortir sortie exit leave",
    "minimum min|maximum max",
    "interne internal|externe external",
    "public publique publics publiques|prive privee prives privees private",
    "obligatoire mandatory required compulsory|facultatif facultative optionnel optional",
    "envoyer envoi send|recevoir reception receive",
    "debut start beginning|fin end",
    "arriver arrivee arrival|partir depart departure",
)
_PREFIX = re.compile(r"^(?:des|de|in|im|ir|il|un|dis|non|mal)(?=.{4})")


def names(text: str) -> set[str]:
    """Folded names: capitalised inside a sentence, or in capitals."""
    return {
        word for match in _NAME.finditer(text) for word in stems.words(match[0]) if len(word) > 1
    }


def is_negated(text: str) -> bool:
    """Whether *text* denies something."""
    flat = fold(text).replace("n'", "ne ").replace("n’", "ne ")
    return bool(_NEGATION.search(_MORE.sub(" ", flat)))


def are_opposed(question: str, title: str) -> bool:
    """Whether one text says a word where the other says its opposite."""
    question_words, title_words = set(stems.words(question)), set(stems.words(title))
    for pair in _OPPOSITE:
        first, second = (set(side.split()) for side in pair.split("|"))
        for here, there in ((first, second), (second, first)):
            if (
                question_words & here
                and title_words & there
                and not question_words & there
                and not title_words & here
            ):
                return True
    return _has_prefixed(question_words - title_words, title_words) or _has_prefixed(
        title_words - question_words, question_words
    )


def _has_prefixed(words: set[str], bases: set[str]) -> bool:
    """Whether one of *words* is the opposite of one of *bases* by its prefix."""
    base_stems = {stem for word in bases for stem in _stems(word)}
    return any(_stems(_PREFIX.sub("", word)) & base_stems for word in words if _PREFIX.match(word))


def _stems(word: str) -> set[str]:
    return {stems.stem(word, language) for language in stems.LANGUAGES}
