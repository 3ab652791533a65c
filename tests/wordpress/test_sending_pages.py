"""Pages reach the chatbot when they are published, and leave it when they are taken away."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect
from support.servers.ports import free_port
from support.servers.serving import Serving
from support.wordpress.chatbot import Chatbot
from support.wordpress.site import SETTINGS_PAGE, WordPress

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("wordpress")]
LATER = "2090-01-01 00:00:00"
HOURS = "We are open on Saturday from 10:00 to 16:00."
# Another plugin's: what only members may read.
MEMBERS = """<?php add_shortcode( 'members', fn( $attributes, $content ) =>
    is_user_logged_in() ? $content : 'Log in to read this.' );
add_shortcode( 'broken', function () { throw new Error( 'no such gallery' ); } );"""


@pytest.fixture
def sending(site: WordPress, chatbot: Chatbot) -> WordPress:
    """A site that sends its pages; the chatbot has none of them."""
    secret = chatbot.push_secret()
    site.set_up(address=chatbot.url, key=chatbot.key, send_pages=True, push_secret=secret)
    for url in chatbot.known():
        chatbot.forget(url)
    return site


def insert(site: WordPress, **fields: object) -> int:
    """A page about opening hours, with these fields: its number."""
    hours = {"post_title": "Opening hours", "post_content": f"<p>{HOURS}</p>"}
    return site.insert(**hours | fields)


def paths(site: WordPress, chatbot: Chatbot) -> list[str]:
    """The pages of the site that the chatbot has."""
    return sorted(url.removeprefix(site.url) for url in chatbot.known())


def state(site: WordPress) -> tuple[int, int]:
    """How many pages wait, and how many were refused."""
    waiting, refused = site.php("""return array( Chatbot_Server\\count_waiting_pages(),
        count( Chatbot_Server\\due_pages( true ) ) );""")
    return waiting, refused


def test_a_page_is_answered_from_until_it_is_taken_away(
    sending: WordPress, chatbot: Chatbot
) -> None:
    number = insert(sending)
    assert "10:00 to 16:00" in chatbot.answer("When are you open on Saturday?")
    sending.change(number, post_content="<p>We are open on Saturday from 9:00 to 12:00.</p>")
    assert "9:00 to 12:00" in chatbot.answer("When are you open on Saturday?")
    sending.php(f"return wp_trash_post( {number} );")
    assert ":00" not in chatbot.answer("When are you open on Saturday?")
    sending.php(f"wp_untrash_post( {number} ); wp_publish_post( {number} ); return 1;")
    assert paths(sending, chatbot) == ["/opening-hours/"]
    sending.php(f"return wp_delete_post( {number}, true );")
    assert paths(sending, chatbot) == []
    assert state(sending) == (0, 0)


def test_what_is_published_in_the_browser_is_known_at_once(
    sending: WordPress, chatbot: Chatbot, page: Page
) -> None:
    number = insert(sending, post_status="draft")
    page.goto("/wp-admin/edit.php?post_type=page")
    nonce = page.request.get("/wp-admin/admin-ajax.php?action=rest-nonce").text()
    answer = page.request.post(
        f"/index.php?rest_route=/wp/v2/pages/{number}",
        headers={"X-WP-Nonce": nonce},
        data={"status": "publish"},
    )
    assert answer.ok, answer.text()
    assert paths(sending, chatbot) == ["/opening-hours/"]


@pytest.mark.parametrize(
    "fields",
    [
        {"post_status": "draft"},
        {"post_status": "private"},
        {"post_status": "pending"},
        {"post_status": "future", "post_date": LATER, "post_date_gmt": LATER},
        {"post_password": "secret"},
        {"meta_input": {"_yoast_wpseo_meta-robots-noindex": "1"}},
        {"meta_input": {"rank_math_robots": ["noindex"]}},
        {"post_type": "wp_block"},
    ],
    ids=str,
)
def test_what_not_everybody_may_read_is_never_sent(
    fields: dict[str, object], sending: WordPress, chatbot: Chatbot
) -> None:
    insert(sending, **fields)
    published = insert(sending, post_title="Public")
    assert paths(sending, chatbot) == ["/public/"]
    sending.change(published, **{"post_status": "publish", **fields})
    assert paths(sending, chatbot) == []


def test_a_page_that_moves_is_known_at_its_new_address_with_those_below(
    sending: WordPress, chatbot: Chatbot
) -> None:
    parent = insert(sending, post_title="Shop")
    insert(sending, post_title="Lamps", post_parent=parent)
    sending.change(parent, post_name="store")
    assert paths(sending, chatbot) == ["/store/", "/store/lamps/"]


def test_two_pages_that_change_places_are_both_known(sending: WordPress, chatbot: Chatbot) -> None:
    summer = insert(sending, post_name="now", post_content="<p>Open until 20:00.</p>")
    winter = insert(sending, post_name="later", post_content="<p>Open until 17:00.</p>")
    set_up_with(sending, pause=True)
    sending.change(summer, post_name="once")
    sending.change(winter, post_name="now")
    sending.change(summer, post_name="later")
    set_up_with(sending, pause=False)
    assert paths(sending, chatbot) == ["/later/", "/now/"]
    assert "17:00" in chatbot.known()[f"{sending.url}/now/"]


def set_up_with(site: WordPress, pause: bool) -> None:
    """Leave the server alone for a while, or send what waited."""
    if pause:
        site.php("""return update_option( 'chatbot_server_pause',
            array( 'tries' => 1, 'until' => time() + 999, 'problem' => 'away' ) );""")
    else:
        site.php("""delete_option( 'chatbot_server_pause' );
            Chatbot_Server\\send_due_pages(); return 1;""")


def test_the_language_and_the_day_of_a_post_are_told(sending: WordPress, chatbot: Chatbot) -> None:
    number = insert(sending, post_type="post", post_date="2026-05-02 10:00:00")
    assert "Posted on May 2, 2026" in chatbot.known()[f"{sending.url}/opening-hours/"]
    html = sending.php(f"return Chatbot_Server\\page_html( get_post( {number} ) );")
    assert '<html lang="en-US">' in html
    polylang = "function pll_get_post_language( $id, $field ) { return 'fr_FR'; }"
    told = sending.php(
        f'eval( "{polylang.replace("$", chr(92) + "$")}" );'
        f" return Chatbot_Server\\page_html( get_post( {number} ) );"
    )
    assert '<html lang="fr-FR">' in told


@pytest.fixture
def members(sending: WordPress) -> Iterator[None]:
    """Another plugin, with a shortcode for members and a broken one."""
    plugin = sending.folder / "wp-content/mu-plugins/members.php"
    plugin.write_text(MEMBERS, encoding="utf-8")
    yield
    plugin.unlink()


@pytest.mark.usefixtures("members")
def test_what_only_members_read_is_not_sent_whoever_saves(
    sending: WordPress, chatbot: Chatbot
) -> None:
    text = "<p>We sell lamps.</p>[members]The code is 4711.[/members]"
    number = sending.insert(post_title="A", post_status="draft", post_content=text)
    sending.php(f"wp_set_current_user( 1 ); wp_publish_post( {number} ); return 1;")
    [known] = chatbot.known().values()
    assert "4711" not in known
    assert "We sell lamps." in known


@pytest.mark.usefixtures("members")
def test_a_page_that_cannot_be_made_or_is_refused_is_told_and_keeps_no_other(
    sending: WordPress, chatbot: Chatbot, page: Page
) -> None:
    insert(sending, post_title="Gallery", post_content="[broken]")
    insert(sending, post_title="Large", post_content="word " * 450_000)
    insert(sending)
    assert paths(sending, chatbot) == ["/opening-hours/"]
    assert state(sending) == (0, 2)
    page.goto(SETTINGS_PAGE)
    told = page.locator("#chatbot-server-sending")
    expect(told).to_contain_text("Gallery: WordPress could not make the page: no such gallery")
    expect(told).to_contain_text("Large: The page is larger than 2000 kB.")


def test_while_the_server_is_away_nothing_is_lost(
    sending: WordPress, chatbot: Chatbot, page: Page
) -> None:
    gone = insert(sending, post_title="Gone")
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings = "$settings = get_option( 'chatbot_server_settings' ); $settings['address'] = '%s';"
    save = f"{settings} return update_option( 'chatbot_server_settings', $settings );"
    sending.php(save % nowhere)
    insert(sending)
    sending.php(f"return wp_delete_post( {gone}, true );")
    waiting, refused = state(sending)
    assert (waiting >= 2, refused) == (True, 0)
    page.goto(SETTINGS_PAGE)
    told = page.locator("#chatbot-server-sending")
    expect(told).to_contain_text("waiting to be sent")
    expect(told).to_contain_text(f"Nobody answers at {nowhere}.")
    expect(told).to_contain_text("Sending is tried again at")
    planned = sending.php("return wp_next_scheduled( 'chatbot_server_send' ) - time();")
    assert 30 < planned <= 60
    pause = "return get_option( 'chatbot_server_pause' )['until'] - time();"
    sending.php("""$pause = get_option( 'chatbot_server_pause' ); $pause['until'] = 0;
        update_option( 'chatbot_server_pause', $pause );
        do_action( 'chatbot_server_send' ); return 1;""")
    assert 240 < sending.php(pause) <= 300
    sending.php(save % chatbot.url)
    assert paths(sending, chatbot) == ["/opening-hours/"]
    assert state(sending) == (0, 0)


def test_everything_is_sent_in_batches_while_the_owner_looks_on(
    sending: WordPress, chatbot: Chatbot, page: Page
) -> None:
    sending.php("""remove_action( 'transition_post_status', 'Chatbot_Server\\note_change' );
        foreach ( range( 1, 60 ) as $number ) { wp_insert_post( array( 'post_type' => 'page',
        'post_status' => 'publish', 'post_title' => "Lamp $number",
        'post_content' => "Lamp $number costs $number euros." ) ); } return 1;""")
    assert chatbot.known() == {}
    page.goto(SETTINGS_PAGE)
    page.click("text=Send everything now")
    told = page.locator("#chatbot-server-sending")
    expect(told).to_contain_text("The server has 60 pages of this site.")
    expect(told).not_to_contain_text("waiting")
    assert len(chatbot.known()) == 60


def test_a_kind_of_pages_that_is_not_chosen_any_more_is_taken_away(
    sending: WordPress, chatbot: Chatbot, page: Page
) -> None:
    insert(sending)
    insert(sending, post_type="post", post_title="News")
    page.goto(SETTINGS_PAGE)
    page.uncheck("input[value=post]")
    page.click("#submit")
    expect(page.locator(".notice-success", has_text="Connected")).to_be_visible()
    expect(page.locator("#chatbot-server-sending")).to_contain_text("The server has 1 page of")
    assert paths(sending, chatbot) == ["/opening-hours/"]


def test_what_was_taken_away_while_the_plugin_was_off_is_forgotten(
    sending: WordPress, chatbot: Chatbot
) -> None:
    number = insert(sending)
    switch = "require_once 'wp-admin/includes/plugin.php'; return %s( '%s' );"
    plugin = "chatbot-server/chatbot-server.php"
    sending.php(switch % ("deactivate_plugins", plugin))
    sending.php(f"return wp_trash_post( {number} );")
    assert paths(sending, chatbot) == ["/opening-hours/"]
    sending.php(switch % ("activate_plugin", plugin))
    sending.php("do_action( 'chatbot_server_send' ); return wp_next_scheduled( 'x' );")
    assert paths(sending, chatbot) == []


def test_a_clock_that_was_put_back_is_told_and_the_page_waits(
    sending: WordPress, chatbot: Chatbot
) -> None:
    number = insert(sending)
    chatbot.send({"url": f"{sending.url}/opening-hours/", "deleted": True}, seconds_ahead=200)
    sending.change(number, post_content="<p>Closed.</p>")
    pause = sending.php("return get_option( 'chatbot_server_pause' )['problem'];")
    assert "the clock of this site’s server was put back" in pause
    assert state(sending) == (1, 0)


class Slow(BaseHTTPRequestHandler):
    """Takes each page, but the site changes it meanwhile."""

    meanwhile = staticmethod(lambda: None)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).meanwhile()
        type(self).meanwhile = staticmethod(lambda: None)
        body = b'{"status": "indexed"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        return


def test_a_change_while_a_page_is_sent_is_not_lost(sending: WordPress) -> None:
    number = insert(sending)
    serving = Serving(ThreadingHTTPServer(("127.0.0.1", 0), Slow))
    Slow.meanwhile = staticmethod(
        lambda: sending.php(f"Chatbot_Server\\add_due_page( {number} ); return 1;")
    )
    left = sending.php(f"""$settings = get_option( 'chatbot_server_settings' );
        $settings['address'] = '{serving.url}';
        remove_all_actions( 'update_option_chatbot_server_settings' );
        update_option( 'chatbot_server_settings', $settings );
        Chatbot_Server\\add_due_page( {number} ); $due = Chatbot_Server\\due_pages();
        Chatbot_Server\\send_page( {number}, $due[ {number} ] );
        return count( Chatbot_Server\\due_pages() );""")
    serving.close()
    assert left == 1
