"""From the ZIP to an answer: upload, paste the tag, ask; and what is said when it does not work."""

from __future__ import annotations

import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.axe import faults_of
from support.servers.ports import free_port
from support.servers.serving import Serving
from support.widget.visits import Visit
from support.wordpress.chatbot import Chatbot
from support.wordpress.site import SETTINGS_PAGE, WordPress

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("wordpress")]


def test_who_pastes_the_tag_is_connected_and_a_visitor_is_answered(
    site: WordPress,
    chatbot: Chatbot,
    page: Page,
    visitor_page: Page,
    pictures: Path,
) -> None:
    site.php("delete_option( 'chatbot_server_settings' ); return 1;")
    page.goto(SETTINGS_PAGE)
    page.fill("#chatbot-server-tag", chatbot.tag)
    page.click("#submit")
    told = f"Connected: pages of {site.url} can show the chatbot “Bakery”."
    expect(page.locator(".notice-success", has_text=told)).to_be_visible()
    page.fill("#chatbot-server-push_secret", chatbot.push_secret())
    page.check("text=Send pages to the chatbot server")
    page.click("#submit")
    expect(page.locator(".notice-success", has_text="Connected")).to_be_visible()
    hours = "The shop is open on Saturday from 10:00 to 16:00."
    site.insert(post_title="Opening hours", post_content=hours)
    visit = Visit(visitor_page).go(f"{site.url}/opening-hours/").open()
    visit.ask("When is the shop open on Saturday?").answered("from 10:00 to 16:00")
    assert visit.errors() == []
    visitor_page.screenshot(path=pictures / "wordpress-answer.png")
    page.goto(SETTINGS_PAGE)
    page.screenshot(path=pictures / "wordpress-settings.png", full_page=True)


def test_a_tag_is_read_without_javascript_too(
    wordpress: WordPress, chatbot: Chatbot, site: WordPress
) -> None:
    tag = chatbot.tag.replace("'", "\\'")
    settings = site.php(f"""require_once 'wp-admin/includes/template.php';
        return Chatbot_Server\\sanitize_settings( array( 'tag' => '<p>Hello</p>{tag}' ) );""")
    assert settings["address"] == chatbot.url
    assert settings["key"] == chatbot.key
    assert settings["tag_options"] == {"position": "bottom-left"}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("tag", "<p>Hello</p>", "What you pasted is not the tag of a chatbot"),
        ("address", "ftp://example.org", "is not the address of a server"),
        ("key", "no key!", "is not the key of a site"),
    ],
)
def test_what_cannot_be_a_setting_is_told_and_nothing_is_lost(
    field: str, typed: str, sentence: str, site: WordPress, chatbot: Chatbot, page: Page
) -> None:
    page.goto(SETTINGS_PAGE)
    page.fill(f"#chatbot-server-{field}", typed)
    page.click("#submit")
    expect(page.locator(".notice-error", has_text=sentence).first).to_be_visible()
    assert page.input_value("#chatbot-server-address") == chatbot.url
    assert page.input_value("#chatbot-server-key") == chatbot.key


def test_a_list_in_place_of_a_text_is_nothing(site: WordPress, chatbot: Chatbot) -> None:
    form = "'tag' => array( 1 ), 'address' => array( 'x' ), 'key' => array(), 'consent' => array()"
    more = "'tag_options' => array( 'position' => array( 1 ), 'site' => 'x', 'color' => '#070' )"
    saved = site.php(f"return Chatbot_Server\\sanitize_settings( array( {form}, {more} ) );")
    assert (saved["address"], saved["key"]) == ("", "")
    assert saved["tag_options"] == {"color": "#070"}


def check(site: WordPress, **settings: object) -> str:
    """What “Check the connection” finds."""
    site.set_up(**settings)
    return str(site.php("return Chatbot_Server\\check_connection()['problem'];"))


def test_a_key_that_the_server_does_not_know_is_told(site: WordPress, chatbot: Chatbot) -> None:
    assert "has no site with the key “elsewhere”" in check(
        site, address=chatbot.url, key="elsewhere"
    )


def test_an_origin_that_is_not_allowed_is_told_by_the_server_s_own_words(
    site: WordPress, chatbot: Chatbot
) -> None:
    chatbot.allow("https://example.org")
    problem = check(site, address=chatbot.url, key=chatbot.key)
    assert f"Pages of {site.url} may not show the chatbot “Bakery” yet." in problem
    assert "Sites that may show it" in problem


def test_a_wrong_secret_is_told_and_a_right_one_sends_nothing(
    site: WordPress, chatbot: Chatbot
) -> None:
    connected = {"address": chatbot.url, "key": chatbot.key, "send_pages": True}
    before, secret = chatbot.known(), chatbot.push_secret()
    assert "The key for sending pages is wrong" in check(site, **connected, push_secret="no")
    assert check(site, **connected, push_secret=secret) == ""
    assert chatbot.known() == before


def test_a_server_that_is_away_is_told(site: WordPress, chatbot: Chatbot) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert f"Nobody answers at {nowhere}." in check(site, address=nowhere, key=chatbot.key)


def test_something_else_at_the_address_is_told(site: WordPress, chatbot: Chatbot) -> None:
    problem = check(site, address=f"{site.url}/wp-includes", key=chatbot.key)
    assert "is not a chatbot server (status 404)" in problem


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("cURL error 6: Could not resolve host: chat.exmaple.org", "No server has the name"),
        ("cURL error 28: Operation timed out after 5001 ms", "did not answer within 5 seconds"),
    ],
)
def test_why_nobody_answered_is_told(complaint: str, sentence: str, site: WordPress) -> None:
    error = f"new WP_Error( 'http_request_failed', '{complaint}' )"
    assert sentence in site.php(f"return Chatbot_Server\\explain_silence( {error} );")


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (502, "", "but not the chatbot server behind it (status 502)"),
        (401, "push_signature", "differ by 60 minutes"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(
    status: int, code: str, sentence: str, site: WordPress
) -> None:
    told = site.php(f"""return Chatbot_Server\\explain_answer(
        array( 'status' => {status}, 'code' => '{code}', 'data' => array() ),
        array( 'headers' => array( 'date' => gmdate( 'r', time() - 3600 ) ) ) );""")
    assert sentence in told


def test_what_forbids_wordpress_to_call_is_told(site: WordPress) -> None:
    assert "WP_ACCESSIBLE_HOSTS" in check(site, address="https://chat.example.org", key="x")


class Quiet(BaseHTTPRequestHandler):
    """Leads each request to another address; writes no log."""

    def do_GET(self) -> None:
        self.send_response(301)
        self.send_header("Location", "https://chat.example.org/")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """A server whose certificate nobody knows: its address."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ("-subj", "/CN=chat", "-addext", "subjectAltName=IP:127.0.0.1")
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject)
    files = ("-keyout", key, "-out", certificate)
    subprocess.run([*request, *files], check=True, capture_output=True)
    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_certificate_that_nobody_trusts_is_told(site: WordPress, untrusted: str) -> None:
    assert f"The certificate of {untrusted} cannot be trusted" in check(
        site, address=untrusted, key="x"
    )


def test_an_address_that_leads_elsewhere_is_told(site: WordPress) -> None:
    serving = Serving(HTTPServer(("127.0.0.1", 0), Quiet))
    problem = check(site, address=serving.url, key="x")
    serving.close()
    assert "leads on to https://chat.example.org/" in problem


def test_a_check_does_not_count_as_a_chat_that_was_opened(
    site: WordPress, chatbot: Chatbot, visitor_page: Page
) -> None:
    chatbot.forget_seen()
    assert check(site, address=chatbot.url, key=chatbot.key) == ""
    assert chatbot.seen_on() is None
    Visit(visitor_page).go(site.url).open()
    assert chatbot.seen_on() == site.url


def test_everything_is_said_in_french_to_who_reads_french(
    site: WordPress, chatbot: Chatbot, page: Page, chromium: Browser
) -> None:
    site.php("return update_user_meta( 1, 'locale', 'fr_FR' );")
    page.goto(SETTINGS_PAGE)
    page.fill("#chatbot-server-key", "elsewhere")
    page.click("text=Enregistrer et vérifier la connexion")
    expect(page.locator(".notice-error", has_text="n’a aucun site avec la clé")).to_be_visible()
    shown = page.locator(".wrap").inner_text()
    site.php("return update_user_meta( 1, 'locale', '' );")
    english = r"\b(the|your|of|when|server|settings)\b"
    assert re.findall(english, shown.replace("Chatbot Server", "")) == []


def test_other_kinds_of_french_are_french(site: WordPress) -> None:
    told = site.php("""switch_to_locale( 'fr_CA' ); add_filter( 'locale', fn() => 'fr_CA' );
        Chatbot_Server\\load_translation(); return __( 'Your chatbot', 'chatbot-server' );""")
    assert told == "Votre chatbot"


def test_the_settings_can_be_used_by_everybody(
    site: WordPress, page: Page, axe_source: str
) -> None:
    page.goto(SETTINGS_PAGE)
    page.evaluate(axe_source)
    assert page.evaluate(faults_of("'.wrap'")) == []


def test_site_health_says_whether_the_chatbot_works(
    site: WordPress, chatbot: Chatbot, page: Page
) -> None:
    page.goto("/wp-admin/site-health.php")
    answer = page.evaluate(
        """() => fetch(ajaxurl, { method: "POST", body: new URLSearchParams({
            action: "health-check-chatbot-server", _wpnonce: SiteHealth.nonce.site_status,
        }) }).then((answer) => answer.json())"""
    )
    assert answer["data"]["label"] == "The chatbot works on this site"
    assert "chatbot_server" in page.evaluate("SiteHealth.site_status.async.map((one) => one.test)")
    chatbot.allow("https://example.org")
    result = site.php("return Chatbot_Server\\health_result();")
    assert (result["status"], "may not show" in result["description"]) == ("recommended", True)


def test_the_privacy_guide_has_a_text(site: WordPress, page: Page) -> None:
    page.goto("/wp-admin/options-privacy.php?tab=policyguide")
    guide = page.locator(".privacy-settings-accordion-panel", has_text="This site has a chatbot.")
    expect(guide).to_have_count(1)
