"""What the routes that carry out one command share: one transaction, refusals shown where the person came from, numbers read."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import FormData

from canonical.failure import FailureError
from web.context import go, in_db, not_found, text
from web.i18n import N_

LARGEST_ID = 2**63 - 1
NO_NUMBER = N_("That is no number.")


class NoNumberError(ValueError):
    """A person typed something that is no number."""


async def carry_out(request: Request, target: str, work: Callable[[Session], object], said: str) -> Response:
    """Do it in one transaction; a refusal is shown on the target's page and leaves nothing behind."""
    try:
        await in_db(request, work)
    except LookupError:
        raise not_found() from None
    except FailureError as error:
        return go(request, target, failure=error.failure)
    return go(request, target, said)


def number_of(typed: str) -> Decimal:
    """Read a number as people type it, with a comma or a point; empty is zero. Raises `NoNumberError`."""
    try:
        number = Decimal((typed.strip() or "0").replace(",", "."))
    except InvalidOperation:
        raise NoNumberError(typed) from None
    if not number.is_finite() or abs(number) > LARGEST_ID:
        raise NoNumberError(typed)
    return number


def quantities_of(form: FormData, prefix: str) -> dict[int, Decimal]:
    """Read the quantities by line id that a form has under a prefix; nothing and zero are left out."""
    found = {}
    for key in form:
        line_id = key.removeprefix(prefix)
        if key.startswith(prefix) and line_id.isdecimal() and len(line_id) < 19:
            found[int(line_id)] = number_of(text(form, key))
    return {line_id: quantity for line_id, quantity in found.items() if quantity}
