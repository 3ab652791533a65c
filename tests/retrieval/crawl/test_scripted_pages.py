"""Pages that scripts build are read with the Chromium of this machine, which reaches nobody."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.servers.web_site import WebSite
from support.sites.crawling import run_crawl

from chatbot_server.retrieval.crawl import chromium, rendering
from chatbot_server.retrieval.curate.library import add_site
from chatbot_server.storage.database import Database
from chatbot_server.storage.knowledge.documents import documents_of
from chatbot_server.storage.knowledge.pages import page_reasons

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTML, SCRIPT, DATA = "text/html; charset=utf-8", "text/javascript", "application/json"
SHELL = """<!doctype html><html lang=fr><title>Le Fournil</title><body><div id=app></div>
<noscript>JavaScript, please.</noscript><script src=/app.js></script>"""
APP = """
const app = document.getElementById('app'), draw = html => app.insertAdjacentHTML('beforeend', html);
customElements.define('opening-hours', class extends HTMLElement {
  connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<p>Ouvert de 7 h à 19 h.</p>' }
});
const pages = {
  '/': async () => {
    const menu = await (await fetch('/menu.json')).json();
    alert('Bienvenue');
    setTimeout(() => draw(`<h1>La carte</h1><p>${menu.dish} : ${menu.price} €.</p>`), 3000);
    draw('<opening-hours></opening-hours><nav><a href="/acces">Accès</a><a href="/vieux">Vieux</a></nav>');
    fetch('/secret.json').catch(() => draw('<p>Rien de secret.</p>'));
    const below = document.createElement('div');
    below.style.marginTop = '3000px';
    app.append(below);
    new IntersectionObserver(seen => seen[0].isIntersecting && (below.textContent = 'Vu en bas.')).observe(below);
  },
  '/acces': () => draw(`<h1>Accès</h1><p>Nous sommes rue du Four (${navigator.language}).</p>`),
  '/vieux': () => { location.href = '/nouveau' },
  '/nouveau': () => draw('<h1>Nouveau</h1><p>Le fournil a déménagé.</p>'),
};
pages[location.pathname]();
"""  # noqa: E501


@pytest.fixture(scope="module")
def browser_folder() -> Iterator[Path]:
    """A folder for profiles, where Chromium has its sandbox: also for tests that root runs."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        if os.geteuid() == 0:
            program = folder / "chromium"
            program.write_text(
                f'#!/bin/sh\nchown -R nobody "$HOME"\nexec setpriv --reuid=nobody --regid=nogroup'
                f' --clear-groups {chromium.find_chromium()} "$@"\n'
            )
            program.chmod(0o755)
            patch.setattr(chromium, "PROGRAMS", (str(program),))
            patch.setattr("chatbot_server.retrieval.crawl.rendering.os.geteuid", lambda: 65534)
        try:
            chromium.Chromium(rendering.usable_program(), folder / "profile").close()
        except chromium.BrowserFailed as error:
            if str(error) != "browser_sandbox":
                raise
            pytest.skip("this machine lets Chromium build no sandbox")
        yield folder
    shutil.rmtree(folder)


def all_text(database: Database, site_id: int) -> str:
    with database.session() as session:
        return "\n".join(one.text for one in documents_of(session, site_id))


def reasons(database: Database, source: int) -> set[str]:
    with database.session() as session:
        return {one.why for one in page_reasons(session, source)}


def scripted_site(web: WebSite) -> None:
    for path in ("/", "/acces", "/vieux", "/nouveau"):
        web.pages[path] = (200, {"Content-Type": HTML, "ETag": '"1"'}, SHELL.encode())
    web.pages["/app.js"] = (200, {"Content-Type": SCRIPT}, APP.encode())
    menu = '{"dish": "Tourte aux blettes", "price": 12}'
    web.pages["/menu.json"] = (200, {"Content-Type": DATA}, menu.encode())
    web.pages["/secret.json"] = (200, {"Content-Type": DATA}, b"{}")
    web.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /secret.json")


@ON_SQLITE
def test_what_scripts_show_is_read_and_followed(
    database: Database, site_id: int, web: WebSite, browser_folder: Path
) -> None:
    scripted_site(web)
    source = add_site(database, site_id, web.address)
    profile = browser_folder / "profile"
    assert run_crawl(database, source, browser_profile=profile)["read"] == 3
    text = all_text(database, site_id)
    for words in (
        "# La carte", "Tourte aux blettes : 12 €.", "Ouvert de 7 h à 19 h.", "Vu en bas.",
        "Rien de secret.", "rue du Four (fr)", "Le fournil a déménagé.",
    ):  # fmt: skip
        assert words in text
    assert "/secret.json" not in web.asked
    assert web.asked.count("/app.js") == 1
    assert not profile.exists()
    # The page before its scripts is the same; what they show is not.
    web.pages["/menu.json"] = (200, {"Content-Type": DATA}, b'{"dish": "Tourte", "price": 13}')
    run_crawl(database, source, browser_profile=profile)
    assert "Tourte : 13 €." in all_text(database, site_id)
    # Once without a browser is no reason to forget; twice is.
    run_crawl(database, source)
    assert "Tourte : 13 €." in all_text(database, site_id)
    run_crawl(database, source)
    assert all_text(database, site_id) == ""


HOSTILE = """<!doctype html><body><div id=app></div><img src="//127.0.0.1:PORT/img">
<iframe src="http://127.0.0.1:PORT/frame"></iframe><link rel=preconnect href="http://127.0.0.1:PORT">
<link rel=prefetch href="http://127.0.0.1:PORT/prefetch"><script src="http://127.0.0.1:PORT/x.js"></script>
<form id=f method=post action="/post"><input name=a></form>
<script>
const address = '127.0.0.1:PORT', tries = [
  () => fetch(`http://${address}/fetch`, {mode: 'no-cors'}),
  () => fetch('/post', {method: 'POST', body: 'x'}),
  () => fetch('/inwards'),
  () => { const one = document.createElement('script'); one.src = 'http://localhost:PORT/x.js';
    document.body.append(one) },
  () => new WebSocket(`ws://${address}/ws`),
  () => new EventSource(`http://${address}/es`),
  () => navigator.sendBeacon(`http://${address}/beacon`, 'x'),
  () => new WebTransport(`https://${address}/wt`),
  () => window.open(`http://${address}/popup`),
  () => navigator.serviceWorker.register('/sw.js'),
  () => new Worker(URL.createObjectURL(new Blob([`fetch('http://${address}/worker', {mode: 'no-cors'})`]))),
  () => new SharedWorker(URL.createObjectURL(new Blob([`fetch('http://${address}/shared', {mode: 'no-cors'})`]))),
  () => { const call = new RTCPeerConnection({iceServers: [{urls: `stun:${address}`},
    {urls: `turn:${address}?transport=tcp`, username: 'a', credential: 'b'}]});
    call.createDataChannel('x'); call.createOffer().then(offer => call.setLocalDescription(offer)); },
  () => { const one = document.createElement('a'); one.href = `http://${address}/d`; one.download = 'd'; one.click() },
  () => document.getElementById('f').submit(),
];
for (const one of tries) { try { Promise.resolve(one()).catch(() => {}) } catch {} }
setTimeout(() => document.getElementById('app').innerHTML = '<p>The page is shown all the same.</p>', 4000);
</script>"""  # noqa: E501


@ON_SQLITE
def test_no_request_of_a_page_goes_around_the_crawl(
    database: Database, site_id: int, web: WebSite, browser_folder: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, _udp(server.getsockname()[1]) as udp:
        port = server.getsockname()[1]
        page = HOSTILE.replace("PORT", str(port)).encode()
        web.pages["/"] = (200, {"Content-Type": HTML}, page)
        web.pages["/inwards"] = (302, {"Location": f"http://localhost:{port}/secret"}, b"")
        run_crawl(
            database,
            add_site(database, site_id, web.address),
            hosts=["127.0.0.1", f"localhost:{port}"],
            browser_profile=browser_folder / "profile",
        )
        assert "shown all the same" in all_text(database, site_id)
        for listening in (server, udp):
            listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
        with pytest.raises(BlockingIOError):
            udp.recv(1)
    assert set(web.asked) == {"/robots.txt", "/sitemap.xml", "/", "/inwards"}


def _udp(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", port))
    return made


@ON_SQLITE
def test_a_page_that_holds_the_browser_keeps_no_other_unread(
    database: Database,
    site_id: int,
    web: WebSite,
    browser_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "PAGE_SECONDS", 4.0)
    monkeypatch.setattr(rendering, "ENDING_SECONDS", 1.0)
    scripted_site(web)
    loop = (
        b"<body><div id=app></div><a href=/greedy></a><a href=/acces></a><script>for(;;);</script>"
    )
    web.pages["/"] = (200, {"Content-Type": HTML}, loop)
    greedy = b"""<body><div id=app></div><script>const all = [];
    setInterval(() => all.push(new Uint8Array(5e7).fill(1)), 1)</script>"""
    web.pages["/greedy"] = (200, {"Content-Type": HTML}, greedy)
    source = add_site(database, site_id, web.address)

    def be_patient(_counts: dict[str, int]) -> None:  # with the pages after the first
        monkeypatch.setattr(rendering, "PAGE_SECONDS", 60.0)

    profile = browser_folder / "profile"
    counts = run_crawl(database, source, progress=be_patient, browser_profile=profile)
    assert (counts["read"], counts["skipped"]) == (1, 2)
    assert "browser_failed" in reasons(database, source)
    assert "rue du Four" in all_text(database, site_id)


@ON_SQLITE
@pytest.mark.parametrize(
    ("programs", "user", "reason"),
    [(("no-such-browser",), 1000, "browser_missing"), (("sh",), 0, "browser_root")],
)
def test_who_has_no_browser_is_told_what_to_do(
    database: Database,
    site_id: int,
    web: WebSite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    programs: tuple[str, ...],
    user: int,
    reason: str,
) -> None:
    monkeypatch.setattr(chromium, "PROGRAMS", programs)
    monkeypatch.setattr("chatbot_server.retrieval.crawl.rendering.os.geteuid", lambda: user)
    scripted_site(web)
    source = add_site(database, site_id, web.address)
    run_crawl(database, source)
    assert reasons(database, source) == {"browser_off"}
    run_crawl(database, source, browser_profile=tmp_path / "profile")
    assert reasons(database, source) == {reason}
    # Once scripts put nothing there any more, it is read like any other page.
    web.put("/", "Home", "The bakery opens at seven.")
    run_crawl(database, source)
    assert reasons(database, source) == set()
    assert "opens at seven" in all_text(database, site_id)


def test_a_browser_without_its_sandbox_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho 'No usable sandbox!' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(chromium.BrowserFailed, match="browser_sandbox"):
        chromium.Chromium(str(program), tmp_path / "profile")
