"""A real WordPress on loopback, with SQLite and PHP's own web server; no network is needed for it.

WordPress itself, its French and its SQLite driver come in one package of the npm registry, which is
fetched once for all runs on this machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.patience import LONG, alone, wait_for
from support.servers.ports import free_port

PACKAGE = "wp-studio@1.22.0"
PACKAGE_SHA256 = "eca448e9240e391045441f79541268fcccbd78169dfb6cf04b3c3d304492e661"
INSIDE = "package/dist/cli/wp-files/"
# Of what is in the package: the folders that are needed, and where they go.
WANTED = {
    f"{INSIDE}latest/wordpress/": "",
    f"{INSIDE}latest/languages/": "wp-content/languages/",
    f"{INSIDE}sqlite-database-integration/": "wp-content/mu-plugins/sqlite-database-integration/",
}
UNWANTED = ("themes/twentytwentythree", "themes/twentytwentyfour", "plugins/akismet")
EXTENSIONS = {"curl", "mbstring", "pdo_sqlite", "xml"}
SETTINGS_PAGE = "/wp-admin/options-general.php?page=chatbot-server"
OWNER, PASSWORD = "owner", "four words for sleeping"
CONFIG = """<?php
define( 'DB_NAME', 'wordpress' ); define( 'DB_USER', '' ); define( 'DB_PASSWORD', '' );
define( 'DB_HOST', '' ); define( 'DB_CHARSET', 'utf8mb4' ); define( 'DB_COLLATE', '' );
define( 'DB_DIR', __DIR__ . '/wp-content/database/' ); define( 'DB_FILE', 'wordpress.sqlite' );
define( 'WP_HOME', '%(url)s' ); define( 'WP_SITEURL', '%(url)s' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as $name ) {
    define( "{$name}_KEY", 'test' ); define( "{$name}_SALT", 'test' );
}
define( 'WP_DEBUG', true ); define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', __DIR__ . '/debug.log' );
define( 'FS_METHOD', 'direct' ); define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true ); define( 'WP_HTTP_BLOCK_EXTERNAL', true );
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';
"""
# Runs code inside of the site, as a request to it: in a process that has read WordPress before.
RUN = """<?php require 'wp-load.php';
echo json_encode( ( function () { return eval( file_get_contents( 'php://input' ) ); } )() );
"""
SET_UP = """global $wpdb;
$wpdb->query( "DELETE FROM $wpdb->options WHERE option_name LIKE 'chatbot_server%%'" );
wp_cache_flush();
return update_option( 'chatbot_server_settings', json_decode( %s, true ) );"""
CLEAR = """$kinds = array_diff( get_post_types(), array( 'wp_global_styles', 'wp_template' ) );
$all = array( 'post_type' => $kinds, 'post_status' => 'any, trash', 'numberposts' => -1 );
foreach ( get_posts( $all ) as $post ) { wp_delete_post( $post->ID, true ); }"""
INSTALL = """<?php define( 'WP_INSTALLING', true ); require 'wp-load.php';
require 'wp-admin/includes/upgrade.php';
wp_install( 'Lamp shop', '%s', 'owner@example.org', true, '', '%s', 'en_US' );
update_option( 'permalink_structure', '/%%postname%%/' ); flush_rewrite_rules( false );
delete_transient( '_wp_activation_redirect' );
"""


def php_program() -> str:
    """PHP with what WordPress needs; where there is none, the test is skipped."""
    program = shutil.which("php")
    if program is None:
        pytest.skip("there is no PHP: run scripts/browsers")
    listed = subprocess.run([program, "-m"], capture_output=True, text=True, check=True).stdout
    missing = EXTENSIONS - set(listed.lower().split())
    if missing:
        pytest.skip(f"PHP lacks {', '.join(sorted(missing))}: run scripts/browsers")
    return program


def wordpress_files(cache: Path) -> Path:
    """The folder with WordPress's files as they are published, made once for this machine."""
    folder = cache / PACKAGE.replace("@", "-")
    with alone(cache, "wordpress"):
        if not folder.exists():
            part = cache / "wordpress-part"
            shutil.rmtree(part, ignore_errors=True)  # of a run that was cut off
            part.mkdir()
            _unpack(_fetch(part), part / "files")
            (part / "files").replace(folder)
            shutil.rmtree(part)
    return folder


def _fetch(folder: Path) -> Path:
    """The package, by the registry's own client; where it cannot be had, the test is skipped."""
    command = ["npm", "pack", "--silent", "--fetch-retries=5", PACKAGE]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=LONG * 3)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{PACKAGE} cannot be had: {error}")
    [archive] = folder.glob("*.tgz")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == PACKAGE_SHA256
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as packed:
        for member in packed:
            start = next((name for name in WANTED if member.name.startswith(name)), None)
            if start is None or not member.isfile() or any(n in member.name for n in UNWANTED):
                continue
            if "/languages/" in start and "fr_FR" not in member.name:
                continue
            path = folder / WANTED[start] / member.name.removeprefix(start)
            path.parent.mkdir(parents=True, exist_ok=True)
            content = packed.extractfile(member)
            assert content is not None
            path.write_bytes(content.read())


def _quoted(value: object) -> str:
    """*value* in JSON, as a text of PHP."""
    text = json.dumps(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def _link(source: str, target: str) -> None:
    """The same file under a second name: nothing changes WordPress's own files."""
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


class WordPress:
    """One site, with a folder and a port of its own."""

    def __init__(self, files: Path, folder: Path) -> None:
        self._php = php_program()
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copytree(files, folder, copy_function=_link)
        driver = folder / "wp-content/mu-plugins/sqlite-database-integration"
        drop_in = (driver / "db.copy").read_text(encoding="utf-8")
        drop_in = drop_in.replace("{SQLITE_IMPLEMENTATION_FOLDER_PATH}", str(driver))
        (folder / "wp-content/db.php").write_text(drop_in, encoding="utf-8")
        (folder / "wp-config.php").write_text(CONFIG % {"url": self.url}, encoding="utf-8")
        (folder / "run.php").write_text(RUN, encoding="utf-8")
        self._install()
        command = [self._php, "-S", f"127.0.0.1:{self.port}", "-t", str(folder)]
        with (folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, cwd=folder,
                env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"},
            )  # fmt: skip
        wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/wp-includes/version.php").status_code == 200
        except httpx.TransportError:
            return False

    def _install(self) -> None:
        code = INSTALL % (OWNER, PASSWORD)
        done = subprocess.run(
            [self._php], input=code, cwd=self.folder, capture_output=True, text=True, timeout=LONG
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    def php(self, code: str) -> Any:
        """What *code* returns inside of WordPress, by way of JSON."""
        answer = httpx.post(f"{self.url}/run.php", content=code, timeout=LONG)
        assert answer.status_code == 200, f"{answer.text}\n{self.debug_log()}"
        return json.loads(answer.text)

    def set_up(self, **settings: object) -> None:
        """Change the plugin's settings as its form does, and forget all else that it keeps."""
        self.php(SET_UP % _quoted(settings))

    def insert(self, **fields: object) -> int:
        """A page that everybody can read, unless the *fields* say otherwise: its number."""
        page = {"post_type": "page", "post_status": "publish", "post_content": "Hello."} | fields
        number: int = self.php(f"return wp_insert_post( json_decode( {_quoted(page)}, true ) );")
        return number

    def change(self, number: int, **fields: object) -> None:
        """Change a page as its editor does."""
        page = {"ID": number, **fields}
        self.php(f"return wp_update_post( json_decode( {_quoted(page)}, true ) );")

    def clear(self) -> None:
        """Delete all that was written."""
        self.php(CLEAR)

    def debug_log(self) -> str:
        """What PHP and WordPress complained of."""
        file = self.folder / "debug.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)  # its workers, too
        self._process.wait()
