"""The energy of each answer, from the processor time that this server's processes take.

Answers that are made at the same time share this time equally. One second of it is counted as
the energy that a second of any program's work took meanwhile, by the processor's own counter; or,
without a counter, as what the operator says a busy core takes.
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
# How long a list of processes is used: one may be started or killed.
PIDS_SECONDS = 1.0
# Processor seconds after which older ones count half: a second's energy changes with the load.
REMEMBERED_SECONDS = 120.0


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
    """One answer's part of the processor time, in seconds."""

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
        self._machine_clock = 0.0
        # Spent while there were answers in the making, by all programs and by this server's.
        self._joules = self._all_seconds = self._own_seconds = 0.0
        self._is_measurable = True

    def begin(self) -> Share:
        """Begin to measure one more answer."""
        with self._lock:
            self._share_out()
            share = Share()
            self._shares.append(share)
            return share

    def end(self, share: Share, *, by_model: bool = False) -> Energy | None:
        """The energy of an answer; None if that cannot be measured here.

        Args:
            by_model: a model has worked on it, with success or without.
        """
        with self._lock:
            if share in self._shares:
                self._share_out()
                self._shares.remove(share)
            if not self._is_measurable or (by_model and not self._has_model):
                return None
            if self._counter is None:
                joules = share.seconds * self._core_watts
                return Energy(joules, "estimated") if self._core_watts else None
            # The machine's clock goes in steps: it may say less than our own processes took.
            computing_seconds = max(self._all_seconds, self._own_seconds)
            second_joules = self._joules / computing_seconds if computing_seconds else 0.0
            return Energy(share.seconds * second_joules, "measured")

    def _share_out(self) -> None:
        """Divide what was spent since the last call among the answers in the making, if any."""
        now = time.monotonic()
        if now >= self._pids_until:
            self._known_pids, self._pids_until = self._pids(), now + PIDS_SECONDS
        own_seconds = self._time.spent(self._known_pids)
        self._is_measurable = own_seconds is not None
        joules = all_seconds = 0.0
        if self._counter:
            joules, machine_clock = self._counter.joules(), machine_seconds()
            all_seconds = machine_clock - self._machine_clock
            self._machine_clock = machine_clock
        if not self._shares or own_seconds is None:
            return
        for share in self._shares:
            share.seconds += own_seconds / len(self._shares)
        self._joules += joules
        self._all_seconds += all_seconds
        self._own_seconds += own_seconds
        if self._all_seconds > REMEMBERED_SECONDS:
            self._joules, self._all_seconds = self._joules / 2, self._all_seconds / 2
            self._own_seconds /= 2
