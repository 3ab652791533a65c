"""Messages to a person: the inbox, and its settings for e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, g, request

from chatbot_server.conversation.small_talk.person_hours import when_answered
from chatbot_server.errors import ChatbotError, NotFound, UsageError
from chatbot_server.mail.delivery import send_test
from chatbot_server.mail.emails import email_writer_of
from chatbot_server.mail.smtp import MailRefused
from chatbot_server.messages import say
from chatbot_server.storage.site.history import note_change
from chatbot_server.storage.site.person_hours import DAYS, LONGEST_DAY, WITHIN, lines_of
from chatbot_server.storage.site.settings import CONTACT_MAILS, change_site, settings_of
from chatbot_server.storage.site.sites import Site, find_site
from chatbot_server.storage.visitors.feedback import (
    ContactRequest,
    contact_requests,
    erase_contact_request,
    mark_seen,
)
from chatbot_server.storage.visitors.outbox import Undelivered, undelivered
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.audit_notes import tell_audit
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go,
    load_site,
    problem_of,
    render,
    typed,
)

PAGE = 50


def add_messages(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of messages to a person."""

    @bp.get(f"{PATH}/<key>/messages")
    def messages(key: str) -> Response:
        return _show(parts, key)

    @bp.post(f"{PATH}/<key>/messages/<int:number>/delete")
    def delete_message(key: str, number: int) -> Response:
        with parts.database.session() as session:
            message = session.get(ContactRequest, number)
            if message is None or message.site_id != find_site(session, key).id:
                raise NotFound("contact_unknown", field="NUMBER", number=number)
            erase_contact_request(session, message)
        parts.database.forget_erased()
        return go("messages", key=key, done="deleted")


def add_mail(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the settings for e-mail and hours."""

    @bp.post(f"{PATH}/<key>/messages/mail")
    def save_mail(key: str) -> Response:
        choice = _check_choice("contact_mail", CONTACT_MAILS)
        with parts.database.session() as session:
            site = find_site(session, key)
            before = settings_of(site)
            change_site(site, {"contact_mail": choice})
            tell_audit(change=note_change(session, site, before, g.account.name))
        return go("messages", key=key, done="saved")

    @bp.post(f"{PATH}/<key>/messages/person")
    def save_person(key: str) -> Response:
        try:
            with parts.database.session() as session:
                site = find_site(session, key)
                before = settings_of(site)
                site.person_hours = {}
                hours = tuple(f"{day}={typed(day, LONGEST_DAY)}" for day in DAYS)
                settings = {name: typed(name, 20) for name in ("silence_hours", "person_within")}
                _check_choice("person_within", WITHIN)
                change_site(site, settings | {"person_hours": hours})
                tell_audit(change=note_change(session, site, before, g.account.name))
        except ChatbotError as error:
            hours_typed = {day: request.form.get(day, "")[:LONGEST_DAY] for day in DAYS}
            values = {"problem": problem_of(error), "hours": hours_typed}
            return _show(parts, key, status=error.status, **values)
        return go("messages", key=key, done="saved")

    @bp.post(f"{PATH}/<key>/messages/test")
    def test_mail(key: str) -> Response:
        with parts.database.session() as session:
            site = find_site(session, key)
        language = admin_language()
        try:
            recipient = send_test(parts.database, parts.config, site)
        except MailRefused as error:  # whoever sets the mail server up is told its own words
            return _show(parts, key, status=error.status, problem=problem_of(error))
        parts.call_job("mail")
        return _show(parts, key, done=say("mail_sent", language, address=recipient))


def _check_choice(field: str, choices: Sequence[str]) -> str:
    """What was chosen in *field*.

    Raises:
        UsageError: none of *choices*.
    """
    choice = request.form.get(field, "")
    if choice not in choices:
        raise UsageError("field_choice", field=field, choices=", ".join(choices))
    return choice


def _show(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        before = request.args.get("before", type=int)
        older = [
            message
            for message in contact_requests(session, site.id)
            if not before or message.id < before
        ]
        messages = older[:PAGE]
        new_ones = {message.id for message in messages if message.seen is None}
        mark_seen(session, new_ones)
        problem = undelivered(session, site.id)
    return render(
        "visitors/messages",
        status=status,
        site=site,
        sites=sites,
        messages=messages,
        last=messages[-1].id if len(older) > PAGE else 0,
        new_ones=new_ones,
        choices=CONTACT_MAILS,
        withins=WITHIN,
        when=when_answered(site, admin_language()),
        **_mail_values(parts, site, problem),
        **{"hours": lines_of(site.person_hours)} | values,
    )


def _mail_values(parts: AdminParts, site: Site, failed: Undelivered | None) -> dict[str, Any]:
    """The values for the page about e-mail: where messages go or why not, and what was not sent."""
    language = admin_language()
    values: dict[str, Any] = {"recipient": "", "mail_off": "", "failed": failed, "failed_why": ""}
    values["mail_server"] = parts.config.mail.host
    try:
        values["recipient"] = email_writer_of(parts.config, site, language).recipient
    except MailRefused as error:
        values["mail_off"] = problem_of(error)
    if failed:
        values["failed_why"] = say(failed.problem["code"], language, **failed.problem["values"])
    return values
