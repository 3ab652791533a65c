"""Examines a page: what is right, what prevents the chat, and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from chatbot_server.diagnosis.page import Page, Tag
from chatbot_server.diagnosis.policy import (
    CONNECT,
    IMAGE,
    SCRIPT,
    Policy,
    allows_request,
    allows_script,
    allows_trusted_types,
    read_policies,
    trusts_only_marked,
)

RUNS = re.compile(r"|module|(text|application)/(x-)?(java|ecma)script")
# A consent tool holds such a script back until the visitor agrees.
HELD_BACK = "text/plain"
TRUSTED_TYPES = "chatbot-server"
MIXED_EXEMPT = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        sentence: key of the sentence, which *values* fill.
    """

    sentence: str
    ok: bool
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """What the page should have.

    Attributes:
        key: of the site.
        server: address of this server as visitors reach it, without a slash at the end.
        tag: the whole tag as it should be in the page.
        origin: of the page.
        allowed: whether the site allows that origin.
        integrity: of the loader as it is now.
    """

    key: str
    server: str
    tag: str
    origin: str
    allowed: bool
    integrity: str


def examine(page: Page, policies: list[str], expected: Expected) -> list[Finding]:
    """Everything that can be told from a page without a browser.

    Args:
        page: as it was read.
        policies: values of the answer's ``Content-Security-Policy`` headers.
        expected: what it should have.
    """
    origin = {"origin": expected.origin, "key": expected.key}
    name = "diagnosis_origin" if expected.allowed else "diagnosis_origin_missing"
    findings = [Finding(name, expected.allowed, origin)]
    ours = [tag for tag in page.tags if tag.key == expected.key]
    if len(ours) > 1:
        values = {"key": expected.key, "times": str(len(ours))}
        findings.append(Finding("diagnosis_twice", False, values))
    elif ours:
        findings.append(Finding("diagnosis_tag", True, {"key": expected.key}))
    elif page.tags:
        key = page.tags[0].key
        values = {"found": key[:60], "key": expected.key, "tag": expected.tag}
        name = "diagnosis_other_key" if key else "diagnosis_no_key"
        findings.append(Finding(name, False, values))
    else:
        findings.append(Finding("diagnosis_absent", False, {"tag": expected.tag}))
    rules = read_policies([*policies, *page.policies])
    for tag in ours[:1]:
        findings += _examine_tag(tag, page, expected)
        if tag.source and rules:
            blocks = [block for policy in rules for block in _blocked_by(policy, tag, page)]
            findings += blocks or [Finding("diagnosis_policy", True)]
    return findings


def _examine_tag(tag: Tag, page: Page, expected: Expected) -> Iterator[Finding]:
    if tag.type == HELD_BACK:
        yield Finding("diagnosis_held_back", False)
    elif not RUNS.fullmatch(tag.type):
        yield Finding("diagnosis_type", False, {"type": tag.type[:60]})
    elif tag.source_name != "src":
        yield Finding("diagnosis_source", False, {"attribute": tag.source_name})
    elif not tag.server:
        yield Finding("diagnosis_inlined", False, {"tag": expected.tag})
    address = _address(tag.server)
    if tag.server and _host(tag.server) != _host(expected.server):
        yield Finding("diagnosis_host", False, {"found": address, "server": expected.server})
    source = urlsplit(tag.server)
    is_mixed = page.url.startswith("https:") and source.scheme == "http"
    if is_mixed and not MIXED_EXEMPT.fullmatch(source.hostname or ""):
        yield Finding("diagnosis_mixed", False, {"found": address})
    integrity = tag.attributes.get("integrity", "")
    if integrity and expected.integrity not in integrity.split():
        yield Finding("diagnosis_integrity", False, {"integrity": expected.integrity})


def _blocked_by(policy: Policy, tag: Tag, page: Page) -> Iterator[Finding]:
    """What *policy* blocks, each with the directive as it has to read."""
    server, nonce = _address(tag.server), tag.attributes.get("nonce", "")
    integrity = tag.attributes.get("integrity", "")
    part = urljoin(tag.server, "widget/panel.js")
    needs_mark = trusts_only_marked(policy)
    if not allows_script(policy, tag.source, page.url, nonce, integrity):
        if needs_mark:
            yield Finding("diagnosis_nonce", False)
        else:
            yield _blocked("diagnosis_script", policy, SCRIPT, _address(tag.source))
    # Under 'strict-dynamic' a script that may run may load its parts.
    elif not needs_mark and not allows_script(policy, part, page.url, nonce):
        yield _blocked("diagnosis_script", policy, SCRIPT, server)
    if not allows_request(policy, CONNECT, urljoin(tag.server, "api/chat"), page.url):
        yield _blocked("diagnosis_connect", policy, CONNECT, server)
    if picture := tag.attributes.get("data-avatar"):
        picture = urljoin(page.url, picture)
        if not allows_request(policy, IMAGE, picture, page.url):
            yield _blocked("diagnosis_picture", policy, IMAGE, _address(picture))
    if not allows_trusted_types(policy, TRUSTED_TYPES):
        yield _blocked("diagnosis_trusted_types", policy, ("trusted-types",), TRUSTED_TYPES)


def _blocked(name: str, policy: Policy, directives: tuple[str, ...], source: str) -> Finding:
    return Finding(name, False, {"directive": policy.extended(directives, source)})


def _host(url: str) -> tuple[str | None, int | None]:
    parts = urlsplit(url)
    return parts.hostname, parts.port


def _address(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
