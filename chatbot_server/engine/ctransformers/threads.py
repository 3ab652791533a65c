"""How many threads a model gets, by their current speed.

ggml's threads wait for each other in a loop that never yields. With as many threads as
processors, one other busy program holds all of them up: 70 tokens a second became 3 on two
cores, while one thread alone still made 40. So both counts are tried now and then on single
tokens, and the quicker one is used. The result of an evaluation does not depend on it.
"""

from __future__ import annotations

import time

TRIAL_CALLS = 2
# A trial of 2 calls costs some 16 ms too much on an idle machine: 0.4 % of this.
TRIAL_EVERY_SECONDS = 4.0
# A trial that went badly is repeated so seldom that it takes 3 % of the time at most.
TRIAL_SHARE = 30.0


class ThreadGovernor:
    """Chooses between *most* threads and one less. For one thread's use."""

    def __init__(self, most: int) -> None:
        self._most, self._fewer = most, max(1, most - 1)
        self._best = self._fewer  # until it is known that the machine is free
        self._cost: dict[int, float] = {}
        self._trial: list[float] = []
        self._next_trial = 0.0

    @property
    def is_trial_due(self) -> bool:
        """Whether the next single token is a trial of the other number of threads."""
        if self._most == self._fewer or not self._cost:
            return False
        return bool(self._trial) or time.monotonic() >= self._next_trial

    def threads(self) -> int:
        """The number of threads for the next call."""
        if self.is_trial_due:
            return self._most + self._fewer - self._best
        return self._best

    def report(self, threads: int, seconds: float) -> None:
        """Report how long a single token took with *threads*."""
        if threads == self._best:
            self._cost[threads] = 0.7 * self._cost.get(threads, seconds) + 0.3 * seconds
            return
        self._trial.append(seconds)
        if len(self._trial) == TRIAL_CALLS:
            trial_seconds = sum(self._trial)
            self._cost[threads] = trial_seconds / TRIAL_CALLS
            self._best = min(self._cost, key=self._cost.__getitem__)
            pause = max(TRIAL_EVERY_SECONDS, TRIAL_SHARE * trial_seconds)
            self._next_trial = time.monotonic() + pause
            self._trial = []
