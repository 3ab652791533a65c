"""The connection to the mail server; its errors become sentences."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from chatbot_server.config.sections import MailSection
from chatbot_server.errors import ChatbotError, Unavailable
from chatbot_server.storage.site.settings import CONTROLS

SECONDS = 20  # for each answer of the server
LONGEST_REASON = 200


class MailRefused(Unavailable):
    """An e-mail was not taken; nothing of it is lost."""


@contextmanager
def open_server(mail: MailSection) -> Iterator[smtplib.SMTP]:
    """A connection on which e-mails can be sent, logged in.

    Raises:
        MailRefused: the server is away, is no mail server, or refuses us or an e-mail.
    """
    host, port = mail.host or "", mail.port
    try:
        with (
            smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
            if mail.security == "tls"
            else smtplib.SMTP(host, port, timeout=SECONDS)
        ) as server:
            if mail.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.user is not None:
                server.login(mail.user, _password(mail))
            yield server
    except (OSError, UnicodeError, ValueError) as error:
        raise refusal_of(error, mail) from error


def send(server: smtplib.SMTP, email: EmailMessage) -> None:
    """Hand *email* over, from its ``From`` to its ``To``.

    Raises:
        OSError: as :mod:`smtplib` has it.
    """
    server.send_message(email, str(email["From"]), str(email["To"]))


def refusal_of(error: Exception, mail: MailSection) -> MailRefused:
    """An SMTP *error* as a sentence for the owner."""
    match error:
        case smtplib.SMTPAuthenticationError():
            code, why = "mail_login", _one_line(error.smtp_error)
        case smtplib.SMTPRecipientsRefused():
            replies = error.recipients.values()
            code, why = "mail_recipient", _one_line(next(iter(replies), (0, b""))[1])
        case smtplib.SMTPSenderRefused():
            code, why = "mail_sender", _one_line(error.smtp_error)
        case smtplib.SMTPNotSupportedError():
            code, why = "mail_not_supported", _one_line(str(error))
        case smtplib.SMTPResponseException():
            code, why = "mail_reply", f"{error.smtp_code} {_one_line(error.smtp_error)}"
        case ssl.SSLError():
            code, why = "mail_tls", _one_line(getattr(error, "verify_message", "") or str(error))
        case OSError() if not isinstance(error, smtplib.SMTPException):
            code, why = "mail_unreachable", _one_line(error.strerror or str(error))
        case _:
            code, why = "mail_reply", _one_line(str(error))
    return MailRefused(code, field="mail", host=f"{mail.host}:{mail.port}", why=why)


def problem_as_json(error: ChatbotError) -> dict[str, object]:
    """*error* as a message keeps it, until somebody reads it in their language."""
    return {
        "code": error.code,
        "values": {name: str(value) for name, value in error.values.items()},
    }


def _password(mail: MailSection) -> str:
    if mail.password_file is None:
        return mail.password or ""
    try:
        return mail.password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise MailRefused(
            "mail_password", field="mail.password_file", file=mail.password_file, why=why
        ) from None


def _one_line(reply: bytes | str) -> str:
    """A server's own words, which are not trusted, cut to one short line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(CONTROLS.sub(" ", text).split())[:LONGEST_REASON] or "–"
