"""`connect demo --exit --json` as a newcomer runs it, twice on the same data folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="connect-demo-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def demo(folder: Path) -> Any:
    command = [sys.executable, "-m", "cli", "demo", "--exit", "--json"]
    environment = os.environ | {"CONNECT_DATA": str(folder / "var"), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def test_the_demo_adds_up_and_goes_on_where_it_was(folder: Path) -> None:
    first = demo(folder)
    assert first["ok"] is True
    (shop,) = first["integrations"]
    assert shop["connector"] == "woocommerce"
    assert shop["orders_in_shop"] == shop["orders_in_erp"] > 100
    assert shop["total_shop"] == shop["total_erp"]
    assert (shop["duplicates"], shop["parked"]) == (0, 0)
    assert shop["stock_updates_confirmed"] > 200
    assert shop["shipments_confirmed"] > 50
    assert all(shop["story"]["orders"].values()) and len(shop["story"]["orders"]) == 9
    assert shop["story"]["documents"] > 15 and shop["story"]["e_invoices_valid"] == 9
    _compare_the_other_shops(first)
    second = demo(folder)
    assert second["ok"] is True
    assert second["integrations"][0]["orders_in_erp"] == shop["orders_in_erp"]


def _compare_the_other_shops(told: Any) -> None:
    shops = {shop["connector"]: shop for shop in told["shops"]}
    assert set(shops) == {"woocommerce", "shopify", "shopware6", "mirakl", "shopware5"}
    for key in ("woocommerce", "shopify", "shopware6", "mirakl"):
        compared = {name: pair for name, pair in shops[key].items() if isinstance(pair, dict)}
        assert {"orders", "stock", "tracking"} <= set(compared)
        assert "prices" in compared or key == "woocommerce"
        assert all(pair["equal"] and pair["shop"] > 0 for pair in compared.values()), shops[key]
    assert shops["shopware5"]["articles"]["equal"]
    levelled = told["levelled"]
    assert set(levelled["seconds"]) == {"woocommerce", "shopify", "shopware6", "mirakl"} - {levelled["sold_in"]}
