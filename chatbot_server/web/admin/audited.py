"""What a view adds to the audit log entry of its request."""

from __future__ import annotations

from flask import g

from chatbot_server.storage.owners.audit import changes_in
from chatbot_server.storage.site.history import SiteChange


def tell_audit(about: str = "", change: SiteChange | None = None) -> None:
    """Whom or which the entry of this request is about, and what of a site's settings changed."""
    g.audit = (about, changes_in(change))
