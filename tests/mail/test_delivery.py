"""Messages to a person reach a real mail server on this machine, or wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from support.configured import make_config
from support.servers.owner_server import ORIGIN, OwnerServer
from support.servers.ports import free_port

from chatbot_server.config import Config
from chatbot_server.errors import ChatbotError
from chatbot_server.mail.delivery import send_due, send_test
from chatbot_server.mail.emails import email_writer_of
from chatbot_server.mail.smtp import MailRefused
from chatbot_server.retrieval.curate.library import add_note
from chatbot_server.storage.base import now
from chatbot_server.storage.database import Database
from chatbot_server.storage.site.sites import Site, add_site
from chatbot_server.storage.visitors import outbox
from chatbot_server.storage.visitors.feedback import (
    ContactRequest,
    add_contact_request,
    contact_requests,
)
from chatbot_server.storage.visitors.outbox import first_due, take_due, undelivered

SENDER, TO = "chatbot@example.org", "people@example.org"
EVIL = "Eve\r\nBcc: all@example.org\r\n\r\nBuy!\x00"


class Mailbox:
    """What the mail server took; *reply* is what it says to the next recipients."""

    def __init__(self) -> None:
        self.emails: list[EmailMessage] = []
        self.reply = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        email = message_from_bytes(envelope.content, policy=default)
        assert isinstance(email, EmailMessage)
        assert envelope.rcpt_tos == [email["To"]]
        self.emails.append(email)
        return "250 taken"


@contextmanager
def mail_server(mailbox: Mailbox, port: int, **options: Any) -> Iterator[None]:
    controller = Controller(mailbox, "127.0.0.1", port, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Config:
    return config_of(tmp_path, port)


def config_of(folder: Path, port: int, **mail: Any) -> Config:
    section = {"host": "127.0.0.1", "port": port, "security": "none", "sender": SENDER, "to": TO}
    return make_config(folder, mail=section | mail)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    with sqlite_database.session() as session:
        add_site(session, "Bakery").language = "en"
    return sqlite_database


def write(database: Database, text: str = "Call me.", name: str = "Ann", **more: str) -> None:
    with database.session() as session:
        site = session.get_one(Site, 1)
        address = more.get("email", "ann@example.com")
        message = add_contact_request(session, site, None, name=name, email=address, text=text)
        message.mail_due = first_due(site)


def rows(database: Database) -> list[ContactRequest]:
    with database.session() as session:
        return list(contact_requests(session, 1))


def make_due(database: Database) -> None:
    with database.session() as session:
        for message in contact_requests(session, 1):
            message.mail_due = message.mail_due and now()


def test_emails_are_in_the_language_of_the_pages_where_the_site_has_none(
    database: Database, config: Config, mailbox: Mailbox, port: int
) -> None:
    texts = ("Nous sommes ouverts du mardi au samedi.", "Le pain coûte trois euros la pièce.")
    with database.session() as session:
        session.get_one(Site, 1).language = None
    for text in texts:
        add_note(database, 1, text, text)
    write(database, name="Zoé")
    with mail_server(mailbox, port):
        send_due(database, config)
    (email,) = mailbox.emails
    assert email["Subject"] == "Zoé a écrit sur Bakery"
    assert "\nTous les messages\u00a0: http" in email.get_content().replace("\r\n", "\n")


def test_a_message_arrives_once_and_its_answer_goes_to_the_visitor(
    database: Database, config: Config, mailbox: Mailbox, port: int
) -> None:
    write(database, "Où êtes-vous ?\n\nAnn", "Ann É")
    with mail_server(mailbox, port):
        assert send_due(database, config) is None
        assert send_due(database, config) is None
    (email,) = mailbox.emails
    assert (email["From"], email["To"]) == (SENDER, TO)
    assert email["Reply-To"] == "Ann É <ann@example.com>"
    assert email["Subject"] == "Ann É wrote on Bakery"
    assert email["Auto-Submitted"] == "auto-generated"
    assert "\nAll messages: http" in email.get_content().replace("\r\n", "\n")
    assert "Où êtes-vous ?\n\nAnn\n" in email.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("email", ["eve@example.com", "é@example.com", "a\x00@example.com"])
def test_nobody_writes_a_header_of_their_own(
    database: Database, config: Config, mailbox: Mailbox, port: int, email: str
) -> None:
    write(database, f"Hello\r\n.\r\nQUIT\r\n{EVIL}", EVIL, email=email)
    with mail_server(mailbox, port):
        assert send_due(database, config) is None
    (received,) = mailbox.emails
    expected = {"subject", "from", "to", "date", "auto-submitted", "message-id"}
    expected |= {"mime-version", "content-type", "content-transfer-encoding"}
    expected |= {"reply-to"} if email == "eve@example.com" else set()
    assert {name.lower() for name in received} == expected
    assert "Buy!" in received.get_content()


def test_those_of_a_day_and_those_of_a_flood_come_in_one_email(
    database: Database, config: Config, mailbox: Mailbox, port: int
) -> None:
    with database.session() as session:
        session.get_one(Site, 1).contact_mail = "daily"
    for number in range(3):
        write(database, f"Text {number}")
    with mail_server(mailbox, port):
        due = send_due(database, config)
        assert due is not None
        assert now() < due <= now() + 25 * 3600
        assert mailbox.emails == []
        make_due(database)
        assert send_due(database, config) is None
        (email,) = mailbox.emails
        assert email["Subject"] == "3 messages on Bakery"
        assert "Reply-To" not in email
        assert all(f"Text {number}" in email.get_content() for number in range(3))
        with database.session() as session:
            session.get_one(Site, 1).contact_mail = "each"
        for number in range(11):
            write(database, f"Flood {number}")
        send_due(database, config)
    assert [email["Subject"] for email in mailbox.emails[1:]] == ["11 messages on Bakery"]


def test_nothing_is_lost_while_the_mail_server_is_away(
    database: Database, config: Config, mailbox: Mailbox, port: int
) -> None:
    write(database)
    due = send_due(database, config)
    assert due is not None
    assert due > now() + 250
    assert send_due(database, config) == due, "not before its time"
    with database.session() as session:
        failed = undelivered(session, 1)
        assert undelivered(session, 2) is None
    assert failed is not None
    assert (failed.count, failed.problem["code"]) == (1, "mail_unreachable")
    mailbox.reply = "451 greylisted\x1b[2J, come back"
    with mail_server(mailbox, port):
        make_due(database)
        send_due(database, config)
        (message,) = rows(database)
        assert message.mail_problem is not None
        assert message.mail_problem["code"] == "mail_recipient"
        assert "\x1b" not in message.mail_problem["values"]["why"]
        mailbox.reply = "250 OK"
        make_due(database)
        assert send_due(database, config) is None
    assert len(mailbox.emails) == 1
    assert rows(database)[0].mail_problem is None


def test_attempts_end_and_a_test_that_arrives_begins_anew(
    database: Database, config: Config, mailbox: Mailbox, port: int
) -> None:
    write(database)
    for _ in outbox.RETRY_SECONDS:
        assert send_due(database, config) is not None
        make_due(database)
    assert send_due(database, config) is None
    with database.session() as session:
        site = session.get_one(Site, 1)
        failed = undelivered(session)
    assert failed is not None
    assert failed.next_try is None
    with mail_server(mailbox, port):
        assert send_test(database, config, site) == TO
        send_due(database, config)
    assert [email["Subject"] for email in mailbox.emails] == [
        "Test of the chatbot of Bakery",
        "Ann wrote on Bakery",
    ]


def test_of_two_who_send_at_once_one_does(database: Database) -> None:
    for _ in range(20):
        write(database)
    taken: list[ContactRequest] = []

    def take() -> None:
        with database.session() as session:
            taken.extend(take_due(session, 100))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message.id for message in taken) == list(range(1, 21))


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        ({"security": "starttls"}, "mail_not_supported"),  # never in the clear instead
        ({"security": "tls"}, "mail_tls"),
        ({"user": "u", "password_file": "missing"}, "mail_password"),
        ({"user": "u", "password": "wrong"}, "mail_login"),
        ({"to": None}, "mail_nobody"),
        ({"host": None}, "mail_off"),
    ],
)
def test_what_is_refused_is_said_in_one_sentence(
    database: Database, tmp_path: Path, mailbox: Mailbox, mail: dict[str, Any], code: str
) -> None:
    config = config_of(tmp_path, free_port(), **mail)
    with database.session() as session:
        site = session.get_one(Site, 1)
    options = {
        "authenticator": lambda *_: AuthResult(success=False, handled=False),
        "auth_require_tls": False,
    }
    with mail_server(mailbox, config.mail.port, **options), pytest.raises(MailRefused) as caught:
        send_test(database, config, site)
    assert caught.value.code == code
    for language in ("en", "fr"):
        assert "\n" not in caught.value.sentence(language)
    assert mailbox.emails == []


def test_an_email_goes_to_the_sites_own_address_first(database: Database, config: Config) -> None:
    with database.session() as session:
        site = session.get_one(Site, 1)
        assert email_writer_of(config, site, "en").recipient == TO
        site.contact_email = "bakery@example.org"
        assert email_writer_of(config, site, "en").recipient == "bakery@example.org"


def test_the_owner_sets_it_up_on_the_page_of_messages(
    tmp_path: Path, mailbox: Mailbox, port: int
) -> None:
    settings = config_of(tmp_path, port).mail.model_dump()
    (tmp_path / "run").mkdir()
    owner = OwnerServer(tmp_path, mail=settings)
    path = f"/admin/{owner.key}/messages"
    form = {"site": owner.key, "name": "Ann", "email": "ann@example.com", "message": "Hi"}
    assert owner.app.test_client().post("/api/contact", json=form).status_code == 200
    assert (tmp_path / "run" / "jobs-mail.called").exists()
    send_due(owner.database, config_of(tmp_path, port))
    browser = owner.browser("owner")
    page = browser.get(path, headers={"Accept-Language": "en"}).text
    assert "1 message was not sent by e-mail: The mail server 127.0.0.1:" in page
    refused = browser.post(f"{path}/test", headers=ORIGIN)
    assert refused.status_code == 503
    assert "cannot be reached" in refused.text
    with mail_server(mailbox, port):
        assert f"a test message to {TO}" in browser.post(f"{path}/test", headers=ORIGIN).text
        send_due(owner.database, config_of(tmp_path, port))
    assert [email["Reply-To"] for email in mailbox.emails] == [None, "Ann <ann@example.com>"]
    assert "not sent by e-mail" not in browser.get(path).text
    saved = browser.post(f"{path}/mail", data={"contact_mail": "off"}, headers=ORIGIN)
    assert saved.status_code == 303
    assert (
        browser.post(f"{path}/mail", data={"contact_mail": "x"}, headers=ORIGIN).status_code == 400
    )
    owner.app.test_client().post("/api/contact", json=form)
    assert send_due(owner.database, config_of(tmp_path, port)) is None
    assert len(mailbox.emails) == 2
    owner.database.close()


def test_a_password_of_the_environment_stays_as_it_is(tmp_path: Path) -> None:
    from chatbot_server.config import load_config

    file = tmp_path / "config.yaml"
    file.write_text("mail: {host: localhost, sender: a@example.org}")
    config = load_config(file, {"CHATBOT_MAIL_PASSWORD": "0123: yes"})
    assert config.mail.password == "0123: yes"
    for text in ("mail: {host: x}", "mail: {to: me}", "mail: {sender: 'a@b\\nBcc: c@d'}"):
        file.write_text(text)
        with pytest.raises(ChatbotError) as caught:
            load_config(file, {})
        assert caught.value.code in ("config_no_sender", "config_not_email")
