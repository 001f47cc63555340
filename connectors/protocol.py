"""What a connector can do: one small protocol per feature; which ones it satisfies follows from its `SPEC.features`."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderStatus, PushAnswer, StockLevel
from canonical.settings import FeatureSettings


@runtime_checkable
class Connector(Protocol):
    """What every connector has."""

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials, version and each feature's permission; transfers nothing (D§1.4)."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class PullsOrders(Protocol):
    """Brings orders: `fetch_*` talks to the shop, `read_order` is pure."""

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        ...

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders from the cursor on, up to about `limit` documents or thirty seconds.

        Rows that change while paging are never skipped; some may come twice. Raises `FailureError`.
        """
        ...

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders for a person who asks for them by number. Raises `FailureError`."""
        ...

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document. Pure. Raises `FailureError` with `DOCUMENT_INVALID` naming the fields."""
        ...


@runtime_checkable
class PushesStock(Protocol):
    """Sends stock levels; absolute values, so sending twice is harmless."""

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Send one batch (at most `SPEC.features[STOCK].batch`); one result per level. Raises `FailureError` if the whole call failed."""
        ...


@runtime_checkable
class PushesShipments(Protocol):
    """Reports order status and tracking."""

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped and cancelled orders; one result per status.

        With `is_repeat` the connector first looks whether the earlier try took effect. Raises `FailureError` if the whole call failed.
        """
        ...


@runtime_checkable
class AnswersTickets(Protocol):
    """For channels that answer a push later (feeds, reports, files)."""

    def check_ticket(self, ticket: str) -> PushAnswer:
        """Ask for the results of an earlier push; a ticket in the answer means: not yet. Raises `FailureError`."""
        ...


FEATURE_PROTOCOLS: Mapping[Feature, type] = {
    Feature.ORDERS: PullsOrders,
    Feature.STOCK: PushesStock,
    Feature.SHIPMENTS: PushesShipments,
}

FeatureSettingsByFeature = Mapping[Feature, FeatureSettings]
