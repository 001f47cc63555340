"""What Shopware says in its errors: by its own codes and pointers, never by their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from canonical.failure import Failure, FailureError
from connectors.answers import Answer, not_json

MISSING_PRIVILEGE = "FRAMEWORK__MISSING_PRIVILEGE_ERROR"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
SHOWN = 200
REFUSED = (400, 401, 403)


@dataclass(frozen=True)
class Complaint:
    """One entry of `errors`: code, text, and where in the request (`/operation/row/field`)."""

    code: str
    detail: str
    pointer: str

    @property
    def place(self) -> tuple[int, int] | None:
        """Operation and row of a bulk request."""
        parts = self.pointer.split("/")
        if len(parts) >= 3 and parts[1].isdecimal() and parts[2].isdecimal():
            return int(parts[1]), int(parts[2])
        return None

    @property
    def field(self) -> str:
        """The field that is meant, without its row."""
        parts = self.pointer.strip("/").split("/")
        return "/".join(part for part in parts if not part.isdecimal())

    @property
    def reason(self) -> str:
        """What a person reads: the shop's own words with its code."""
        text = f"{self.field}: {self.detail}" if self.field else self.detail
        return f"{text[:SHOWN]} ({self.code})" if text else self.code


def complaints(answer: Answer) -> list[Complaint]:
    """The entries of a refusal; none when the answer is not one of Shopware."""
    try:
        body = answer.json()
    except FailureError:
        return []
    rows = body.get("errors") if isinstance(body, dict) else None
    return [_complaint(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _complaint(row: dict[str, Any]) -> Complaint:
    source = row.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else ""
    detail = row.get("detail") or row.get("title") or ""
    return Complaint(code=str(row.get("code") or ""), detail=str(detail), pointer=str(pointer or ""))


def reason_of(answer: Answer, found: Sequence[Complaint]) -> str:
    """A refusal in one line."""
    return found[0].reason if found else f"HTTP {answer.status}"


def classify(answer: Answer) -> Failure | None:
    """Tell a firewall's page from a refused key, a missing privilege from both, and name the shop's own reason."""
    if answer.status == 403 and not answer.is_json:
        return not_json(answer)
    if answer.status not in REFUSED:
        return None
    found = complaints(answer)
    reason = reason_of(answer, found)
    if answer.path.endswith(TOKEN_PATH):
        return Failure.of("ACCESS", host=answer.host, reason=reason)
    missing = [privileges(complaint) for complaint in found if complaint.code == MISSING_PRIVILEGE]
    if missing:
        return Failure.of("PERMISSION", permission=", ".join(missing))
    return Failure.of("REQUEST_REFUSED" if answer.status == 400 else "ACCESS", host=answer.host, reason=reason)


def privileges(complaint: Complaint) -> str:
    """The rights that a refusal names; Shopware packs them as JSON into the text."""
    try:
        packed = orjson.loads(complaint.detail)
    except orjson.JSONDecodeError:
        return complaint.detail[:SHOWN]
    names = packed.get("missingPrivileges") if isinstance(packed, dict) else None
    return ", ".join(str(name) for name in names) if isinstance(names, list) else complaint.detail[:SHOWN]
