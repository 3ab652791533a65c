"""Restoring a backup in the browser: inspected first, then restored completely or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from chatbot_server.accounts.service import check_setup, renew_setup
from chatbot_server.backup.restoring import restore
from chatbot_server.backup.service import UPLOADED, default_name, look
from chatbot_server.errors import ChatbotError, NotFound, TooLarge, Unavailable, UsageError
from chatbot_server.messages.numbers import file_size
from chatbot_server.prompt.clean import clean_text
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import (
    AdminParts,
    admin_language,
    go,
    is_set_up,
    problem_of,
    render,
    typed,
)
from chatbot_server.web.admin.settings.backups import copies_in
from chatbot_server.web.middleware.uploads import TICKET, largest_file

# The tables whose rows are counted for the page, with the keys of their labels.
COUNTED = {
    "site": "restore_count_site",
    "account": "restore_count_account",
    "knowledge_document": "restore_count_document",
    "conversation": "restore_count_conversation",
    "contact_request": "restore_count_message",
}
# Errors after which the same file can be tried again: with another passphrase, or replacing what is
# here.
AGAIN = (
    "backup_passphrase_missing", "backup_passphrase_slow", "backup_passphrase_wrong",
    "restore_in_use",
)  # fmt: skip


def add_restoring(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of a restore: the first thing on a new server, or later by its owner."""
    turn = threading.Lock()

    @bp.get("/setup/restore")
    def show_first_restore() -> Response:
        if is_set_up(parts.database):
            raise NotFound("http_404")
        return _show(parts, may_upload=False)

    @bp.post("/setup/restore")
    def restore_first() -> Response:
        if is_set_up(parts.database):
            raise NotFound("http_404")
        parts.rates.check_login()

        def check(token: str) -> None:
            with parts.database.session() as session:
                check_setup(session, token)

        return _answer(parts, turn, check)

    @bp.get(f"{PATH}/backups/restore")
    def show_restore() -> Response:
        return _show(parts)

    @bp.post(f"{PATH}/backups/restore", endpoint="restore_backup")
    def restore_now() -> Response:
        return _answer(parts, turn, lambda _token: None)


def _show(
    parts: AdminParts, *, status: int = 200, may_upload: bool = True, **values: Any
) -> Response:
    """The form for a file, with a ticket for its upload; or for the set-up code, which comes first.

    Without it, a stranger could fill a part of the disk, and keep the owner from uploading.
    """
    copies = copies_in(parts.config.backups_dir) if g.get("account") else []
    fields: dict[str, Any] = {"token": "", "file": "", "manifest": None, "may_replace": False}
    return render(
        "settings/backups/restore",
        status=status,
        copies=copies,
        ticket=parts.tickets.new(request.path) if may_upload else "",
        room=largest_file(parts.config.data_dir),
        **fields | values,
    )


def _answer(parts: AdminParts, turn: threading.Lock, check: Callable[[str], None]) -> Response:
    """Inspect the chosen backup, or restore it; restores take turns.

    *check* is given the token that was typed. It raises if its owner may not do that, or not any
    more: of two at once, the second is refused.
    """
    folder, token, name = parts.config.backups_dir, "", ""
    may_upload = bool(g.get("account"))
    try:
        token = _typed_token(parts)
        check(token)
        may_upload = True
        if request.form.get("action") == "begin":
            return _show(parts, token=token)
        name = _chosen_file(folder)
        passphrase = request.form.get("passphrase", "")[:1000]
        if request.form.get("action") != "restore":
            manifest = look(folder / name, passphrase)
            members = manifest.members.items()
            lines = {member.removesuffix(".jsonl"): each.lines for member, each in members}
            counts = {label: lines[table] for table, label in COUNTED.items() if table in lines}
            return _show(parts, token=token, file=name, manifest=manifest, counts=counts)
        with turn:
            check(token)
            is_wanted = request.form.get("replace") == "yes"
            restore(
                parts.database,
                folder / name,
                parts.config,
                passphrase=passphrase,
                overwrite=is_wanted,
            )
    except ChatbotError as error:
        return _refused(parts, token, name, error, may_upload=may_upload)
    _forget_upload(folder / name)
    parts.call_job("embed")
    if is_set_up(parts.database):
        return go("show_login", done="restored")
    # A backup may be without accounts: the first one is made as on a new server.
    token = renew_setup(parts.database, parts.config.data_dir) or ""
    return render("entrance/setup", token=token, name="")


def _typed_token(parts: AdminParts) -> str:
    """The typed token of the set-up, or an empty text. This stores the uploaded file on the disk.

    Raises:
        TooLarge: there is no room for it.
        Unavailable: it cannot be stored.
    """
    try:
        folder = parts.config.backups_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if parts.tickets.admits(request.args.get(TICKET, ""), request.path):
            request.keep_files_in(folder)  # type: ignore[attr-defined]
        return typed("token", 100)
    except RequestEntityTooLarge:
        size = request.max_content_length or 0
        limit = file_size(size, admin_language())
        raise TooLarge("restore_too_large", limit=limit) from None
    except OSError as error:
        raise Unavailable("backup_failed", why=error.strerror) from error


def _refused(
    parts: AdminParts, token: str, name: str, error: ChatbotError, *, may_upload: bool
) -> Response:
    """The form with an error, and with the same file if trying it again can help."""
    may_try_again = error.code in AGAIN
    if name and not may_try_again:
        _forget_upload(parts.config.backups_dir / name)
    if name.startswith(UPLOADED) and error.values.get("name") == name:
        upload = request.files.get("upload")  # the owner knows it under another name
        error.values["name"] = clean_text(upload.filename or "")[:100] if upload else name
    return _show(
        parts,
        status=error.status,
        problem=problem_of(error),
        token=token,
        file=name if may_try_again else "",
        may_replace=error.code == "restore_in_use",
        may_upload=may_upload,
    )


def _forget_upload(file: Path) -> None:
    if file.name.startswith(UPLOADED):
        file.unlink(missing_ok=True)


def _chosen_file(folder: Path) -> str:
    """The name of the chosen backup in *folder*; an uploaded one is stored there first.

    Raises:
        UsageError: none was chosen.
        Unavailable: it cannot be stored.
    """
    upload = request.files.get("upload")
    if upload is not None and upload.filename:
        name = UPLOADED + default_name()
        try:
            (folder / name).touch(mode=0o600)
            upload.save(folder / name)
        except OSError as error:
            with suppress(OSError):
                (folder / name).unlink(missing_ok=True)
            raise Unavailable("backup_failed", why=error.strerror) from error
        return name
    name = request.form.get("file", "")[:200]
    if name not in {copy.name for copy in copies_in(folder)}:  # a name, never a path
        raise UsageError("restore_no_file", field="file")
    return name
