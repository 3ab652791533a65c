"""Which passwords are taken, and what is stored of them."""

from __future__ import annotations

import pytest

from chatbot_server.accounts.passwords import (
    HASHER,
    LONGEST,
    NOBODY,
    hash_password,
    is_password,
)
from chatbot_server.errors import UsageError


@pytest.fixture(autouse=True)
def cheap_passwords() -> None:
    """None here: these are hashed as a server does it."""


def test_a_password_opens_and_no_other_does() -> None:
    stored = hash_password("quatre mots à dormir")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password("quatre mots à dormir", stored)
    assert is_password("quatre mots a\u0300 dormir", stored)  # typed with a combining accent
    for wrong in ("quatre mots a dormir", "", "x" * (LONGEST + 1), "quatre mots à dormir "):
        assert not is_password(wrong, stored)


def test_an_account_that_is_not_there_is_compared_with_as_much_work() -> None:
    assert not HASHER.check_needs_rehash(NOBODY)
    assert not is_password("quatre mots à dormir", NOBODY)


@pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaa", "abababababab", "x" * 201])
def test_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(UsageError):
        hash_password(weak)


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=1$x"])
def test_a_broken_hash_opens_nothing(stored: str) -> None:
    assert not is_password("quatre mots à dormir", stored)
