"""The `connect` command."""

import typer

from commands import demo, integrations, orders, processes

app = typer.Typer(
    help="Connect links online shops and marketplaces with an ERP store.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for group in (processes.app, demo.app, integrations.app, orders.app):
    app.add_typer(group)
app.add_typer(processes.db, name="db")
app.add_typer(processes.users, name="user")
app.add_typer(integrations.integration, name="integration")
app.add_typer(orders.orders, name="order")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
