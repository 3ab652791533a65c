"""Deliveries that follow from what visitors do: e-mail to a person, events to webhooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.outbox import first_due


@dataclass(frozen=True)
class Deliveries:
    """What is stored now and can be delivered: messages by e-mail, events to webhooks."""

    mail: bool = False
    events: bool = False


@dataclass(frozen=True)
class Alerts:
    """How deliveries are begun.

    Attributes:
        send_mail: has messages to a person sent; None: no e-mail is sent.
        deliver_events: has queued webhook events delivered.
    """

    send_mail: Callable[[], None] | None = None
    deliver_events: Callable[[], None] = lambda: None

    def mail_due(self, site: Site) -> int | None:
        """When a new message to a person of *site* is to be sent by e-mail; None: it is not."""
        return first_due(site) if self.send_mail else None

    def begin(self, deliveries: Deliveries) -> None:
        """Begin *deliveries*; to be called after the transaction that stored them."""
        if deliveries.mail and self.send_mail:
            self.send_mail()
        if deliveries.events:
            self.deliver_events()
