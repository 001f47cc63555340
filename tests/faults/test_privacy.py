"""No secret and no customer's name where it need not be: the files themselves are searched for planted ones."""

import copy
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from canonical.feature import Feature
from sandbox.woocommerce import WooShop, seed_shop
from tests.faults.machine import Machine
from tests.world import Connected

MARK = uuid4().hex[:12]
SECRET, WRONG_SECRET = f"cs_secret{MARK}", f"cs_wrong{MARK}"
SECRETS = (SECRET, WRONG_SECRET)
NAME, MAIL, STREET = f"Planted{MARK}", f"planted{MARK}@example.org", f"Pflanzgasse{MARK}"
PERSONAL = (NAME, MAIL, STREET)
ONLY_IN_BODY = f"remark{MARK}"
"""Stands in a field of the document that nothing of ours reads."""


def planted_shop() -> WooShop:
    """A shop whose orders carry the planted values; one can be booked, the others fail in three ways."""
    shop = WooShop(consumer_secret=SECRET)
    seed_shop(shop, articles=20, orders=0)
    person = {
        "first_name": NAME, "last_name": NAME, "address_1": STREET, "postcode": "20095", "city": "Hamburg",
        "country": "DE", "email": MAIL,
    }  # fmt: skip
    sku = next(p.sku for p in shop.products.values() if p.type == "simple" and p.manage_stock)
    for change in (
        {},
        {"total": "0.01"},
        {"currency": {"name": NAME}},
        {"billing": {**person, "country": NAME}},
        {"line_items": f"{NAME} {MAIL}"},
    ):
        meta = [{"key": ONLY_IN_BODY, "value": ONLY_IN_BODY}]
        order = shop.place_order([(sku, 1)], person, payment_method="stripe", meta_data=meta, customer_note=STREET)
        shop.load_orders([copy.deepcopy(order) | change])
    return shop


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def holding(value: str, paths: list[Path]) -> list[str]:
    """The files that hold a value in clear, in the encodings that programs write."""
    found = []
    for path in paths:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        if any(value.encode(encoding) in content for encoding in ("utf-8", "utf-16-le")):
            found.append(str(path))
    return found


async def everything_that_can_go_wrong(machine: Machine) -> Connected:
    """Set-up, import, and each kind of failure: a wrong key, a broken server, a cut reply, unreadable documents."""
    shop = planted_shop()
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == 1
    for fault in ("500", "lose_reply"):
        shop.faults.set(mode=fault, count=2)
        await connected.run(Feature.ORDERS, *[order["number"] for order in shop.orders.values()])
    connected.store_keys(shop.consumer_key, WRONG_SECRET)
    assert not (await connected.test()).ok
    assert await connected.run(Feature.ORDERS) == "blocked"
    return connected


async def test_planted_secrets_and_customers_are_found_only_where_they_must_be(
    machine: Machine, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        await everything_that_can_go_wrong(machine)
    said = capfd.readouterr()
    written_here = said.out + said.err + caplog.text
    with machine.administrator() as connection:
        connection.execute("CHECKPOINT")
    database = list(files(machine.database_home()))
    temporal = sorted(machine.data.glob("temporal.db*"))
    logs = list(files(machine.data / "logs"))
    rest = [path for path in files(machine.data) if path not in {*database, *temporal, *logs}]
    assert len(temporal) >= 1 and any(path.name == "worker.log" for path in logs)
    assert holding("WARNING", logs), "the logs hold nothing at all, so this search proves nothing"
    assert holding(machine.rows("SELECT id FROM integration ORDER BY created_at DESC LIMIT 1")[0].id, temporal)

    for secret in SECRETS:
        assert holding(secret, [*database, *temporal, *logs, *rest]) == []
        assert secret not in written_here
    for value in (*PERSONAL, ONLY_IN_BODY):
        assert holding(value, [*temporal, *logs, *rest]) == []
        assert value not in written_here
    assert holding(ONLY_IN_BODY, database) == []
    # The customer of the booked order stands in the ERP; that the search finds it proves that it would find the rest.
    assert holding(NAME, database)
