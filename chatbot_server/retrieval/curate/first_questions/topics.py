"""Topics of a site that visitors are offered first: those that lead to what they promise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from urllib.parse import urlsplit

from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.answer.topics import topics
from chatbot_server.retrieval.base import Grounding
from chatbot_server.retrieval.curate.first_questions.suggestions import ABOUT_PAGES, kind_of
from chatbot_server.retrieval.curate.learning.unanswered import answering_version
from chatbot_server.retrieval.language.languages import LANGUAGES, any_of
from chatbot_server.retrieval.language.text import fold
from chatbot_server.storage.knowledge.site_state import put_topics, topics_version
from chatbot_server.storage.site.sites import Site, all_sites

OFFERED = 3
MOST_TRIED = 12
# Of a site, or of its part in one language.
_FIRST_PAGE = re.compile(r"/?(?:[a-z]{2}/?)?(?:index\.[a-z]{3,5})?")
_JOINTS = (" – ", " — ", " - ", " | ", " · ", ": ", " : ", ", ")


def renew_topics(base: KnowledgeBase) -> None:
    """Look for the topics of each site that has changed since, and store them."""
    with base.database.session() as session:
        site_ids = [site.id for site in all_sites(session)]
    for site_id in site_ids:
        with base.database.session() as session:
            version = answering_version(base, session, site_id)
            is_due = topics_version(session, site_id) != version
        if is_due:
            base.topics(site_id, "")  # which renews the languages, too
            languages = base.searcher.languages(base.database, site_id).documents or [""]
            by_language = {
                language: first_topics(base, site_id, language) for language in languages
            }
            with base.database.session() as session:
                put_topics(session, site_id, version, by_language)


def first_topics(base: KnowledgeBase, site_id: int, language: str) -> list[str]:
    """Up to three topics in *language* that the site answers, each from another page."""
    with base.database.connection() as connection:
        candidates = topics(connection, site_id, language, MOST_TRIED)
    by_page: dict[str, str] = {}
    others: list[str] = []
    with base.database.session() as session:
        name = fold(session.get_one(Site, site_id).name)
    # The title of the first page: the name of the site, and what it is.
    openings = tuple(f"{name}{joint}" for joint in _JOINTS)
    candidates = [topic for topic in candidates if not fold(topic).startswith(openings)]
    for topic in _most_wanted(candidates, language):
        grounding = base.ground(site_id, topic, locale=language)
        if _leads_there(grounding, topic):
            # Texts that were typed and the owner's own answers have no address.
            page = next((source.url.partition("#")[0] for source in grounding.sources), "")
            by_page.setdefault(page or topic, topic)
        # The first page is about the whole site, in words that nobody would ask with.
        others = [topic for page, topic in by_page.items() if not _is_first_page(page)]
        if len(others) == OFFERED:
            break
    return others or list(by_page.values())


def _is_first_page(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc and _FIRST_PAGE.fullmatch(parts.path))


def _most_wanted(candidates: Iterable[str], language: str) -> list[str]:
    """*candidates* that are worth offering: prices and hours first, pages about the owner last."""
    pattern = _unwanted(language)

    def rank(topic: str) -> int:
        if fold(topic) in ABOUT_PAGES:
            return 2
        return 0 if kind_of(topic, language) == "figure" else 1

    return sorted((topic for topic in candidates if not pattern.search(fold(topic))), key=rank)


@cache
def _unwanted(language: str) -> re.Pattern[str]:
    """What titles in *language* contain of pages that every site has and nobody comes for."""
    own = [LANGUAGES[language]] if language in LANGUAGES else [*LANGUAGES.values()]
    legal = (phrase for record in own for phrase in record.legal_pages)
    # Systems name such pages in their own language, whatever the site's.
    service = (phrase for record in LANGUAGES.values() for phrase in record.service_pages)
    return re.compile(rf"\b{any_of([*legal, *service])}\b")


def _leads_there(grounding: Grounding, topic: str) -> bool:
    """Whether the answer is the owner's own, or that of the page or section called *topic*."""
    if grounding.status != "quoted":
        return grounding.status == "faq"
    texts = [grounding.answer, *(source.title for source in grounding.sources[:1])]
    return any(fold(topic) in fold(text) for text in texts)
