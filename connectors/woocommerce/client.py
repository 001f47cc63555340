"""WooCommerce as a connector: one method per protocol, each a call into the module of its feature."""

from collections.abc import Sequence

from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.order import ChannelOrder, DocumentPage
from canonical.push import OrderStatus, PushAnswer, StockLevel
from connectors.protocol import FeatureSettingsByFeature
from connectors.transport import Calls
from connectors.woocommerce import mapping, orders, shipments, stock
from connectors.woocommerce.check import ConnectionTest
from connectors.woocommerce.settings import TrackingWay, WooShipmentSettings


class WooCommerce:
    """One account of one shop."""

    def __init__(self, calls: Calls, settings: FeatureSettingsByFeature, *, is_secure: bool) -> None:
        chosen = settings.get(Feature.SHIPMENTS)
        self._calls = calls
        self._is_secure = is_secure
        self._shipments = chosen if isinstance(chosen, WooShipmentSettings) else WooShipmentSettings()

    def check(self, features: Sequence[Feature]) -> CheckReport:
        """Prove reachability, credentials, version and each feature's permission; transfers nothing (D§1.4)."""
        uses_fulfillments = self._shipments.tracking_way is TrackingWay.FULFILLMENTS
        test = ConnectionTest(self._calls, is_secure=self._is_secure, uses_fulfillments=uses_fulfillments)
        return test.run(features)

    def close(self) -> None:
        """Give back connections."""
        self._calls.close()

    def first_cursor(self, since: str) -> str:
        """Make the cursor that begins at a moment (ISO 8601, UTC)."""
        return str(orders.Cursor.parse(since))

    def fetch_orders(self, cursor: str, limit: int) -> DocumentPage:
        """Fetch changed orders from the cursor on; raises `FailureError`."""
        return orders.fetch(self._calls, cursor, limit)

    def fetch_orders_by_number(self, numbers: Sequence[str]) -> DocumentPage:
        """Fetch single orders by number; what the shop does not know is left out. Raises `FailureError`."""
        return orders.fetch_by_number(self._calls, numbers)

    def read_order(self, body: bytes) -> ChannelOrder:
        """Read one stored document; raises `FailureError` with `DOCUMENT_INVALID`."""
        return mapping.read_order(body)

    def send_stock(self, levels: Sequence[StockLevel]) -> PushAnswer:
        """Send stock levels; raises `FailureError`, after which all may be sent again: the values are absolute."""
        return stock.send(self._calls, levels)

    def send_shipments(self, statuses: Sequence[OrderStatus]) -> PushAnswer:
        """Report shipped and cancelled orders; raises `FailureError` only when nothing was reported yet."""
        return shipments.send(self._calls, self._shipments, statuses)
