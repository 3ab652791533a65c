"""Asks the running server about its state over HTTP."""

from __future__ import annotations

import json
import os

import httpx

from chatbot_server.cli.context import Context
from chatbot_server.engine.process.state import read_state
from chatbot_server.errors import EngineError, Unavailable
from chatbot_server.messages import CONTROL_VARIABLE
from chatbot_server.processes.identity import announced_run

SECONDS = 10.0
MOST_BYTES = 10_000


def runs_here(context: Context) -> bool:
    """Whether the server of this configuration responds, in whatever state."""
    try:
        check_server(context)
    except Unavailable as error:
        return error.code == "doctor_server_troubled"
    return True


def check_server(context: Context) -> str:
    """Ask the server of this configuration whether it can answer visitors.

    Raises:
        Unavailable: it does not run, another program answers in its place, or something keeps
            it from answering.
    """
    address = context.config.server.local_address
    try:
        # The address is this machine's own: proxies of the environment are ignored.
        with httpx.Client(trust_env=False, timeout=SECONDS) as client:
            headers = {"Accept-Language": context.language}
            response = client.get(f"{address}/readyz", headers=headers)
        answer = json.loads(response.text[:MOST_BYTES])
        run = answer["run"]
    except httpx.TimeoutException:
        raise Unavailable("doctor_server_silent", address=address) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        has_control = bool(os.environ.get(CONTROL_VARIABLE))
        code = "doctor_server_stopped" if has_control else "doctor_server_not_serving"
        raise Unavailable(code, address=address) from None
    except (ValueError, KeyError, TypeError):
        raise Unavailable("doctor_server_other", address=address) from None
    if run != announced_run(context.config.run_dir):
        raise Unavailable("doctor_server_other", address=address)
    if response.status_code == 200:
        return context.say("doctor_server", address=address)
    why = str(answer.get("reason", response.status_code))
    record = read_state(context.config.run_dir)
    if answer.get("engine") == record.state and record.reason and "error" not in answer:
        # The whole reason; the server tells strangers less.
        why = EngineError(record.reason, **record.values).sentence(context.language)
    raise Unavailable("doctor_server_troubled", address=address, why=why)
