"""Backups: listing, making and downloading them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, request, send_file

from chatbot_server.backup.service import SUFFIX, back_up, default_name
from chatbot_server.backup.sheet import EmergencySheet
from chatbot_server.config import find_config
from chatbot_server.errors import NotFound, Unavailable
from chatbot_server.storage.base import now
from chatbot_server.web.admin.access import PATH
from chatbot_server.web.admin.pages import AdminParts, admin_language, go, render
from chatbot_server.web.admin.settings.models import configured_now
from chatbot_server.web.middleware.address import own_address


@dataclass(frozen=True)
class Copy:
    """A backup in ``data_dir/backups``; *made* in Unix seconds."""

    name: str
    size: int
    made: int


def copies_in(folder: Path) -> list[Copy]:
    """The backups of *folder*, the newest first."""
    files = [(file, file.stat()) for file in folder.glob(f"*{SUFFIX}")]
    copies = [Copy(file.name, stat.st_size, int(stat.st_mtime)) for file, stat in files]
    return sorted(copies, key=lambda copy: -copy.made)


def add_backups(bp: Blueprint, parts: AdminParts) -> None:
    """Routes of backups."""
    folder = parts.config.backups_dir

    @bp.get(f"{PATH}/backups")
    def backups() -> Response:
        return render(
            "settings/backups/backups", copies=copies_in(folder), keep=parts.config.backup.keep
        )

    @bp.get(f"{PATH}/backups/sheet")
    def show_sheet() -> Response:
        config = configured_now(parts.config)  # with the model that was chosen since the start
        sheet = EmergencySheet(
            parts.database, config, find_config(), own_address(request), admin_language()
        )
        return render("settings/backups/sheet", sections=sheet.sections(), now=now())

    @bp.post(f"{PATH}/backups")
    def make_backup() -> Response:
        visitors = request.form.get("visitors") == "yes"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            back_up(parts.database, folder / default_name(), find_config(), visitors=visitors)
        except OSError as error:
            raise Unavailable("backup_failed", why=error.strerror) from error
        return go("backups", done="saved")

    @bp.get(f"{PATH}/backups/<name>")
    def download_backup(name: str) -> Response:
        if name not in {copy.name for copy in copies_in(folder)}:
            raise NotFound("http_404")
        response = send_file(folder / name, as_attachment=True, mimetype="application/zip")
        response.headers["Cache-Control"] = "no-store"
        return response
