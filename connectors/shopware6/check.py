"""The connection test: proves reachability, key, version and each feature's rights, and transfers nothing."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors.answers import RefusedError, not_json
from connectors.checklist import Checklist
from connectors.shopware6.search import equals, find, items
from connectors.transport import Calls

OLDEST = (6, 4)
NOBODY = "0" * 32
"""An id that no record has: the shop asks for the right to read before it looks, and nothing is transferred."""

READ: Mapping[Feature, tuple[str, ...]] = {
    Feature.ORDERS: (
        "order",
        "order-line-item",
        "order-delivery",
        "order-transaction",
        "order-transaction-capture",
        "order-transaction-capture-refund",
        "order-customer",
    ),
    Feature.STOCK: ("product",),
    Feature.SHIPMENTS: ("order", "order-delivery"),
    Feature.PRICES: ("product", "currency", "rule"),
    Feature.ARTICLES: ("product", "property-group", "media", "tax", "language"),
    Feature.CATEGORIES: ("category",),
    Feature.DOCUMENTS: ("document", "order"),
}
WRITTEN: Mapping[Feature, tuple[str, ...]] = {
    Feature.STOCK: ("product:update",),
    Feature.SHIPMENTS: ("order:update", "order_delivery:update", "state_machine_history:create"),
    Feature.PRICES: ("product:update", "product_price:create", "product_price:update"),
    Feature.ARTICLES: (
        "product:create",
        "product:update",
        "product_media:create",
        "media:create",
        "property_group:create",
    ),
    Feature.CATEGORIES: ("category:create", "category:update"),
    Feature.DOCUMENTS: ("document:create", "document:update"),
}


class ConnectionTest:
    """Runs the checks in order; what depends on a failed one is skipped."""

    def __init__(self, calls: Calls, *, client_id: str, is_secure: bool) -> None:
        self._calls = calls
        self._client_id = client_id
        self._is_secure = is_secure
        self._checks = Checklist()
        self._version = ""
        self._rights: frozenset[str] | None = None
        """None: an administrator, or the shop does not tell."""

    def run(self, features: Sequence[Feature]) -> CheckReport:
        """Run all checks for these features."""
        going = self._enter() and self._checks.prove(True, "version", self._judge_version)
        told = going and self._learn_rights()
        for feature in features:
            reads = self._checks.prove(going, "permission", partial(self._read, feature), feature, "read")
            if feature not in WRITTEN:
                continue
            if told or not reads:
                self._checks.prove(reads, "permission", partial(self._judge_rights, feature), feature, "write")
            else:
                self._checks.skip("permission", feature, "write")
        return CheckReport(items=tuple(self._checks.items), shop_title=self._calls.host, version=self._version)

    def _enter(self) -> bool:
        """Ask for a token and the version; a refused key proves that the shop is there."""
        failure: Failure | None = None
        try:
            self._read_version()
        except FailureError as error:
            failure = error.failure
        entered = failure is None
        refused = failure is not None and failure.code in ("ACCESS", "PERMISSION")
        handshake = failure if failure is not None and failure.code == "HANDSHAKE" else None
        self._checks.add(
            "reachable", failure if not (entered or refused or handshake) else None, detail=self._calls.host
        )
        if self._is_secure and (entered or refused or handshake):
            self._checks.add("certificate", handshake)
        else:
            self._checks.skip("certificate", detail="" if self._is_secure else "http")
        if entered or refused:
            self._checks.add("credentials", failure)
        else:
            self._checks.skip("credentials")
        if not entered:
            self._checks.skip("version")
        return entered

    def _read_version(self) -> None:
        answer = self._calls.get("/_info/version")
        body = answer.json()
        version: Any = body.get("version") if isinstance(body, dict) else None
        if not isinstance(version, str) or not version:
            raise FailureError(not_json(answer))
        self._version = version

    def _judge_version(self) -> None:
        parts = self._version.split(".")
        numbers = tuple(int(part) for part in parts[:2] if part.isdecimal())
        if numbers < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise FailureError(Failure.of("VERSION_OUTDATED", system="Shopware", version=self._version, needed=needed))

    def _learn_rights(self) -> bool:
        """Read the integration's own record: whether it is an administrator, else the rights of its roles."""
        criteria = {
            "limit": 1,
            "filter": [equals("accessKey", self._client_id)],
            "associations": {"aclRoles": {}},
            "includes": {"integration": ["admin", "aclRoles"], "acl_role": ["privileges"]},
        }
        try:
            rows = find(self._calls, "integration", criteria)
        except RefusedError:
            return False
        if not rows:
            return False
        if rows[0].get("admin") is not True:
            roles = items(rows[0], "aclRoles")
            self._rights = frozenset(str(right) for role in roles for right in role.get("privileges") or ())
        return True

    def _read(self, feature: Feature) -> None:
        missing = []
        for entity in READ[feature]:
            try:
                find(self._calls, entity, {"limit": 1, "filter": [equals("id", NOBODY)]})
            except FailureError as error:
                if error.failure.code not in ("PERMISSION", "ACCESS"):
                    raise
                missing.append(f"{entity.replace('-', '_')}:read")
        if missing:
            raise FailureError(Failure.of("PERMISSION", permission=", ".join(missing)))

    def _judge_rights(self, feature: Feature) -> None:
        if self._rights is None:
            return
        missing = [right for right in WRITTEN[feature] if right not in self._rights]
        if missing:
            raise FailureError(Failure.of("PERMISSION", permission=", ".join(missing)))
