"""Reporting order status and tracking: each report is made once, also when an earlier try was not answered."""

from collections.abc import Sequence
from typing import Any

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult, StatusKind
from connectors.answers import RefusedError
from connectors.one_by_one import one_by_one
from connectors.transport import Calls
from connectors.woocommerce.answers import INVALID_ID, NO_ROUTE, error_of, row_of, rows_of
from connectors.woocommerce.settings import TrackingWay, WooShipmentSettings

ONE_ORDER_REFUSED = (400, 409, 422)
FULFILLED_NUMBER = "_tracking_number"


def send(calls: Calls, settings: WooShipmentSettings, statuses: Sequence[OrderStatus]) -> PushAnswer:
    """Report one after the other."""
    return one_by_one(statuses, lambda status: _Report(calls, settings, status).send())


class _Report:
    """One report about one order."""

    def __init__(self, calls: Calls, settings: WooShipmentSettings, status: OrderStatus) -> None:
        self._calls = calls
        self._settings = settings
        self._status = status
        self._path = f"/orders/{status.order_ref}"

    def send(self) -> PushResult:
        """Make it; raises `FailureError`, with a code of kind reject where only this order is refused."""
        if not self._status.order_ref.isdecimal():
            raise FailureError(self._not_in_shop())
        try:
            done = self._cancel() if self._status.kind is StatusKind.CANCELLED else self._ship()
        except RefusedError as error:
            raise self._of_this_order(error) from error
        outcome = Outcome.ACCEPTED if done else Outcome.SKIPPED
        return PushResult(key=self._status.key, outcome=outcome, ref=self._status.order_ref)

    def _not_in_shop(self) -> Failure:
        return Failure.of("ORDER_NOT_IN_SHOP", order=self._name)

    @property
    def _name(self) -> str:
        return self._status.order_number or self._status.order_ref

    def _of_this_order(self, error: RefusedError) -> FailureError:
        """Tell what concerns this order from what concerns the whole channel."""
        code, message = error_of(error.answer)
        if code.endswith(INVALID_ID):
            return FailureError(self._not_in_shop())
        if error.answer.status in ONE_ORDER_REFUSED and code:
            return FailureError(Failure.of("ITEM_REFUSED", record=self._name, reason=message or code))
        return error

    def _order(self, fields: str) -> dict[str, Any]:
        answer = self._calls.get(self._path, {"_fields": fields})
        return row_of(answer)

    def _cancel(self) -> bool:
        """Cancel, unless the shop has shipped it meanwhile; cancelled or refunded already is as good."""
        if not self._settings.cancel_in_channel:
            return False
        state = self._order("id,status").get("status")
        if state == "completed":
            raise FailureError(Failure.of("CANCEL_AFTER_SHIPPING", order=self._name))
        if state not in ("cancelled", "refunded"):
            self._change({"status": "cancelled"})
        return True

    def _ship(self) -> bool:
        """Report the tracking by the chosen way, then complete the order if nothing more will follow."""
        numbers = [parcel.tracking_number for parcel in self._status.parcels if parcel.tracking_number]
        tracks = self._settings.send_tracking and bool(numbers)
        if not self._status.completes_order and not tracks:
            if self._settings.send_tracking:
                raise FailureError(Failure.of("TRACKING_MISSING", order=self._name))
            return False
        change: dict[str, Any] = {"status": "completed"} if self._status.completes_order else {}
        if tracks:
            match self._settings.tracking_way:
                case TrackingWay.CUSTOMER_NOTE:
                    self._note(numbers)
                case TrackingWay.FULFILLMENTS:
                    self._fulfill(numbers)
                case TrackingWay.ORDER_META:
                    change["meta_data"] = self._meta(numbers)
        if change:
            self._change(change)
        return True

    def _change(self, change: dict[str, Any]) -> None:
        """Change the order; only what the shop repeats in its answer counts as done."""
        state = row_of(self._calls.put(self._path, change)).get("status")
        if change.get("status", state) != state:
            raise FailureError(Failure.of("ITEM_REFUSED", record=self._name, reason=f"status = {state}"))

    def _note(self, numbers: Sequence[str]) -> None:
        """Write a note that the shop mails to the buyer; a repeat first looks for one that names the numbers."""
        path = f"{self._path}/notes"
        if self._status.is_repeat:
            notes = rows_of(self._calls.get(path, {"type": "customer"}))
            texts = [str(note.get("note", "")) for note in notes if isinstance(note, dict)]
            if any(all(number in text for number in numbers) for text in texts):
                return
        row_of(self._calls.post(path, {"note": self._note_text(numbers), "customer_note": True}))

    def _note_text(self, numbers: Sequence[str]) -> str:
        text = self._settings.note_text.replace("{tracking_numbers}", ", ".join(numbers))
        text = text.replace("{carrier}", self._joined("carrier"))
        return text.replace("{url}", self._joined("tracking_url")).strip()

    def _joined(self, field: str) -> str:
        """The parcels' values of a field, each once."""
        values = (str(getattr(parcel, field)) for parcel in self._status.parcels if parcel.tracking_number)
        return ", ".join(dict.fromkeys(value for value in values if value))

    def _fulfill(self, numbers: Sequence[str]) -> None:
        """Create one fulfilment; the shop has one number per fulfilment, so several parcels' numbers are joined (D§10.5)."""
        path = f"{self._path}/fulfillments"
        joined = ", ".join(numbers)
        try:
            if self._status.is_repeat and joined in self._fulfilled_numbers(path):
                return
            row_of(self._calls.post(path, self._fulfillment(joined)))
        except RefusedError as error:
            if error.answer.status == 404 and error_of(error.answer)[0] == NO_ROUTE:
                raise FailureError(Failure.of("FULFILLMENTS_OFF")) from error
            raise

    def _fulfilled_numbers(self, path: str) -> set[object]:
        rows = [row for row in rows_of(self._calls.get(path)) if isinstance(row, dict)]
        metas = [meta for row in rows for meta in row.get("meta_data", []) if isinstance(meta, dict)]
        return {
            meta.get("value")
            for meta in metas
            if meta.get("key") == FULFILLED_NUMBER and isinstance(meta.get("value"), str)
        }

    def _fulfillment(self, number: str) -> dict[str, Any]:
        parcel = next(parcel for parcel in self._status.parcels if parcel.tracking_number)
        values = {
            "_items": self._items(),
            FULFILLED_NUMBER: number,
            "_tracking_url": parcel.tracking_url,
            "_shipment_provider": parcel.carrier.lower(),
        }
        return {
            "status": "fulfilled",
            "is_fulfilled": True,
            "notify_customer": True,
            "meta_data": [{"id": 0, "key": key, "value": value} for key, value in values.items()],
        }

    def _items(self) -> list[dict[str, Any]]:
        """The lines in the shipment; if the report names none, all of the order."""
        if self._status.lines:
            return [{"item_id": int(line.line_ref), "qty": int(line.quantity)} for line in self._status.lines]
        rows = self._order("id,line_items").get("line_items", [])
        return [
            {"item_id": row["id"], "qty": row["quantity"]}
            for row in rows
            if isinstance(row, dict) and {"id", "quantity"} <= row.keys()
        ]

    def _meta(self, numbers: Sequence[str]) -> list[dict[str, str]]:
        """The plug-in's field with the numbers of this and of earlier shipments; repeating it changes nothing."""
        key = self._settings.meta_key
        metas = self._order("id,meta_data").get("meta_data", [])
        stored = next(
            (str(meta.get("value") or "") for meta in metas if isinstance(meta, dict) and meta.get("key") == key), ""
        )
        earlier = [number.strip() for number in stored.split(",") if number.strip()]
        return [{"key": key, "value": ", ".join(dict.fromkeys([*earlier, *numbers]))}]
