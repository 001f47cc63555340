"""Every request that the connector sends is one that Mirakl's own description knows; every limit is the one stated there."""

import contextlib
import logging
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

import connectors.mirakl
from canonical.failure import FailureError
from canonical.push import StockLevel
from canonical.settings import FeatureSettings
from connectors.account import Account
from connectors.mirakl.lanes import LANES
from connectors.mirakl.tables import form, write_table
from connectors.protocol import (
    FEATURE_PROTOCOLS,
    AnswersOrders,
    AnswersTickets,
    DescribesTaxonomy,
    KeepsWebhooks,
    ListsChoices,
    PullsCatalogue,
    ReportsTasks,
)
from tests.connectors.test_mirakl_support import KEY, Contract, Market, Request, answer, market

__all__ = ["market"]


@pytest.fixture
def contract(shared: Path) -> Contract:
    return Contract(shared / "specs" / "mirakl")


def request(method: str, target: str, body: Any = None, media: str = "application/json") -> Request:
    content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return Request(method, f"/api{target}", {"content-type": media} if content else {}, content)


def upload(table: bytes, **fields: str) -> tuple[bytes, str]:
    made = form(fields, [("file", "x.csv", "text/csv", table)])
    return made.content, made.media_type


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (request("GET", "/nosuchroute"), "no operation"),
        (request("DELETE", "/orders"), "no operation"),
        (request("GET", "/orders?updated_since=x"), "unknown parameter updated_since"),
        (request("GET", "/orders?max=101"), "max is not"),
        (request("GET", "/orders?has_incident=yes"), "has_incident"),
        (request("GET", "/orders?order_state_codes=SHIPPING,PACKED"), "PACKED"),
        (request("GET", "/orders/documents"), "order_ids is missing"),
        (request("PUT", "/orders/1/accept", {"order_lines": [{"id": "1"}]}), "accepted"),
        (request("PUT", "/orders/1/accept", {"lines": []}), "order_lines"),
        (request("PUT", "/orders/1/ship", {"tracking": 1}), "a body of"),
        (request("PUT", "/orders/1/tracking", {"carrier": "DHL"}), "unknown field carrier"),
        (request("PUT", "/orders/refund", {"refunds": [{"amount": "1.00"}]}), "is not of type 'number'"),
        (request("POST", "/offers/stock/imports", {"file": "x"}), "content type"),
        (request("POST", "/offers/stock/imports", *upload(write_table(("sku", "quantity"), []))), "unknown column sku"),
        (request("POST", "/offers/stock/imports", *upload(b'"offer-sku"\n', mode="x")), "unknown part mode"),
        (request("POST", "/offers/imports", *upload(b'"sku"\n')), "import_mode is missing"),
        (request("POST", "/offers/imports", *upload(b'"sku"\n', import_mode="UPDATE")), "import_mode: UPDATE"),
    ],
)
def test_this_test_would_notice_a_wrong_request(contract: Contract, told: Request, problem: str) -> None:
    assert any(problem in found for found in contract.problems(told)), contract.problems(told)


class Noting:
    """A limiter that permits everything and notes the lanes."""

    def __init__(self) -> None:
        self.lanes: list[str] = []

    def acquire(self, cost: float = 1, lane: str = "") -> None:
        if lane:
            self.lanes.append(lane)

    def correct(self, available: float, *, per_second: float | None = None, most: float | None = None) -> None:
        raise AssertionError("Mirakl does not say what is left")


def test_each_call_names_its_lane(market: Market) -> None:
    limiter = Noting()
    connector = market.connect(account=Account(limiter))
    market.server.answers[:] = [answer({"import_id": "1", "shop_id": 1, "orders": [], "total_count": 0})]
    connector.check(list(connectors.mirakl.SPEC.features))
    connector.fetch_orders(connector.first_cursor("2026-03-01T00:00:00Z"), 100)
    for kind in connectors.mirakl.SPEC.choices:
        with contextlib.suppress(FailureError):
            connector.list_choices(kind)
    with contextlib.suppress(FailureError):
        connector.fetch_taxonomy()
    connector.send_stock([StockLevel(key="1", sku="1", quantity=1)])
    assert limiter.lanes == [code for code in market.calls if code in LANES]
    assert {"OR11", "STO01", "A01", "H11", "SH21"} <= set(limiter.lanes)


def test_the_declaration_agrees_with_what_the_connector_can_do() -> None:
    spec, reader = connectors.mirakl.SPEC, connectors.mirakl.reader()
    assert {feature for feature, kind in FEATURE_PROTOCOLS.items() if isinstance(reader, kind)} == set(spec.features)
    assert isinstance(reader, PullsCatalogue) and spec.lists_articles and not spec.imports_catalogue
    assert isinstance(reader, AnswersOrders) and spec.answers_orders
    assert isinstance(reader, DescribesTaxonomy) and spec.has_taxonomy
    assert isinstance(reader, ListsChoices) and spec.choices
    assert isinstance(reader, ReportsTasks) and isinstance(reader, AnswersTickets)
    assert not isinstance(reader, KeepsWebhooks) and not spec.has_webhooks
    named = {
        FeatureSettings.meta(field).get("channel_options")
        for feature in spec.features.values()
        for field in feature.settings.model_fields.values()
    }
    assert named - {None} <= set(spec.choices)


def test_secrets_and_buyers_are_in_no_log_and_no_failure(market: Market, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    buyer = {"order_id": "W1-A", "customer": {"lastname": "Weiß", "firstname": "Anna"}}
    connector = market.connect()
    told = []
    for status in (200, 400, 401, 429, 500):
        market.server.answers[:] = [answer({"orders": [buyer], "total_count": 1}, status)]
        try:
            page = connector.fetch_orders(connector.first_cursor("2026-03-01T00:00:00Z"), 100)
            connector.read_order(page.documents[0].body)
        except FailureError as error:
            told.append(error.failure.model_dump_json() + error.failure.text() + str(error))
    everything = caplog.text + "".join(told) + repr(connector)
    assert len(told) == 5 and KEY not in everything and "Weiß" not in everything


STATED = {
    "Once per minute": 60,
    "Once every 15 seconds": 15,
    "Once per day": 86400,
    "Every hour": 3600,
    "Every 15 minutes, for each seller": 900,
    "- Asynchronous: once per minute - Synchronous: at each order page display": 60,
    "- Differential: every 5 minutes - Full: every 4 hours": 300,
    "Once per minute with offers only, once every 15 minutes with offers and products, for each seller": 60,
}


def test_each_lane_keeps_the_frequency_that_the_vendor_states(contract: Contract) -> None:
    stated = {}
    for _, _, _, operation, _ in contract.operations():
        text = re.search(r'max-call-frequency">Maximum usage: (.*?)</div>', operation.get("description", ""), re.S)
        if text and operation["operationId"] not in stated:
            stated[operation["operationId"]] = " ".join(re.sub(r"<[^>]+>", " ", text[1]).split())
    assert {code: STATED[stated[code]] for code in LANES} == {
        code: round(1 / lane.per_second) for code, lane in LANES.items()
    }


def test_every_operation_with_a_stated_pace_has_a_lane(contract: Contract) -> None:
    source = "".join(path.read_text() for path in Path(connectors.mirakl.__file__).parent.glob("*.py"))
    paced = set()
    for _, _, _, operation, _ in contract.operations():
        text = re.search(r'max-call-frequency">Maximum usage: (.*?)</div>', operation.get("description", ""), re.S)
        if text and " ".join(re.sub(r"<[^>]+>", " ", text[1]).split()) in STATED:
            paced.add(operation["operationId"])
    used = set(re.findall(r'"([A-Z]{1,4}\d{2})"', source))
    assert used & paced == set(LANES)
