"""The `connect` command."""

import gc
import logging
import os
import sys

# While two thousand modules are loaded nothing is garbage; looking for it would take a sixth of every command's start.
gc.disable()

import typer  # noqa: E402

from commands import demo, integrations, orders, processes, seed  # noqa: E402

gc.freeze()
gc.enable()

app = typer.Typer(
    help="Connect links online shops and marketplaces with an ERP store.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for group in (processes.app, demo.app, integrations.app, orders.app, seed.app):
    app.add_typer(group)
app.add_typer(processes.db, name="db")
app.add_typer(processes.users, name="user")
app.add_typer(integrations.integration, name="integration")
app.add_typer(orders.orders, name="order")


def main() -> None:
    """Run the command line and end the process with the command's status.

    The interpreter's own shutdown is left out: the Temporal client's threads outlive their event loop and now and then
    crash a finished command there, which would turn a good answer into a bad exit status.
    """
    try:
        app()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
