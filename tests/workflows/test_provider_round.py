"""A fulfilment provider's whole round with the real worker: order imported → file out → tracking in → shop told."""

import os
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import text

from activities import partners as steps
from adapters.provider_files import write_orders
from canonical.feature import Feature
from canonical.runs import PARTNERS, HouseTask
from erp import partner_orders, partners
from erp.partners import PartnerForm
from sandbox.woocommerce import WooShop, seed_shop
from tests.adapters.sftp_server import PASSWORD, USER, SftpServer
from workflows import ids

ROOT = Path(__file__).parents[2]
SCHEMA = etree.XMLSchema(etree.parse(ROOT / "adapters" / "schemas" / "provider.xsd"))


def put(folder: Path, name: str, content: str) -> None:
    """Put a file that has settled."""
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    then = path.stat().st_mtime - 60
    os.utime(path, (then, then))


async def exchange(world: Any) -> int:
    """Run the house task once."""
    return int(
        await world.client.execute_workflow(
            "HouseRun", HouseTask(name=PARTNERS), id="house/partners-test", task_queue=ids.TASK_QUEUE
        )
    )


def create(world: Any, code: str, **values: Any) -> int:
    """A provider; its folders exist as after a test of the connection."""
    form = PartnerForm(**({"code": code, "name": code, "folder": code.lower()} | values))
    with world.deps.sessions() as session:
        made = partners.create_partner(session, world.deps.keyring, form).id or 0
        session.commit()
    if form.transport == "folder":
        for name in ("out", "in", "done", "bad"):
            (world.deps.exchange / form.folder / name).mkdir(parents=True, exist_ok=True)
    return made


def move_goods_to(world: Any, code: str, integration_id: str) -> None:
    """All goods lie in the provider's warehouse now; the orders of this shop, and no others, are paid and may ship."""
    move = (
        "INSERT INTO stock_level (article_id, warehouse_id, physical)"
        " SELECT id, (SELECT id FROM warehouse WHERE code = :code), 1000 FROM article WHERE is_stock_article"
        " ON CONFLICT (article_id, warehouse_id) DO UPDATE SET physical = 1000"
    )
    with world.deps.sessions() as session:
        session.execute(text(move), {"code": code})
        session.execute(
            text(
                "UPDATE stock_level SET physical = 0 WHERE warehouse_id IN (SELECT id FROM warehouse WHERE kind = 'own')"
            )
        )
        session.execute(
            text(
                "UPDATE sales_order SET holds = '{}', autoship = integration_id = :id,"
                " payment_state = CASE WHEN integration_id = :id THEN 'paid' ELSE payment_state END WHERE NOT is_cancelled"
            ),
            {"id": integration_id},
        )
        session.commit()


def tracking_for(file: Path) -> tuple[str, list[str]]:
    """What a provider answers to a file: every order shipped in two parcels."""
    root = etree.parse(file).getroot()
    SCHEMA.assertValid(root)
    numbers = [str(each) for each in root.xpath("order/number/text()")]
    inner = "".join(
        f"<shipment><order>{n}</order><carrier>DHL</carrier><parcel><trackingNumber>{n}-1</trackingNumber></parcel>"
        f"<parcel><trackingNumber>{n}-2</trackingNumber></parcel></shipment>"
        for n in numbers
    )
    return f'<tracking version="1">{inner}</tracking>', numbers


async def test_an_order_goes_out_as_a_file_and_its_tracking_reaches_the_shop(world: Any) -> None:
    shop = WooShop()
    seed_shop(shop, articles=10, orders=6)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS, Feature.SHIPMENTS)
    await connected.go_live()
    assert await connected.run(Feature.ORDERS) == "done"
    create(world, "ROUND")
    broken = create(world, "DEAD", folder="dead")
    (world.deps.exchange / "dead" / "bad").rmdir()
    for name in ("out", "in", "done"):
        (world.deps.exchange / "dead" / name).rmdir()
    (world.deps.exchange / "dead").rmdir()
    move_goods_to(world, "ROUND", connected.id)
    folder = world.deps.exchange / "round"

    assert await exchange(world) > 0
    (file,) = (folder / "out").iterdir()
    assert file.name == "orders-000001.xml"
    answer, numbers = tracking_for(file)
    assert numbers
    bad = '<!DOCTYPE x [<!ENTITY a "b">]><tracking version="1"/>'
    put(folder, "t1.xml", answer)
    put(folder, "evil.xml", bad)
    await exchange(world)
    assert [each.name for each in (folder / "done").iterdir()] == ["t1.xml"]
    assert [each.name for each in (folder / "bad").iterdir()] == ["evil.xml"]
    assert list((folder / "in").iterdir()) == []

    shipped = "SELECT count(*) FROM sales_order WHERE number = ANY(:numbers) AND fulfilment_state = 'shipped'"
    assert world.number(shipped, numbers=numbers) == len(numbers)
    parcels = (
        "SELECT count(*) FROM parcel p JOIN shipment s ON s.id = p.shipment_id JOIN sales_order o ON o.id = s.order_id"
        " WHERE o.number = ANY(:numbers)"
    )
    assert world.number(parcels, numbers=numbers) == 2 * len(numbers)
    dirty = "SELECT count(*) FROM link WHERE integration_id = :id AND kind = 'shipments' AND dirty_at IS NOT NULL AND state <> 'failed'"
    await world.until(lambda: world.number(dirty, id=connected.id) == 0, "the shop is told")
    told = [effect for effect in shop.effects if effect.kind == "order_status"]
    assert len(told) == len(numbers)

    put(folder, "t1-again.xml", answer)
    before = world.number("SELECT count(*) FROM shipment")
    await exchange(world)
    assert world.number("SELECT count(*) FROM shipment") == before
    report = world.number("SELECT report FROM partner_file WHERE name = 't1-again.xml'")
    assert (report["known"], report["booked"], report["refused"]) == (len(numbers), 0, [])
    failure = "SELECT code_of_failure FROM partner WHERE id = :id"
    assert world.number(failure, id=broken) == "FOLDER_MISSING"
    assert world.number("SELECT code_of_failure FROM partner WHERE code = 'ROUND'") == ""


async def test_the_same_round_over_sftp_survives_a_cut_connection(world: Any, tmp_path: Path) -> None:
    shop = WooShop()
    seed_shop(shop, articles=10, orders=6)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    assert await connected.run(Feature.ORDERS) == "done"
    with world.deps.sessions() as session:
        session.execute(text("UPDATE partner SET is_active = false"))
        session.commit()
    with SftpServer(tmp_path / "remote") as server:
        access = {"transport": "sftp", "host": "127.0.0.1", "port": server.port, "user": USER, "secret": PASSWORD}
        partner_id = create(world, "REMOTE", **access)
        with world.deps.sessions() as session:
            partners.pin_host_key(session, partner_id, server.host_key)
            session.commit()
        move_goods_to(world, "REMOTE", connected.id)
        server.faults.cut_after = 500
        await exchange(world)
        failure = "SELECT code_of_failure FROM partner WHERE id = :id"
        assert world.number(failure, id=partner_id) == "SERVER_CUT_OFF"
        frozen = "SELECT state || digest FROM partner_file WHERE partner_id = :id AND direction = 'out'"
        before = world.number(frozen, id=partner_id)
        assert before.startswith("new")
        assert list((server.root / "out").glob("orders-*")) == []
        server.faults.cut_after = 0
        await exchange(world)
        assert world.number(frozen, id=partner_id) == before.replace("new", "written", 1)
        (file,) = (server.root / "out").glob("orders-*")
        answer, numbers = tracking_for(file)
        put(server.root, "t.xml", answer)
        await exchange(world)
        assert [each.name for each in (server.root / "done").iterdir()] == ["t.xml"]
    shipped = "SELECT count(*) FROM sales_order WHERE number = ANY(:numbers) AND fulfilment_state = 'shipped'"
    assert numbers and world.number(shipped, numbers=numbers) == len(numbers)


async def test_a_crash_at_any_point_of_the_exchange_is_made_good_by_the_next_run(world: Any) -> None:
    """The steps of a run one by one, cut off after each; what follows is the same as without the cut."""
    with world.deps.sessions() as session:
        session.execute(text("UPDATE partner SET is_active = false"))
        session.commit()
    partner_id = create(world, "CRASH")
    shop = WooShop()
    seed_shop(shop, articles=10, orders=6)
    connected = await world.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    assert await connected.run(Feature.ORDERS) == "done"
    move_goods_to(world, "CRASH", connected.id)
    folder = world.deps.exchange / "crash"
    with world.deps.sessions() as session:  # cut off after freezing, before writing
        partner_orders.assign_orders(session, 200)
        draft = partner_orders.draft_file(session, partner_id, 200)
        assert draft is not None
        body = write_orders("xml", draft.content)
        partner_orders.freeze_file(session, draft, "orders-000001.xml", body)
        session.commit()
    assert list((folder / "out").iterdir()) == []
    await exchange(world)
    assert (folder / "out" / "orders-000001.xml").read_bytes() == body
    with world.deps.sessions() as session:  # cut off after writing, before noting it
        session.execute(text("UPDATE partner_file SET state = 'new' WHERE partner_id = :id"), {"id": partner_id})
        session.commit()
    await exchange(world)
    assert [each.name for each in (folder / "out").iterdir()] == ["orders-000001.xml"]
    assert (folder / "out" / "orders-000001.xml").read_bytes() == body
    answer, numbers = tracking_for(folder / "out" / "orders-000001.xml")
    put(folder, "t.xml", answer)
    access = steps._access(world.deps, partner_id)
    with world.deps.sessions() as session:  # cut off after half of the records
        row = steps.partner_tracking.take_file(session, partner_id, "t.xml", answer.encode())
        session.commit()
    for record in steps.read_tracking("xml", answer.encode()).records[: len(numbers) // 2]:
        assert steps._book(world.deps, partner_id, record) == "booked"
    assert row.state == "taken" and access.code == "CRASH"
    await exchange(world)
    report = world.number("SELECT report FROM partner_file WHERE id = :id", id=row.id)
    assert (report["known"] + report["booked"], report["refused"]) == (len(numbers), [])
    assert report["known"] == len(numbers) // 2
    put(folder, "t.xml", answer)  # cut off after booking, before putting away
    await exchange(world)
    assert list((folder / "in").iterdir()) == []
    assert (
        world.number("SELECT count(*) FROM partner_file WHERE partner_id = :id AND direction = 'in'", id=partner_id)
        == 1
    )
    count = "SELECT count(*) FROM shipment s JOIN sales_order o ON o.id = s.order_id WHERE o.number = ANY(:numbers)"
    assert world.number(count, numbers=numbers) == len(numbers)
