"""Bad input: each has a clear message in German and English that names the record or its values, and loses nothing."""

import copy
import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import Session, select

import connectors
from activities.deps import open_channel
from canonical.check import CheckReport
from canonical.failure import Failure, Finding
from canonical.feature import Feature
from canonical.order import RawDocument
from connectors.transport import TransportOptions
from erp import inbox, journal
from erp.tables import InboxDocument, JournalEvent, Order
from sandbox.woocommerce import WooShop, seed_shop
from tests.conftest import require
from tests.faults.machine import Machine
from tests.world import Connected

Json = dict[str, Any]
GOOD = 3


def small_shop(**more: Any) -> WooShop:
    shop = WooShop(**more)
    seed_shop(shop, articles=20, orders=0)
    with shop.changes():
        for number in range(GOOD):
            shop.place_order([(sellable(shop)[number], 1)], ANNA, payment_method="stripe")
    return shop


ANNA = {
    "first_name": "Anna", "last_name": "Beispiel", "address_1": "Am Deich 1", "postcode": "20095", "city": "Hamburg",
    "country": "DE", "email": "anna@example.org",
}  # fmt: skip


def sellable(shop: WooShop) -> list[str]:
    return [p.sku for p in shop.products.values() if p.type == "simple" and p.manage_stock and "UNKNOWN" not in p.sku]


def check_words(failure: Failure | Finding, *values: str) -> None:
    """Both languages say something of their own, with the values and without a placeholder that was left empty."""
    german, english = failure.text("de"), failure.text("en")
    assert german and english and german != english
    assert failure.hint("de") and failure.hint("en") and failure.hint("de") != failure.hint("en")
    for text in (german, english):
        assert "{" not in text
        for value in values:
            assert value in text


# --- the form and the connection test -------------------------------------------------------------------------------


def failures(report: CheckReport) -> list[Failure]:
    return [item.failure for item in report.items if item.failure is not None]


async def test_an_address_that_is_none_is_refused_by_the_form(machine: Machine) -> None:
    form = connectors.spec_of("woocommerce").credentials
    keys = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
    with pytest.raises(ValidationError) as refused:
        form.model_validate({"url": "kein shop: weder noch", **keys})
    problem = refused.value.errors()[0]
    check_words(Failure.of(problem["type"], **problem["ctx"]), "kein shop: weder noch")
    assert "cs_1" not in str(refused.value)


async def test_a_host_that_nobody_has_is_named(machine: Machine) -> None:
    connected = await machine.connect_shop(small_shop())
    connected.server.url = "http://no-such-shop.invalid"
    connected.store_keys(connected.shop.consumer_key, connected.shop.consumer_secret)
    report = await connected.test()
    assert [failure.code for failure in failures(report)] == ["UNREACHABLE"]
    check_words(failures(report)[0], "no-such-shop.invalid")


async def test_a_wrong_key_is_refused_with_the_reason_of_the_shop(machine: Machine) -> None:
    connected = await machine.connect_shop(small_shop())
    connected.store_keys("ck_" + "0" * 40, "cs_" + "0" * 40)
    report = await connected.test()
    assert {failure.code for failure in failures(report)} == {"ACCESS"}
    check_words(failures(report)[0], connected.server.url.partition("://")[2])


async def test_a_read_only_key_is_named_with_what_it_may_not_do(machine: Machine) -> None:
    shop = small_shop()
    connected = await machine.connect_shop(shop)
    connected.store_keys(shop.read_only_key, shop.read_only_secret)
    report = await connected.test()
    assert {failure.code for failure in failures(report)} == {"PERMISSION"}
    check_words(failures(report)[0], "write")


async def test_a_shop_that_answers_html_is_named(machine: Machine) -> None:
    shop = small_shop()
    connected = await machine.connect_shop(shop)
    shop.faults.set(mode="html")
    report = await connected.test()
    assert {failure.code for failure in failures(report)} == {"NOT_JSON"}
    check_words(failures(report)[0], connected.server.url.partition("://")[2], "text/html")


async def test_an_outdated_version_is_named_with_the_one_that_is_needed(machine: Machine) -> None:
    connected = await machine.connect_shop(small_shop(version="7.9.1"))
    report = await connected.test()
    assert {failure.code for failure in failures(report)} == {"VERSION_OUTDATED"}
    check_words(failures(report)[0], "7.9.1", "8.0")


async def test_a_private_address_is_refused_before_it_is_called(machine: Machine) -> None:
    shop = small_shop()
    connected = await machine.connect_shop(shop)
    strict = replace(machine.deps, transport=TransportOptions(allow_private=False))
    with open_channel(strict, connected.id) as channel:
        report = channel.connector.check([Feature.ORDERS])
    assert {failure.code for failure in failures(report)} == {"ADDRESS_REFUSED"}
    check_words(failures(report)[0], "127.0.0.1")
    assert len(shop.requests) == 0


# --- documents ------------------------------------------------------------------------------------------------------


def add_odd(shop: WooShop, change: Callable[[Json], None]) -> Json:
    """Let the shop have one more order, changed in a way that the shop itself would not."""
    order = copy.deepcopy(shop.place_order([(sku, 1) for sku in sellable(shop)[:2]], ANNA, payment_method="stripe"))
    change(order)
    shop.load_orders([order])
    return order


def wrong_total(order: Json) -> None:
    order["total"] = "1234.56"


def sku_of_spaces(order: Json) -> None:
    order["line_items"][0] |= {"sku": "   ", "name": "Ware ohne Nummer"}


def ordered_in_the_future(order: Json) -> None:
    moment = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT12:00:00")
    order |= {"date_created": moment, "date_created_gmt": moment}


def line_twice(order: Json) -> None:
    order["line_items"][1]["id"] = order["line_items"][0]["id"] = 4711


def one_and_a_half(order: Json) -> None:
    order["line_items"][0] |= {"quantity": 1.5, "name": "Stoff am Stück"}


def without_a_status(order: Json) -> None:
    order["currency"] = {"not": "a currency"}


DOCUMENTS: list[tuple[Callable[[Json], None], str, list[str]]] = [
    (wrong_total, "TOTAL_MISMATCH", ["1234.56"]),
    (sku_of_spaces, "PRODUCT_WITHOUT_SKU", ["Ware ohne Nummer"]),
    (ordered_in_the_future, "DATE_IN_FUTURE", [str((datetime.now(UTC) + timedelta(days=30)).date())]),
    (line_twice, "LINE_DUPLICATE", ["4711"]),
    (one_and_a_half, "QUANTITY_INVALID", ["1.5", "Stoff am Stück"]),
    (without_a_status, "DOCUMENT_INVALID", ["currency"]),
]


def parked(session: Session, connected: Connected) -> list[InboxDocument]:
    query = select(InboxDocument).where(InboxDocument.integration_id == connected.id, InboxDocument.state == "parked")
    return list(session.exec(query))


def told(session: Session, connected: Connected, record: str, event: str) -> list[JournalEvent]:
    query = select(JournalEvent).where(
        JournalEvent.integration_id == connected.id, JournalEvent.record == record, JournalEvent.event == event
    )
    return list(session.exec(query))


async def imported(machine: Machine, shop: WooShop) -> Connected:
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    assert await connected.run(Feature.ORDERS) == "done"
    return connected


@pytest.mark.parametrize(("change", "code", "values"), DOCUMENTS, ids=lambda each: getattr(each, "__name__", ""))
async def test_an_impossible_order_is_parked_alone_with_its_reason(
    machine: Machine, change: Callable[[Json], None], code: str, values: list[str]
) -> None:
    shop = small_shop()
    odd = add_odd(shop, change)
    connected = await imported(machine, shop)
    assert connected.orders() == GOOD
    with machine.deps.sessions() as session:
        (document,) = parked(session, connected)
        assert (document.external_id, document.code) == (str(odd["id"]), code)
        assert odd["order_key"].encode() in inbox.open_document(session, machine.deps.keyring, document.id or 0)
        finding = next(Finding.model_validate(each) for each in document.findings if each["code"] == code)
        check_words(finding, *values)
        events = told(session, connected, document.external_id, "parked")
        assert code in {event.code for event in events}
        shown = next(event for event in events if event.code == code)
        assert all(value in journal.describe(shown, language) for value in values for language in ("de", "en"))


async def test_a_document_that_is_not_json_is_parked_alone(machine: Machine) -> None:
    shop = small_shop()
    connected = await imported(machine, shop)
    with machine.deps.sessions() as session:
        broken = RawDocument(external_id="broken-1", number="broken-1", body=b"<html>\xff maintenance")
        inbox.store_documents(session, machine.deps.keyring, connected.id, Feature.ORDERS, [broken], run_id="test")
        session.commit()
    shop.place_order([(sellable(shop)[0], 1)], ANNA, payment_method="stripe")
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == GOOD + 1
    with machine.deps.sessions() as session:
        (document,) = parked(session, connected)
        assert inbox.open_document(session, machine.deps.keyring, document.id or 0) == broken.body
        (event,) = told(session, connected, "broken-1", "parked")
        check_words(Finding.model_validate(document.findings[0]), "JSON")
        assert journal.describe(event, "de") != journal.describe(event, "en")


async def test_a_page_that_is_not_json_defers_with_the_reason_and_goes_on_later(machine: Machine) -> None:
    shop = small_shop()
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    shop.faults.set(mode="html")
    assert await connected.run(Feature.ORDERS) == "deferred"
    check_words(reason_of(machine, connected, "deferred"), "text/html")
    shop.faults.clear()
    assert await connected.run(Feature.ORDERS) == "done"
    assert connected.orders() == GOOD


def reason_of(machine: Machine, connected: Connected, event: str) -> Failure:
    """Why the journal says that a run ended early."""
    query = "SELECT code, params FROM journal WHERE integration_id = :id AND event = :event"
    (row,) = machine.rows(query, id=connected.id, event=event)
    return Failure.of(row.code, **row.params)


async def test_emoji_and_two_hundred_lines_are_simply_booked(machine: Machine) -> None:
    shop = small_shop()
    name = "Zoë 🦄👩‍👩‍👧 Müller-Łuczak"
    many = shop.place_order(
        [(sku, 1 + number) for number in range(20) for sku in sellable(shop)[:10]],
        ANNA | {"first_name": name},
        payment_method="stripe",
    )
    assert len(many["line_items"]) == 200
    connected = await imported(machine, shop)
    assert connected.orders() == GOOD + 1
    with machine.deps.sessions() as session:
        order = session.exec(
            select(Order).where(Order.integration_id == connected.id, Order.external_id == str(many["id"]))
        ).one()
        assert order.billing["first_name"] == name
        assert str(order.total) == many["total"]
        lines = machine.number(
            "SELECT count(*) FROM sales_order_line WHERE order_id = :id AND kind = 'article'", id=order.id
        )
    assert lines == 200


# --- a full disk ----------------------------------------------------------------------------------------------------


@contextmanager
def inbox_on_a_full_disk(machine: Machine) -> Iterator[Callable[[], None]]:
    """Keep the inbox on a file system of its own that has no byte left; the call frees it."""
    require(os.geteuid() == 0, "only root can mount a disk that is full")
    disk = machine.data.parent / "disk"
    disk.mkdir()
    with machine.administrator() as database:
        database.execute("VACUUM FULL inbox_document")
        used = machine.number("SELECT pg_total_relation_size('inbox_document')")
        owner = machine.database_home().stat()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={used + 4 * 1024 * 1024}", "tmpfs", str(disk)]
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        require(mounted.returncode == 0, f"no disk of its own for this test: {mounted.stderr.strip()}")
        try:
            home, ballast = disk / "home", disk / "ballast"
            home.mkdir()
            shutil.chown(home, owner.st_uid, owner.st_gid)
            database.execute(f"CREATE TABLESPACE small LOCATION '{home}'".encode())
            database.execute("ALTER TABLE inbox_document SET TABLESPACE small")
            fill(ballast)
            yield ballast.unlink
            database.execute("ALTER TABLE inbox_document SET TABLESPACE pg_default")
            database.execute("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(ballast: Path) -> None:
    """Write until the disk has no room."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC


async def test_a_full_disk_is_named_and_once_there_is_room_everything_comes(machine: Machine) -> None:
    shop = WooShop()
    seed_shop(shop, articles=20, orders=60)
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    with inbox_on_a_full_disk(machine) as make_room:
        assert await connected.run(Feature.ORDERS) == "deferred"
        failure = reason_of(machine, connected, "deferred")
        assert failure.code == "STORAGE_FULL"
        check_words(failure, "53100")
        assert connected.orders() == 0
        make_room()
        assert await connected.run(Feature.ORDERS) == "done"
    wanted = [order for order in shop.orders.values() if order["status"] in ("processing", "on-hold")]
    assert connected.orders() == len(wanted)
