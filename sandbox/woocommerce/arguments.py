"""Check the parameters of a request as WordPress does: all of them at once, in one `rest_invalid_param`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.woocommerce import times
from sandbox.woocommerce.errors import Json, WooError, invalid_params


@dataclass(frozen=True, slots=True)
class Arg:
    """What one parameter may be; `types` in JSON Schema's words, `money` a decimal number written as a string."""

    types: tuple[str, ...] = ("string",)
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: Any = None
    items: str = ""
    is_date: bool = False
    is_money: bool = False
    required: bool = False


class Invalid(Exception):
    """One parameter's problem, collected into the answer by `check`."""

    def __init__(self, code: str, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.problem: Json = {"code": code, "message": message, "data": data}


def check(args: Mapping[str, Arg], given: Mapping[str, Any]) -> Json:
    """Return the values typed, defaults filled in, unknown names dropped; raises WooError 400 naming every bad one."""
    missing = [name for name, arg in args.items() if arg.required and name not in given]
    if missing:
        text = f"Missing parameter(s): {', '.join(missing)}"
        raise WooError(400, "rest_missing_callback_param", text, {"status": 400, "params": missing})
    values: Json = {}
    problems: dict[str, Json] = {}
    for name, arg in args.items():
        if name not in given:
            if arg.default is not None:
                values[name] = arg.default
            continue
        try:
            values[name] = _value(name, arg, given[name])
        except Invalid as error:
            problems[name] = error.problem
    if problems:
        raise invalid_params(problems)
    return values


def _value(name: str, arg: Arg, raw: Any) -> Any:
    value = _typed(name, arg.types, raw)
    if isinstance(value, list):
        items = [_typed(f"{name}[{i}]", (arg.items,), v) for i, v in enumerate(value)] if arg.items else value
        for index, item in enumerate(items):
            _in_enum(f"{name}[{index}]", arg.enum, item)
        return items
    _in_enum(name, arg.enum, value)
    _in_bounds(name, arg, value)
    if arg.is_date and value is not None:
        _date(value)
    if arg.is_money and value:
        _money(name, value)
    return value


def _typed(name: str, types: tuple[str, ...], raw: Any) -> Any:
    for wanted in types:
        found, value = _CASTS[wanted](raw)
        if found:
            return value
    expected = types[0] if len(types) == 1 else ",".join(types)
    raise Invalid("rest_invalid_type", f"{name} is not of type {expected}.", {"param": name})


def _integer(raw: Any) -> tuple[bool, Any]:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return False, None
    if isinstance(raw, float):
        return raw.is_integer(), int(raw) if raw.is_integer() else None
    return (True, int(raw)) if re.fullmatch(r"-?\d+", str(raw).strip()) else (False, None)


def _number(raw: Any) -> tuple[bool, Any]:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return True, raw
    return (True, float(raw)) if isinstance(raw, str) and re.fullmatch(r"-?\d+(\.\d+)?", raw) else (False, None)


def _boolean(raw: Any) -> tuple[bool, Any]:
    if isinstance(raw, bool):
        return True, raw
    text = str(raw).lower()
    return (text in {"true", "false", "1", "0"} and isinstance(raw, str | int)), text in {"true", "1"}


def _array(raw: Any) -> tuple[bool, Any]:
    if isinstance(raw, str):
        return True, [part for part in re.split(r"[\s,]+", raw) if part]
    return isinstance(raw, list), raw


_CASTS: dict[str, Callable[[Any], tuple[bool, Any]]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "string": lambda raw: (isinstance(raw, str), raw),
    "object": lambda raw: (isinstance(raw, dict), raw),
    "null": lambda raw: (raw is None, None),
}


def _in_enum(name: str, enum: tuple[str, ...], value: Any) -> None:
    if enum and value not in enum:
        listed = f"{', '.join(enum[:-1])}, and {enum[-1]}" if len(enum) > 2 else " and ".join(enum)
        raise Invalid("rest_not_in_enum", f"{name} is not one of {listed}.")


def _in_bounds(name: str, arg: Arg, value: Any) -> None:
    low, high = arg.minimum, arg.maximum
    if low is not None and high is not None and not low <= value <= high:
        raise Invalid("rest_out_of_bounds", f"{name} must be between {low} (inclusive) and {high} (inclusive)")
    if low is not None and value < low:
        raise Invalid("rest_out_of_bounds", f"{name} must be greater than or equal to {low}")


def _date(value: str) -> None:
    try:
        times.from_parameter(value, is_gmt=True)
    except ValueError:
        raise Invalid("rest_invalid_date", "Invalid date.") from None


def _money(name: str, value: str) -> None:
    try:
        Decimal(value)
    except InvalidOperation:
        raise Invalid("rest_invalid_type", f"{name} is not of type number.", {"param": name}) from None
