"""Read and check what a request says: query parameters, JSON bodies, forms with files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import python_multipart

from sandbox.mirakl import model
from sandbox.mirakl.errors import MiraklError, bad_request

Json = dict[str, Any]
MAX_PAGE, DEFAULT_PAGE = 100, 10


@dataclass(frozen=True)
class Call:
    """One request to one operation."""

    operation: str
    ids: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    content_type: str
    body: bytes
    request_id: str

    def text(self, name: str) -> str:
        """A parameter's (last) value, empty where it is not given."""
        return self.query.get(name, [""])[-1]

    def codes(self, name: str, *, most: int = 100) -> list[str]:
        """A comma-separated list, or a parameter given several times; 400 above `most` values."""
        values = [part for value in self.query.get(name, []) for part in value.split(",") if part]
        if len(values) > most:
            raise bad_request(f"{name}: size must be between 0 and {most}")
        return values

    def known(self, name: str, allowed: Sequence[str]) -> list[str]:
        """A list whose values must be among the specification's."""
        values = self.codes(name)
        for value in values:
            if value not in allowed:
                raise bad_request(f"{name}: '{value}' is not a valid value, accepted values are {', '.join(allowed)}")
        return values

    def flag(self, name: str) -> bool | None:
        """A boolean parameter; None where it is not given."""
        value = self.text(name)
        if value not in {"", "true", "false"}:
            raise bad_request(f"{name}: '{value}' is not a boolean")
        return value == "true" if value else None

    def moment(self, name: str) -> datetime | None:
        """A date-time parameter; None where it is not given. It must state its zone, as the format date-time does."""
        value = self.text(name)
        if not value:
            return None
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is None:
            raise bad_request(f"{name}: '{value}' is not a valid ISO 8601 date")
        return model.moment(value)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.text(name) or str(default)
        if not value.isdigit() or not least <= int(value) <= most:
            raise bad_request(f"{name}: must be a number between {least} and {most}")
        return int(value)

    def window(self) -> tuple[int, int]:
        """`max` and `offset` of offset paging."""
        return self.number("max", DEFAULT_PAGE, 1, MAX_PAGE), self.number("offset", 0, 0, 10**9)

    def json(self) -> Json:
        """The JSON body, an object; decimals are exact."""
        if "json" not in self.content_type:
            raise MiraklError(415, "Unsupported Media Type")
        try:
            data = json.loads(self.body or b"{}", parse_float=Decimal)
        except ValueError:
            raise bad_request("The request body is not valid JSON") from None
        if not isinstance(data, dict):
            raise bad_request("The request body must be an object")
        return data

    def form(self) -> Form:
        """The multipart form."""
        if not self.content_type.startswith("multipart/form-data"):
            raise MiraklError(415, "Unsupported Media Type")
        return _parsed_form(self.content_type, self.body)


@dataclass
class Form:
    """A multipart form: fields by name, files as (field name, file name, content)."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)

    def file(self, name: str) -> tuple[str, bytes]:
        """Name and content of the only file of that name; 400 where it is missing."""
        for found, file_name, content in self.files:
            if found == name:
                return file_name, content
        raise bad_request(f"{name}: must not be null")


def _parsed_form(content_type: str, body: bytes) -> Form:
    form = Form()

    def on_field(found: Any) -> None:
        form.fields[found.field_name.decode()] = (found.value or b"").decode()

    def on_file(found: Any) -> None:
        found.file_object.seek(0)
        form.files.append(
            (found.field_name.decode(), (found.file_name or b"").decode("utf-8", "replace"), found.file_object.read())
        )

    headers = {"Content-Type": content_type.encode(), "Content-Length": str(len(body)).encode()}
    try:
        python_multipart.parse_form(headers, io.BytesIO(body), on_field, on_file)
    except (python_multipart.exceptions.FormParserError, ValueError):
        raise bad_request("The multipart body cannot be read") from None
    return form


def listed(data: Mapping[str, Any], name: str, *, most: int) -> list[Json]:
    """A list of objects in a body, between one and `most`; 400 otherwise."""
    items = data.get(name)
    if not isinstance(items, list) or not items or any(not isinstance(item, dict) for item in items):
        raise bad_request(f"{name}: must not be empty")
    if len(items) > most:
        raise bad_request(f"{name}: size must be between 1 and {most}")
    return items


def amount(data: Mapping[str, Any], name: str) -> Decimal:
    """A decimal number in a body; 400 where it is missing or negative."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise bad_request(f"{name}: must be a number greater than or equal to 0")
    return Decimal(value)


def needed(data: Mapping[str, Any], name: str) -> str:
    """A text that must be there."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise bad_request(f"{name}: must not be null")
    return value
