"""The vendor's limits: each operation has one of its own, stated as "Call Frequency" in its description."""

from collections.abc import Mapping

from connectors.spec import Lane

MINUTE, HOUR, DAY = 60, 3600, 86400

_SECONDS_BETWEEN: Mapping[str, float] = {
    "OR11": MINUTE,
    "OF01": MINUTE,
    "OF02": MINUTE,
    "OF03": MINUTE,
    "STO01": MINUTE,
    "STO02": 15,
    "STO03": MINUTE,
    "PRI01": MINUTE,
    "PRI02": MINUTE,
    "PRI03": MINUTE,
    "P41": 15 * MINUTE,
    "P42": MINUTE,
    "P51": MINUTE,
    "CM11": 5 * MINUTE,
    "H11": HOUR,
    "PM11": HOUR,
    "VL11": HOUR,
    "A01": DAY,
    "CH11": DAY,
    "DO01": DAY,
    "OF61": DAY,
    "SH21": DAY,
}
"""Operations that are missing here may be called whenever there is a reason to ("at each refund request")."""

BY_PERSONS = frozenset({"A01", "CH11", "DO01", "OF61", "SH21"})
"""Only asked when a person tests the connection or reloads the options: the day's calls may be made one after the other."""

LANES: Mapping[str, Lane] = {
    code: Lane(per_second=1 / seconds, burst=10 if code in BY_PERSONS else 1)
    for code, seconds in _SECONDS_BETWEEN.items()
}
"""By the operation's code, as `SPEC.limits.lanes` has them."""
