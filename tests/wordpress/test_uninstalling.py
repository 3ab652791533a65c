"""Who deletes the plugin finds nothing of it any more."""

from __future__ import annotations

import sqlite3

import pytest
from support.wordpress.chatbot import Chatbot
from support.wordpress.site import WordPress

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("wordpress")]
PLUGIN = "chatbot-server/chatbot-server.php"


def traces(site: WordPress) -> list[str]:
    """Rows of the database that speak of the chatbot, except what WordPress itself logs."""
    database = sqlite3.connect(site.folder / "wp-content/database/wordpress.sqlite")
    rows = database.execute(
        "SELECT option_name FROM wp_options WHERE option_name || option_value LIKE '%chatbot%'"
        " UNION SELECT meta_key FROM wp_postmeta WHERE meta_key LIKE '%chatbot%'"
        " UNION SELECT meta_key FROM wp_usermeta WHERE meta_key LIKE '%chatbot%'"
    ).fetchall()
    database.close()
    return sorted(name for (name,) in rows if "transient" not in name)


def test_nothing_is_left(site: WordPress, chatbot: Chatbot) -> None:
    secret = chatbot.push_secret()
    site.set_up(address=chatbot.url, key=chatbot.key, send_pages=True, push_secret=secret)
    site.php("""foreach ( array( 'A', 'B' ) as $title ) { $id = wp_insert_post( array(
        'post_type' => 'page', 'post_status' => 'publish', 'post_title' => $title ) ); }
        Chatbot_Server\\send_due_pages(); Chatbot_Server\\add_due_page( $id );
        Chatbot_Server\\pause_sending( 'away' ); Chatbot_Server\\begin_sweep();
        wp_schedule_single_event( time() + 99, 'chatbot_server_send' ); return 1;""")
    assert {"_chatbot_server_url", "chatbot_server_settings", "chatbot_server_pause"} <= {
        *traces(site)
    }
    site.php(f"""require_once 'wp-admin/includes/plugin.php';
        deactivate_plugins( '{PLUGIN}' ); return uninstall_plugin( '{PLUGIN}' );""")
    left = traces(site)
    site.php(f"require_once 'wp-admin/includes/plugin.php'; return activate_plugin( '{PLUGIN}' );")
    assert left == []
