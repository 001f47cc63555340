"""What can be chosen in the marketplace; codes are kept, labels are only shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from canonical.channel import ChannelChoice
from connectors.mirakl.api import Api, rows_in

OPERATORS_DOCUMENTS = ("SYSTEM_DELIVERY_BILL", "SYSTEM_SHIPMENT_DELIVERY_BILL", "SYSTEM_MESSAGE_ATTACHMENT")


def fetch(api: Api, kind: str) -> Sequence[ChannelChoice]:
    """Fetch one list; raises `KeyError` for a list that is not declared, `FailureError` of the call."""
    return _LISTS[kind](api)


def _plain(code: str, path: str, name: str, params: Mapping[str, str | int] | None = None) -> Callable[[Api], Any]:
    return lambda api: _choices(rows_in(api.get(code, path, params), name))


def _document_types(api: Api) -> list[ChannelChoice]:
    """Without those that only the operator, or nobody, may hand over (OR74)."""
    found = _choices(rows_in(api.get("DO01", "/documents", {"entities": "ORDER"}), "documents"))
    return [choice for choice in found if choice.value not in OPERATORS_DOCUMENTS]


def _reasons(kind: str) -> Callable[[Api], Any]:
    """All reasons come in one list; only those that a seller may give are choices."""

    def _fetch(api: Api) -> list[ChannelChoice]:
        rows = rows_in(api.get("RE01", "/reasons"), "reasons")
        return _choices([row for row in rows if row.get("type") == kind and row.get("is_shop_right") is not False])

    return _fetch


def _choices(rows: Sequence[Mapping[str, Any]]) -> list[ChannelChoice]:
    named = [(str(row.get("code") or ""), str(row.get("label") or "")) for row in rows]
    return [ChannelChoice(value=code, label=label or code) for code, label in named if code]


_LISTS: Mapping[str, Callable[[Api], Sequence[ChannelChoice]]] = {
    "carriers": _plain("SH21", "/shipping/carriers", "carriers"),
    "document_types": _document_types,
    "refund_reasons": _reasons("REFUND"),
    "cancel_reasons": _reasons("CANCELATION"),
    "offer_states": _plain("OF61", "/offers/states", "offer_states", {"active": "true"}),
    "channels": _plain("CH11", "/channels", "channels"),
    "attributes": _plain("PM11", "/products/attributes", "attributes", {"all_operator_attributes": "true"}),
}
