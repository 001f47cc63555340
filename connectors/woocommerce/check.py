"""The connection test: proves reachability, key, version and each feature's permission, and transfers nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from canonical.check import CheckReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors.answers import Answer, RefusedError, not_json
from connectors.checklist import Checklist
from connectors.transport import Calls
from connectors.woocommerce.answers import NO_ROUTE, error_of

OLDEST = (8, 0)
KEY_REFUSED = (401, 403)

READ_PATHS: Mapping[Feature, str] = {
    Feature.ORDERS: "/orders",
    Feature.STOCK: "/products",
    Feature.SHIPMENTS: "/orders",
    Feature.PRICES: "/products",
    Feature.ARTICLES: "/products",
    Feature.CATEGORIES: "/products/categories",
    Feature.REFUNDS: "/orders",
}
WRITTEN = frozenset(READ_PATHS) - {Feature.ORDERS}


class ConnectionTest:
    """Runs the checks in order; what depends on a failed one is skipped."""

    def __init__(self, calls: Calls, *, is_secure: bool, uses_fulfillments: bool) -> None:
        self._calls = calls
        self._is_secure = is_secure
        self._uses_fulfillments = uses_fulfillments
        self._checks = Checklist()
        self._version = ""
        self._title = ""

    def run(self, features: Sequence[Feature]) -> CheckReport:
        """Run all checks for these features."""
        going = self._reach() and self._enter()
        for feature in features:
            reads = self._checks.prove(going, "permission", self._reader(feature), feature, "read")
            if feature in WRITTEN:
                writes = self._checks.prove(reads, "permission", self._writer(feature), feature, "write")
                if feature is Feature.SHIPMENTS and self._uses_fulfillments:
                    self._checks.prove(writes, "permission", self._find_fulfillments, feature, "fulfillments")
        return CheckReport(items=tuple(self._checks.items), shop_title=self._title, version=self._version)

    def _reach(self) -> bool:
        """Ask for the interface's own index, which needs no key; a refused key proves that the shop is there, too."""
        failure = None
        try:
            self._find_interface()
        except RefusedError as error:
            failure = None if error.answer.status == 401 else error.failure
        except FailureError as error:
            failure = error.failure
        handshake = failure if failure is not None and failure.code == "HANDSHAKE" else None
        self._checks.add("reachable", None if handshake else failure, detail=self._calls.host)
        if failure is not None and handshake is None:
            self._checks.skip("certificate")
        elif self._is_secure:
            self._checks.add("certificate", handshake)
        else:
            self._checks.skip("certificate", detail="http")
        return failure is None

    def _find_interface(self) -> None:
        answer = self._calls.get("", {"_fields": "namespace"})
        body = answer.json()
        if not isinstance(body, dict) or body.get("namespace") != "wc/v3":
            raise FailureError(not_json(answer))

    def _enter(self) -> bool:
        going = self._checks.prove(not self._checks.has_failed, "credentials", self._read_status)
        return self._checks.prove(going, "version", self._judge_version)

    def _read_status(self) -> None:
        """The system status is only shown to a key of a shop manager."""
        try:
            answer = self._calls.get("/system_status", {"_fields": "environment"})
        except RefusedError as error:
            if error.answer.status == 403 and error.failure.code == "ACCESS":
                raise FailureError(Failure.of("PERMISSION", permission="system_status")) from error
            raise
        body = answer.json()
        environment: Any = body.get("environment") if isinstance(body, dict) else None
        if not isinstance(environment, dict):
            raise FailureError(not_json(answer))
        self._version = str(environment.get("version", ""))
        self._title = str(environment.get("home_url", "")).partition("://")[2]

    def _judge_version(self) -> None:
        parts = self._version.split(".")
        numbers = tuple(int(part) for part in parts[:2] if part.isdecimal())
        if numbers < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise FailureError(
                Failure.of("VERSION_OUTDATED", system="WooCommerce", version=self._version or "?", needed=needed)
            )

    def _reader(self, feature: Feature) -> Callable[[], None]:
        path = READ_PATHS[feature]
        return lambda: self._permit(lambda: self._calls.get(path, {"per_page": 1, "_fields": "id"}), f"read {path[1:]}")

    def _writer(self, feature: Feature) -> Callable[[], None]:
        """An empty batch changes nothing, but the shop asks for the right to write before it looks at the content."""
        path = READ_PATHS[feature]
        return lambda: self._permit(lambda: self._calls.post(f"{path}/batch", {}), f"write {path[1:]}")

    def _permit(self, call: Callable[[], Answer], permission: str) -> None:
        """A key that could read the status and is refused here lacks a permission."""
        try:
            call().json()
        except RefusedError as error:
            if error.answer.status in KEY_REFUSED and error.failure.code == "ACCESS":
                raise FailureError(Failure.of("PERMISSION", permission=permission)) from error
            raise

    def _find_fulfillments(self) -> None:
        """Ask for the fulfilments of an order that cannot exist: only a missing route means that the feature is off."""
        try:
            self._calls.get("/orders/0/fulfillments")
        except RefusedError as error:
            if error.answer.status == 404 and error_of(error.answer)[0] == NO_ROUTE:
                raise FailureError(Failure.of("FULFILLMENTS_OFF")) from error
            if error.answer.status not in (400, 404):
                raise
