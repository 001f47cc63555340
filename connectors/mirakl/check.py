"""The connection test: proves reachability, key and each feature's permission by cheap reads, and transfers nothing."""

from collections.abc import Callable, Mapping, Sequence

from canonical.check import CheckItem, CheckReport, CheckState
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors.answers import RefusedError, not_json
from connectors.mirakl.api import Api, object_of
from connectors.transport import Params

Read = tuple[str, str, Params]

ORDERS: Read = ("OR11", "/orders", {"max": 1})
READS: Mapping[Feature, Read] = {
    Feature.ORDERS: ORDERS,
    Feature.SHIPMENTS: ORDERS,
    Feature.DOCUMENTS: ("DO01", "/documents", {"entities": "ORDER"}),
    Feature.REFUNDS: ("RE01", "/reasons", {}),
    Feature.STOCK: ("OF21", "/offers", {"max": 1}),
    Feature.PRICES: ("PRI02", "/offers/pricing/imports", {}),
    Feature.ARTICLES: ("P51", "/products/imports", {}),
}
"""The read that needs the same right as the feature; the vendor has no way to ask for a right without using it."""


class ConnectionTest:
    """Runs the checks in order; what depends on a failed one is skipped. No operation is called twice: they are limited."""

    def __init__(self, api: Api, *, is_secure: bool, version: str) -> None:
        self._api = api
        self._is_secure = is_secure
        self._version = version
        self._items: list[CheckItem] = []
        self._title = ""
        self._asked: dict[str, Failure | None] = {}

    def run(self, features: Sequence[Feature]) -> CheckReport:
        """Run all checks for these features."""
        going = self._enter()
        self._add("version", None if going else CheckState.SKIPPED, detail=self._version if going else "")
        for feature in features:
            code, path, params = READS[feature]
            found = self._permission(code, path, params) if going else CheckState.SKIPPED
            if isinstance(found, Failure) and found.code == "RATE_LIMITED":
                # A run just used the call that the marketplace permits once a minute: that speaks against nothing.
                found = CheckState.SKIPPED
            self._add("permission", found, feature=feature, detail=code)
        return CheckReport(items=tuple(self._items), shop_title=self._title, version=self._version if going else "")

    def _add(
        self, name: str, found: Failure | CheckState | None, *, feature: Feature | None = None, detail: str = ""
    ) -> None:
        failure = found if isinstance(found, Failure) else None
        state = CheckState.FAILED if failure else found if isinstance(found, CheckState) else CheckState.OK
        self._items.append(CheckItem(name=name, state=state, detail=detail, feature=feature, failure=failure))

    def _enter(self) -> bool:
        """Read the shop (A01): only its answer shows that this is a marketplace of Mirakl; a refused key proves that too.

        The interface's sign of life (V01) proves nothing: any page that answers there looks like it.
        """
        failure = _failure(self._read_shop)
        is_there = failure is None or failure.code == "ACCESS"
        handshake = failure if failure is not None and failure.code == "HANDSHAKE" else None
        self._add("reachable", None if is_there or handshake else failure, detail=self._api.host)
        if not self._is_secure:
            self._add("certificate", CheckState.SKIPPED, detail="http")
        else:
            self._add("certificate", handshake if is_there or handshake else CheckState.SKIPPED)
        self._add("credentials", failure if is_there else CheckState.SKIPPED, detail=self._title)
        return failure is None

    def _read_shop(self) -> None:
        answer = self._api.get("A01", "/account")
        shop = object_of(answer)
        if "shop_id" not in shop:
            raise FailureError(not_json(answer))
        self._title = str(shop.get("shop_name") or shop["shop_id"])
        if shop.get("shop_state") in ("SUSPENDED", "TERMINATED"):
            raise FailureError(Failure.of("ACCESS", host=self._api.host, reason=f"shop_state = {shop['shop_state']}"))

    def _permission(self, code: str, path: str, params: Params) -> Failure | None:
        if code not in self._asked:
            self._asked[code] = _failure(lambda: object_of(self._api.get(code, path, params)), permission=code)
        return self._asked[code]


def _failure(call: Callable[[], object], *, permission: str = "") -> Failure | None:
    """What goes wrong with a call; a key that is known and refused here lacks the permission."""
    try:
        call()
    except RefusedError as error:
        if permission and error.answer.status in (401, 403) and error.failure.code == "ACCESS":
            return Failure.of("PERMISSION", permission=permission)
        return error.failure
    except FailureError as error:
        return error.failure
    return None
