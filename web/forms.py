"""Settings pages from pydantic models: what is shown for each field, and how a posted form becomes values again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from starlette.datastructures import FormData

from canonical.codes import CODES, Language
from canonical.settings import FeatureSettings, MappingKind, Options
from erp.queries.mappings import MappingRow
from erp.queries.options import Choice
from web import words
from web.context import text, texts
from web.i18n import N_, Voice

ERRORS = {
    "missing": N_("Please fill this in."),
    "string_too_short": N_("Please enter at least %(min_length)s characters."),
    "string_too_long": N_("Please enter at most %(max_length)s characters."),
    "too_short": N_("Please enter at least %(min_length)s characters."),
    "too_long": N_("Please enter at most %(max_length)s characters."),
    "greater_than_equal": N_("The smallest possible value is %(ge)s."),
    "less_than_equal": N_("The largest possible value is %(le)s."),
    "greater_than": N_("The value must be larger than %(gt)s."),
    "less_than": N_("The value must be smaller than %(lt)s."),
    "decimal_parsing": N_("Please enter a number."),
    "decimal_type": N_("Please enter a number."),
    "int_parsing": N_("Please enter a whole number."),
    "decimal_max_places": N_("Please enter at most %(decimal_places)s decimal places."),
    "enum": N_("Please choose one of the values."),
    "string_pattern_mismatch": N_("This does not look right."),
    "placeholder_missing": N_("%(placeholder)s is missing."),
}
"""Texts for pydantic's error types; a type that is one of our codes has its text there."""


@dataclass(frozen=True)
class FieldView:
    """One row of a settings page."""

    name: str
    kind: str
    """switch, select, checks, list, text, decimal, number or mapping."""
    title: str
    help: str
    value: Any
    choices: Sequence[Choice] = ()
    error: str = ""
    is_mandatory: bool = False
    is_missing: bool = False
    mapping: MappingKind | None = None
    rows: Sequence[MappingRow] = ()
    suggestions: Sequence[str] = ()


@dataclass(frozen=True)
class SectionView:
    """Some rows under a heading."""

    key: str
    fields: Sequence[FieldView]


@dataclass(frozen=True)
class Offers:
    """What the database offers to the fields: choices by kind, mapping rows and suggestions by table."""

    choices: Mapping[Options, Sequence[Choice]] = field(default_factory=dict)
    rows: Mapping[MappingKind, Sequence[MappingRow]] = field(default_factory=dict)
    suggestions: Mapping[MappingKind, Sequence[str]] = field(default_factory=dict)
    channel: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    """The lists fetched from the channel, by name."""


@dataclass(frozen=True)
class Parsed:
    """A posted form: the settings if they are valid, else what was typed with errors per field."""

    typed: Mapping[str, Any]
    settings: FeatureSettings | None
    errors: Mapping[str, str]


def plain_type(info: FieldInfo) -> Any:
    """A field's type without None."""
    kind = info.annotation
    if get_origin(kind) in (Union, UnionType):
        return next(part for part in get_args(kind) if part is not type(None))
    return kind


def field_kind(info: FieldInfo) -> str:
    """Which control a field gets."""
    meta = FeatureSettings.meta(info)
    kind = plain_type(info)
    if meta.get("mapping"):
        return "mapping"
    if get_origin(kind) in (frozenset, set, tuple, list):
        has_choices = meta.get("options") or meta.get("channel_options") or _is_enum(get_args(kind)[0])
        return "checks" if has_choices else "list"
    if meta.get("options") or meta.get("channel_options") or _is_enum(kind):
        return "select"
    return {bool: "switch", Decimal: "decimal", int: "number"}.get(kind, "text")


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def options_of(model: type[FeatureSettings]) -> set[Options]:
    """The kinds of choices that a model's fields need."""
    found = (FeatureSettings.meta(info).get("options") for info in model.model_fields.values())
    return {Options(kind) for kind in found if kind}


def uses_channel_options(model: type[FeatureSettings]) -> bool:
    """Whether a model's fields offer lists of the channel."""
    return any(FeatureSettings.meta(info).get("channel_options") for info in model.model_fields.values())


def mappings_of(model: type[FeatureSettings]) -> set[MappingKind]:
    """The mapping tables among a model's fields."""
    found = (FeatureSettings.meta(info).get("mapping") for info in model.model_fields.values())
    return {MappingKind(kind) for kind in found if kind}


def title_of(info: FieldInfo, language: Language, name: str = "") -> str:
    """A field's title."""
    meta = FeatureSettings.meta(info)
    return str((meta.get("title_de") if language == "de" else "") or info.title or name)


def help_of(info: FieldInfo, language: Language) -> str:
    """A field's explanation."""
    return str(FeatureSettings.meta(info).get("help_de") or "") if language == "de" else info.description or ""


def sections(
    model: type[FeatureSettings],
    values: Mapping[str, Any],
    offers: Offers,
    voice: Voice,
    errors: Mapping[str, str] | None = None,
) -> list[SectionView]:
    """Lay a settings model out: sections in the order of the model, each field once."""
    by_section: dict[str, list[FieldView]] = {}
    for name, info in model.model_fields.items():
        section = str(FeatureSettings.meta(info).get("section", ""))
        view = _view(name, info, values.get(name), offers, voice, error=(errors or {}).get(name, ""))
        by_section.setdefault(section, []).append(view)
    return [SectionView(key, fields) for key, fields in by_section.items()]


def _view(name: str, info: FieldInfo, value: Any, offers: Offers, voice: Voice, *, error: str) -> FieldView:
    meta = FeatureSettings.meta(info)
    mapping = MappingKind(meta["mapping"]) if meta.get("mapping") else None
    shown = _shown(value)
    mandatory = bool(meta.get("mandatory"))
    return FieldView(
        name=name,
        kind=field_kind(info),
        title=title_of(info, voice.language, name),
        help=help_of(info, voice.language),
        value=shown,
        choices=_choices(info, shown, offers, voice),
        error=error,
        is_mandatory=mandatory,
        is_missing=mandatory and not shown,
        mapping=mapping,
        rows=offers.rows.get(mapping, ()) if mapping else (),
        suggestions=offers.suggestions.get(mapping, ()) if mapping else (),
    )


def _shown(value: Any) -> Any:
    """A value as the control compares it: texts, booleans and sorted lists of texts."""
    if isinstance(value, bool | dict):
        return value
    if isinstance(value, frozenset | set | tuple | list):
        return sorted(str(_shown(item)) for item in value)
    if isinstance(value, Enum):
        return str(value.value)
    return "" if value is None else str(value)


def _choices(info: FieldInfo, shown: Any, offers: Offers, voice: Voice) -> list[Choice]:
    """What a select or a row of boxes offers; a stored value that is no longer offered stays visible."""
    meta = FeatureSettings.meta(info)
    kind = plain_type(info)
    member = get_args(kind)[0] if get_args(kind) else kind
    if meta.get("options"):
        found = list(offers.choices.get(Options(meta["options"]), ()))
    elif meta.get("channel_options"):
        found = list(offers.channel.get(meta["channel_options"], ()))
    elif _is_enum(member):
        found = [Choice(str(e.value), voice.say(words.word("choice", str(e.value)))) for e in member]
    elif field_kind(info) == "list":
        found = [Choice(value, value) for value in sorted({*_shown(info.default), *shown})]
    else:
        return []
    if field_kind(info) == "mapping":
        return found
    chosen = shown if isinstance(shown, list) else [shown] if shown else []
    offered = {choice.value for choice in found}
    gone = voice.say(N_("no longer exists"))
    return found + [Choice(value, f"{value} ({gone})") for value in chosen if value not in offered]


def parse(model: type[FeatureSettings], form: FormData, voice: Voice) -> Parsed:
    """Read a posted settings form; mapping tables are read by `mapping_changes`."""
    typed: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        match field_kind(info):
            case "switch":
                typed[name] = name in form
            case "checks":
                typed[name] = texts(form, name)
            case "list":
                typed[name] = [*texts(form, name), *_split(text(form, f"{name}.more"))]
            case "decimal" | "number":
                typed[name] = text(form, name).replace(",", ".")
            case "mapping":
                pass
            case _:
                typed[name] = text(form, name)
    try:
        return Parsed(typed, model.model_validate(typed), {})
    except ValidationError as error:
        return Parsed(typed, None, errors_by_field(error, voice))


def _split(joined: str) -> list[str]:
    return [part.strip() for part in joined.replace("\n", ",").replace(";", ",").split(",") if part.strip()]


def mapping_changes(name: str, form: FormData, rows: Sequence[MappingRow]) -> tuple[dict[str, str], list[str]]:
    """Compare a posted mapping table with the stored one: rows to set, and channel values to delete.

    A channel value counts as it was typed: its spelling and spaces are what shops send (D§2.5.3).
    """
    channel, ours = texts(form, f"{name}.channel"), texts(form, f"{name}.erp")
    wanted = {value: target for value, target in zip(channel, ours, strict=False) if value.strip()}
    stored = {row.channel_value: row.erp_value for row in rows}
    changed = {value: target for value, target in wanted.items() if target and stored.get(value) != target}
    gone = [value for value, target in stored.items() if target and not wanted.get(value)]
    return changed, gone


def errors_by_field(error: ValidationError, voice: Voice) -> dict[str, str]:
    """One sentence per field; an error of the whole form is under the empty name."""
    found: dict[str, str] = {}
    for details in error.errors(include_url=False, include_input=False):
        name = str(details["loc"][0]) if details["loc"] else ""
        found.setdefault(name, _sentence(details, voice))
    return found


def _sentence(details: ErrorDetails, voice: Voice) -> str:
    kind = details["type"]
    context = {key: str(value) for key, value in details.get("ctx", {}).items()}
    if kind in CODES:
        return f"{CODES[kind].say(voice.language, context)}. {CODES[kind].hint(voice.language)}"
    if kind in ERRORS:
        return voice.say(ERRORS[kind], **context)
    return voice.say(N_("This value is not possible: %(reason)s"), reason=details["msg"])
