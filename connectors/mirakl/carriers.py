"""Who carries a parcel, as the marketplace wants it said."""

from canonical.failure import Failure, FailureError
from canonical.push import OrderStatus, Parcel
from connectors.mirakl.settings import MiraklShipmentSettings


def numbers_of(status: OrderStatus) -> list[str]:
    """The tracking numbers of a report, each once."""
    return list(dict.fromkeys(parcel.tracking_number for parcel in status.parcels if parcel.tracking_number))


def tracking(settings: MiraklShipmentSettings, status: OrderStatus, number: str, *, url: str) -> dict[str, str]:
    """The carrier and number of a report: a carrier that the marketplace knows by its code, another by name and link.

    `url` is what the operation calls the link. Raises `FailureError` CARRIER_UNMAPPED where neither is there.
    """
    parcel = next((parcel for parcel in status.parcels if parcel.tracking_number), Parcel(tracking_number=""))
    code = settings.carrier_map.get(parcel.carrier, "")
    if not code and parcel.carrier in settings.carrier_map.values():
        code = parcel.carrier
    if code:
        return {"carrier_code": code, "tracking_number": number}
    if not parcel.carrier or not parcel.tracking_url:
        raise FailureError(Failure.of("CARRIER_UNMAPPED", carrier=parcel.carrier))
    return {"carrier_name": parcel.carrier, url: parcel.tracking_url, "tracking_number": number}
