"""What a person must look after in the marketplace: open incidents."""

from typing import Any

from canonical.channel import ChannelTask
from connectors.mirakl.api import Api, rows_in
from connectors.mirakl.orders import PAGE

INCIDENT = "INCIDENT_OPEN"


def fetch(api: Api) -> list[ChannelTask]:
    """One task for each line with an open incident; of more than a hundred orders the oldest come first."""
    rows = rows_in(api.get("OR11", "/orders", {"has_incident": "true", "max": PAGE}), "orders")
    return [task for row in rows for task in _tasks(row)]


def _tasks(order: dict[str, Any]) -> list[ChannelTask]:
    lines = [line for line in order.get("order_lines") or [] if isinstance(line, dict)]
    open_lines = [line for line in lines if line.get("order_line_state") == INCIDENT]
    return [
        ChannelTask(
            order_ref=str(order.get("order_id") or ""),
            kind="incident",
            text=": ".join(
                str(line[name]) for name in ("product_title", "order_line_state_reason_label") if line.get(name)
            ),
        )
        for line in open_lines
    ]
