"""`connect seed`: a lifelike merchant of any size for trying things out; the same seed gives the same merchant."""

import typer

from commands.console import AsJson, open_session, reporting, say
from erp.merchant_seed import Size, seed_merchant

app = typer.Typer()


@app.command("seed")
def seed(
    articles: int = typer.Option(1000, min=0, max=2_000_000, help="Of every kind: simple, matrix, sets, services."),
    customers: int = typer.Option(500, min=0, max=2_000_000),
    number: int = typer.Option(1, "--seed", min=0, max=9999, help="The same number gives the same merchant."),
    as_json: AsJson = False,
) -> None:
    """Make up a merchant: articles with prices, stock and bills of material, and customers. What is there stays."""
    with reporting(as_json), open_session() as session:
        done = seed_merchant(session, Size(articles=articles, customers=customers, seed=number))
        session.commit()
    say(
        done,
        as_json,
        f"{done.articles} articles, {done.customers} customers and {done.movements} stock movements are new.",
    )
