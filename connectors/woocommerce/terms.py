"""Creating tags and categories by name: one that exists already is adopted, so that a repeat makes no second one."""

from collections.abc import Iterable

from canonical.failure import Failure
from connectors.transport import Calls
from connectors.woocommerce import batches
from connectors.woocommerce.answers import Row, holder_in
from connectors.woocommerce.shop_facts import folded

LONGEST_NAME = 200
"""Characters that WordPress keeps of a name."""


def refusal_of_name(name: str, field: str) -> Failure | None:
    """Why a name cannot be one of a tag or category; None if it can."""
    if not name.strip():
        return Failure.of("FIELD_INVALID", field=field, record=name, reason="∅")
    if len(name) > LONGEST_NAME:
        shown = f"{name[:40]}…"
        return Failure.of("FIELD_TOO_LONG", field=field, record=shown, length=len(name), most=LONGEST_NAME)
    return None


def id_of(row: Row) -> int:
    """The id of a created or an adopted one; 0 if it was refused."""
    if row.get("error") is not None:
        return holder_in(row)
    found = row.get("id")
    return found if isinstance(found, int) else 0


def tag_ids(calls: Calls, names: Iterable[str]) -> dict[str, int | Failure]:
    """The id of each tag by folded name, or why it is refused; those that the shop does not have are created.

    Raises `FailureError` if the whole call failed.
    """
    wanted = {folded(name): name.strip() for name in names if name.strip()}
    refused = {key: failure for key, name in wanted.items() if (failure := refusal_of_name(name, "Tag"))}
    sent = [name for key, name in wanted.items() if key not in refused]
    made = batches.send(calls, "/products/tags/batch", "create", sent, lambda name: {"name": name})
    return {folded(name): id_of(row) or _refused(row, name) for name, row in made} | refused


def _refused(row: Row, name: str) -> Failure:
    return batches.refusal(row, name) or Failure.of("ITEM_REFUSED", record=name, reason="no id")
