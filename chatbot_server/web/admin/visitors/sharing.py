"""Figures for people without an account: a link that only reads, expires, and can be revoked."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, url_for

from chatbot_server.errors import ChatbotError, NotFound
from chatbot_server.storage.owners.share_links import add_share_link, revoke_link, shared_site
from chatbot_server.storage.site.sites import find_site
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, go, problem_of, render
from chatbot_server.web.admin.visitors.analytics import figures_of, show_analytics
from chatbot_server.web.middleware.address import own_address


def add_sharing(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of the link."""

    @bp.post(f"{PATH}/<key>/analytics/share")
    def share_figures(key: str) -> Response:
        try:
            with parts.database.session() as session:
                site_id = find_site(session, key).id
                days = request.form.get("days", 0, int)
                token = add_share_link(session, site_id, g.account.name, days)
        except ChatbotError as error:
            problem = problem_of(error)
            return show_analytics(parts, key, status=error.status, problem=problem)
        # Shown once: the database has its hash alone.
        path = url_for("admin.shared_figures", token=token)
        return show_analytics(parts, key, link=own_address(request) + path)

    @bp.post(f"{PATH}/<key>/analytics/share/<int:number>")
    def stop_sharing(key: str, number: int) -> Response:
        with parts.database.session() as session:
            revoke_link(session, find_site(session, key).id, number)
        return go("analytics", key=key, done="deleted")

    @bp.get("/figures/<token>")
    def shared_figures(token: str) -> Response:
        try:
            with parts.database.session() as session:
                site, until = shared_site(session, token)
                figures = figures_of(parts, session, site)
        except NotFound:
            parts.rates.check_login()  # who guesses is slowed down
            raise
        return render("visitors/analytics", site=site, sites=(), until=until, **figures)
