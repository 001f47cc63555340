"""`python -m sandbox shopify`: run a simulated shop as its own process until interrupted."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from sandbox.server import SandboxServer
from sandbox.shop import SimulatedShop

SYSTEMS = {
    "woocommerce": "WooShop",
    "shopify": "ShopifyShop",
    "shopware6": "Shopware6Shop",
    "shopware5": "Shopware5Shop",
    "mirakl": "MiraklShop",
}
"""The class of each system's shop in its package."""


def main() -> None:
    """Start the shop, fill it if it is empty, print where it is and what is pasted into the wizard, and wait for a signal."""
    options = _options()
    shop = _shop(options.system, options.state, dict(options.set))
    if not shop.ledger().articles:
        shop.seed(articles=options.articles, orders=options.orders, seed=options.seed)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with SandboxServer(shop, options.port) as server:
        _announce(server.url, shop, as_json=options.json)
        stop.wait()


def _shop(system: str, state: Path | None, settings: dict[str, Any]) -> SimulatedShop:
    kind: Any = getattr(import_module(f"sandbox.{system}"), SYSTEMS[system])
    shop: SimulatedShop = kind(**({"state_file": state} if state else {}), **settings)
    return shop


def _setting(text: str) -> tuple[str, Any]:
    """A keyword of the shop's class with its value: yes and no are booleans, everything else a text."""
    name, _, value = text.partition("=")
    return name, {"yes": True, "no": False}.get(value, value)


def _announce(url: str, shop: SimulatedShop, *, as_json: bool) -> None:
    ledger = shop.ledger()
    facts = {"url": url, **shop.credentials(), "articles": len(ledger.articles), "orders": len(ledger.orders)}
    text = json.dumps(facts) if as_json else "\n".join(f"{name:16} {value}" for name, value in facts.items())
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run a simulated shop on 127.0.0.1.")
    parser.add_argument("system", choices=sorted(SYSTEMS))
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--orders", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, help="file that keeps the shop across restarts")
    parser.add_argument("--set", type=_setting, action="append", default=[], help="a keyword of the shop: https=yes")
    parser.add_argument("--json", action="store_true", help="print one JSON line instead of text")
    return parser.parse_args()


if __name__ == "__main__":
    main()
