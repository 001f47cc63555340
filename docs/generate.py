"""Writes the reference pages from the code: codes.md, settings.md, feature-matrix.md. Run: python -m docs.generate."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import connectors
from canonical.capability import ROWS
from canonical.codes import CODES, Kind, Repair
from canonical.feature import Direction, Feature
from canonical.settings import (
    AdvancedSettings,
    ArticleSettings,
    CategorySettings,
    DocumentSettings,
    FeatureSettings,
    ImportSettings,
    LocationStockSettings,
    OrderSettings,
    PriceSettings,
    RefundSettings,
    ShipmentSettings,
    StockSettings,
)
from connectors import matrix
from connectors.spec import ConnectorSpec
from docs.differences import DIFFERENCES

DOCS = Path(__file__).parent
NOTICE = "<!-- Written by docs/generate.py; change the code, then run: .venv/bin/python -m docs.generate -->"

KINDS = {
    Kind.RETRY: "tried again by itself; when the attempts of a run are spent, the next run goes on",
    Kind.REJECT: "this one record waits (it is *parked*), everything else goes on",
    Kind.SKIP: "left out on purpose; not an error",
    Kind.OPERATOR: "the feature is *blocked* until a person has acted and pressed *Resolve*",
    Kind.NOTE: "told, nothing stops; some notes keep an order from being shipped by itself",
}
PLACES = {
    Repair.MAPPING: "mapping table of the feature",
    Repair.ARTICLE: "article",
    Repair.SETTINGS: "settings of the feature or integration",
    Repair.CREDENTIALS: "credentials of the integration",
    Repair.CHANNEL: "in the shop",
    Repair.MASTER_DATA: "master data or the record in the ERP",
    Repair.NONE: "–",
}
SHARED: tuple[tuple[str, type[FeatureSettings]], ...] = (
    ("Orders", OrderSettings),
    ("Stock", StockSettings),
    ("Stock, for channels with locations", LocationStockSettings),
    ("Prices", PriceSettings),
    ("Articles", ArticleSettings),
    ("Categories", CategorySettings),
    ("Documents", DocumentSettings),
    ("Refunds", RefundSettings),
    ("Initial import", ImportSettings),
    ("Order status and tracking", ShipmentSettings),
    ("Integration as a whole", AdvancedSettings),
)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Make a Markdown table; bars and line ends inside a cell are made harmless."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *(list(row) for row in rows)]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


def both(en: str, de: str) -> str:
    """Put the two languages into one cell, the German in italics."""
    return f"{en}<br>*{de}*" if de and de != en else en


def codes_page() -> str:
    """Every code with its texts, its effect and the place of repair."""
    kinds = table(("Kind", "What it does"), ((f"`{kind.value}`", KINDS[kind]) for kind in Kind))
    rows = (
        (
            f"`{name}`",
            f"`{code.kind.value}`",
            both(code.en, code.de),
            both(code.hint_en, code.hint_de),
            PLACES[code.repair],
        )
        for name, code in CODES.items()
    )
    codes = table(("Code", "Kind", "Says", "What to do", "Repaired in"), rows)
    return f"""{NOTICE}
# Codes

Everything that can go wrong or is worth telling has one code from this closed list; the journal, the pages and the
command line show the same text. Words in braces are filled in.

{kinds}

{codes}
"""


def type_of(annotation: Any) -> str:
    """Say in a word or two what may be entered."""
    if annotation is bool:
        return "yes / no"
    if annotation in (str, SecretStr):
        return "secret" if annotation is SecretStr else "text"
    if annotation is Decimal:
        return "amount"
    if annotation is int:
        return "number"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(f"`{member.value}`" for member in annotation)
    if get_origin(annotation) is frozenset:
        inner = get_args(annotation)[0]
        return "several" if inner is str else "several of " + ", ".join(f"`{member.value}`" for member in inner)
    if get_origin(annotation) is dict:
        return "table: channel's value → ours"
    raise TypeError(f"no words for {annotation}")


def shown(value: Any) -> str:
    """Show a default as a person would read it."""
    if value is PydanticUndefined:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, (frozenset, dict)):
        return ", ".join(f"`{each.value if isinstance(each, Enum) else each}`" for each in sorted(value)) or "–"
    return f"`{value}`" if str(value) else "–"


def setting_row(name: str, field: FieldInfo) -> tuple[str, ...]:
    """One setting as a row."""
    meta = FeatureSettings.meta(field)
    label = both(field.title or name, str(meta.get("title_de", "")))
    choices = type_of(field.annotation)
    if meta.get("options"):
        choices += f" (from: {str(meta['options']).replace('_', ' ')})"
    needed = "yes" if meta.get("mandatory") or field.is_required() else ""
    default = shown(field.get_default(call_default_factory=True, validated_data={}))
    return f"`{name}`", label, choices, default, needed, both(field.description or "", str(meta.get("help_de", "")))


def settings_table(model: type[BaseModel], names: Iterable[str] | None = None) -> str:
    """The settings of a model, or only the named ones."""
    wanted = list(model.model_fields) if names is None else list(names)
    rows = [setting_row(name, model.model_fields[name]) for name in wanted]
    return table(("Key", "Setting", "Value", "Default", "Mandatory", "Meaning"), rows)


def own_settings(model: type[FeatureSettings]) -> list[str]:
    """What a connector's model has beyond the shared one, or with another default."""
    shared = next((base for _, base in SHARED if issubclass(model, base)), FeatureSettings)
    return [
        name
        for name, field in model.model_fields.items()
        if name not in shared.model_fields or setting_row(name, field) != setting_row(name, shared.model_fields[name])
    ]


def connector_settings(spec: ConnectorSpec) -> str:
    """A connector's credentials and what its features have of their own."""
    parts = [f"## {spec.title}\n\n### Credentials\n\n{settings_table(spec.credentials)}"]
    for feature, declared in spec.features.items():
        own = own_settings(declared.settings)
        body = settings_table(declared.settings, own) if own else "Only the shared settings above."
        parts.append(f"### {spec.title}: {feature.value}\n\n{body}")
    return "\n\n".join(parts)


def by_german_name() -> str:
    """An index for those who know the German pages: German label, English label, key and where it is."""
    models: list[tuple[str, type[BaseModel]]] = [*SHARED]
    for spec in connectors.specs().values():
        models.append((f"{spec.title}: credentials", spec.credentials))
        models += [(f"{spec.title}: {feature.value}", each.settings) for feature, each in spec.features.items()]
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for where, model in models:
        for name, field in model.model_fields.items():
            german = str(FeatureSettings.meta(field).get("title_de", "")) or (field.title or name)
            rows.setdefault((german.casefold(), name), (german, field.title or name, f"`{name}`", where))
    return table(("German", "English", "Key", "Where"), (rows[key] for key in sorted(rows)))


def settings_page() -> str:
    """Every setting that a person can enter, shared ones first."""
    shared = "\n\n".join(f"## {title}\n\n{settings_table(model)}" for title, model in SHARED)
    own = "\n\n".join(connector_settings(spec) for spec in connectors.specs().values())
    return f"""{NOTICE}
# Settings

What can be set per integration, under the key that `connect integration configure` takes. *Mandatory* settings are
checked when the feature is activated. The first sections hold for every connector that has the feature; each connector
then lists its credentials and what it has beyond them, or with another default.

{shared}

{own}

## By German name

{by_german_name()}
"""


def interval(every: timedelta) -> str:
    """Say how often in minutes."""
    return f"every {int(every.total_seconds() // 60)} min"


def matrix_cell(spec: ConnectorSpec, feature: Feature) -> str:
    """What a connector does with a feature, or a dash."""
    declared = spec.features.get(feature)
    if declared is None:
        return "–"
    batch = f", up to {declared.batch} at once" if feature.direction is Direction.TO_CHANNEL else ""
    note = f"<br>{declared.note.en}" if declared.note.en else ""
    return f"yes, {interval(declared.every)}{batch}{note}"


def matrix_page() -> str:
    """Which connector has which feature."""
    specs = matrix.columns(connectors.specs())
    rows = [
        (
            f"`{feature.value}`",
            "channel → ERP" if feature.direction is Direction.TO_ERP else "ERP → channel",
            *(matrix_cell(spec, feature) for spec in specs),
        )
        for feature in Feature
    ]
    features = table(("Feature", "Direction", *(f"{spec.title} ({spec.api_version})" for spec in specs)), rows)
    detail = [
        (line.area, line.label, *(f"● {cell.note}".strip() if cell.is_there else "–" for cell in line.cells))
        for line in matrix.lines(connectors.specs(), "en")
    ]
    rows_of_the_matrix = table(("Area", "Feature", *(spec.title for spec in specs)), detail)
    brands = ", ".join(spec.title for spec in connectors.specs().values() if spec.family)
    differences = table(
        ("Connector", "Feature", "Published", "Here", "Why"),
        (
            (connectors.spec_of(key).title, ROWS[row].label, "–" if here else "●", "●" if here else "–", reason)
            for (key, row), (here, reason) in DIFFERENCES.items()
        ),
    )
    return f"""{NOTICE}
# Feature matrix

What each connector exchanges, as its declaration (`SPEC`) says; a dash means that it does not. The interval is the safety
net of a productive integration: changes in the ERP are hinted at and leave earlier.

{features}

Entries of the gallery that are one of these for a single marketplace: {brands or "none"}.

## In detail

The same as a PDF: page *Connectors → Feature matrix → PDF*.

{rows_of_the_matrix}

## Where this differs from the published scope

The published matrix is that of the originals (state August 2025); a test compares it with the declarations and knows
exactly these differences.

{differences}
"""


def pages() -> dict[str, str]:
    """Every generated page by file name."""
    return {"codes.md": codes_page(), "settings.md": settings_page(), "feature-matrix.md": matrix_page()}


if __name__ == "__main__":
    for name, page in pages().items():
        (DOCS / name).write_text(page)
