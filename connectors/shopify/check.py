"""The connection test: one query proves shop, token and version; the permissions are what the token was granted."""

from collections.abc import Mapping, Sequence

from canonical.check import CheckItem, CheckReport, CheckState
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from canonical.settings import FeatureSettings
from connectors.shopify.graph import VERSION, Document, Graph, Reply, nodes
from connectors.shopify.scopes import missing
from connectors.shopify.settings import ShopifyPriceSettings

ABOUT = Document(
    """
query About {
  shop { name myshopifyDomain currencyCode }
  currentAppInstallation { accessScopes { handle } }
  publicApiVersions { handle supported }
}
""",
    cost=4,
)
ALL_ORDERS, DAYS = "read_all_orders", 60
"""Without the scope, which Shopify grants on application, the shop shows only the orders of so many days."""
REFUSED = frozenset({"ACCESS", "SCOPE_MISSING", "PERMISSION", "PAYMENT_REQUIRED"})


def check(
    graph: Graph, settings: Mapping[Feature, FeatureSettings], features: Sequence[Feature], *, is_secure: bool
) -> CheckReport:
    """Run the checks in order; what depends on a failed one is skipped. Transfers nothing (D§1.4)."""
    reply: Reply | None = None
    failure: Failure | None = None
    try:
        reply = graph.run(ABOUT)
    except FailureError as error:
        failure = error.failure
    items = [*_reached(graph.host, failure, is_secure=is_secure), _credentials(failure)]
    if reply is None:
        items.append(_skipped("version"))
        items += [_skipped("permission", feature) for feature in features]
        return CheckReport(items=tuple(items))
    outdated = _outdated(reply)
    items.append(_item("version", outdated, detail=reply.version))
    scopes = [str(scope.get("handle")) for scope in nodes(reply.part("currentAppInstallation").get("accessScopes"))]
    currency = str(reply.part("shop").get("currencyCode"))
    for feature in features:
        if outdated is not None:
            items.append(_skipped("permission", feature))
        else:
            items.append(_item("permission", _lacking(feature, settings.get(feature), scopes, currency), feature))
    if Feature.ORDERS in features and outdated is None and ALL_ORDERS not in scopes:
        items.append(_advice("history", Failure.of("HISTORY_LIMITED", days=DAYS, scope=ALL_ORDERS), Feature.ORDERS))
    return CheckReport(items=tuple(items), shop_title=str(reply.part("shop").get("name") or ""), version=reply.version)


def _reached(host: str, failure: Failure | None, *, is_secure: bool) -> list[CheckItem]:
    """A refused token proves that the shop is there, and a failed handshake that somebody is."""
    handshake = failure if failure is not None and failure.code == "HANDSHAKE" else None
    refused = failure is not None and failure.code in REFUSED
    unreached = None if handshake or refused else failure
    reached = _item("reachable", unreached, detail=host)
    if unreached is not None:
        return [reached, _skipped("certificate")]
    return [reached, _item("certificate", handshake) if is_secure else _skipped("certificate", detail="http")]


def _credentials(failure: Failure | None) -> CheckItem:
    if failure is not None and failure.code not in REFUSED:
        return _skipped("credentials")
    return _item("credentials", failure)


def _outdated(reply: Reply) -> Failure | None:
    """A version that the shop no longer knows falls forward silently; only its answer tells."""
    supported = [row.get("handle") for row in nodes(reply.data.get("publicApiVersions")) if row.get("supported")]
    if reply.version == VERSION and (not supported or VERSION in supported):
        return None
    return Failure.of("VERSION_OUTDATED", system="Shopify Admin API", version=reply.version, needed=VERSION)


def _lacking(
    feature: Feature, settings: FeatureSettings | None, scopes: Sequence[str], currency: str
) -> Failure | None:
    lacking = missing(feature, settings, scopes)
    if lacking:
        return Failure.of("SCOPE_MISSING", scopes=", ".join(lacking))
    if isinstance(settings, ShopifyPriceSettings) and settings.currency != currency:
        return Failure.of("NO_CURRENCY_MAP", currency=settings.currency)
    return None


def _item(name: str, failure: Failure | None, feature: Feature | None = None, detail: str = "") -> CheckItem:
    state = CheckState.FAILED if failure else CheckState.OK
    return CheckItem(name=name, state=state, detail=detail, feature=feature, failure=failure)


def _advice(name: str, failure: Failure, feature: Feature) -> CheckItem:
    """What works as it is and may be less than wanted: said, and nothing is refused for it."""
    return CheckItem(name=name, state=CheckState.SKIPPED, feature=feature, failure=failure)


def _skipped(name: str, feature: Feature | None = None, detail: str = "") -> CheckItem:
    return CheckItem(name=name, state=CheckState.SKIPPED, detail=detail, feature=feature)
