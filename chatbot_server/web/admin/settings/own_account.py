"""One's own account: password, second factor, other browsers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from chatbot_server.accounts.passwords import is_password
from chatbot_server.accounts.second_factor import enrol, turn_off, turn_on
from chatbot_server.accounts.service import set_password
from chatbot_server.errors import ChatbotError, Unauthorized
from chatbot_server.storage.owners.accounts import (
    Account,
    end_named_session,
    end_sessions,
    recovery_code_count,
    sessions_of,
)
from chatbot_server.web.admin.access import COOKIE, PATH
from chatbot_server.web.admin.known_browsers import remember_browser
from chatbot_server.web.admin.pages import AdminParts, go, problem_of, render, typed


def add_own_account(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of password and log-ins."""

    @bp.get(f"{PATH}/account")
    def account() -> Response:
        return _show(parts)

    @bp.post(f"{PATH}/account/password")
    def change_password() -> Response:
        try:
            with parts.database.session() as session:
                person = _confirmed(parts, session, "former")
                newer = request.form.get("password", "")
                set_password(session, person, newer, except_token=request.cookies[COOKIE])
                response = go("account", done="saved")
                remember_browser(person, response)
        except ChatbotError as error:
            return _show(parts, status=error.status, problem=problem_of(error))
        return response

    @bp.post(f"{PATH}/account/logout-elsewhere")
    def log_out_elsewhere() -> Response:
        with parts.database.session() as session:
            end_sessions(session, g.account, except_token=request.cookies[COOKIE])
        return go("account", done="logged_out")

    @bp.post(f"{PATH}/account/sessions/end", endpoint="end_session")
    def log_out_there() -> Response:
        try:
            with parts.database.session() as session:
                end_named_session(session, g.account.id, request.form.get("session", ""))
        except ChatbotError as error:
            return _show(parts, status=error.status, problem=problem_of(error))
        return go("account", done="session_ended")


def add_second_factor(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the second factor: shown, switched on with its first code, switched off."""

    @bp.post(f"{PATH}/account/second-factor")
    def enrol_factor() -> Response:
        return _show_enrolment()

    @bp.post(f"{PATH}/account/second-factor/on")
    def turn_factor_on() -> Response:
        secret, token = typed("secret", 64), request.cookies[COOKIE]
        try:
            with parts.database.session() as session:
                person = _confirmed(parts, session, "confirm")
                codes = turn_on(session, person, secret, typed("code", 40), except_token=token)
        except ChatbotError as error:
            again = "" if error.code == "factor_secret" else secret
            return _show_enrolment(again, status=error.status, problem=problem_of(error))
        return render("settings/account/recovery_codes", codes=codes)

    @bp.post(f"{PATH}/account/second-factor/off")
    def turn_factor_off() -> Response:
        try:
            with parts.database.session() as session:
                turn_off(session, _confirmed(parts, session, "confirm"))
        except ChatbotError as error:
            return _show(parts, status=error.status, problem=problem_of(error))
        return go("account", done="saved")


def _show(parts: AdminParts, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        codes_left = recovery_code_count(session, g.account.id)
        sessions = sessions_of(session, g.account.id, request.cookies.get(COOKIE, ""))
    has_factor = g.account.totp_secret is not None
    return render(
        "settings/account/account", status=status, has_factor=has_factor, codes_left=codes_left,
        sessions=sessions, **values,
    )  # fmt: skip


def _show_enrolment(secret: str = "", *, status: int = 200, **values: Any) -> Response:
    enrolment = enrol(g.account.name, secret)
    # The SVG comes from segno, made of an address in which everything is escaped.
    svg = Markup(enrolment.svg)  # noqa: S704
    return render(
        "settings/account/enrolment", status=status, secret=enrolment.secret, svg=svg, **values
    )


def _confirmed(parts: AdminParts, session: Session, field: str) -> Account:
    """The account that is logged in, if *field* holds its password.

    Raises:
        Unauthorized: it holds another text.
    """
    parts.rates.check_login(g.account.name)
    person = session.get_one(Account, g.account.id)
    if not is_password(request.form.get(field, ""), person.password_hash):
        raise Unauthorized("login_wrong", field=field)
    return person
