"""Who may use the owner's pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request
from sqlalchemy.orm import Session

from chatbot_server.accounts.second_factor import turn_off
from chatbot_server.accounts.service import reset_token
from chatbot_server.errors import ChatbotError, UsageError
from chatbot_server.storage.owners.accounts import (
    ROLES,
    Account,
    Role,
    all_accounts,
    change_role,
    delete_account,
    find_account,
    make_token,
    open_invitations,
    withdraw_invitations,
)
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import AdminParts, go, problem_of, render
from chatbot_server.web.middleware.address import own_address


def add_people(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of accounts."""

    def show_people(*, status: int = 200, **values: Any) -> Response:
        with parts.database.session() as session:
            accounts, invitations = all_accounts(session), open_invitations(session)
        return render(
            "settings/people",
            status=status,
            accounts=accounts,
            invitations=invitations,
            roles=ROLES,
            **{"link": ""} | values,
        )

    @bp.get(f"{PATH}/people")
    def people() -> Response:
        return show_people()

    @bp.post(f"{PATH}/people")
    def invite() -> Response:
        role = _role()
        with parts.database.session() as session:
            token = make_token(session, "invitation", role)
        tell_audit(role)
        return show_people(link=_link(token))

    @bp.post(f"{PATH}/people/change")
    def change_person() -> Response:
        try:
            with parts.database.session() as session:
                token = _change(session, request.form.get("account", 0, int))
        except ChatbotError as error:
            return show_people(problem=problem_of(error), status=error.status)
        return show_people(link=_link(token)) if token else go("people", done="saved")


def _change(session: Session, account_id: int) -> str:
    """Change an account as the form says; returns the token for a new password, if there is one.

    Raises:
        NotFound: there is no such account.
        UsageError: nobody would be owner any more, there is no such role, or it is one's own.
    """
    action = request.form.get("action", "")
    persons = {account.id: account for account in all_accounts(session)}
    name = persons[account_id].name if account_id in persons else ""
    role = request.form.get("role", "") if action == "role" else ""
    tell_audit(" ".join(word for word in (action, name, role) if word))
    match action:
        case "withdraw":
            withdraw_invitations(session)
        case "remove":
            delete_account(session, account_id)
        case "reset":
            person = _other_person(session, name, "people_own_password")
            return reset_token(session, person.name)
        case "factor":
            turn_off(session, _other_person(session, name, "people_own_factor"))
        case _:
            change_role(session, account_id, _role())
    return ""


def _other_person(session: Session, name: str, refusal: str) -> Account:
    """The account called *name*, if it is not one's own: for that, the password is asked elsewhere.

    Raises:
        NotFound: there is no such account.
        UsageError: it is one's own; *refusal* is the code of the sentence that says where to go.
    """
    person = find_account(session, name)
    if person.id == g.account.id:
        raise UsageError(refusal, field="account")
    return person


def _role() -> Role:
    """The role that was chosen.

    Raises:
        UsageError: there is no such role.
    """
    for role in ROLES:
        if request.form.get("role") == role:
            return role
    raise UsageError("role_unknown", field="role", roles=" | ".join(ROLES))


def _link(token: str) -> str:
    """The link with *token* in its fragment, which is sent to no server and is in no log."""
    return f"{own_address(request)}{PATH}/join#{token}"
