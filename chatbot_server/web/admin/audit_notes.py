"""What a view adds to the audit log entry of its request."""

from __future__ import annotations

from flask import g

from chatbot_server.storage.owners.audit import changes_in
from chatbot_server.storage.site.history import SiteChange


def tell_audit(about: str = "", change: SiteChange | None = None) -> None:
    """Set what the entry of this request is about, and which settings of a site it changed."""
    g.audit = (about, changes_in(change))
