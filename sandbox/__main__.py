"""`python -m sandbox woocommerce`: run a simulated shop as its own process until interrupted."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, seed_shop


def main() -> None:
    """Start the shop, fill it if its state file is new, print where it is and its keys, and wait for a signal."""
    options = _options()
    shop = WooShop(
        state_file=options.state,
        https=options.https_semantics,
        fulfillments_enabled=options.fulfillments,
        version=options.version,
    )
    if not shop.products:
        seed_shop(
            shop,
            articles=options.articles,
            orders=options.orders,
            seed=options.seed,
            unknown_sku_share=options.unknown_sku_share,
        )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with SandboxServer(shop, options.port) as server:
        _announce(server.url, shop, as_json=options.json)
        stop.wait()


def _announce(url: str, shop: WooShop, *, as_json: bool) -> None:
    facts = {
        "url": url,
        "consumer_key": shop.consumer_key,
        "consumer_secret": shop.consumer_secret,
        "read_only_key": shop.read_only_key,
        "read_only_secret": shop.read_only_secret,
        "products": len(shop.products),
        "orders": len(shop.orders),
    }
    text = json.dumps(facts) if as_json else "\n".join(f"{name:16} {value}" for name, value in facts.items())
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run a simulated shop on 127.0.0.1.")
    parser.add_argument("system", choices=["woocommerce"])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--orders", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--unknown-sku-share", type=float, default=0.0, help="share of orders with an SKU the ERP lacks"
    )
    parser.add_argument("--state", type=Path, help="file that keeps the shop across restarts")
    parser.add_argument("--version", default="11.0.1", help="the WooCommerce version the shop reports")
    parser.add_argument("--fulfillments", action="store_true", help="switch the fulfillments feature on")
    parser.add_argument("--https-semantics", action="store_true", help="behave as behind TLS: HTTP Basic works")
    parser.add_argument("--json", action="store_true", help="print one JSON line instead of text")
    return parser.parse_args()


if __name__ == "__main__":
    main()
