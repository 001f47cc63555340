"""A marketplace that answers what a test tells it, and holds each request against Mirakl's own descriptions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import connectors.mirakl
from canonical.feature import Feature
from connectors.account import Account
from connectors.mirakl.tables import read_table
from connectors.transport import TransportOptions

KEY = "0aa9a2f5-b7c1-4f2b-9f2f-3f6e1d0c7a11"
PAGING = {"max", "offset", "limit", "page_token", "sort", "order", "locale"}
"""Named in the descriptions of the operations that page, but declared on none."""
COLUMN = re.compile(r'"([a-z-]+)(?:\[[^"]*\])?"')


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def parse(cls, raw: bytes) -> "Request":
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *lines = head.decode().split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
        return cls(method, target, headers, body)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path.removeprefix("/api")

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def parts(self) -> dict[str, tuple[str, bytes]]:
        """The parts of a form: file name and content by field."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser().parsebytes(head + self.body)
        found = {}
        for part in message.get_payload():
            name = part.get_param("name", header="content-disposition")
            found[str(name)] = (str(part.get_filename() or ""), part.get_payload(decode=True))
        return found

    def table(self) -> list[dict[str, str]]:
        return read_table(self.parts()["file"][1])


@cache
def specification(folder: Path, name: str) -> dict[str, Any]:
    described: dict[str, Any] = orjson.loads((folder / f"mirakl-{name}-seller-openapi.json").read_bytes())
    return described


class Contract:
    """The vendor's two descriptions; an operation is looked for in the first, then in the second."""

    def __init__(self, folder: Path) -> None:
        self.documents = [specification(folder, name) for name in ("mmp", "mcm")]

    def operations(self) -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any], list[Any]]]:
        for document in self.documents:
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    if isinstance(operation, dict) and "operationId" in operation:
                        parameters = item.get("parameters", []) + operation.get("parameters", [])
                        yield document, method.upper(), path, operation, parameters

    def find(self, request: Request) -> tuple[dict[str, Any], str, dict[str, Any], list[Any]] | None:
        matching = []
        for document, method, template, operation, parameters in self.operations():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template.removeprefix("/api"))
            if method == request.method and re.fullmatch(pattern, request.path):
                matching.append((template.count("{"), document, template, operation, parameters))
        if not matching:
            return None
        _, document, template, operation, parameters = min(matching, key=lambda found: found[0])
        return document, template, operation, parameters

    def problems(self, request: Request) -> list[str]:
        """What the description has against a request."""
        found = self.find(request)
        if found is None:
            return [f"no operation {request.method} {request.path}"]
        document, _, operation, parameters = found
        code = operation["operationId"]
        return [f"{code}: {text}" for text in self._query(document, request, parameters)] + [
            f"{code}: {text}" for text in self._body(document, request, operation)
        ]

    def _query(self, document: dict[str, Any], request: Request, parameters: list[Any]) -> list[str]:
        declared = {entry["name"]: entry for entry in (deref(document, entry) for entry in parameters)}
        names = {name for name, entry in declared.items() if entry["in"] == "query"}
        texts = [f"unknown parameter {name}" for name in request.query if name not in names | PAGING]
        texts += [
            f"parameter {name} is missing"
            for name in names
            if declared[name].get("required") and name not in request.query
        ]
        for name, text in request.query.items():
            if name == "max" and not 1 <= int(text) <= 100:
                texts.append("max is not between 1 and 100")
            if name in names:
                schema = deref(document, declared[name].get("schema", {}))
                values = text.split(",") if "comma" in declared[name].get("description", "") else [text]
                texts += [f"{name}: {value}" for value in values if not fits(schema, value)]
        return texts

    def _body(self, document: dict[str, Any], request: Request, operation: dict[str, Any]) -> list[str]:
        described = deref(document, operation.get("requestBody", {})).get("content", {})
        media = request.headers.get("content-type", "").partition(";")[0]
        if not described:
            return [f"a body of {len(request.body)} bytes"] if request.body else []
        if media not in described:
            return [f"content type {media}"]
        schema = described[media]["schema"]
        if media == "application/json":
            return valid(document, schema, request.json) + unknown(document, schema, request.json)
        return self._form(document, deref(document, schema), request)

    def _form(self, document: dict[str, Any], schema: dict[str, Any], request: Request) -> list[str]:
        parts = request.parts()
        texts = [f"unknown part {name}" for name in parts if name not in schema["properties"]]
        texts += [f"part {name} is missing" for name in schema.get("required", []) if name not in parts]
        for name, (_, content) in parts.items():
            part = deref(document, schema["properties"].get(name, {}))
            if part.get("type") == "object":
                value = orjson.loads(content)
                texts += valid(document, part, value) + unknown(document, part, value)
            if part.get("type") == "boolean" and content not in (b"true", b"false"):
                texts.append(f"{name} is no flag")
            enum = re.findall(r'`"([A-Z_]+)"`', part.get("description", ""))
            if enum and content.decode() not in enum:
                texts.append(f"{name}: {content.decode()}")
            described = re.sub(r"<[^>]+>", " ", part.get("description", ""))
            named = set(COLUMN.findall(described)) | set(re.findall(r"\b[a-z]+(?:-[a-z]+)+\b", described))
            if name == "file" and "Csv format" in described:
                header = content.decode().partition("\n")[0]
                assert all(part.startswith('"') and part.endswith('"') for part in header.split(";"))
                texts += [
                    f"unknown column {column}" for column in header.replace('"', "").split(";") if column not in named
                ]
        return texts


def deref(document: dict[str, Any], node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        reference = node["$ref"]
        node = document
        for step in reference[2:].split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def fits(schema: dict[str, Any], value: str) -> bool:
    if schema.get("type") == "integer":
        return value.isdecimal()
    if schema.get("type") == "boolean":
        return value in ("true", "false")
    return not schema.get("enum") or value in schema["enum"]


def valid(document: dict[str, Any], schema: Any, value: Any) -> list[str]:
    registry: Registry[Any] = Registry().with_resource("spec", Resource.opaque(document))
    absolute = {"$ref": "spec" + schema["$ref"]} if "$ref" in schema else inlined(document, schema)
    checker = Draft202012Validator(absolute, registry=registry)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(value)]


def inlined(document: dict[str, Any], node: Any) -> Any:
    """A schema with its references replaced; request bodies have no recursion."""
    node = deref(document, node)
    if isinstance(node, dict):
        return {name: inlined(document, inner) for name, inner in node.items() if name != "description"}
    return [inlined(document, inner) for inner in node] if isinstance(node, list) else node


def unknown(document: dict[str, Any], schema: Any, value: Any, where: str = "") -> list[str]:
    """Fields that the description does not have; its schemas permit any."""
    schema = deref(document, schema)
    if isinstance(value, list):
        return [text for entry in value for text in unknown(document, schema.get("items", {}), entry, where)]
    if not isinstance(value, dict):
        return []
    properties = schema.get("properties", {})
    texts = [f"unknown field {where}{name}" for name in value if name not in properties]
    for name, inner in value.items():
        if name in properties:
            texts += unknown(document, properties[name], inner, f"{where}{name}.")
    return texts


def answer(body: Any = None, status: int = 200, **headers: str) -> bytes:
    """An answer as it goes over the wire; bytes are a file, None is nothing."""
    content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    media = "text/csv" if isinstance(body, bytes) else "application/json"
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}", f"content-type: {media}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Market:
    """A marketplace that answers what a test tells it; what it was asked is held against the vendor's description."""

    server: Any
    contract: Contract

    def answers(self, *told: bytes) -> None:
        self.server.answers[:] = [*told, answer({"message": "nothing more was expected"}, 418)]

    def connect(self, shop_id: str = "", account: Account | None = None, **settings: Any) -> Any:
        """`stock={...}` and so on are the settings of that feature."""
        credentials = connectors.mirakl.MiraklCredentials(url=self.server.url, api_key=KEY, shop_id=shop_id)
        chosen = {
            Feature(name): connectors.mirakl.SPEC.features[Feature(name)].settings(**values)
            for name, values in settings.items()
        }
        options = TransportOptions(allow_private=True, timeout=5)
        return connectors.mirakl.build(credentials, chosen, account or Account(), options)

    @property
    def requests(self) -> list[Request]:
        return [Request.parse(raw) for raw in self.server.requests]

    @property
    def calls(self) -> list[str]:
        """The codes of the operations that were used, in order."""
        found = [self.contract.find(request) for request in self.requests]
        return [entry[2]["operationId"] if entry else "?" for entry in found]


@pytest.fixture
def market(raw_server: Any, shared: Path) -> Iterator[Market]:
    """A marketplace; at the end of the test each request must have been one that the description knows."""
    market = Market(raw_server, Contract(shared / "specs" / "mirakl"))
    yield market
    assert [problem for request in market.requests for problem in market.contract.problems(request)] == []
    assert all(request.headers["authorization"] == KEY for request in market.requests)
