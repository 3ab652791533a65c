"""Renders pages that scripts build in a browser, whose requests are answered by the crawl.

Every request of a page is answered by the crawl's own fetcher, with its checks of addresses, or
refused: only ``GET``, only what text may come from, and documents of the page's own site alone.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chatbot_server.retrieval.crawl.chromium import BrowserFailed, Chromium, find_chromium
from chatbot_server.retrieval.crawl.fetch import Fetcher, FetchError, FetchResponse
from chatbot_server.retrieval.read import urls

PAGE_SECONDS = 25.0
# For what the page has become then.
ENDING_SECONDS, DRAWING_SECONDS = 5.0, 2.0
# Virtual time of the page, which passes faster than real time.
PAGE_TIME = {"policy": "pauseIfNetworkFetchesPending", "budget": 5000}
AFTERWARDS = {"policy": "pauseIfNetworkFetchesPending", "budget": 500}
REQUESTS = 100
MAX_TARGETS = 20
PAGE_BYTES = 20_000_000
# Of scripts that the next page of the site will want, too.
CACHE_BYTES = 20_000_000
# Without a browser that works, each page would wait for its start.
MAX_FAILURES = 3
# The picture of a page that makes the browser draw it.
CORNER = {"x": 0, "y": 0, "width": 1, "height": 1, "scale": 1}
# High enough that content loaded on scrolling is shown.
WINDOW = {"width": 1280, "height": 6000, "deviceScaleFactor": 1, "mobile": False}
TEXT_KINDS = ("Document", "Script", "XHR", "Fetch")
REQUEST_HEADERS = ("accept", "apikey", "authorization", "origin")
RESPONSE_HEADERS = (
    "access-control-allow-credentials", "access-control-allow-origin",
    "access-control-expose-headers", "content-type",
)  # fmt: skip


@dataclass(frozen=True)
class RenderedPage:
    """``html`` as it is after its scripts; ``targets``: pages that they wanted to go on to."""

    html: bytes
    targets: tuple[str, ...] = ()


class Renderer:
    """Renders pages one after the other, each without cookies or storage of earlier ones.

    Args:
        fetcher: asks for what the pages need.
        profile: a folder of the browser's own.
        max_bytes: of one page.
    """

    def __init__(self, fetcher: Fetcher, profile: Path, max_bytes: int = 5_000_000) -> None:
        self._fetcher = fetcher
        self._profile = profile
        self._max_bytes = max_bytes
        self._browser: Chromium | None = None
        self._failures = 0
        self._failure = ""
        self._scripts: dict[str, FetchResponse] = {}

    def render(
        self, document: FetchResponse, language: str, may_read: Callable[[str], bool]
    ) -> RenderedPage:
        """The page that scripts make of *document*, asked for by a browser in *language*.

        *may_read*: whether robots.txt lets an address of the site be read.

        Raises:
            BrowserFailed: there is no browser, it may not be used, or it fails.
        """
        if self._failures >= MAX_FAILURES:
            raise BrowserFailed(self._failure)
        try:
            if self._browser is None:
                self._browser = Chromium(usable_program(), self._profile)
            visit = _Visit(self._browser, document, self._fetcher, may_read, self._scripts)
            html = visit.run(language)
        except (BrowserFailed, KeyError, TypeError) as error:
            self.close()
            self._failure = str(error) if isinstance(error, BrowserFailed) else "browser_failed"
            is_passing = self._failure == "browser_failed"
            self._failures = self._failures + 1 if is_passing else MAX_FAILURES
            raise BrowserFailed(self._failure) from error
        self._failures = 0
        if len(html) > self._max_bytes:
            raise BrowserFailed("browser_failed")
        return RenderedPage(html, tuple(visit.targets))

    def close(self) -> None:
        """End the browser, if there is one."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None


def usable_program() -> str:
    """The browser of this machine.

    Raises:
        BrowserFailed: there is none, or it would have no sandbox: Chromium has none for root.
    """
    program = find_chromium()
    if program is None:
        raise BrowserFailed("browser_missing")
    if os.geteuid() == 0:
        raise BrowserFailed("browser_root")
    return program


@dataclass
class _Visit:
    """One page in a tab of its own, and what it may still ask for."""

    browser: Chromium
    document: FetchResponse
    fetcher: Fetcher
    may_read: Callable[[str], bool]
    scripts: dict[str, FetchResponse]
    targets: dict[str, None] = field(default_factory=dict)
    _session: str = ""
    _frame: str = ""
    _is_open: bool = False
    _requests: int = 0
    _bytes: int = 0
    _deadline: float = 0.0

    def run(self, language: str) -> bytes:
        """Open the page, let its scripts run, and return the result."""
        self._deadline = time.monotonic() + PAGE_SECONDS
        call, context = self.browser.call, self.browser.context
        tab = call("Target.createTarget", url="about:blank", browserContextId=context)
        self._frame = tab["targetId"]
        attachment = call("Target.attachToTarget", targetId=self._frame, flatten=True)
        self._session = session = attachment["sessionId"]
        agent, page_language = self.fetcher.agent, language or "en"
        call("Fetch.enable", session, patterns=[{"urlPattern": "*"}])
        call("Page.enable", session)
        call("Emulation.setDeviceMetricsOverride", session, **WINDOW)
        self._send("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=page_language)
        self._send("Page.navigate", url=self.document.url)
        self._work()
        # What waits until it is seen is told so with a frame, and a browser without a screen may
        # have drawn none until its time was over: a picture asks for one.
        with suppress(BrowserFailed):  # what a visitor has not scrolled to is missing then
            call("Page.captureScreenshot", session, DRAWING_SECONDS, clip=CORNER)
        self._send("Emulation.setVirtualTimePolicy", **AFTERWARDS)
        self._work()
        root = call("DOM.getDocument", session, ENDING_SECONDS, depth=0)["root"]["nodeId"]
        page = call("DOM.getOuterHTML", session, nodeId=root, includeShadowDOM=True)
        call("Target.closeTarget", targetId=self._frame)
        return str(page["outerHTML"]).encode("utf-8", "replace")

    def _send(self, method: str, **parameters: Any) -> None:
        self.browser.send(method, self._session, **parameters)

    def _work(self) -> None:
        """Answer requests of the page until its virtual time is over, or the real time limit."""
        while True:
            try:
                event = self.browser.event(self._deadline)
            except TimeoutError:
                return
            if event.get("sessionId") != self._session:
                continue
            method, parameters = event["method"], event["params"]
            if method == "Fetch.requestPaused":
                self._take_request(parameters)
            elif method == "Page.frameNavigated" and parameters["frame"]["id"] == self._frame:
                self._send("Emulation.setVirtualTimePolicy", **PAGE_TIME)
            elif method == "Page.javascriptDialogOpening":
                self._send("Page.handleJavaScriptDialog", accept=False)
            elif method == "Emulation.virtualTimeBudgetExpired":
                return

    def _take_request(self, parameters: dict[str, Any]) -> None:
        request, kind = parameters["request"], parameters["resourceType"]
        number, url = parameters["requestId"], str(request["url"])
        is_page = kind == "Document" and parameters["frameId"] == self._frame
        if is_page and not self._is_open:
            self._is_open = True
            self._fulfil(number, self.document)
        elif is_page:  # a tab shows one page: the crawl may read the other for itself
            if request["method"] == "GET" and len(self.targets) < MAX_TARGETS:
                self.targets[url] = None
            self._refuse(number, "Aborted")
        elif kind == "Stylesheet":  # some scripts wait for one; it holds no text
            self._fulfil(number, FetchResponse(url, 200, {"content-type": "text/css"}))
        elif response := self._fetch(url, kind, request):
            self._fulfil(number, response)
        else:
            self._refuse(number, "BlockedByClient")

    def _fetch(self, url: str, kind: str, request: dict[str, Any]) -> FetchResponse | None:
        if request["method"] != "GET" or not self._may_ask(url, kind):
            return None
        if kind == "Script" and url in self.scripts:
            return self.scripts[url]
        self._requests += 1
        names = {name.lower(): name for name in request["headers"]}
        headers = {
            name: str(request["headers"][names[name]])[:2000]
            for name in names
            if name in REQUEST_HEADERS or name.startswith("x-")
        }
        try:
            seconds = max(0.1, self._deadline - time.monotonic())
            response = self.fetcher.get(
                url, headers, seconds, allows=lambda target: self._may_ask(target, kind)
            )
        except (FetchError, UnicodeEncodeError):
            return None
        self._bytes += len(response.body)
        size = sum(len(script.body) for script in self.scripts.values())
        if kind == "Script" and response.status == 200 and size < CACHE_BYTES:
            self.scripts[url] = response
        return response

    def _may_ask(self, url: str, kind: str) -> bool:
        """Whether the page may ask for *url*: its site by its rules, strangers for no document."""
        if kind not in TEXT_KINDS or self._requests > REQUESTS or self._bytes > PAGE_BYTES:
            return False
        if urls.same_site(url, self.document.url):
            return self.may_read(url)
        host = urlsplit(url).hostname or ""
        return kind != "Document" and not self.fetcher.is_private_host(host)

    def _fulfil(self, number: str, response: FetchResponse) -> None:
        headers = [
            {"name": name, "value": response.headers[name]}
            for name in RESPONSE_HEADERS
            if name in response.headers
        ]
        self._send(
            "Fetch.fulfillRequest",
            requestId=number,
            responseCode=response.status,
            responseHeaders=headers,
            body=base64.b64encode(response.body).decode(),
        )

    def _refuse(self, number: str, reason: str) -> None:
        self._send("Fetch.failRequest", requestId=number, errorReason=reason)
