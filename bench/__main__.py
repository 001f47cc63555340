"""`python -m bench`: measure what the README claims; every measurement checks its own result."""

import argparse
import logging
import sys

from bench import BenchError, orders, stock
from bench.orders import OrdersResult
from bench.stock import StockResult

LISTED = """Measurements (each starts its own servers in a temporary folder, and checks its result):

  python -m bench orders --orders 5000 [--workers 1] [--json]
      import of orders: shop over HTTP → inbox → all rules → booked, with journal and Temporal
  python -m bench stock --articles 100000 --changed 5000 [--json]
      stock of many articles: planned, sent, accepted by the shop
"""


def main() -> int:
    """Run one measurement and print it; exit status 1 when its result is wrong."""
    options = _options()
    logging.basicConfig(level="ERROR")
    if options.what is None:
        print(LISTED, end="")
        return 0
    try:
        result = _measure(options)
    except BenchError as error:
        print(f"bench {options.what}: {error}", file=sys.stderr)
        return 1
    print(result.model_dump_json() if options.json else result.text())
    return 0


def _measure(options: argparse.Namespace) -> OrdersResult | StockResult:
    if options.what == "orders":
        return orders.measure(orders=options.orders, workers=options.workers)
    return stock.measure(articles=options.articles, changed=options.changed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure; without arguments: list.")
    measurements = parser.add_subparsers(dest="what")
    of_orders = measurements.add_parser("orders", help="import of orders")
    of_orders.add_argument("--orders", type=int, default=5000)
    of_orders.add_argument("--workers", type=int, default=1, help="worker processes")
    of_stock = measurements.add_parser("stock", help="stock of many articles")
    of_stock.add_argument("--articles", type=int, default=100_000)
    of_stock.add_argument("--changed", type=int, default=5000)
    for measurement in (of_orders, of_stock):
        measurement.add_argument("--json", action="store_true", help="one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
