"""What the owner's pages share: their parts, their frame, notes and problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from chatbot_server.config import Config
from chatbot_server.engine.base import Engine
from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.messages import LANGUAGES, catalogue, own_command, say
from chatbot_server.messages.numbers import decimal, file_size
from chatbot_server.prompt.clean import clean_text
from chatbot_server.retrieval.answer.service import KnowledgeBase
from chatbot_server.retrieval.curate.learning.groupings import Groupings
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import Account, has_accounts
from chatbot_server.storage.site.sites import Site, find_site, sites_in_order
from chatbot_server.web.admin.access import may
from chatbot_server.web.admin.clock import Clock
from chatbot_server.web.admin.labels import label_of
from chatbot_server.web.middleware.limits.rate_limits import RateLimits
from chatbot_server.web.middleware.open_sessions import OpenSessions
from chatbot_server.web.middleware.problems import public_sentence
from chatbot_server.web.middleware.requests import language_of
from chatbot_server.web.middleware.uploads import UploadTickets

# Pages of a site in the menu, with the sentence of their name.
MENU = (
    ("home", "admin_home"),
    ("conversations", "admin_conversations"),
    ("unanswered", "admin_unanswered"),
    ("faq_entries", "admin_faq"),
    ("knowledge", "admin_knowledge"),
    ("quality", "admin_quality"),
    ("appearance", "admin_appearance"),
    ("messages", "admin_messages"),
    ("analytics", "admin_analytics"),
)
# Pages below one of the menu.
BELOW = {
    "conversation": "conversations",
    "document": "knowledge",
    "history": "appearance",
    "quality_run": "quality",
    "sample": "quality",
}
# Fields of forms that are called otherwise than the settings that errors name.
FORM_FIELDS = {"origin": "origins"}
LANGUAGE_COOKIE = "chatbot_admin_language"
DAY = 24 * 3600


@dataclass(frozen=True)
class AdminParts:
    """What the owner's pages need.

    Attributes:
        call_job: lets the server do its job of this name within seconds.
        tickets: tickets for uploads of files that are longer than forms.
        sessions: the log-ins that the server knows of before it reads a form.
        groupings: how unanswered questions were grouped last.
    """

    config: Config
    database: Database
    engine: Engine
    knowledge: KnowledgeBase
    rates: RateLimits
    call_job: Callable[[str], None]
    tickets: UploadTickets
    sessions: OpenSessions
    groupings: Groupings = field(default_factory=Groupings)


def admin_language() -> str:
    """The language that was chosen at the foot of a page, else the browser's."""
    return language_of(request, request.args.get("locale") or request.cookies.get(LANGUAGE_COOKIE))


def render(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the reader's language, never kept by a cache."""
    language = admin_language()
    account: Account | None = g.get("account")
    sites: Sequence[Site] = g.get("sites", ()) if account else ()
    # A page of no site has the menu of the site it was opened from, else of the first one.
    own_sites = [site for site in sites if not site.demo]
    own_sites.sort(key=lambda site: site.key != request.args.get("key"))
    values = {"site": own_sites[0] if own_sites else None, "sites": sites, "problem": ""} | values
    # A form is sent to the address of its page, which may still say what was done before.
    code = "" if values["problem"] else f"admin_done_{request.args.get('done', '')}"
    values.setdefault("done", say(code, language) if code in catalogue() else "")
    values.setdefault("languages", LANGUAGES)
    site = values["site"]
    clock = Clock(language, site.time_zone if site else None)

    def in_words(name: str, /, **words: object) -> str:
        return say(name, language, **words)

    arguments = request.args.items()
    query = {name: text for name, text in arguments if name not in ("locale", "done")}
    html = render_template(
        f"admin/{template}.html",
        language=language,
        say=in_words,
        command=own_command,
        in_language=lambda code: f"?{urlencode(query | {'locale': code})}",
        sentences=catalogue(),
        account=account,
        may=lambda view: may(account, view),
        menu=MENU,
        page_above=BELOW.get((request.endpoint or "").removeprefix("admin."), ""),
        unread=g.get("unread", {}),
        day=clock.day,
        day_of_date=clock.day_of_date,
        moment=clock.moment,
        decimal=lambda value, places=1: decimal(value, places, language),
        file_size=lambda byte_count: file_size(byte_count, language),
        **values,
    )
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    # With "no-referrer" a browser sends forms with "Origin: null".
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    if seconds := g.get("retry_seconds"):
        response.headers["Retry-After"] = str(seconds)
    if "locale" in request.args:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * DAY, samesite="Lax")
    return response


def go(view: str, **values: Any) -> Response:
    """Redirect to the page *view*; ``done`` names the sentence that it shows."""
    return redirect(url_for(f"admin.{view}", **values), 303)  # type: ignore[return-value]


def go_on(view: str, following: str, key: str) -> Response:
    """Redirect from a saved form: to the *following* step of the set-up if its button says so.

    Otherwise back to *view*, which then says that it was saved.
    """
    setup = {"setup": "yes"} if "setup" in request.args else {}
    if request.form.get("next"):
        return go(following, key=key, setup="yes")
    return go(view, key=key, done="saved", **setup)


def problem_of(error: ChatbotError) -> str:
    """The sentence about *error* that the owner reads; the field at fault is marked with it.

    It names a page where the same sentence elsewhere names a command. Only owners are told hosts,
    paths and messages of drivers: they can mend what is wrong with them.
    """
    name = (error.field or "").replace("-", "_")  # an option of the command line, perhaps
    g.problem_field = FORM_FIELDS.get(name, name)
    g.retry_seconds = error.retry_seconds
    language, own = admin_language(), f"on_page_{error.code}"
    if error.code == "role_too_low":
        return say(error.code, language, role=say(f"role_{error.values['role']}", language))
    if own in catalogue():
        return say(own, language, **error.values)
    for_strangers = public_sentence(error, language)
    account = g.get("account")
    is_owner = account is not None and account.role == "owner"
    return error.sentence(language) if is_owner else for_strangers


def render_problem(status: int, sentence: str) -> Response:
    """A page that shows an error, if there is no form to show it in."""
    return render("problem", status=status, problem=sentence)


def load_site(session: Session, key: str) -> tuple[Site, list[Site]]:
    """The site that a page is about, and all there are.

    Raises:
        NotFound: no site has this key.
    """
    return find_site(session, key), sites_in_order(session)


def typed(name: str, limit: int = 500, *, lines: bool = False) -> str:
    """What was typed into the field *name*, cleaned; empty where it was left out.

    Raises:
        UsageError: longer than *limit* characters.
    """
    text = request.form.get(name, "").replace("\r\n", "\n")  # as browsers count
    if len(text) > limit:
        view = (request.endpoint or "").removeprefix("admin.")
        label = label_of(name, view, admin_language())
        raise UsageError("text_too_long", field=name, name=label, limit=limit)
    text = clean_text(text.encode("utf-8", "replace").decode()).strip()
    return text if lines else " ".join(text.split())


def typed_lines(name: str) -> list[str]:
    """The lines that were typed into the field *name*, without empty ones."""
    lines = (line.strip() for line in typed(name, 4000, lines=True).splitlines())
    return [line for line in lines if line]


def is_set_up(database: Database) -> bool:
    """Whether somebody has an account."""
    with database.session() as session:
        return has_accounts(session)
