"""The metrics of the server for Prometheus: of all sites together, without any text.

Shown by ``web/metrics_page.py``. Where the variable ``PROMETHEUS_MULTIPROC_DIR`` names a folder,
the counts of several processes, and of those that ended, are one.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ANSWERS = Counter(
    "chatbot_answers",
    "Answers to visitors, by what became of them and what they were taken from.",
    ("status", "origin", "cached"),
)
FIRST_TEXT = Histogram(
    "chatbot_first_text_seconds",
    "From the question to the first text of its answer.",
    ("origin",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
TOKENS = Counter("chatbot_tokens", "Tokens that a model read or wrote for visitors.", ("kind",))
ENERGY = Counter(
    "chatbot_energy_joules",
    "Energy of answers, by whether it was measured or estimated; what was neither is left out.",
    ("origin", "method"),
)
REFUSALS = Counter("chatbot_refusals", "Requests that were told to come back later.", ("code",))
STREAMS = Gauge("chatbot_streams", "Answers in the making.", multiprocess_mode="livesum")
