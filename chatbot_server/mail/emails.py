"""An e-mail to the people of a site: one visitor's message, or those of a day.

Names, addresses and texts are strangers': the standard library's headers refuse line ends and
encode all else, and what is no plain address is not made one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from chatbot_server.config import Config
from chatbot_server.errors import ChatbotError
from chatbot_server.mail.smtp import MailRefused
from chatbot_server.messages import pick_language, say, terminal_language
from chatbot_server.storage.knowledge.documents import document_languages
from chatbot_server.storage.site.settings import CONTROLS
from chatbot_server.storage.site.sites import Site
from chatbot_server.storage.visitors.feedback import ContactRequest

LONGEST_SUBJECT = 120


@dataclass(frozen=True)
class EmailWriter:
    """Writes the e-mails of one site to its people.

    Attributes:
        sender, recipient: addresses of this server's and of the site's people.
        address: of this server, without a slash at the end.
        language: in which e-mails are written.
    """

    site: Site
    sender: str
    recipient: str
    address: str
    language: str

    def email_of(self, messages: Sequence[ContactRequest]) -> EmailMessage:
        """One e-mail with *messages*; a reply to a single one goes to the visitor."""
        first = messages[0]
        if len(messages) == 1:
            code = "email_subject" if first.name else "email_in_conversation"
            subject = self._say(code, name=first.name, site=self.site.name)
        else:
            subject = self._say("email_daily", count=len(messages), site=self.site.name)
        email = self._blank(subject)
        # The same again where it was taken and we died before we knew: mail programs show one.
        host = self.sender.rpartition("@")[2]
        email["Message-ID"] = f"<contact-{first.id}-{first.created}-{len(messages)}@{host}>"
        if len(messages) == 1 and (visitor := _address_of(first)):
            email["Reply-To"] = visitor
        parts = [*map(self._message, messages), self._named_link("email_all", "messages")]
        email.set_content("\n\n".join(parts) + "\n", cte="quoted-printable")
        return email

    def test_email(self) -> EmailMessage:
        """A test e-mail."""
        email = self._blank(self._say("email_test", site=self.site.name))
        email.set_content(f"{self._say('email_test_text')}\n\n{self._link('messages')}\n")
        return email

    def warning(self, subject: str, code: str, values: dict[str, Any]) -> EmailMessage:
        """An e-mail about a problem of the server."""
        email = self._blank(self._say(subject))
        email.set_content(f"{self._say(code, **values)}\n\n{self._link('')}\n")
        return email

    def _blank(self, subject: str) -> EmailMessage:
        email = EmailMessage(policy=SMTP)
        email["Subject"] = one_line(subject)[:LONGEST_SUBJECT]
        email["From"] = self.sender
        email["To"] = self.recipient
        email["Date"] = format_datetime(datetime.now().astimezone())
        email["Auto-Submitted"] = "auto-generated"  # no absence note comes back
        return email

    def _message(self, message: ContactRequest) -> str:
        zone = ZoneInfo(self.site.time_zone) if self.site.time_zone else None
        moment = datetime.fromtimestamp(message.created, zone)
        text = "\n".join(CONTROLS.sub(" ", line) for line in message.text.split("\n"))
        who = f"{one_line(message.name)} <{one_line(message.email)}>"
        if not message.name:
            who = self._say("message_in_conversation")
        lines = [f"{who}, {moment:%Y-%m-%d %H:%M}", "", text]
        if message.conversation_id:
            page = f"conversations/{message.conversation_id}"
            lines += ["", self._named_link("email_conversation", page)]
        return "\n".join(lines)

    def _named_link(self, code: str, page: str) -> str:
        return self._say("named", name=self._say(code), text=self._link(page))

    def _link(self, page: str) -> str:
        return f"{self.address}/admin/{self.site.key}/{page}"

    def _say(self, code: str, **values: object) -> str:
        return say(code, self.language, **values)


def language_of_emails(session: Session, site: Site) -> str:
    """The language of *site*, else of most of its pages, else of the server's terminal."""
    of_pages = () if site.language else document_languages(session, site.id)
    languages = [code for code in (site.language, *of_pages) if code]
    return pick_language(*languages) if languages else terminal_language()


def email_writer_of(config: Config, site: Site, language: str) -> EmailWriter:
    """The writer of *site*, which writes in *language*.

    Raises:
        MailRefused: no mail server is set, or nobody to write to.
    """
    sender, recipient = config.mail.sender, site.contact_email or config.mail.to
    if not config.mail.host or not sender:
        raise MailRefused("mail_off", field="mail.host")
    if not recipient:
        raise MailRefused("mail_nobody", field="mail.to", site=site.name)
    server = config.server
    address = str(server.public_url or server.local_address).rstrip("/")
    return EmailWriter(site, sender, recipient, address, language)


def one_line(text: str) -> str:
    """*text* without line ends and other control characters."""
    return " ".join(CONTROLS.sub(" ", text).split())


def _address_of(message: ContactRequest) -> Address | None:
    """The visitor's address for ``Reply-To``; None if it cannot be written in a header."""
    if not (message.email and message.email.isascii() and message.email.isprintable()):
        return None
    username, _, domain = message.email.rpartition("@")
    try:
        return Address(one_line(message.name), username, domain)
    except (ValueError, IndexError, ChatbotError):
        return None
