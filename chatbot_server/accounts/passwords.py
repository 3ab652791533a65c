"""Passwords: which are accepted, and how they are hashed and compared."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatbot_server.errors import UsageError

SHORTEST, LONGEST = 10, 200
# RFC 9106's second recommendation is 64 MiB and 3 passes; on a machine with 512 MB several
# log-ins at once would not fit, so OWASP's 19 MiB, 2 passes and one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Compared with where there is no such account, so that a wrong name takes as long: of a random
# password that nobody kept. Made at each start, it would take a twentieth of a second.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$HLtw7+LDfcl9A4uqn7ulVw$MousoD"
    "soA2Lm1i942TH6IJPQsqfKQPQEVC8NnDruuCE"
)


def hash_password(password: str) -> str:
    """The hash to store.

    Raises:
        UsageError: too short, too long, or one character over and over.
    """
    password = _normal(password)
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        raise UsageError("password_wrong", field="password", shortest=SHORTEST, longest=LONGEST)
    return HASHER.hash(password)


def is_password(password: str, password_hash: str) -> bool:
    """Whether *password* matches *password_hash*."""
    if len(password) > LONGEST:
        return False
    try:
        return HASHER.verify(password_hash, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    """*password* in a normal form, equal for the same letters typed on another keyboard."""
    return unicodedata.normalize("NFC", password.encode("utf-8", "replace").decode())
