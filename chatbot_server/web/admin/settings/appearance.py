"""Name, words and colours of a site's chatbot, beside the chatbot itself."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from flask import Blueprint, Response, g, request

from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.messages import LANGUAGES
from chatbot_server.retrieval.crawl.colour import colour_of_site
from chatbot_server.retrieval.crawl.fetch import Fetcher
from chatbot_server.retrieval.curate.first_questions.suggestions import FOR_ALL
from chatbot_server.storage.knowledge.site_state import topics_for
from chatbot_server.storage.site.history import note_change
from chatbot_server.storage.site.settings import (
    POSITIONS,
    change_site,
    name_of,
    origin_of,
    settings_of,
)
from chatbot_server.storage.site.sites import Site, find_site
from chatbot_server.storage.visitors.erasure import erase_conversations_of
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go,
    go_on,
    load_site,
    problem_of,
    render,
    typed,
    typed_lines,
)
from chatbot_server.web.middleware.address import own_address
from chatbot_server.web.middleware.headers import POLICY
from chatbot_server.web.snippet import snippet_for

LONGEST_FIELD = 4000
TEXTS = ("color", "language", "position", "contact_email", "contact_url", "policy_url")
SWITCHES = {"free_chat": "free_chat", "topics": "offers_topics"}  # the column of each


def add_appearance(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of what a site's owner decides."""

    @bp.get(f"{PATH}/<key>/appearance")
    def appearance(key: str) -> Response:
        if request.args.get("color") != "site":
            return _show(parts, key)
        with parts.database.session() as session:
            site = find_site(session, key)
        try:
            return _show(parts, key, offered=_color_of_pages(parts, site))
        except ChatbotError as error:
            return _show(parts, key, problem=error.sentence(admin_language()))

    @bp.get(f"{PATH}/<key>/preview")
    def preview(key: str) -> Response:
        with parts.database.session() as session:
            site, sites = load_site(session, key)
        page = render("settings/preview", site=site, sites=sites)
        page.headers["Content-Security-Policy"] = POLICY.replace(
            "frame-ancestors 'none'", "frame-ancestors 'self'"
        )
        return page

    @bp.post(f"{PATH}/<key>/appearance")
    def save_appearance(key: str) -> Response:
        try:
            with parts.database.session() as session:
                site = find_site(session, key)
                before = settings_of(site)
                _change(site, _is_shared(parts, site))
                tell_audit(change=note_change(session, site, before, g.account.name))
        except ChatbotError as error:
            return _show(parts, key, problem=problem_of(error), status=error.status)
        parts.call_job("embed")  # which asks the golden questions again
        return go_on("appearance", "models", key)

    @bp.post(f"{PATH}/<key>/delete")
    def delete_site(key: str) -> Response:
        with parts.database.session() as session:
            site = find_site(session, key)
            if site.demo:
                raise UsageError("site_demo_stays", field="site")
        erase_conversations_of(parts.database, site)
        with parts.database.session() as session:
            session.delete(find_site(session, key))
        parts.database.forget_erased()
        return go("home", done="deleted")


def _show(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        tag = snippet_for(own_address(request), site)
        topics = {code: topics_for(session, site.id, code)[0] for code in LANGUAGES}
    is_sent = request.method == "POST" and "problem" in values
    main = _main_language(parts, site)
    fields = typed_fields() if is_sent else fields_of(site, main)
    fields["color"] = values.get("offered") or fields.get("color", "")
    page = render(
        "settings/appearance",
        status=status,
        site=site,
        sites=sites,
        tag=tag,
        fields=fields,
        topics=topics,
        positions=POSITIONS,
        main=main,
        is_shared=_is_shared(parts, site),
        languages=sorted(LANGUAGES, key=lambda code: code != admin_language()),
        **{"offered": None} | values,
    )
    page.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"  # of the preview
    return page


def _color_of_pages(parts: AdminParts, site: Site) -> str:
    """The colour of the site's own pages.

    Raises:
        FetchError: they cannot be fetched.
        UsageError: they have none, or it is not known where they are.
    """
    settings = parts.config.retrieval
    address = site.origins[0] if site.origins else ""
    with closing(Fetcher(settings.contact, settings.private_hosts)) as fetcher:
        fetcher.allow_port_of(address)
        color = colour_of_site(fetcher, f"{address}/") if address else None
    if color is None:
        raise UsageError("appearance_no_color", field="color")
    return color


def _main_language(parts: AdminParts, site: Site) -> str:
    """The language of most of the site's pages, if the form has it; else the reader's."""
    languages = parts.knowledge.searcher.languages(parts.database, site.id).documents
    return languages[0] if languages and languages[0] in LANGUAGES else admin_language()


def _is_shared(parts: AdminParts, site: Site) -> bool:
    """Whether suggestions in one language are for the visitors of all."""
    if site.suggestions:
        return FOR_ALL in site.suggestions
    return len(parts.knowledge.searcher.languages(parts.database, site.id).documents) < 2


def fields_of(site: Site, main: str) -> dict[str, str]:
    """The values of *site* in the form, by field; what all are offered stands in *main*."""
    fields = {name: str(getattr(site, name) or "") for name in (*TEXTS, "time_zone", "country")}
    fields |= {name: "on" if getattr(site, column) else "off" for name, column in SWITCHES.items()}
    fields |= {"name": site.name, "instructions": site.instructions}
    fields["origins"] = "\n".join(site.origins)
    for language in LANGUAGES:
        for name in ("greeting", "notice"):
            fields[f"{name}_{language}"] = site.word(name, language) or ""
        own = site.suggestions.get(FOR_ALL if language == main else language, [])
        fields[f"suggestions_{language}"] = "\n".join(site.suggestions.get(language) or own)
    return fields


def typed_fields() -> dict[str, str]:
    """The typed values of the form, to show again with an error."""
    return {name: text[:LONGEST_FIELD] for name, text in request.form.items()}


def _change(site: Site, is_shared: bool) -> None:
    """Change every setting on the form; an empty field resets one to its default.

    Args:
        is_shared: whether questions of one language only are for the visitors of all.

    Raises:
        UsageError: names the value that is wrong, and says why.
    """
    site.name = name_of(typed("name", 80))
    site.origins = list(dict.fromkeys(map(origin_of, typed_lines("origins"))))
    for name in ("greeting", "notice"):
        texts = {code: typed(f"{name}_{code}", lines=True) for code in LANGUAGES}
        site.words = {**site.words, name: {}}
        change_site(site, {name: tuple(f"{code}={text}" for code, text in texts.items() if text)})
    site.suggestions = {}
    one_line = (name for name in (*TEXTS, *SWITCHES) if name in request.form)
    settings: dict[str, Any] = {name: typed(name) for name in one_line}
    suggestions = {language: typed_lines(f"suggestions_{language}") for language in LANGUAGES}
    different = {tuple(lines) for lines in suggestions.values() if lines}
    if len(different) == 1 and (is_shared or all(suggestions.values())):
        settings["suggestion"] = different.pop()
    else:
        settings["suggestion"] = tuple(
            f"{language}={line}" for language, lines in suggestions.items() for line in lines
        )
    for name in ("time_zone", "country"):  # an empty field means “auto”
        settings[name] = typed(name) or "auto"
    settings["instructions"] = typed("instructions", 4000, lines=True)
    change_site(site, settings)
