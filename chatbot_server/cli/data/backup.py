"""``chatbot-server backup · restore``: everything to one file, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TextIO

import click

from chatbot_server.backup.archive import CONFIG, Manifest
from chatbot_server.backup.restoring import restore as put_back
from chatbot_server.backup.service import back_up, default_name, look
from chatbot_server.backup.sheet import EmergencySheet
from chatbot_server.cli.context import Context
from chatbot_server.cli.options import FILE, JSON, minute_of, print_json
from chatbot_server.errors import UsageError

PASSPHRASE = click.option(
    "--passphrase-file", type=click.File(encoding="utf-8"), metavar="FILE", help="help_passphrase"
)


@click.command(help="help_backup")
@click.argument("file", type=FILE, required=False)
@click.option("--without-visitors", is_flag=True, help="help_without_visitors")
@click.option("--sheet", "only_sheet", is_flag=True, help="help_backup_sheet")
@PASSPHRASE
@JSON
@click.pass_obj
def backup(
    context: Context,
    /,
    file: Path | None,
    without_visitors: bool,
    only_sheet: bool,
    passphrase_file: TextIO | None,
    as_json: bool,
) -> None:
    """Write everything to a file, while the server runs; or only tell how to restore it."""
    if only_sheet:
        if file or without_visitors or passphrase_file:
            raise UsageError("sheet_alone")
        _show_sheet(context, as_json)
        return
    if file is None:
        folder = context.config.backups_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / default_name()
    file.parent.stat()  # an error names the folder, and not a file that nobody typed
    manifest = back_up(
        context.database,
        file,
        context.config_file,
        visitors=not without_visitors,
        passphrase=_passphrase(passphrase_file),
    )
    context.note_action("backup", file.name)
    if as_json:
        print_json(_record(file, manifest))
        return
    click.echo(context.say("backup_made", file=file))
    _show(context, manifest)


@click.command(help="help_restore")
@click.argument("file", type=FILE)
@click.option("--look", "only_look", is_flag=True, help="help_restore_look")
@click.option("--replace", is_flag=True, help="help_restore_replace")
@PASSPHRASE
@JSON
@click.pass_obj
def restore(
    context: Context,
    /,
    file: Path,
    only_look: bool,
    replace: bool,
    passphrase_file: TextIO | None,
    as_json: bool,
) -> None:
    """Check a backup completely, and restore it."""
    passphrase = _passphrase(passphrase_file)
    if only_look:
        manifest = look(file, passphrase)
    else:
        manifest = put_back(
            context.database, file, context.config, passphrase=passphrase, overwrite=replace
        )
        context.note_action("restore", file.name)
    if as_json:
        print_json(_record(file, manifest))
        return
    _show(context, manifest)
    if not only_look:
        click.echo(context.say("restored"))


def _show_sheet(context: Context, as_json: bool) -> None:
    config = context.config
    address = str(config.server.public_url or config.server.local_address).rstrip("/")
    sheet = EmergencySheet(context.database, config, context.config_file, address, context.language)
    sections = sheet.sections()
    if as_json:
        print_json([asdict(section) for section in sections])
        return
    click.echo(f"{context.say('sheet_title')}\n{context.say('sheet_no_secrets')}")
    for section in sections:
        click.secho(f"\n{section.title}", bold=True)
        for number, line in enumerate(section.lines, 1):
            click.echo(f"{f'{number}.' if section.numbered else '-'} {line.text}")
            for command in line.commands:
                click.echo(f"      {command}")


def _passphrase(file: TextIO | None) -> str:
    if file is None:
        return ""
    passphrase = file.readline().rstrip("\r\n")
    if not passphrase.strip():  # without one, the backup would be readable by everybody
        raise UsageError("passphrase_empty", file=file.name)
    return passphrase


def _record(file: Path, manifest: Manifest) -> dict[str, object]:
    counts = {name: member.lines for name, member in manifest.members.items()}
    return {"file": str(file), "made": manifest.made, "version": manifest.version, "lines": counts}


def _show(context: Context, manifest: Manifest) -> None:
    moment = minute_of(manifest.made)
    click.echo(context.say("backup_about", version=manifest.version, moment=moment))
    for name, member in manifest.members.items():
        if name != CONFIG:
            click.echo(f"{member.lines:9}  {name.removesuffix('.jsonl')}")
    if not manifest.visitors:
        click.echo(context.say("backup_without_visitors"))
