"""The feature matrix: the rows of D§9.1 with what each connector's declaration says; for the page, the docs and the PDF."""

from collections.abc import Mapping
from dataclasses import dataclass

from canonical.capability import ROWS, Capability
from canonical.codes import Language
from connectors.spec import ConnectorSpec


@dataclass(frozen=True)
class Cell:
    """Whether a connector has a row, and on what condition."""

    is_there: bool
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One row with a cell per connector, in the order of `columns`."""

    area: str
    label: str
    cells: tuple[Cell, ...]


def columns(specs: Mapping[str, ConnectorSpec]) -> list[ConnectorSpec]:
    """The connectors that have a column: brands have that of their connector."""
    return [spec for spec in specs.values() if not spec.family]


def lines(specs: Mapping[str, ConnectorSpec], language: Language) -> list[Line]:
    """All rows, also those that nobody has."""
    found = []
    for capability, row in ROWS.items():
        area, label = (row.area_de, row.label_de) if language == "de" else (row.area, row.label)
        found.append(Line(area, label, tuple(_cell(spec, capability, language) for spec in columns(specs))))
    return found


def _cell(spec: ConnectorSpec, capability: Capability, language: Language) -> Cell:
    text = spec.capabilities.get(capability)
    if text is None:
        return Cell(False)
    return Cell(True, text.de if language == "de" else text.en)
