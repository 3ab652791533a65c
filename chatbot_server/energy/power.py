"""The processor's own energy counters (RAPL), where Linux lets this process read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
# What is counted in no other domain: cores and graphics are parts of their package.
DOMAINS = ("package", "dram")


@dataclass
class Domain:
    """One counter of microjoules, which starts again at *wrap*."""

    file: Path
    wrap: int
    last: int

    @classmethod
    def open(cls, zone: Path) -> Domain | None:
        """The counter in the folder *zone*; None: another counter includes what it counts.

        Raises:
            OSError, ValueError: it cannot be read, or it is none.
        """
        if not (zone / "name").read_text().startswith(DOMAINS):
            return None
        file = zone / "energy_uj"
        return cls(file, int((zone / "max_energy_range_uj").read_text()), int(file.read_text()))

    def spent(self) -> int:
        """Microjoules since the last call; 0 if the counter can no longer be read."""
        try:
            now = int(self.file.read_text())
        except (OSError, ValueError):
            return 0
        energy = now - self.last if now >= self.last else now + self.wrap - self.last
        self.last = now
        return energy


class PowerCounter:
    """The energy of the processor and its memory, for all programs together."""

    def __init__(self, domains: Sequence[Domain]) -> None:
        self._domains = domains

    @classmethod
    def find(cls, folder: Path = POWERCAP) -> PowerCounter | None:
        """The counter of this machine; None in virtual machines, or if only root may read it."""
        # “intel-rapl-mmio:0” counts a package twice, “intel-rapl:0:2” may be its memory.
        zones = sorted(folder.glob("intel-rapl:*"))
        try:
            domains = [domain for zone in zones if (domain := Domain.open(zone))]
        except (OSError, ValueError):
            return None  # a part would be taken for the whole
        return cls(domains) if domains else None

    def joules(self) -> float:
        """The energy since the last call."""
        return sum(domain.spent() for domain in self._domains) / 1e6
