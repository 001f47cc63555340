"""`connect order preview` reads every form in which a vendor sends an order, with the connector's own settings."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from canonical.failure import FailureError
from cli import app
from commands.orders import PreviewWorld, preview_file
from erp.tables import Integration
from tests.connectors import test_mirakl_orders as mirakl
from tests.connectors import test_shopify_support as shopify
from tests.connectors import test_shopware6_orders as shopware6
from tests.connectors.test_shopify_rest import REST

Document = dict[str, Any]
HOME = {"firstName": "Anna", "lastName": "Weiß", "street": "Hauptstr. 1", "zipcode": "20095", "city": "Hamburg"}
PAID = {
    "id": "t1",
    "stateMachineState": {"technicalName": "paid"},
    "paymentMethod": {"technicalName": "payment_paypal"},
}


def preview(connector: str, content: Any, folder: Path) -> Any:
    """Ask for the preview of a file with this content: JSON, or bytes as they are."""
    file = folder / "order.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    arguments = ["order", "preview", "--connector", connector, str(file), "--json"]
    done = CliRunner().invoke(app, arguments, env={"CONNECT_DATA": str(folder / "var")})
    assert done.exit_code == 0, done.output
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def in_shopware(**changes: Any) -> Document:
    address = {"id": "ad1", **HOME, "country": {"id": "c1", "iso": "DE"}}
    return shopware6.document(**{"billingAddress": address, "transactions": [PAID]} | changes)


def as_json_api(order: Document) -> Document:
    """The same order as JSON:API has it: attributes, relationships, and what they point at beside it."""
    included: list[Document] = []

    def resource(kind: str, row: Document) -> Document:
        linked = {name: value for name, value in row.items() if name in KINDS}
        relationships = {name: {"data": link(name, value)} for name, value in linked.items()}
        relationships["order"] = {"data": {"type": "order", "id": order["id"]}}
        plain = {name: value for name, value in row.items() if name not in linked and name != "id"}
        return {"type": kind, "id": row["id"], "attributes": plain, "relationships": relationships, "links": {}}

    def link(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [link(name, each) for each in value]
        row = value if "id" in value else {**value, "id": f"{name}-1"}
        included.append(resource(KINDS[name], row))
        return {"type": KINDS[name], "id": row["id"]}

    return {"data": resource("order", order), "included": included}


KINDS = {
    "lineItems": "order_line_item",
    "transactions": "order_transaction",
    "paymentMethod": "payment_method",
    "stateMachineState": "state_machine_state",
    "billingAddress": "order_address",
    "country": "country",
    "currency": "currency",
}


def bulk(order: Document) -> bytes:
    """A bulk operation's file: an order and, in lines of their own, its children."""
    parent = {name: value for name, value in order.items() if name not in ("lineItems", "shippingLines")}
    children = [{**line, "__parentId": order["id"]} for line in order["lineItems"]["nodes"]]
    return b"\n".join(json.dumps(row).encode() for row in (parent, *children))


def nodes(*orders: Document) -> Document:
    return {"data": {"orders": {"nodes": orders, "pageInfo": {"hasNextPage": False}}}, "extensions": {"cost": {}}}


NODE = shopify.order()
FORMS: list[tuple[str, Any, int | None]] = [
    ("shopify", NODE, None),
    ("shopify", {"data": {"order": NODE}, "extensions": {"cost": {}}}, None),
    ("shopify", {"data": {"node": NODE}}, None),
    ("shopify", nodes(NODE, NODE), 2),
    ("shopify", nodes(), 0),
    ("shopify", {"data": {"orders": {"edges": [{"cursor": "a", "node": NODE}]}}}, 1),
    ("shopify", {"data": {"first": NODE, "second": NODE}}, 2),
    ("shopify", bulk(NODE) + b"\n" + bulk({**NODE, "id": "gid://shopify/Order/2"}), 2),
    ("shopify", REST, None),
    ("shopify", {"order": REST}, None),
    ("shopify", {"orders": [REST, REST]}, 2),
    ("shopify", [nodes(NODE), nodes(NODE, NODE)], 3),
    ("shopware6", in_shopware(), None),
    ("shopware6", {"data": in_shopware()}, None),
    ("shopware6", {"total": 2, "data": [in_shopware(), in_shopware()], "aggregations": []}, 2),
    ("shopware6", as_json_api(in_shopware()), None),
    ("shopware6", {**as_json_api(in_shopware()), "data": [as_json_api(in_shopware())["data"]]}, 1),
    (
        "shopware6",
        {"data": {"payload": {"order": in_shopware()}, "event": "checkout.order.placed"}, "source": {}},
        None,
    ),
    ("mirakl", mirakl.order(), None),
    ("mirakl", {"orders": [mirakl.order()], "total_count": 1}, 1),
    ("mirakl-conrad", {"orders": [], "total_count": 0}, 0),
]


@pytest.mark.parametrize(("connector", "content", "count"), FORMS)
def test_every_form_is_imported_and_a_list_gives_a_list(
    connector: str, content: Any, count: int | None, tmp_path: Path
) -> None:
    answer = preview(connector, content, tmp_path)
    answers = answer if isinstance(answer, list) else [answer]
    assert isinstance(answer, list) == (count is not None) and len(answers) == (1 if count is None else count)
    assert {each["outcome"] for each in answers} <= {"import"}, answers


def test_woocommerce_sends_lists_single_orders_batches_and_envelopes(shared: Path, tmp_path: Path) -> None:
    order = json.loads((shared / "fixtures/woocommerce_real/order_bacs_guest.json").read_bytes())
    for content in (order, {"body": order, "status": 200, "headers": {}}):
        assert preview("woocommerce", content, tmp_path)["draft"]["total"] == order["total"]
    for content in ([order], {"body": [order], "status": 200, "headers": {}}, {"update": [order]}):
        assert [each["draft"]["total"] for each in preview("woocommerce", content, tmp_path)] == [order["total"]]


def test_json_api_is_read_as_the_same_order_as_plain_json(tmp_path: Path) -> None:
    plain, json_api = (preview("shopware6", each, tmp_path) for each in (in_shopware(), as_json_api(in_shopware())))
    assert json_api["order"] == plain["order"] and plain["order"]["billing"]["city"] == "Hamburg"


def test_a_resource_that_leads_back_to_itself_is_left_out(tmp_path: Path) -> None:
    document = as_json_api(in_shopware())
    line = next(each for each in document["included"] if each["type"] == "order_line_item")
    line["relationships"]["children"] = {"data": [{"type": line["type"], "id": line["id"]}]}
    assert preview("shopware6", document, tmp_path)["outcome"] == "import"


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf\n" + json.dumps(mirakl.order()).encode() + b"\n\n"
    assert preview("mirakl", content, tmp_path)["outcome"] == "import"


@pytest.mark.parametrize(
    ("connector", "content"),
    [
        ("shopify", {"errors": [{"message": "Throttled"}]}),
        ("shopify", {"data": {"order": None}}),
        ("shopify", b'{"id": 1}\nnot json'),
        ("shopware6", {"errors": [{"status": "401"}]}),
        ("mirakl", {"status": 401, "message": "Unauthorized"}),
        ("woocommerce", {"code": "rest_no_route", "data": {"status": 404}}),
        ("mirakl", b'{"data":' * 900 + b"1" + b"}" * 900),
        ("shopware6", b'{"data":' * 900 + b"1" + b"}" * 900),
        ("shopify", b"[" * 900 + b"]" * 900),
    ],
)
def test_an_answer_without_an_order_is_rejected_with_a_reason(connector: str, content: Any, tmp_path: Path) -> None:
    answer = preview(connector, content, tmp_path)
    for each in answer if isinstance(answer, list) else [answer]:
        assert (each["outcome"], each["findings"][0]["code"]) == ("reject", "DOCUMENT_INVALID")


def test_without_an_integration_the_connectors_own_states_decide(tmp_path: Path) -> None:
    waiting = in_shopware(transactions=[])
    assert [finding["code"] for finding in preview("shopware6", waiting, tmp_path)["findings"]] == ["STATE_FILTERED"]
    sent = in_shopware(stateMachineState={"technicalName": "completed"})
    assert [finding["code"] for finding in preview("shopware6", sent, tmp_path)["findings"]] == ["ALREADY_SHIPPED"]
    accepting = mirakl.order(order_state="WAITING_ACCEPTANCE")
    assert preview("mirakl", accepting, tmp_path)["findings"][0]["code"] == "ACCEPTANCE_PENDING"
    assert preview("shopify", shopify.order(displayFinancialStatus="PENDING"), tmp_path)["outcome"] == "skip"


def test_in_the_sample_world_every_way_to_pay_and_to_ship_is_mapped(tmp_path: Path) -> None:
    draft = preview("mirakl", mirakl.order(payment_type="Moonpay", shipping_type_code="ROCKET"), tmp_path)["draft"]
    assert (draft["payment_method"], draft["shipping_method"]) == ("prepayment", "standard")
    unnamed = mirakl.order(payment_type=None, shipping_type_code=None)
    assert preview("mirakl", unnamed, tmp_path)["outcome"] == "import"


def test_in_the_sample_world_gift_cards_are_no_stock_and_the_till_has_its_customer(tmp_path: Path) -> None:
    free = {"taxLines": [], "totalTaxSet": shopify.money("0.00")}
    card = shopify.line(isGiftCard=True, taxable=False, taxLines=[])
    assert preview("shopify", shopify.order(lines=[card], **free), tmp_path)["outcome"] == "import"
    nobody = {"billingAddress": None, "shippingAddress": None, "customer": None, "email": None}
    till = preview("shopify", shopify.order(sourceName="pos", **nobody), tmp_path)
    assert (till["outcome"], till["draft"]["customer"]["number"]) == ("import", "KASSE")


def test_a_marketplace_order_without_stated_tax_is_taxed_by_the_article(tmp_path: Path) -> None:
    answer = preview("mirakl", {"orders": [mirakl.order(mirakl.line(taxes=[]))], "total_count": 1}, tmp_path)[0]
    assert (answer["outcome"], [finding["code"] for finding in answer["findings"]]) == ("import", ["TAX_FROM_ARTICLE"])
    assert Decimal(answer["draft"]["total_tax"]) == Decimal("1.90")
    assert answer["draft"]["total"] == answer["order"]["stated"]["total"]


def test_a_connector_that_brings_no_orders_is_named(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text("{}")
    done = CliRunner().invoke(app, ["order", "preview", "--connector", "shopware5", str(file), "--json"])
    assert done.exit_code == 1 and "shopware5" in json.loads(done.stdout)["error"]


def test_with_an_integration_its_own_connector_reads_and_its_own_settings_decide(session: Session) -> None:
    session.add(Integration(id="m-1", connector="mirakl-conrad", name="Marketplace"))
    session.add(Integration(id="s-5", connector="shopware5", name="Old shop"))
    session.commit()
    world = PreviewWorld("woocommerce", session, "m-1")
    answer = preview_file(json.dumps({"orders": [mirakl.order()], "total_count": 1}).encode(), world)[0]
    assert answer["order"]["number"] == "W1-A" and answer["outcome"] == "reject"
    assert {"VALUE_EMPTY_NO_DEFAULT", "PRODUCT_UNKNOWN"} <= {finding["code"] for finding in answer["findings"]}
    with pytest.raises(FailureError, match="FEATURE_UNKNOWN"):
        PreviewWorld("woocommerce", session, "s-5")
