"""API keys of applications, the key of a site's own system, and webhooks with their deliveries."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from chatbot_server.errors import ChatbotError, NotFound, UsageError
from chatbot_server.messages import say
from chatbot_server.retrieval.curate.imports.push import new_secret
from chatbot_server.storage.owners.api_keys import (
    LONGEST_DAYS,
    LONGEST_NAME,
    SCOPES,
    ApiKey,
    Scope,
    all_keys,
    create_key,
    revoke_key,
)
from chatbot_server.storage.site.sites import all_sites, find_site
from chatbot_server.storage.site.webhooks import (
    EVENTS,
    MOST_FAILURES,
    Webhook,
    WebhookDelivery,
    add_webhook,
    deliveries_of,
    find_webhook,
    resend,
    resume,
    webhooks_of,
)
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
from chatbot_server.webhooks.delivery import LONGEST_URL, send_test, webhook_address

SHOWN_DELIVERIES = 20  # for each webhook


def add_api_keys(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the page, and of keys on it."""

    @bp.get(f"{PATH}/<key>/keys")
    def keys(key: str) -> Response:
        return _show(parts, key)

    @bp.post(f"{PATH}/<key>/keys", endpoint="create_api_key")
    def create(key: str) -> Response:
        try:
            with parts.database.session() as session:
                api_key, secret = _create(session, key)
                tell_audit(f"{api_key.name} {api_key.prefix}…")
        except ChatbotError as error:
            return _show(parts, key, status=error.status, problem=problem_of(error))
        return _show(parts, key, secret=secret)

    @bp.post(f"{PATH}/<key>/keys/<int:number>/revoke", endpoint="revoke_api_key")
    def revoke(key: str, number: int) -> Response:
        with parts.database.session() as session:
            tell_audit(revoke_key(session, number).name)
        parts.database.forget_erased()
        return go("keys", key=key, done="deleted")

    @bp.post(f"{PATH}/<key>/push-secret", endpoint="make_push_secret")
    def make_push_secret(key: str) -> Response:
        with parts.database.session() as session:
            site_id = find_site(session, key).id
        return _show(parts, key, secret=new_secret(parts.database, site_id))


def add_webhooks(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of webhooks: adding, testing, resuming, removing, and delivering again."""

    @bp.post(f"{PATH}/<key>/webhooks", endpoint="add_webhook")
    def add(key: str) -> Response:
        try:
            url = webhook_address(typed("url", LONGEST_URL), parts.config)
            with_text, events = request.form.get("with_text"), request.form.getlist("event")
            with parts.database.session() as session:
                site_id = find_site(session, key).id
                secret = add_webhook(
                    session, site_id, url, events, with_text=with_text == "yes"
                ).secret
        except ChatbotError as error:
            return _show(parts, key, status=error.status, problem=problem_of(error))
        tell_audit(urlsplit(url).netloc)  # a path may be a secret
        return _show(parts, key, signing_secret=secret)

    @bp.post(f"{PATH}/<key>/webhooks/<int:number>", endpoint="change_webhook")
    def change(key: str, number: int) -> Response:
        action = request.form.get("action", "")
        with parts.database.session() as session:
            webhook = find_webhook(session, find_site(session, key).id, number)
            tell_audit(f"{action} {urlsplit(webhook.url).netloc}".strip())
            _change(session, webhook, action)
        if action != "remove":
            parts.call_job("webhooks")
        return go("keys", key=key, done="deleted" if action == "remove" else "saved")

    @bp.post(f"{PATH}/<key>/webhooks/<int:number>/test", endpoint="test_webhook")
    def test(key: str, number: int) -> Response:
        with parts.database.session() as session:
            webhook = find_webhook(session, find_site(session, key).id, number)
        language = admin_language()
        tell_audit(urlsplit(webhook.url).netloc)
        try:
            status = send_test(parts.config, key, webhook)
        except ChatbotError as error:
            why = say(error.code, language, **error.values)
            return _show(parts, key, problem=say("webhook_test_failed", language, why=why))
        return _show(parts, key, done=say("webhook_test_done", language, status=status))


def _create(session: Session, key: str) -> tuple[ApiKey, str]:
    """The key that the form asks for.

    Raises:
        UsageError: the name is missing, or the scope or the number of days is wrong.
    """
    scope: Scope | None = next((each for each in SCOPES if each == request.form.get("scope")), None)
    if scope is None:
        raise UsageError("field_choice", field="scope", choices=", ".join(SCOPES))
    text = typed("days", 10)
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_DAYS):
        raise UsageError("api_key_days", field="days", limit=LONGEST_DAYS)
    of_site = request.form.get("of_site") == "yes"
    site_id = find_site(session, key).id if of_site else None
    name, days = typed("name", LONGEST_NAME), int(text) if text else None
    return create_key(session, name, scope, site_id=site_id, days=days)


def _change(session: Session, webhook: Webhook, action: str) -> None:
    """Do *action* to *webhook*.

    Raises:
        NotFound: there is no such action, or no such delivery.
    """
    match action:
        case "remove":
            session.delete(webhook)
        case "resume":
            resume(webhook)
        case "resend":
            resend(session, webhook, request.form.get("delivery", 0, int))
        case _:
            raise NotFound("http_404")


def _show(parts: AdminParts, key: str, *, status: int = 200, **values: Any) -> Response:
    language = admin_language()
    with parts.database.session() as session:
        site, sites = load_site(session, key)
        names = {site.id: site.name for site in all_sites(session)}
        api_keys = list(all_keys(session))
        webhooks = [
            (webhook, deliveries_of(session, webhook.id, SHOWN_DELIVERIES))
            for webhook in webhooks_of(session, site.id)
        ]

    def why(delivery: WebhookDelivery) -> str:
        problem = delivery.problem
        return say(problem["code"], language, **problem["values"]) if problem else ""

    return render(
        "settings/keys",
        status=status,
        site=site,
        sites=sites,
        api_keys=api_keys,
        site_names=names,
        scopes=SCOPES,
        webhooks=webhooks,
        events=EVENTS,
        most_failures=MOST_FAILURES,
        why=why,
        fields=request.form,
        **{"secret": "", "signing_secret": ""} | values,
    )
