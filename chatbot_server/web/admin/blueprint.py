"""All of the owner's pages, behind one check of access."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from chatbot_server.errors import ChatbotError, NotFound
from chatbot_server.messages import say
from chatbot_server.messages.numbers import file_size
from chatbot_server.web.admin.access import COOKIE, PATH, check_access
from chatbot_server.web.admin.answers.faq import add_faq_files, add_faq_pages
from chatbot_server.web.admin.answers.knowledge import add_knowledge
from chatbot_server.web.admin.answers.quality import add_quality, add_runs, add_sample
from chatbot_server.web.admin.answers.questions import add_questions
from chatbot_server.web.admin.answers.texts import add_texts
from chatbot_server.web.admin.answers.why import add_explanation
from chatbot_server.web.admin.entrance import add_log_in, add_new_accounts, add_second_step
from chatbot_server.web.admin.home import add_home, add_start
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    problem_of,
    render_problem,
)
from chatbot_server.web.admin.settings.appearance import add_appearance
from chatbot_server.web.admin.settings.audit import add_audit, add_log
from chatbot_server.web.admin.settings.backups import add_backups
from chatbot_server.web.admin.settings.help import add_help
from chatbot_server.web.admin.settings.history import add_history
from chatbot_server.web.admin.settings.keys import add_api_keys, add_webhooks
from chatbot_server.web.admin.settings.models import add_models
from chatbot_server.web.admin.settings.own_account import add_own_account, add_second_factor
from chatbot_server.web.admin.settings.people import add_people
from chatbot_server.web.admin.settings.restoring import add_restoring
from chatbot_server.web.admin.trial import add_trial
from chatbot_server.web.admin.visitors.analytics import add_analytics
from chatbot_server.web.admin.visitors.conversations import add_conversations, add_owner_rights
from chatbot_server.web.admin.visitors.internal_notes import add_internal_notes
from chatbot_server.web.admin.visitors.messages import add_mail, add_messages
from chatbot_server.web.admin.visitors.sharing import add_sharing
from chatbot_server.web.admin.visitors.takeover import add_takeover
from chatbot_server.web.admin.wizard import add_choice_of_pages, add_privacy
from chatbot_server.web.markdown import in_html
from chatbot_server.web.middleware.problems import other_problem

ROUTES = (
    add_new_accounts,
    add_log_in,
    add_second_step,
    add_home,
    add_start,
    add_trial,
    add_choice_of_pages,
    add_privacy,
    add_models,
    add_conversations,
    add_takeover,
    add_internal_notes,
    add_owner_rights,
    add_analytics,
    add_sharing,
    add_questions,
    add_explanation,
    add_faq_pages,
    add_faq_files,
    add_quality,
    add_runs,
    add_sample,
    add_knowledge,
    add_texts,
    add_appearance,
    add_messages,
    add_mail,
    add_api_keys,
    add_webhooks,
    add_people,
    add_own_account,
    add_second_factor,
    add_history,
    add_backups,
    add_restoring,
    add_audit,
    add_log,
    add_help,
)
LARGEST_FORM = 40 * 1024 * 1024  # a file to read
WITH_FILES = ("admin.add_source", "admin.import_entries")


def admin_blueprint(parts: AdminParts) -> Blueprint:
    """``/setup`` and ``/admin/…``."""
    bp = Blueprint("admin", __name__, template_folder="../templates")

    bp.add_app_template_filter(in_html)

    @bp.before_request
    def check() -> Response | None:
        # Of other browsers, the server has read no more than of visitors.
        if request.endpoint in WITH_FILES and request.cookies.get(COOKIE, "") in parts.sessions:
            request.max_content_length = LARGEST_FORM
        return check_access(parts.database, parts.sessions)

    @bp.errorhandler(ChatbotError)
    def show_problem(error: ChatbotError) -> Response:
        return render_problem(error.status, problem_of(error))

    @bp.errorhandler(RequestEntityTooLarge)
    def show_limit(error: RequestEntityTooLarge) -> Response:
        language = admin_language()
        limit = file_size(request.max_content_length or 0, language)
        return render_problem(error.code, say("form_too_large", language, limit=limit))

    @bp.errorhandler(HTTPException)
    @bp.errorhandler(Exception)
    def show_other_problem(error: Exception) -> Response:
        status, _code, sentence = other_problem(error, admin_language())
        return render_problem(status, sentence)

    @bp.route(f"{PATH}/<path:rest>", methods=["GET", "POST"])
    def unknown(rest: str) -> Response:
        raise NotFound("http_404", field=rest[:100])

    for add_routes in ROUTES:
        add_routes(bp, parts)
    return bp
