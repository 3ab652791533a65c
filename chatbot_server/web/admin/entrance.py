"""First set-up, log-in, invitations and log-out."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session

from chatbot_server.accounts.second_factor import check_code
from chatbot_server.accounts.service import accept_invitation, accept_setup, log_in
from chatbot_server.errors import ChatbotError, NotFound
from chatbot_server.storage.owners.accounts import (
    Account,
    account_of_token,
    end_session,
    folded_name,
    make_token,
    use_token,
)
from chatbot_server.web.admin.access import COOKIE, PATH, log_browser_in, safe_next
from chatbot_server.web.admin.known_browsers import known_browser, remember_browser
from chatbot_server.web.admin.pages import (
    AdminParts,
    go,
    is_set_up,
    problem_of,
    render,
    typed,
)

NewAccount = Callable[[Session, str, str, str], Account]


def add_new_accounts(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of set-up and of invitations: one token makes one account."""

    def make_account(new_account: NewAccount, template: str, first_page: str) -> Response:
        """Create an account by a one-time token, and log its browser in."""
        parts.rates.check_login()
        try:
            with parts.database.session() as session:
                account = new_account(
                    session,
                    typed("token", 100),
                    typed("name", 80),
                    request.form.get("password", ""),
                )
                # After choosing a new password, the second factor is still required.
                if account.totp_secret:
                    return go("show_login")
                return _logged_in(session, account, go(first_page))
        except ChatbotError as error:
            values = {name: request.form.get(name, "")[:100] for name in ("token", "name")}
            return render(template, status=error.status, problem=problem_of(error), **values)

    @bp.get("/setup")
    def show_setup() -> Response:
        if is_set_up(parts.database):
            raise NotFound("http_404")
        return render("entrance/setup", token="", name="")

    @bp.post("/setup")
    def set_up() -> Response:
        if is_set_up(parts.database):
            raise NotFound("http_404")
        return make_account(accept_setup, "entrance/setup", "show_start")

    @bp.get(f"{PATH}/join")
    def show_join() -> Response:
        return render("entrance/join", token="", name="")

    @bp.post(f"{PATH}/join")
    def join() -> Response:
        return make_account(accept_invitation, "entrance/join", "home")


def add_log_in(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of log-in by a password, and of log-out."""

    @bp.get(f"{PATH}/login")
    def show_login() -> Response:
        if not is_set_up(parts.database):
            return go("show_setup")
        return render("entrance/login", name="", target=safe_next(request.args.get("next", "")))

    @bp.post(f"{PATH}/login", endpoint="log_in")
    def check_password() -> Response:
        target, name = safe_next(request.form.get("next", "")), typed("name", 80)
        try:
            with parts.database.session() as session:
                browser = known_browser(session, name)
            parts.rates.check_password(folded_name(name), browser)
            with parts.database.session() as session:
                account = log_in(session, name, request.form.get("password", ""))
                if account.totp_secret:
                    token = make_token(session, "second", "reader", account)
                    return render("entrance/code", token=token, target=target)
                response: Response = redirect(target, 303)  # type: ignore[assignment]
                return _logged_in(session, account, response)
        except ChatbotError as error:
            problem = problem_of(error)
            return render(
                "entrance/login", status=error.status, problem=problem, name=name, target=target
            )

    @bp.post(f"{PATH}/logout")
    def log_out() -> Response:
        with parts.database.session() as session:
            end_session(session, request.cookies.get(COOKIE, ""))
        response = go("show_login")
        response.delete_cookie(COOKIE, path=PATH)
        return response


def add_second_step(bp: Blueprint, parts: AdminParts) -> None:
    """The route of log-in by a code, after the password."""

    @bp.post(f"{PATH}/login/code", endpoint="check_code")
    def check_second_factor() -> Response:
        target, token = safe_next(request.form.get("next", "")), typed("token", 100)
        try:
            with parts.database.session() as session:
                account = account_of_token(session, token)
                parts.rates.check_login(account.name)
                check_code(session, account, typed("code", 40))
                use_token(session, token, "second")
                response: Response = redirect(target, 303)  # type: ignore[assignment]
                return _logged_in(session, account, response)
        except ChatbotError as error:
            template = "entrance/login" if error.code == "token_wrong" else "entrance/code"
            values = {"problem": problem_of(error), "token": token, "target": target, "name": ""}
            return render(template, status=error.status, **values)


def _logged_in(session: Session, account: Account, response: Response) -> Response:
    """*response* with the cookies of a new session, and of a browser that is known from now on."""
    remember_browser(account, response)
    return log_browser_in(session, account, response)
