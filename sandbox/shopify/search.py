"""The search syntax of `query` arguments: terms, comparisons, AND, OR, NOT, brackets, quotes and prefixes with `*`.

A field that a resource cannot be searched by is passed over and named in the answer's search warnings, as the vendor does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.shopify.store import Json, number_of
from sandbox.shopify.times import text_of

Test = Callable[[Json], bool]
Getter = Callable[[Json], Any]
TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<field>-?[A-Za-z_][\w.]*):(?P<compare><=|>=|<|>)?\s*(?P<value>"[^"]*"|'[^']*'|[^\s()]+)"""
    r"""|(?P<quoted>"[^"]*"|'[^']*')|(?P<word>[^\s()]+))"""
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Field:
    """A field to search by: how to read it, and `kind` text, words, number, time, id or flag."""

    kind: str
    get: Getter


class Search:
    """One compiled query; `unknown` names fields that the resource has not."""

    def __init__(self, text: str, fields: Mapping[str, Field], words: Getter, now: datetime) -> None:
        self._fields, self._words, self._now = fields, words, now
        self._tokens = [found.groupdict() for found in TOKEN.finditer(text.strip())]
        self._at = 0
        self.unknown: list[str] = []
        self.matches = self._any()

    def _peek(self) -> Mapping[str, str | None] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _any(self) -> Test:
        tests = [self._all()]
        while (token := self._peek()) is not None and (token["word"] or "") == "OR":
            self._at += 1
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _all(self) -> Test:
        tests: list[Test] = []
        while (token := self._peek()) is not None and not token["close"] and (token["word"] or "") != "OR":
            if token["word"] == "AND":
                self._at += 1
                continue
            tests.append(self._one())
        return lambda item: all(test(item) for test in tests)

    def _one(self) -> Test:
        token = self._tokens[self._at]
        self._at += 1
        if token["word"] == "NOT" and self._peek() is not None:
            inner = self._one()
            return lambda item: not inner(item)
        if token["open"]:
            inner = self._any()
            self._at += 1
            return inner
        if token["field"]:
            return self._term(token["field"], token["compare"] or "", token["value"] or "")
        word = _unquoted(token["quoted"] or token["word"] or "").casefold()
        if word.startswith("-") and len(word) > 1:
            return lambda item: word[1:] not in self._words(item).casefold()
        return lambda item: word in self._words(item).casefold()

    def _term(self, name: str, compare: str, value: str) -> Test:
        if name.startswith("-"):
            inner = self._term(name[1:], compare, value)
            return lambda item: not inner(item)
        field = self._fields.get(name)
        if field is None:
            self.unknown.append(name)
            return lambda _item: True
        if value in {"*", '"*"'}:
            return lambda item: bool(field.get(item))
        is_list = not compare and field.kind != "time" and "," in value and not value.startswith(('"', "'"))
        if is_list:
            tests = [self._value(field, "", part) for part in value.split(",")]
            return lambda item: any(test(item) for test in tests)
        return self._value(field, compare, _unquoted(value))

    def _value(self, field: Field, compare: str, value: str) -> Test:
        get = field.get
        if field.kind == "time":
            return _time_test(get, compare, value, self._now)
        if field.kind in {"number", "id"}:
            try:
                wanted = number_of(value) if field.kind == "id" else float(value)
            except ValueError:
                return lambda _item: False
            compared: Callable[[Any, Any], bool] = COMPARE.get(compare, operator.eq)
            return lambda item: (found := get(item)) is not None and bool(compared(found, wanted))
        if field.kind == "flag":
            return lambda item: bool(get(item)) == (value.casefold() == "true")
        wanted_text = value.casefold()
        if field.kind == "words":
            return lambda item: any(_matches(found, wanted_text) for found in get(item))
        return lambda item: _matches(get(item), wanted_text)


def _matches(found: Any, wanted: str) -> bool:
    text = str(found or "").casefold()
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def _time_test(get: Getter, compare: str, value: str, now: datetime) -> Test:
    """Times are compared as text in UTC; a shortened one (`2026-11`) stands for its beginning."""
    wanted = text_of(now) if value == "now" else _time_text(value)
    if not compare:
        return lambda item: str(get(item) or "").startswith(wanted.rstrip("Z")[: len(value)])
    test = COMPARE[compare]
    return lambda item: bool(found := get(item)) and test(found, wanted)


def _time_text(value: str) -> str:
    pattern = ("%Y", "%Y-%m")[len(value) > 4] if len(value) < 8 else ""
    try:
        moment = datetime.strptime(value, pattern) if pattern else datetime.fromisoformat(value)  # noqa: DTZ007
    except ValueError:
        return "9999"
    return text_of(moment)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) >= 2 and text[0] in "\"'" and text[-1] == text[0] else text
