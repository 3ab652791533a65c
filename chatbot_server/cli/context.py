"""What every verb gets: language, configuration and database, loaded on first use."""

from __future__ import annotations

import errno
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot_server.messages import say

# What reads settings takes longer to import than `--help` and `--version` do altogether.
if TYPE_CHECKING:
    from chatbot_server.config import Config
    from chatbot_server.storage.database import Database

# Verbs that the command of an installation handles itself.
CONTROLS = ("start", "stop", "restart", "status", "log", "rollback", "uninstall", "purge")
REFUSALS = {
    errno.ENOENT: "os_missing",
    errno.EISDIR: "os_folder",
    errno.ENAMETOOLONG: "os_long",
    errno.EACCES: "os_denied",
    errno.EPERM: "os_denied",
    errno.EROFS: "os_denied",
    errno.ENOSPC: "os_full",
    errno.EDQUOT: "os_full",
}


def refusal(error: OSError, language: str) -> str:
    """A sentence about what the operating system refused, and what to do."""
    from chatbot_server.config.home import owner_of, user_name

    key = REFUSALS.get(error.errno or 0, "os_error")
    where = error.filename
    if where is None:  # what was being written had no name: a terminal, a pipe, an open file
        key = "os_full_somewhere" if key == "os_full" else "os_error_somewhere"
        return say(key, language, why=error.strerror or error)
    values = {"user": user_name(), "owner": owner_of(Path(where))}
    return say(key, language, where=where, why=error.strerror or error, **values)


def printable(text: str) -> str:
    """*text* without control characters and marks of direction, which could mislead a reader."""
    return "".join(
        char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf")
    )


@dataclass
class Context:
    """The state of one run of the command line (``ctx.obj``).

    Attributes:
        config_file: from ``--config``, ``CHATBOT_CONFIG`` or this folder; may not exist.
        language: of the person at the terminal.
    """

    config_file: Path
    language: str

    @cached_property
    def config(self) -> Config:
        """The settings. Raises :class:`ConfigError`."""
        from chatbot_server.config import load_config

        return load_config(self.config_file)

    @cached_property
    def database(self) -> Database:
        """The database, migrated to this version."""
        from chatbot_server.storage.database import Database

        database = Database(self.config.database_url)
        database.migrate()
        return database

    def note_action(self, action: str, about: object = "", site_id: int | None = None) -> None:
        """Add an entry to the audit log; *action* is the command as typed."""
        from chatbot_server.storage.owners.audit import AuditEntry, note_action
        from chatbot_server.storage.site.sites import Site

        with self.database.session() as session:
            site = session.get(Site, site_id) if site_id else None
            name = site.name if site else ""
            note_action(session, AuditEntry(action=action, about=str(about), site=name))

    def say(self, key: str, /, **values: object) -> str:
        """A sentence in the person's language."""
        return say(key, self.language, **values)
