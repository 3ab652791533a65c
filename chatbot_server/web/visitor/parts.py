"""What the routes of a site's visitors share."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot_server.config import Config
from chatbot_server.conversation.alerts import Alerts
from chatbot_server.conversation.service import ConversationService
from chatbot_server.engine.base import Engine
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.asked_sites import AskedSites
from chatbot_server.web.middleware.limits.rate_limits import RateLimits


@dataclass(frozen=True)
class VisitorParts:
    """What the routes of visitors need."""

    config: Config
    database: Database
    engine: Engine
    service: ConversationService
    sites: AskedSites
    rates: RateLimits
    alerts: Alerts
