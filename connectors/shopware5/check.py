"""The connection test: proves reachability, key, version and that articles may be read, and transfers nothing."""

from canonical.check import CheckItem, CheckReport, CheckState
from canonical.failure import Failure, FailureError
from connectors.answers import not_json
from connectors.shopware5.answers import data_of, rows_of
from connectors.transport import Calls

OLDEST = (5, 2)
NAMES = ("reachable", "certificate", "credentials", "version", "permission")


def run(calls: Calls, *, is_secure: bool) -> CheckReport:
    """Run all checks in order; what depends on a failed one is skipped."""
    version, failure = "", None
    try:
        version = _version(calls)
    except FailureError as error:
        failure = error.failure
    failed_at = _place(failure) if failure else ""
    if failure is None:
        failed_at, failure = _after_version(calls, version)
    found: list[CheckItem] = []
    for name in NAMES:
        is_skipped = (name == "certificate" and not is_secure) or any(item.failure for item in found)
        own = failure if name == failed_at and not is_skipped else None
        state = CheckState.SKIPPED if is_skipped else CheckState.FAILED if own else CheckState.OK
        found.append(CheckItem(name=name, state=state, detail=calls.host if name == "reachable" else "", failure=own))
    return CheckReport(items=tuple(found), shop_title=calls.host, version=version)


def _place(failure: Failure) -> str:
    """Which check a failure of the first call belongs to; a refused key proves that the shop is there."""
    places = {"HANDSHAKE": "certificate", "ACCESS": "credentials", "PERMISSION": "credentials"}
    return places.get(failure.code, "reachable")


def _version(calls: Calls) -> str:
    answer = calls.get("/version")
    data = data_of(answer)
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(version, str) or not version:
        raise FailureError(not_json(answer))
    return version


def _after_version(calls: Calls, version: str) -> tuple[str, Failure | None]:
    """Judge the version, then ask for an article that cannot exist; a version of a build ("___VERSION___") is let pass."""
    numbers = tuple(int(number) for number in version.split(".")[:2] if number.isdecimal())
    if numbers and numbers < OLDEST:
        needed = ".".join(map(str, OLDEST))
        return "version", Failure.of("VERSION_OUTDATED", system="Shopware", version=version, needed=needed)
    nobody: dict[str, str | int] = {
        "limit": 1,
        "filter[0][property]": "id",
        "filter[0][expression]": "=",
        "filter[0][value]": 0,
    }
    try:
        rows_of(calls.get("/articles", nobody))
    except FailureError as error:
        return "permission", error.failure
    return "", None
