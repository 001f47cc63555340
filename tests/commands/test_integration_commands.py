"""An integration set up from the command line alone, each answer one JSON line, by the same updates as the wizard."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from commands.group import Group
from erp.database import make_engine, make_sessions
from erp.seed import seed_articles
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, catalogue, seed_shop
from settings import Settings

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def shop() -> WooShop:
    shop = WooShop()
    seed_shop(shop, articles=15, orders=8)
    return shop


@pytest.fixture(scope="module")
def connect(shop: WooShop) -> Iterator[Connect]:
    folder = Path(tempfile.mkdtemp(prefix="connect-cli-"))
    folder.chmod(0o711)
    patch = pytest.MonkeyPatch()
    patch.setenv("CONNECT_ALLOW_PRIVATE_ADDRESSES", "true")
    patch.setenv("CONNECT_DATA", str(folder / "var"))
    runner = CliRunner()

    def connect(*arguments: str, status: int = 0) -> Any:
        done = runner.invoke(app, [*arguments, "--json"])
        assert done.exit_code == status, f"{arguments}: {done.stdout}{done.stderr[-2000:]}{done.exception!r}"
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    with Group(Settings(data=folder / "var"), web=False) as group:
        assert group.running is not None
        engine = make_engine(group.running.database_url, pool=1)
        with make_sessions(engine).begin() as session:
            seed_articles(session, catalogue(shop))
        engine.dispose()
        yield connect
    patch.undo()
    shutil.rmtree(folder, ignore_errors=True)


def until_booked(connect: Connect, wanted: int) -> None:
    deadline = time.monotonic() + 60
    while not (rows := connect("reconcile")["integrations"]) or rows[0]["booked"] < wanted:
        assert time.monotonic() < deadline, rows
        time.sleep(0.2)


def test_a_shop_is_set_up_and_live_from_the_command_line(connect: Connect, shop: WooShop) -> None:
    with SandboxServer(shop) as server:
        assert "woocommerce" in [each["key"] for each in connect("connectors")["connectors"]]
        created = create(connect, shop, server.url)
        assert connect("integration", "test", created)["ok"] is True
        connect("integration", "features", created, "orders", "stock", "shipments")
        assert connect("integration", "go-live", created, status=1)["code"] == "NOT_READY"
        configure(connect, created)
        assert connect("integration", "filter", created, "[]")["matched"] > 10
        for feature in ("orders", "stock", "shipments"):
            connect("integration", "activate", created, feature)
        readiness = connect("integration", "readiness", created)
        assert readiness["ok"], readiness
        assert connect("integration", "go-live", created, "--start", "2026-01-01")["mode"] == "productive"
        connect("integration", "run", created, "orders")
        wanted = sum(order["status"] in ("processing", "on-hold") for order in shop.orders.values())
        until_booked(connect, wanted)
        events = [event["event"] for event in connect("journal", "--integration", created, "--limit", "500")["events"]]
        assert events.count("booked") == wanted
        hold_and_stop(connect, created)


def create(connect: Connect, shop: WooShop, url: str) -> str:
    keys = [f"url={url}", f"consumer_key={shop.consumer_key}", f"consumer_secret={shop.consumer_secret}"]
    options = [part for each in keys for part in ("--credential", each)]
    created = connect("integration", "create", "woocommerce", "Shop", *options)
    assert created["mode"] == "development"
    assert connect("integration", "create", "woocommerce", "Shop", *options, status=1)["code"] == "NAME_TAKEN"
    wrong = connect("integration", "create", "woocommerce", "Other", "--credential", "url=not an address", status=1)
    assert wrong["code"] == "SETTINGS_INCOMPLETE"
    return str(created["id"])


def configure(connect: Connect, integration_id: str) -> None:
    values = ["default_project=SHOP", "shipping_article=PORTO", "discount_article=RABATT", "surcharge_article=ZUSCHLAG"]
    connect("integration", "configure", integration_id, "orders", *values)
    connect("integration", "configure", integration_id, "stock", 'warehouses=["HAUPT"]')
    for value, target in (("bacs", "prepayment"), ("ppcp-gateway", "paypal"), ("stripe", "card"), ("cod", "cod")):
        assert connect("integration", "map", integration_id, "payment", value, target)["released"] == 0
    for value, target in (("flat_rate", "dhl"), ("free_shipping", "dhl"), ("local_pickup", "pickup")):
        connect("integration", "map", integration_id, "shipping", value, target)


def hold_and_stop(connect: Connect, integration_id: str) -> None:
    paused = connect("integration", "pause", integration_id, "stock", "--note", "stocktake")
    assert [each["paused_note"] for each in paused["features"] if each["feature"] == "stock"] == ["stocktake"]
    resumed = connect("integration", "resume", integration_id, "stock")
    assert not any(each["is_paused"] for each in resumed["features"])
    assert connect("integration", "stop", integration_id)["mode"] == "development"
    assert connect("integration", "status", integration_id)["mode"] == "development"
    assert connect("integration", "status", "nothing", status=1)["code"] == "NOT_RUNNING"
