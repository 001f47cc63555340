"""A failure as data: what kind, which code, on which values, and when to try again."""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from canonical.codes import CODES, Kind, Language

__all__ = ["Failure", "FailureError", "Finding", "Kind", "Severity"]

Params = dict[str, str]


class Severity(StrEnum):
    """How a finding weighs: a note informs, a warning stops auto-ship, reject and skip decide the document."""

    NOTE = "note"
    WARNING = "warning"
    SKIP = "skip"
    REJECT = "reject"


class Failure(BaseModel):
    """One failure; its text comes from code and params in two languages, never from the message of an exception."""

    model_config = ConfigDict(frozen=True)

    code: str
    params: Params = Field(default_factory=dict)
    kind: Kind = Kind.OPERATOR
    retry_after: timedelta | None = None

    @classmethod
    def of(cls, code: str, *, retry_after: timedelta | None = None, **params: object) -> "Failure":
        """Build a failure with the kind that the closed list of codes gives to the code."""
        return cls(
            code=code, params={k: str(v) for k, v in params.items()}, kind=CODES[code].kind, retry_after=retry_after
        )

    def text(self, language: Language = "de") -> str:
        """Say what failed, in one sentence."""
        return CODES[self.code].say(language, self.params)

    def hint(self, language: Language = "de") -> str:
        """Say what to do now."""
        return CODES[self.code].hint(language)


class FailureError(Exception):
    """Carries a failure through calls; only `activities/failures.py` turns it into what Temporal understands."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code} {failure.params}")
        self.failure = failure


class Finding(BaseModel):
    """Something the rules noticed on a document: code, values, and what it weighs."""

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity
    params: Params = Field(default_factory=dict)
    waits_for: tuple[str, ...] = ()
    """Keys like `article:SKU-1` or `payment:paypal`: when one appears, the parked document is released."""

    @classmethod
    def of(
        cls, code: str, *, severity: Severity | None = None, waits_for: tuple[str, ...] = (), **params: object
    ) -> "Finding":
        """Build a finding; without a severity it weighs what its code's kind says."""
        kind = CODES[code].kind
        weight = severity or (
            Severity.SKIP if kind is Kind.SKIP else Severity.NOTE if kind is Kind.NOTE else Severity.REJECT
        )
        return cls(code=code, severity=weight, params={k: str(v) for k, v in params.items()}, waits_for=waits_for)

    def text(self, language: Language = "de") -> str:
        """Say what was found, in one sentence."""
        return CODES[self.code].say(language, self.params)

    def hint(self, language: Language = "de") -> str:
        """Say what to do now."""
        return CODES[self.code].hint(language)
