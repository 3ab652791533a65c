"""``chatbot-server serve · migrate · jobs``: the running server."""

from __future__ import annotations

import os
import sys

import click

from chatbot_server.cli.context import Context
from chatbot_server.service.children import JOB_NAMES


@click.command(help="help_serve")
@click.option("--supervise", is_flag=True, hidden=True)
@click.pass_obj
def serve(context: Context, /, supervise: bool) -> None:
    """Prepare the start, then become the small parent of the server's processes."""
    if supervise:
        from chatbot_server.service.processes import ServerProcesses

        ServerProcesses(context.config, context.config_file.resolve(), context.language).run()
        return
    from chatbot_server.service.early_web import begin_web

    # Prometheus' library looks at its import where counts are kept, which is not known yet.
    if not context.config.metrics.port:
        begin_web()
    from chatbot_server.accounts.service import open_setup
    from chatbot_server.service.prepare import prepare_start
    from chatbot_server.web.snippet import address_of

    plan = prepare_start(context.config, context.database)
    if plan and plan.passed_over:
        engine, why = plan.settings.kind, plan.why(context.language)
        click.echo(context.say("engine_chosen", engine=engine, why=why), err=True)
    # Only for a person at a terminal: the set-up token must not get into a log.
    token = open_setup(context.database, context.config.data_dir)
    if token and sys.stderr.isatty():
        link = f"{address_of(context.config)}/setup#{token}"
        click.echo(context.say("setup_open", link=link), err=True)
    context.database.close()
    # Modules imported for the database would stay in memory as long as the server runs;
    # a fresh interpreter in the same process needs a quarter of it.
    words = ["-m", "chatbot_server", "--config", str(context.config_file), "serve", "--supervise"]
    os.execv(sys.executable, [sys.executable, *words])  # noqa: S606


@click.command(help="help_migrate")
@click.pass_obj
def migrate(context: Context, /) -> None:
    """Migrate the database to this version."""
    context.database.ping()
    click.echo(context.say("migrated"))


@click.command(help="help_jobs", hidden=True)
@click.argument("job", type=click.Choice(JOB_NAMES))
@click.pass_obj
def jobs(context: Context, /, job: str) -> None:
    """Run one job once."""
    from chatbot_server.processes.parent import end_with_parent

    end_with_parent()  # before imports that take a second
    from chatbot_server.logs import set_up_logging
    from chatbot_server.service.jobs import JOBS

    server = context.config.server
    set_up_logging(server.log_level, server.log_format)
    JOBS[job](context.config, context.database)
