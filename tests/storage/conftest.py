"""Here every database runs the real migrations."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def migrations() -> None:
    """Replaces the copy of a migrated database that the other rooms' tests begin with."""
