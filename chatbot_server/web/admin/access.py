"""Who may do what on the owner's pages: cookie, roles, and where a request comes from."""

from __future__ import annotations

from urllib.parse import quote

from flask import Request, Response, g, redirect, request, url_for
from sqlalchemy.orm import Session

from chatbot_server.errors import Forbidden
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import (
    SESSION_SECONDS,
    Account,
    Role,
    account_of_session,
    start_session,
)
from chatbot_server.storage.site.sites import sites_in_order
from chatbot_server.storage.visitors.feedback import unread_counts
from chatbot_server.web.admin.browsers import kind_of_browser
from chatbot_server.web.middleware.address import own_origins
from chatbot_server.web.middleware.open_sessions import OpenSessions

COOKIE = "chatbot_admin"
PATH = "/admin"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
RANKS: dict[Role, int] = {"reader": 1, "editor": 2, "owner": 3}
# The least role for each view; "" is for everybody. A view that is not here cannot be opened.
LEAST_ROLE: dict[str, Role | None] = {
    "admin.show_setup": None,
    "admin.set_up": None,
    "admin.show_first_restore": None,
    "admin.restore_first": None,
    "admin.shared_figures": None,
    "admin.show_login": None,
    "admin.log_in": None,
    "admin.check_code": None,
    "admin.show_join": None,
    "admin.join": None,
    "admin.unknown": None,
    "admin.log_out": "reader",
    "admin.home": "reader",
    "admin.show_start": "owner",
    "admin.start_site": "owner",
    "admin.show_trial": "owner",
    "admin.suggest": "owner",
    "admin.show_pages": "owner",
    "admin.choose_pages": "owner",
    "admin.privacy": "reader",
    "admin.save_privacy": "owner",
    "admin.models": "owner",
    "admin.change_model": "owner",
    "admin.show_tag": "reader",
    "admin.conversations": "reader",
    "admin.conversation": "reader",
    "admin.ask_again": "reader",
    "admin.write_to_visitor": "editor",
    "admin.hand_back": "editor",
    "admin.write_note": "editor",
    "admin.delete_note": "editor",
    "admin.delete_conversation": "owner",
    "admin.export_conversations": "owner",
    "admin.analytics": "reader",
    "admin.export_analytics": "reader",
    "admin.share_figures": "owner",
    "admin.stop_sharing": "owner",
    "admin.unanswered": "reader",
    "admin.answer_group": "editor",
    "admin.ignore_group": "editor",
    "admin.why": "reader",
    "admin.faq_entries": "reader",
    "admin.save_entry": "editor",
    "admin.import_entries": "editor",
    "admin.export_entries": "reader",
    "admin.delete_entry": "editor",
    "admin.quality": "reader",
    "admin.quality_run": "reader",
    "admin.run_quality": "editor",
    "admin.change_golden": "editor",
    "admin.sample": "reader",
    "admin.judge_sample": "editor",
    "admin.knowledge": "reader",
    "admin.add_source": "editor",
    "admin.change_source": "editor",
    "admin.remove_text": "editor",
    "admin.document": "reader",
    "admin.change_text": "editor",
    "admin.appearance": "reader",
    "admin.preview": "reader",
    "admin.save_appearance": "owner",
    "admin.delete_site": "owner",
    "admin.messages": "editor",
    "admin.delete_message": "editor",
    "admin.save_mail": "owner",
    "admin.test_mail": "owner",
    "admin.save_person": "owner",
    "admin.people": "owner",
    "admin.invite": "owner",
    "admin.change_person": "owner",
    "admin.log": "owner",
    "admin.show_help": "owner",
    "admin.check_server": "owner",
    "admin.keys": "owner",
    "admin.create_api_key": "owner",  # pragma: allowlist secret
    "admin.revoke_api_key": "owner",  # pragma: allowlist secret
    "admin.make_push_secret": "owner",  # pragma: allowlist secret
    "admin.add_webhook": "owner",
    "admin.change_webhook": "owner",
    "admin.test_webhook": "owner",
    "admin.backups": "owner",
    "admin.show_sheet": "owner",
    "admin.make_backup": "owner",
    "admin.download_backup": "owner",
    "admin.show_restore": "owner",
    "admin.restore_backup": "owner",
    "admin.account": "reader",
    "admin.change_password": "reader",  # pragma: allowlist secret
    "admin.log_out_elsewhere": "reader",
    "admin.end_session": "reader",
    "admin.enrol_factor": "reader",
    "admin.turn_factor_on": "reader",
    "admin.turn_factor_off": "reader",
    "admin.history": "reader",
    "admin.undo_setting": "owner",
}


def check_access(database: Database, sessions: OpenSessions) -> Response | None:
    """Before each view: the account is in ``g.account``, or the visitor is sent to log in.

    ``g.sites`` and ``g.unread`` (messages, by site) are for the frame of every page.

    Raises:
        Forbidden: the role may not do this, or another site's page sent the request.
    """
    least = LEAST_ROLE[request.endpoint or ""]
    if request.method not in SAFE_METHODS:
        _refuse_other_origins(request)
    token = request.cookies.get(COOKIE, "")
    with database.session() as session:
        g.account = account_of_session(session, token)
        if g.account is not None:
            g.sites, g.unread = sites_in_order(session), unread_counts(session)
    sessions.note(token, is_open=g.account is not None)
    if least is None:
        return None
    if g.account is None:
        back = request.full_path.rstrip("?") if request.method in SAFE_METHODS else PATH + "/"
        return redirect(f"{url_for('admin.show_login')}?next={quote(back)}", 303)  # type: ignore[return-value]
    if RANKS[g.account.role] < RANKS[least]:
        raise Forbidden("role_too_low", role=g.account.role)
    return None


def may(account: Account | None, view: str) -> bool:
    """Whether *account* may open the view called *view*."""
    least = LEAST_ROLE[f"admin.{view}"]
    if least is None:
        return True
    return account is not None and RANKS[account.role] >= RANKS[least]  # type: ignore[index]


def _refuse_other_origins(request: Request) -> None:
    """Refuse forms of other sites, by the origin that browsers send."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_own = site == "same-origin" if origin is None else origin.lower() in own_origins(request)
    if not is_own or site not in (None, "same-origin"):
        raise Forbidden("form_of_another_site")


def log_browser_in(session: Session, account: Account, response: Response) -> Response:
    """Set the cookie of a new session on *response*."""
    g.account = account
    response.set_cookie(
        COOKIE,
        start_session(session, account, *kind_of_browser(request.user_agent.string)),
        max_age=SESSION_SECONDS,
        path=PATH,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def safe_next(target: str) -> str:
    """The page after log-in: *target* if it is one of ours, else the first page."""
    is_ours = target.startswith(PATH + "/") and "\\" not in target and target.isprintable()
    return target if is_ours else PATH + "/"
