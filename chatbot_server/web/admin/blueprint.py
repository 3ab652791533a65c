"""All pages of the owner's, behind one check."""

from __future__ import annotations

from flask import Blueprint, Response, request

from chatbot_server.errors import ChatbotError
from chatbot_server.web.admin.access import check_access
from chatbot_server.web.admin.appearance import add_appearance, add_messages
from chatbot_server.web.admin.backups import add_backups
from chatbot_server.web.admin.conversations import add_conversations, add_owner_rights
from chatbot_server.web.admin.entrance import add_log_in, add_new_accounts
from chatbot_server.web.admin.home import add_home, add_start
from chatbot_server.web.admin.knowledge import add_knowledge
from chatbot_server.web.admin.pages import AdminParts, render_problem
from chatbot_server.web.admin.people import add_own_account, add_people
from chatbot_server.web.admin.questions import add_questions
from chatbot_server.web.markdown import in_html

LARGEST_FORM = 40 * 1024 * 1024  # a file to read


def admin_blueprint(parts: AdminParts) -> Blueprint:
    """``/setup`` and ``/admin/…``."""
    bp = Blueprint("admin", __name__, template_folder="../templates")

    bp.add_app_template_filter(in_html)

    @bp.before_request
    def check() -> Response | None:
        if request.endpoint == "admin.add_source":
            request.max_content_length = LARGEST_FORM
        return check_access(parts.database)

    @bp.errorhandler(ChatbotError)
    def show_problem(error: ChatbotError) -> Response:
        return render_problem(error)

    add_new_accounts(bp, parts)
    add_log_in(bp, parts)
    add_home(bp, parts)
    add_start(bp, parts)
    add_conversations(bp, parts)
    add_owner_rights(bp, parts)
    add_questions(bp, parts)
    add_knowledge(bp, parts)
    add_appearance(bp, parts)
    add_messages(bp, parts)
    add_people(bp, parts)
    add_own_account(bp, parts)
    add_backups(bp, parts)
    return bp
