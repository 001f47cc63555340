"""Orders of the back office, read only."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from erp.queries import journal
from erp.queries import orders as queries
from erp.queries.orders import OrderFilter
from web.context import Db, not_found, render

router = APIRouter(include_in_schema=False)
LARGEST_ID = 2**63 - 1


@router.get("/orders", response_class=HTMLResponse)
def orders(request: Request, db: Db, wanted: Annotated[OrderFilter, Depends()]) -> HTMLResponse:
    """The list of orders, newest first."""
    return render(request, "orders.html", page=queries.orders(db, wanted), wanted=wanted)


@router.get("/orders/{order_id}", response_class=HTMLResponse)
def order(request: Request, db: Db, order_id: int) -> HTMLResponse:
    """One order with lines, tax per rate, shipments and its way through the systems."""
    found = queries.order(db, order_id) if order_id <= LARGEST_ID else None
    if found is None:
        raise not_found()
    return render(
        request,
        "order.html",
        found=found,
        document_id=journal.document_of_order(db, order_id),
        events=journal.way_of_order(db, found.order.integration_id, found.order.external_id),
    )
