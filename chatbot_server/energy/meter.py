"""What each answer costs, of the processor time that this server's processes take.

Their time between two moments is shared equally by the answers in the making. A second of it
costs what the processor's counter says of a second of anybody's work in such moments, or, where
there is no counter, what its owner says a busy core takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from chatbot_server.energy.power import PowerCounter
from chatbot_server.energy.processor import ProcessorTime, machine_seconds

EnergyMethod = Literal["measured", "estimated"]
# Which processes there are changes when one is started or killed.
PIDS_SECONDS = 1.0
# Processor seconds after which older ones count half: what a second costs changes with the load.
REMEMBERED = 120.0


@dataclass(frozen=True)
class Energy:
    """What was spent on one answer.

    Attributes:
        joules: of processor and memory; not of disk, network or power supply.
        method: ``measured`` by the processor's counter and shared by processor time, or
            ``estimated`` from processor time alone.
    """

    joules: float
    method: EnergyMethod

    @property
    def watt_hours(self) -> float:
        """The energy in watt-hours."""
        return self.joules / 3600


@dataclass(eq=False)
class Share:
    """One answer's part of the processor time."""

    seconds: float = 0.0


class EnergyMeter:
    """The energy of this server's answers; every method may be called from any thread.

    Args:
        pids: the processes whose work is shared.
        core_watts: of a busy core, for where there is no counter; 0: nothing is estimated.
        counter: the processor's counter; None: there is none.
        has_model: the model computes in one of these processes, and not on other servers.
    """

    def __init__(
        self,
        pids: Callable[[], Collection[int]],
        core_watts: float = 0.0,
        counter: PowerCounter | None = None,
        *,
        has_model: bool = True,
    ) -> None:
        self._pids = pids
        self._core_watts = core_watts
        self._counter = counter
        self._has_model = has_model
        self._lock = threading.Lock()
        self._shares: list[Share] = []
        self._time = ProcessorTime()
        self._known_pids: Collection[int] = ()
        self._pids_until = 0.0
        self._machine_at = 0.0
        # While there were answers in the making: what the counter said, and who computed.
        self._joules = self._seconds = self._own_seconds = 0.0
        self._is_telling = True

    def begin(self) -> Share:
        """Begin to measure one more answer."""
        with self._lock:
            self._pass()
            share = Share()
            self._shares.append(share)
            return share

    def end(self, share: Share, *, by_model: bool = False) -> Energy | None:
        """What the answer has cost; None: that is not measurable here.

        *by_model*: a model has worked on it, well or in vain.
        """
        with self._lock:
            if share in self._shares:
                self._pass()
                self._shares.remove(share)
            if not self._is_telling or (by_model and not self._has_model):
                return None
            if self._counter is None:
                joules = share.seconds * self._core_watts
                return Energy(joules, "estimated") if self._core_watts else None
            return Energy(share.seconds * self._second_costs(), "measured")

    def _pass(self) -> None:
        """Divide the energy since the last call among the answers in progress, if there are any."""
        now = time.monotonic()
        if now >= self._pids_until:
            self._known_pids, self._pids_until = self._pids(), now + PIDS_SECONDS
        seconds_spent = self._time.spent(self._known_pids)
        self._is_telling = seconds_spent is not None
        joules = machine = 0.0
        if self._counter:
            joules, now = self._counter.joules(), machine_seconds()
            machine, self._machine_at = now - self._machine_at, now
        if not self._shares or seconds_spent is None:
            return
        for share in self._shares:
            share.seconds += seconds_spent / len(self._shares)
        self._joules += joules
        self._seconds += machine
        self._own_seconds += seconds_spent
        if self._seconds > REMEMBERED:
            self._joules, self._seconds = self._joules / 2, self._seconds / 2
            self._own_seconds /= 2

    def _second_costs(self) -> float:
        # The machine's clock goes in steps, so that it may say less than our own processes took.
        computing_seconds = max(self._seconds, self._own_seconds)
        return self._joules / computing_seconds if computing_seconds else 0.0
