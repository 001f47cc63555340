"""Documents as PDF: Typst templates, confined, and for invoices PDF/A-3b with the data attached (Factur-X, ZUGFeRD).

Texts reach a template as JSON strings, so nothing in them is markup. A template sees the built-in ones and nothing else of
this machine, and loads no packages. Characters that no installed font has are left out, which PDF/A demands.
"""

import json
import unicodedata
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from canonical.document import DocumentContent
from canonical.failure import Failure, FailureError
from documents.confined import TypstJob, make
from documents.einvoice import einvoice
from documents.validation import check
from documents.view import view

TEMPLATES = Path(__file__).parent / "templates"
LONG_WORD = 28
"""Letters after which a word may be broken anywhere, so that none runs out of its column."""
BREAK = "\u200b"
SURE = 0x17F
"""Up to here (Latin with all its accents) every font has everything."""
LEVEL = "en16931"


def built_in(kind: str) -> str:
    """The source of the built-in template of a kind of document."""
    return (TEMPLATES / f"{kind}.typ").read_text(encoding="utf-8")


def render(content: DocumentContent, source: str = "") -> bytes:
    """Render a document with an own template's source, or with the built-in one; plain PDF/A without attachment.

    Raises `FailureError` TEMPLATE_FAILED with the compiler's message when an own template fails.
    """
    return make(_job(content, source, is_picture=False), is_own=bool(source))


def picture(content: DocumentContent, source: str = "") -> bytes:
    """Make a PNG of a document's first page, for looking at it; raises `FailureError` TEMPLATE_FAILED."""
    return make(_job(content, source, is_picture=True), is_own=bool(source))


def _job(content: DocumentContent, source: str, *, is_picture: bool) -> TypstJob:
    data = json.dumps(_printable(view(content)), ensure_ascii=False)
    issued = datetime.combine(content.issued_on, time(12), UTC)
    return TypstJob(source or built_in(content.kind.value), data, int(issued.timestamp()), is_picture)


def attach(pdf: bytes, xml: bytes, content: DocumentContent) -> bytes:
    """Put an invoice's data into its PDF, which makes it a Factur-X / ZUGFeRD document."""
    # Only here: most commands never make an invoice, and would start later with its PDF tools.
    import facturx

    title = f"{content.number}: {content.issuer.name}"
    metadata = {"author": content.issuer.name, "title": title, "subject": title, "keywords": "Factur-X, ZUGFeRD"}
    made = facturx.generate_from_binary(
        pdf, xml, flavor="factur-x", level=LEVEL, check_xsd=False, pdf_metadata=metadata, lang=content.language
    )
    return bytes(made)


def produce(content: DocumentContent, source: str = "") -> tuple[bytes, bytes | None]:
    """Make a document's PDF, and for invoices its XML: told, checked, attached.

    Raises `FailureError` EINVOICE_INVALID or TEMPLATE_FAILED; then there is neither.
    """
    if not content.kind.is_invoice:
        return render(content, source), None
    xml = einvoice(content)
    check(xml)
    return attach(render(content, source), xml, content), xml


def check_source(content: DocumentContent, source: str) -> bytes:
    """Render a sample with a source that is to be saved; raises `FailureError` TEMPLATE_INVALID."""
    try:
        return render(content, source)
    except FailureError as error:
        raise FailureError(Failure.of("TEMPLATE_INVALID", reason=error.failure.params["reason"])) from error


# --- characters -----------------------------------------------------------------------------------------------------


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(_breakable(word) for word in _shown(value).split(" "))
    if isinstance(value, dict):
        return {key: _printable(part) for key, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, list) else value


def _breakable(word: str) -> str:
    if len(word) <= LONG_WORD:
        return word
    return BREAK.join(word[start : start + LONG_WORD // 2] for start in range(0, len(word), LONG_WORD // 2))


def _shown(said: str) -> str:
    if said.isascii() and said.isprintable():
        return said
    return "".join(_or_nothing(letter) for letter in unicodedata.normalize("NFC", said))


@lru_cache(maxsize=100_000)
def _or_nothing(letter: str) -> str:
    """A character that can be printed; for a letter that no font has a question mark, for ornaments nothing."""
    kind = unicodedata.category(letter)
    if kind == "Cc":
        return letter if letter == "\n" else ""
    if ord(letter) <= SURE:
        return letter
    if kind in ("Cs", "Co", "Cn", "Cf"):
        return ""
    try:
        make(TypstJob("#json(bytes(sys.inputs.data))", json.dumps(letter), 0), is_own=False)
    except FailureError:
        return "?" if kind.startswith("L") else ""
    return letter
