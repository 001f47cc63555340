"""Validate exchanges with a Mirakl instance against the vendor's two OpenAPI files.

The files are stricter and looser than the real thing in known ways; each is a row of a table below with its reason. Beyond the
files' own words two things are checked: no field may be invented, and the values that a description lists ("Enum: …") are the
only ones, as the files express enumerations in prose.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import python_multipart
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.shop import Exchange

Json = dict[str, Any]
FILES = {"mmp": "mirakl-mmp-seller-openapi.json", "mcm": "mirakl-mcm-seller-openapi.json"}
# The descriptions name these parameters, no operation declares them (README: "paging parameters are not declared").
UNDECLARED = {
    "offset pagination": {"max", "offset"},
    "seek pagination": {"limit", "page_token"},
    "Sort fields": {"sort", "order"},
    "locale": {"locale"},
}
# Required by the schema, but null in the vendor's own examples or by its own description.
NULL_ALTHOUGH_REQUIRED = {
    "billing_address": "null before SHIPPING, says the description",
    "shipping_address": "null before SHIPPING, says the description",
    "description": "null in the examples of OR11 and OF21",
    "parent_code": "absent for roots",
    "type_parameter": "null in the example of PM11",
    "max_order_quantity": "absent in the example of OF21",
    "min_order_quantity": "absent in the example of OF21",
    "min_quantity_alert": "absent in the example of OF21",
    "package_quantity": "null unless the operator uses order conditions, as its neighbours",
    "last_updated_date": "null for a new shipment in the example of ST01",
    "reason_status": "absent in the example of OF02",
    "unit_discount_price": "null without a discount, as the description of the one beside volume_prices says",
}
# Values in use that the prose enumeration does not list.
EXTRA_VALUES = {"import_mode": {"PARTIAL_UPDATE"}}
# Where descriptions have no complete enumeration in the examples.
PROSE_ENUM = re.compile(r"Enum: ((?:`[^`]*`(?:, )?)+)")
DEPRECATED = re.compile(r"Deprecated values: ((?:`[^`]*`(?:, )?)+)")
ERROR = {"type": "object", "required": ["status", "message"], "properties": {"status": {"type": "integer"}}}
CSV_FORMAT = re.compile(r'Csv format:\s*((?:"[^"]+";?)+)')
MORE_COLUMNS = {
    # Named in prose below the format, for platforms with the feature.
    "PRI01": {"price-ranges", "discount-ranges", "channels", "start-date", "end-date"},
    # Named in the field list of OF24 only.
    "OF01": {"logistic-class"},
}


@dataclass(frozen=True)
class Operation:
    """One operation of one of the files, with what is needed to check its exchanges."""

    id: str
    file: str
    method: str
    pattern: re.Pattern[str]
    path: str
    spec: Json


class MiraklSpec:
    """Both files, loaded once."""

    def __init__(self, shared: Path) -> None:
        self._documents = {
            name: json.loads((shared / "specs" / "mirakl" / file).read_text(encoding="utf-8"))
            for name, file in FILES.items()
        }
        self.operations = list(_operations(self._documents))
        strict = {name: _strict(document) for name, document in self._documents.items()}
        resources = [(f"urn:{n}", DRAFT202012.create_resource(d)) for n, d in strict.items()]
        self._registry: Registry[Any] = Registry().with_resources(resources)

    def operation(self, exchange: Exchange) -> str:
        """The code of the operation, such as OR11; empty where the files have none."""
        found = self._find(exchange)
        return found.id if found else ""

    def violations(self, exchange: Exchange) -> list[str]:
        """Everything in the request or its answer that breaks the files."""
        found = self._find(exchange)
        if found is None:
            return [f"no operation {exchange.method} {exchange.path}"]
        # A request that the instance refused is judged by its answer only: refusing it was right.
        problems = list(self._answer(found, exchange))
        if exchange.status < 400:
            problems += self._parameters(found, exchange)
            problems += self._body(found, exchange)
        return [f"{found.id}: {problem}" for problem in problems]

    def schema_problems(self, file: str, pointer: str, document: Any) -> list[str]:
        """Violations of a schema by its place in a file."""
        validator = Draft202012Validator(
            {"$ref": f"urn:{file}#{pointer}"}, registry=self._registry, format_checker=FormatChecker()
        )
        return [f"/{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(document)]

    def _find(self, exchange: Exchange) -> Operation | None:
        for operation in self.operations:
            if operation.method == exchange.method and operation.pattern.fullmatch(exchange.path):
                return operation
        return None

    def _parameters(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        declared = {p["name"]: p for p in operation.spec.get("parameters", []) if p["in"] == "query"}
        text = operation.spec.get("description", "")
        known = {name for words, names in UNDECLARED.items() if words in text for name in names}
        given = parse_qs(exchange.query, keep_blank_values=True)
        yield from (f"missing parameter {n}" for n, p in declared.items() if p.get("required") and n not in given)
        for name, values in given.items():
            if name not in declared:
                if name not in known:
                    yield f"unknown parameter {name}"
                continue
            yield from _parameter_problems(name, values, declared[name]["schema"])
        if exchange.headers.get("authorization", "").lower().startswith(("bearer ", "basic ")):
            yield "the key goes bare into Authorization"

    def _body(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        contents = operation.spec.get("requestBody", {}).get("content", {})
        media = exchange.headers.get("content-type", "").split(";")[0]
        if not contents:
            return
        if media not in contents:
            yield f"media type {media!r} instead of {', '.join(contents)}"
            return
        pointer = f"{_pointer(operation)}/requestBody/content/{_escaped(media)}/schema"
        if media == "application/json":
            problems = self.schema_problems(operation.file, pointer, json.loads(exchange.body))
            yield from (f"request {problem}" for problem in problems)
        else:
            yield from self._form(operation, exchange, contents[media]["schema"])

    def _form(self, operation: Operation, exchange: Exchange, schema: Json) -> Iterator[str]:
        document = self._documents[operation.file]
        fields, files = _form(exchange)
        schema = _resolved(document, schema)
        given = {**{name: value.encode() for name, value in fields.items()}, **files}
        yield from (f"part {name} is missing" for name in schema.get("required", []) if name not in given)
        yield from (f"unknown part {name}" for name in given if name not in schema["properties"])
        if "order_documents" in given:
            name = _resolved(document, schema)["properties"]["order_documents"]["$ref"].rsplit("/", 1)[1]
            content = json.loads(given["order_documents"])
            yield from self.schema_problems(operation.file, f"/components/schemas/{name}", content)
        if "import_mode" in fields and not _allowed("import_mode", fields["import_mode"], schema):
            yield f"import_mode {fields['import_mode']}"
        columns = CSV_FORMAT.search(re.sub("<[^>]+>", "", schema["properties"].get("file", {}).get("description", "")))
        if "file" in files and columns is not None:
            allowed = set(re.findall(r'"([^"]+)"', columns[1])) | MORE_COLUMNS.get(operation.id, set())
            header = next(csv.reader(io.StringIO(files["file"].decode("utf-8-sig")), delimiter=";"), [])
            yield from (f"unknown column {name}" for name in header if name not in allowed)

    def _answer(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        media = exchange.answer_headers.get("content-type", "").split(";")[0]
        if exchange.status >= 400:
            # The files describe no body of a refusal; what all clients read is its message.
            if media == "application/json":
                validator = Draft202012Validator(ERROR)
                yield from (e.message for e in validator.iter_errors(json.loads(exchange.answer)))
            return
        responses = operation.spec["responses"]
        if str(exchange.status) not in responses:
            yield f"status {exchange.status} instead of {', '.join(responses)}"
            return
        contents = responses[str(exchange.status)].get("content", {})
        if exchange.status == 204:
            if exchange.answer:
                yield "204 with a body"
            return
        if not contents:
            return
        if media not in contents:
            yield f"answer's media type {media!r} instead of {', '.join(contents)}"
        elif media == "application/json":
            place = f"{_pointer(operation)}/responses/{exchange.status}/content/{_escaped(media)}/schema"
            yield from self.schema_problems(operation.file, place, json.loads(exchange.answer))
        yield from (
            f"header {name} is missing"
            for name in responses[str(exchange.status)].get("headers", {})
            if name.lower() not in exchange.answer_headers
        )


@cache
def load() -> MiraklSpec:
    """The specification, once per process, from the folder that the fixture `shared` looks for."""
    return MiraklSpec(Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[3] / "shared")))


def described() -> set[str]:
    """The codes of all operations of the two files."""
    return {each.id for each in load().operations}


def operation(exchange: Exchange) -> str:
    """The code of an exchange's operation."""
    return load().operation(exchange)


def violations(exchange: Exchange) -> list[str]:
    """What in an exchange breaks the specification."""
    return load().violations(exchange)


def _operations(documents: Mapping[str, Json]) -> Iterator[Operation]:
    seen: set[str] = set()
    for name, document in documents.items():
        # Literal paths before those with parameters, so that /orders/documents is not an order.
        for path in sorted(document["paths"], key=lambda p: (p.count("{"), p)):
            for method, spec in document["paths"][path].items():
                if method == "parameters" or spec["operationId"] in seen:
                    continue
                seen.add(spec["operationId"])
                pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
                yield Operation(spec["operationId"], name, method.upper(), pattern, path, spec)


def _pointer(operation: Operation) -> str:
    return f"/paths/{_escaped(operation.path)}/{operation.method.lower()}"


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _strict(document: Json) -> Json:
    """The file with invented fields forbidden, optional fields nullable, and enumerations out of the prose."""
    strict = deepcopy(document)
    # Kinds of a custom field extend a common schema; those stay open.
    extended = {name for name, schema in strict["components"]["schemas"].items() if "discriminator" in schema}
    for name, schema in strict["components"]["schemas"].items():
        _tighten(schema, is_open=name in extended or "allOf" in schema)
    return strict


def _tighten(schema: Json, *, is_open: bool) -> None:
    for name, found in schema.get("properties", {}).items():
        _enumerate(name, found)
        _tighten(found, is_open=is_open)
        if name not in schema.get("required", []) or name in NULL_ALTHOUGH_REQUIRED:
            schema["properties"][name] = {"anyOf": [found, {"type": "null"}]}
    if isinstance(schema.get("items"), dict):
        _enumerate("", schema["items"])
        _tighten(schema["items"], is_open=is_open)
    if schema.get("properties") and not is_open:
        schema.setdefault("additionalProperties", False)
    if "required" in schema:
        absent = [name for name in schema["required"] if name in NULL_ALTHOUGH_REQUIRED]
        schema["required"] = [name for name in schema["required"] if name not in absent]


def _enumerate(name: str, schema: Json) -> None:
    found = [m[1] for p in (PROSE_ENUM, DEPRECATED) if (m := p.search(schema.get("description", "")))]
    if found and schema.get("type") == "string":
        values = {value for text in found for value in re.findall(r'"([^"]*)"', text)}
        schema["enum"] = sorted(values | EXTRA_VALUES.get(name, set()))


def _allowed(name: str, value: str, schema: Json) -> bool:
    copied = deepcopy(schema["properties"][name])
    _enumerate(name, copied)
    return value in copied.get("enum", [value])


def _parameter_problems(name: str, values: list[str], schema: Json) -> Iterator[str]:
    """Lists are separated by commas, although the files call most of them a string with an enumeration."""
    single = schema.get("items", schema) if schema.get("type") == "array" else schema
    parts = [part for value in values for part in value.split(",")]
    if "enum" in single:
        yield from (f"{name}: {part!r} is not in its enumeration" for part in parts if part not in single["enum"])
    if single.get("format") == "date-time":
        checker = Draft202012Validator(single, format_checker=FormatChecker())
        yield from (f"{name}: {e.message}" for value in values for e in checker.iter_errors(value))
    if single.get("type") == "boolean":
        yield from (f"{name}: {value!r} is not a boolean" for value in values if value not in {"true", "false"})
    if single.get("type") == "integer":
        yield from (f"{name}: {value!r} is not a number" for value in values if not value.isdigit())
    most = schema.get("maxItems", schema.get("maximum"))
    if most is not None and schema.get("type") in {"array", "string"} and len(parts) > most:
        yield f"{name}: more than {most} values"


def _form(exchange: Exchange) -> tuple[dict[str, str], dict[str, bytes]]:
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}

    def on_field(field: Any) -> None:
        fields[field.field_name.decode()] = (field.value or b"").decode()

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        files[file.field_name.decode()] = file.file_object.read()

    python_multipart.parse_form(
        {"Content-Type": exchange.headers["content-type"].encode(), "Content-Length": str(len(exchange.body)).encode()},
        io.BytesIO(exchange.body),
        on_field,
        on_file,
    )
    return fields, files
