"""A second factor: six digits of an app (TOTP, RFC 6238), or one of ten recovery codes.

Whoever has an account switches it on; nothing else ever does.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy.orm import Session

from chatbot_server.errors import Unauthorized, UsageError
from chatbot_server.storage.base import now
from chatbot_server.storage.owners.accounts import (
    Account,
    end_sessions,
    replace_recovery_codes,
    spend_recovery_code,
    spend_time_step,
)

RECOVERY_CODES = 10
STEP_SECONDS = 30
WINDOW = 1  # steps before and after this one: clocks differ, people type slowly
# Without letters and digits that look alike on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
ISSUER = "Chatbot Server"
SECRET = re.compile("[A-Z2-7]{32}")


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs to know, and how it is shown.

    Attributes:
        secret: in base 32, to be typed where no camera is.
        svg: the same as a QR code, an element for a page.
    """

    secret: str
    svg: str


def enrol(name: str, secret: str = "") -> Enrolment:
    """A fresh secret for the account called *name*; or *secret*, shown again."""
    secret = secret if SECRET.fullmatch(secret) else pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    svg = segno.make(address, micro=False).svg_inline(
        scale=5, light="#fff", svgclass="qr", lineclass=None, title="QR"
    )
    return Enrolment(secret, svg)


def turn_on(
    session: Session, account: Account, secret: str, code: str, *, except_token: str = ""
) -> list[str]:
    """Ask for a second factor from now on; returns the recovery codes, shown this once.

    Raises:
        UsageError: *secret* does not have the form of a secret.
        Unauthorized: *code* does not belong to *secret*.
    """
    if not SECRET.fullmatch(secret):
        raise UsageError("factor_secret", field="secret")
    account.totp_secret, account.totp_step = secret, None
    check_code(session, account, code)
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]
    replace_recovery_codes(session, account.id, codes)
    end_sessions(session, account, except_token=except_token)
    return codes


def turn_off(session: Session, account: Account) -> None:
    """Stop asking for a second factor."""
    account.totp_secret = account.totp_step = None
    replace_recovery_codes(session, account.id, ())


def check_code(session: Session, account: Account, code: str) -> None:
    """Check *code* of *account*, and spend it: each code is accepted once.

    Raises:
        Unauthorized: it is wrong, too old, or was used already.
    """
    code = "".join(code.split()).lower()
    if len(code) == 6 and code.isdigit() and code.isascii():
        totp = pyotp.TOTP(account.totp_secret or "")
        present = now() // STEP_SECONDS
        for step in range(present - WINDOW, present + WINDOW + 1):
            is_this = secrets.compare_digest(totp.at(step * STEP_SECONDS), code)
            if is_this and spend_time_step(session, account, step):
                return
    elif spend_recovery_code(session, account.id, code):
        return
    raise Unauthorized("factor_wrong", field="code")
