"""The sites that visitors' questions are asked of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sites.answer_sites import KnownSites


@pytest.fixture(scope="session")
def known_sites(
    tmp_path_factory: pytest.TempPathFactory, encoder_dir: Path
) -> Iterator[KnownSites]:
    """Those of the folder “sites”, with vectors: it takes ten seconds, so it is done once."""
    known = KnownSites(tmp_path_factory.mktemp("answers") / "answers.db", encoder_dir)
    known.index(Path(__file__).with_name("sites"))
    known.embed()
    yield known
    known.close()
