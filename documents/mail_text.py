"""Mails as texts: Jinja2 templates in a sandbox, one source for text and HTML; a merchant's own run confined."""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from canonical.failure import Failure, FailureError
from canonical.mail import MailFacts, MailKind
from documents.confined import SHOWN, make
from documents.words import LABELS, words_in

TEMPLATES = Path(__file__).parent / "templates"
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
# The words of a mail are text, also those that buyers wrote: HTML is made of the finished text, escaped as a whole.


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail's words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class MailJob:
    """Subject and text of a template with what it may tell."""

    subject: str
    source: str
    facts: dict[str, Any]

    def run(self) -> bytes | str:
        """Fill both in."""
        try:
            filled = [_ENVIRONMENT.from_string(source).render(self.facts) for source in (self.subject, self.source)]
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            line = getattr(error, "lineno", None)
            return (f"{line}: {error}" if line else str(error))[:SHOWN]
        return json.dumps(filled).encode()


def built_in_mail(kind: str, language: str) -> tuple[str, str]:
    """Subject and source of the built-in template of a mail; English where there is none in the language."""
    found = TEMPLATES / f"mail_{kind}.{language if language in LABELS else 'en'}.txt"
    subject, _, source = found.read_text(encoding="utf-8").partition("\n\n")
    return subject, source


def write_mail(facts: MailFacts, subject: str = "", source: str = "") -> MailText:
    """Write a mail with an own template's subject and source, or with the built-in one.

    Raises `FailureError` TEMPLATE_FAILED.
    """
    chosen = (subject, source) if source else built_in_mail(facts.kind.value, facts.language)
    made: list[str] = json.loads(make(MailJob(*chosen, _told(facts)), is_own=bool(source)))
    words, text = " ".join(made[0].split()), made[1].strip() + "\n"
    return MailText(words, text, _html(words, text, facts.language))


def check_mail_source(facts: MailFacts, subject: str, source: str) -> MailText:
    """Write a sample with a template that is to be saved; raises `FailureError` TEMPLATE_INVALID."""
    try:
        return write_mail(facts, subject, source)
    except FailureError as error:
        raise FailureError(Failure.of("TEMPLATE_INVALID", reason=error.failure.params["reason"])) from error


def _told(facts: MailFacts) -> dict[str, Any]:
    """What a template may use, amounts and dates as the mail's language writes them."""
    words = words_in(facts.language)
    known = facts.kind.value in LABELS[words.language]
    return {
        "name": facts.name,
        "order": facts.shop_order or facts.order,
        "document": facts.document,
        "title": words.label(facts.kind.value) if known else "",
        "total": words.money(facts.total, facts.currency),
        "due": words.money(facts.due, facts.currency),
        "is_paid": facts.due <= 0 or facts.kind not in (MailKind.INVOICE, MailKind.REMINDER),
        "due_on": words.day(facts.due_on),
        "parcels": [parcel.model_dump() for parcel in facts.parcels],
        "issuer": facts.issuer.model_dump(),
    }


def _html(subject: str, text: str, language: str) -> str:
    paragraphs = [_linked(part).replace("\n", "<br>\n") for part in re.split(r"\n{2,}", text.strip())]
    body = "\n".join(f'<p style="margin:0 0 1em">{part}</p>' for part in paragraphs)
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>\n'
        '<body style="margin:0;padding:24px;background:#f5f5f4">\n'
        '<div style="max-width:560px;margin:0 auto;padding:24px;background:#fff;border-radius:6px;'
        f'font:16px/1.5 sans-serif;color:#222">\n{body}\n</div></body></html>\n'
    )


def _linked(text: str) -> str:
    """Escape a text and make its addresses links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found.group())
        parts += [escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])
