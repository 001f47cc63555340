"""What was paid back before an order is imported from Shopware 6, and the rights that reading it needs."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from canonical.feature import Feature
from sandbox.shopware6.machines import state_id
from tests.connectors.test_shopware6_support import SINCE, Laden, running


@pytest.fixture
def laden() -> Iterator[Laden]:
    yield from running()


def test_what_was_paid_back_before_the_import_is_read(laden: Laden) -> None:
    (placed,) = laden.place(1)
    payment = next(row for row in laden.rows("order_transaction") if row["orderId"] == placed)
    amount = {**payment["amount"], "unitPrice": 5.95, "totalPrice": 5.95}
    states = {"completed": state_id("order_transaction_capture_refund.state", "completed")}
    states["failed"] = state_id("order_transaction_capture_refund.state", "failed")
    capture = {
        "orderTransactionId": payment["id"],
        "stateId": state_id("order_transaction_capture.state", "completed"),
        "amount": payment["amount"],
        "refunds": [{"stateId": state, "amount": amount} for state in states.values()],
    }
    connector = laden.connect()
    connector._calls.post("/order-transaction-capture", capture)
    found = {each.external_id: each.body for each in connector.fetch_orders(SINCE, 100).documents}
    assert connector.read_order(found[placed]).refunded == Decimal("5.95")


def test_the_connection_test_names_the_rights_that_refunds_need() -> None:
    withheld = ("order_transaction_capture:read", "order_transaction_capture_refund:read")
    for laden in running(withheld=withheld):
        failures = [item.failure for item in laden.connect().check([Feature.ORDERS]).items if item.failure]
        assert [(each.code, each.params["permission"]) for each in failures] == [("PERMISSION", ", ".join(withheld))]
