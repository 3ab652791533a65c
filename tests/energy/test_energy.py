"""What answers cost: shared by processor time, counted by the processor or estimated."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import pytest

from chatbot_server.energy import meter as meter_module
from chatbot_server.energy.meter import EnergyMeter
from chatbot_server.energy.power import PowerCounter
from chatbot_server.energy.processor import ProcessorTime, machine_seconds, processor_seconds

WRAP = 1_000_000_000


class Powercap:
    """A double of /sys/class/powercap: a laptop's domains, as the kernel names them."""

    DOMAINS: ClassVar = {
        "intel-rapl:0": "package-0",
        "intel-rapl:0:0": "core",
        "intel-rapl:0:1": "uncore",
        "intel-rapl:0:2": "dram",
        "intel-rapl:1": "psys",
        "intel-rapl-mmio:0": "package-0",
    }

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for zone, name in self.DOMAINS.items():
            (folder / zone).mkdir(parents=True)
            (folder / zone / "name").write_text(f"{name}\n")
            (folder / zone / "max_energy_range_uj").write_text(f"{WRAP}\n")
            self.set(zone, WRAP - 1_000_000)

    def set(self, zone: str, microjoules: int) -> None:
        (self.folder / zone / "energy_uj").write_text(f"{microjoules}\n")


@pytest.fixture
def powercap(tmp_path: Path) -> Powercap:
    return Powercap(tmp_path / "powercap")


def test_package_and_memory_are_counted_once_and_beyond_the_end_of_a_counter(
    powercap: Powercap,
) -> None:
    counter = PowerCounter.find(powercap.folder)
    assert counter is not None
    assert counter.joules() == 0
    for zone in powercap.DOMAINS:
        powercap.set(zone, 2_000_000)  # past its end: one before it, two after
    assert counter.joules() == pytest.approx(2 * 3.0)
    powercap.set("intel-rapl:0", 2_500_000)
    assert counter.joules() == pytest.approx(0.5)


@pytest.mark.parametrize("file", ["energy_uj", "max_energy_range_uj"])
def test_a_counter_that_cannot_be_read_is_none(powercap: Powercap, file: str) -> None:
    (powercap.folder / "intel-rapl:0:2" / file).unlink()
    assert PowerCounter.find(powercap.folder) is None
    assert PowerCounter.find(powercap.folder / "nothing") is None


def test_a_counter_that_goes_away_adds_nothing(powercap: Powercap) -> None:
    counter = PowerCounter.find(powercap.folder)
    assert counter is not None
    for zone in powercap.DOMAINS:
        (powercap.folder / zone / "energy_uj").unlink()
    assert counter.joules() == 0


def test_the_time_of_other_processes_is_known_to_the_nanosecond() -> None:
    script = "import time; e = time.process_time() + 0.05\nwhile time.process_time() < e: pass\nprint(time.process_time(), flush=True); input()"  # noqa: E501
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        own = float(child.stdout.readline())
        seconds = processor_seconds(child.pid)
        assert seconds == pytest.approx(own, abs=0.02)
        assert seconds is not None
        assert 0.05 < seconds < machine_seconds()
        child.communicate(b"\n")
    assert processor_seconds(child.pid) is None


def test_a_process_counts_from_when_it_is_first_seen() -> None:
    clock = ProcessorTime()
    assert clock.spent([os.getpid()]) == 0
    compute(0.02)
    spent = clock.spent([os.getpid(), os.getppid()])
    assert spent == pytest.approx(0.02, abs=0.015)
    assert clock.spent([]) is None


def compute(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Clocks:
    """Doubles of the processor's clocks, so that the sums can be seen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.own = self.machine = 0.0
        monkeypatch.setattr(meter_module, "machine_seconds", lambda: self.machine)
        monkeypatch.setattr(
            "chatbot_server.energy.processor.processor_seconds", lambda _pid: self.own
        )


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_answers_at_the_same_time_share_what_is_spent(clocks: Clocks) -> None:
    meter = EnergyMeter(lambda: [1], core_watts=10)
    clocks.own += 5  # nobody asks: nobody pays
    first = meter.begin()
    clocks.own += 2
    second = meter.begin()
    clocks.own += 4
    energies = [meter.end(first), meter.end(second)]
    clocks.own += 3
    assert [energy and (energy.joules, energy.method) for energy in energies] == [
        (40.0, "estimated"),
        (20.0, "estimated"),
    ]
    assert meter.end(first) == energies[0]  # said twice, counted once


def test_a_counter_is_shared_by_processor_time(clocks: Clocks, powercap: Powercap) -> None:
    meter = EnergyMeter(lambda: [1], 10, PowerCounter.find(powercap.folder))
    for zone in powercap.DOMAINS:
        powercap.set(zone, 0)  # before anybody asks
    clocks.machine += 100
    share = meter.begin()
    clocks.own += 1
    clocks.machine += 4  # others compute three times as much
    powercap.set("intel-rapl:0", 50_000_000)
    powercap.set("intel-rapl:0:2", 10_000_000)
    energy = meter.end(share)
    assert energy is not None
    assert energy.joules == pytest.approx(15.0)
    assert energy.method == "measured"
    assert energy.watt_hours == pytest.approx(15 / 3600)


def test_what_cannot_be_known_is_not_said(clocks: Clocks) -> None:
    unknown = EnergyMeter(lambda: [1])
    assert unknown.end(unknown.begin()) is None
    nobody = EnergyMeter(list, core_watts=10)
    assert nobody.end(nobody.begin()) is None
    remote = EnergyMeter(lambda: [1], core_watts=10, has_model=False)
    assert remote.end(remote.begin(), by_model=True) is None
    assert remote.end(remote.begin()) is not None
