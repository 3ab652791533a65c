"""The emergency sheet: how to bring back this installation on a new machine, in words."""

from __future__ import annotations

import platform
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot_server import __version__
from chatbot_server.backup.archive import AGE
from chatbot_server.backup.service import own_backups
from chatbot_server.config import Config
from chatbot_server.messages import COMMAND, own_command, say
from chatbot_server.messages.numbers import file_size
from chatbot_server.storage.database import Database
from chatbot_server.storage.owners.accounts import all_accounts
from chatbot_server.storage.site.sites import sites_in_order

MOST_NAMES = 20  # of sites, and of accounts
DEFAULT_PORT = 8080
BLANKS = (
    *("sheet_blank_where", "sheet_blank_passphrase", "sheet_blank_host"),
    *("sheet_blank_domain", "sheet_blank_help"),
)


@dataclass(frozen=True)
class SheetLine:
    """A sentence of the sheet, and the commands that it speaks of."""

    text: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class SheetSection:
    """A part of the sheet; *numbered*: its lines are steps, one after the other."""

    title: str
    lines: tuple[SheetLine, ...]
    numbered: bool = False


@dataclass(frozen=True)
class EmergencySheet:
    """Writes the sheet of one installation; no password, passphrase or key is on it.

    Attributes:
        config_file: the configuration that the server runs with.
        address: where browsers find the server.
    """

    database: Database
    config: Config
    config_file: Path
    address: str
    language: str

    def sections(self) -> list[SheetSection]:
        """The parts of the sheet, in the order in which they are needed."""
        parts = (
            ("sheet_here", self.facts(), False),
            ("sheet_backups", self.backups(), False),
            ("sheet_steps", self.steps(), True),
            ("sheet_checks", self.checks(), True),
            ("sheet_write_down", map(self._line, BLANKS), False),
        )
        return [
            SheetSection(self._say(title), tuple(lines), numbered)
            for title, lines, numbered in parts
        ]

    @property
    def _is_postgresql(self) -> bool:
        return self.config.database_url.startswith("postgres")

    def _say(self, key: str, /, **values: object) -> str:
        return say(key, self.language, **values)

    @property
    def _file(self) -> str:
        """What stands for the backup's file in a command."""
        return self._say("placeholder_file")

    def _line(self, key: str, *commands: str, **values: object) -> SheetLine:
        return SheetLine(self._say(key, **values), commands)

    def facts(self) -> Iterator[SheetLine]:
        """What is installed, and where."""
        yield self._line("sheet_version", version=__version__, machine=platform.node())
        yield self._line("sheet_address", address=self.address)
        yield self._line("sheet_config", file=self.config_file.resolve())
        yield self._line("sheet_data", folder=self.config.data_dir.resolve())
        if self._is_postgresql:
            place = _without_password(self.config.database_url)
            yield self._line("sheet_postgresql", place=place)
        with self.database.session() as session:
            sites = [site for site in sites_in_order(session) if not site.demo]
            names = [f"{site.name} ({', '.join(site.origins) or '–'})" for site in sites]
            owners = [row.name for row in all_accounts(session) if row.role == "owner"]
        if names:
            yield self._line("sheet_sites", names=_joined(names))
        if owners:
            yield self._line("sheet_owners", names=_joined(owners))

    def backups(self) -> Iterator[SheetLine]:
        """The newest backups, and what none of them holds."""
        folder, keep = self.config.backups_dir.resolve(), self.config.backup.keep
        yield self._line("sheet_folder" if keep else "sheet_no_daily", folder=folder, keep=keep)
        # Of those made by hand, and of the daily ones.
        newest = {copy.name.startswith("daily-"): copy for copy in own_backups(folder)}
        if not newest:
            yield self._line("sheet_none_yet")
        for copy in newest.values():
            stat = copy.stat()
            yield self._line(
                "sheet_newest",
                name=copy.name,
                made=time.strftime("%Y-%m-%d %H:%M", time.localtime(stat.st_mtime)),
                size=file_size(stat.st_size, self.language),
                kind=self._say("sheet_encrypted" if is_encrypted(copy) else "sheet_open_file"),
            )
        yield self._line("sheet_elsewhere", own_command(f"backup {self._file}"))
        yield self._line("sheet_passphrase")
        keys = (endpoint.api_key_file for endpoint in self.config.engine.endpoints)
        files = [str(file) for file in (self.config.mail.password_file, *keys) if file]
        if files:
            yield self._line("sheet_secret_files", files=_joined(files))

    def steps(self) -> Iterator[SheetLine]:
        """What is done on a new machine, one after the other."""
        server = self.config.server
        options = f" --port {server.port}" if server.port != DEFAULT_PORT else ""
        options += f" --host {server.host}" if server.host != "127.0.0.1" else ""
        yield self._line("sheet_machine")
        yield self._line(
            "sheet_install",
            f"sh chatbot-server-{__version__}.sh --run{options}",
            version=__version__,
        )
        unzip = f"unzip -p {self._file} config.yaml"
        yield self._line("sheet_settings", unzip, file=self.config_file.name)
        if self._is_postgresql:
            yield self._line("sheet_set_database")
        look = _there(f"restore --look {self._file}")
        replace = _there(f"restore {self._file} --replace")
        yield self._line("sheet_restore", look, replace)
        model = self.config.engine.model
        if self.config.engine.kind == "openai":
            urls = [_without_password(str(each.url)) for each in self.config.engine.endpoints]
            yield self._line("sheet_engines", urls=_joined(urls))
        elif model:
            verbs = ("use",) if "/" in model else ("pull", "use")
            commands = [_there(f"models {verb} {shlex.quote(model)}") for verb in verbs]
            sentence = "sheet_model_file" if "/" in model else "sheet_model"
            yield self._line(sentence, *commands, model=model)
        yield self._line("sheet_restart", _there("restart"))
        yield self._line("sheet_point", address=self.address)

    def checks(self) -> Iterator[SheetLine]:
        """What is looked at afterwards."""
        yield self._line("sheet_doctor", _there("doctor"))
        name = self._say("placeholder_name")
        ways_in = (_there(f"admin {verb} {name}") for verb in ("reset", "second-factor-off"))
        yield self._line("sheet_log_in", *ways_in, address=f"{self.address}/admin/")
        yield self._line("sheet_look")
        if self.config.mail.host:
            yield self._line("sheet_mail")
        yield self._line("sheet_new_backup", _there("backup"))


def _there(words: str) -> str:
    """The command *words* as they are typed on another machine, whatever its folders."""
    return f"{COMMAND} {words}"


def is_encrypted(file: Path) -> bool:
    """Whether the backup at *file* asks for a passphrase."""
    with file.open("rb") as stream:
        return stream.read(len(AGE)) == AGE


def _without_password(address: str) -> str:
    """Scheme, host, port and path of *address*: what tells a server from another."""
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def _joined(names: Sequence[str]) -> str:
    return ", ".join([*names[:MOST_NAMES], *(["…"] if len(names) > MOST_NAMES else [])])
