"""The names that articles use – makers, units, tags, properties, custom fields – as records of the shop; missing ones are created."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from canonical.catalogue import ArticleContent, NamedValue
from canonical.failure import Failure
from canonical.settings import FieldMode
from connectors.shopware6.search import Row, find_all, find_by, one_of, part, text
from connectors.shopware6.settings import Shopware6ArticleSettings, ToProperty
from connectors.shopware6.sync import Change, made_id, write
from connectors.transport import Calls

STANDARD_FIELD = "shopware6_"
"""Custom fields that begin so fill Shopware's own fields (D§2.1)."""
_SPAN = re.compile(r"(\d+)(?:\s*(?:-|–|bis|to)\s*(\d+))?\s*(\w*)")
_UNITS = {"w": "week", "m": "month", "s": "hour", "h": "hour", "j": "year", "y": "year"}


@dataclass
class Vocabulary:
    """Ids by name; a property's value under its group and itself."""

    calls: Calls
    settings: Shopware6ArticleSettings
    makers: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    delivery_times: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    options: dict[tuple[str, str], str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    """Language ids by ISO 639-1."""
    refused: dict[str, Failure] = field(default_factory=dict)
    """By id, what could not be created."""

    def learn(self, contents: Sequence[ArticleContent]) -> None:
        """Look up all names of a batch and create what is missing. Raises `FailureError`."""
        changes: list[Change] = []
        self.makers = self._named("product-manufacturer", (each.manufacturer for each in contents), changes)
        self.tags = self._named("tag", (tag for each in contents for tag in each.tags), changes)
        self._learn_units(contents, changes)
        self._learn_delivery_times(contents, changes)
        self._learn_options([pair for each in contents for pair in self._choices(each)], changes)
        self._learn_custom_fields(contents, changes)
        if any(each.translations or each.words.language != "de" for each in contents):
            rows = find_all(self.calls, "language", associations={"locale": {}})
            self.languages = {_iso(row): str(row["id"]) for row in reversed(rows) if row.get("id")}
        refused = write(self.calls, changes)
        self.refused = {key: refusal.failure for key, refusal in refused.items()}

    def _choices(self, content: ArticleContent) -> list[tuple[str, str]]:
        """Every property and option of an article, also the custom fields that become properties."""
        pairs = [(each.name, each.value) for each in (*self.properties(content), *content.options)]
        return [*pairs, *((axis.name, value) for axis in content.axes for value in axis.values)]

    def _named(self, entity: str, names: Iterable[str], changes: list[Change]) -> dict[str, str]:
        wanted = [name for name in dict.fromkeys(names) if name]
        found = {text(row): str(row["id"]) for row in find_by(self.calls, entity, "name", wanted) if row.get("id")}
        for name in wanted:
            if name not in found:
                found[name] = made_id(entity, name)
                row = {"id": found[name], "name": name}
                changes.append(Change(found[name], name, upserts=[(entity.replace("-", "_"), row)]))
        return found

    def _learn_units(self, contents: Sequence[ArticleContent], changes: list[Change]) -> None:
        """Units by name or short code: "Stück" and "Stk" are the same for a merchant."""
        wanted = list(dict.fromkeys(name for each in contents if (name := self.unit_name(each))))
        codes = {str(row.get("shortCode")): str(row["id"]) for row in find_by(self.calls, "unit", "shortCode", wanted)}
        names = {text(row): str(row["id"]) for row in find_by(self.calls, "unit", "name", wanted)}
        self.units = {**codes, **names}
        for name in wanted:
            if name not in self.units:
                self.units[name] = made_id("unit", name)
                row = {"id": self.units[name], "name": name, "shortCode": name}
                changes.append(Change(self.units[name], name, upserts=[("unit", row)]))

    def unit_name(self, content: ArticleContent) -> str:
        """The unit of an article; the custom field `shopware6_unit` beats it, if it is a word and no number."""
        stated = standard_fields(content).get("unit", "")
        return stated if stated and number(stated) is None else content.unit

    def delivery_name(self, content: ArticleContent) -> str:
        """The delivery time of an article; a custom field for it beats the article's own text."""
        named = {each.name.casefold(): each.value for each in content.custom_fields}
        return standard_fields(content).get("delivery_time") or named.get("lieferzeit") or content.delivery_time

    def _learn_delivery_times(self, contents: Sequence[ArticleContent], changes: list[Change]) -> None:
        """Delivery times by name; one that is missing is created if it says a span, else the settings' one is taken."""
        wanted = list(dict.fromkeys(name for each in contents if (name := self.delivery_name(each))))
        rows = find_by(self.calls, "delivery-time", "name", wanted)
        self.delivery_times = {text(row): str(row["id"]) for row in rows if row.get("id")}
        for name in wanted:
            if name in self.delivery_times:
                continue
            span = _SPAN.search(name)
            if span is None:
                self.delivery_times[name] = self.settings.delivery_time
                continue
            ref = self.delivery_times[name] = made_id("delivery-time", name)
            unit = _UNITS.get(span[3][:1].lower(), "day")
            row = {"id": ref, "name": name, "min": int(span[1]), "max": int(span[2] or span[1]), "unit": unit}
            changes.append(Change(ref, name, upserts=[("delivery_time", row)]))

    def _learn_options(self, pairs: Sequence[tuple[str, str]], changes: list[Change]) -> None:
        wanted = [pair for pair in dict.fromkeys(pairs) if all(pair)]
        groups = list(dict.fromkeys(group for group, _ in wanted))
        found = find_by(self.calls, "property-group", "name", groups)
        self.groups = {text(row): str(row["id"]) for row in reversed(found) if row.get("id")}
        for group in groups:
            if group not in self.groups:
                ref = self.groups[group] = made_id("property-group", group)
                row = {"id": ref, "name": group, "displayType": "text", "sortingType": "alphanumeric"}
                changes.append(Change(ref, group, upserts=[("property_group", row)]))
        names = {ref: name for name, ref in self.groups.items()}
        criteria = {"filter": [one_of("groupId", names)]}
        known = find_by(self.calls, "property-group-option", "name", [value for _, value in wanted], **criteria)
        for row in known:
            self.options[names.get(str(row.get("groupId")), ""), text(row)] = str(row.get("id"))
        for group, value in wanted:
            if (group, value) not in self.options:
                ref = self.options[group, value] = made_id("property-group-option", group, value)
                option = {"id": ref, "groupId": self.groups[group], "name": value}
                needs = self.groups[group]
                changes.append(Change(ref, value, upserts=[("property_group_option", option)], needs=needs))

    def properties(self, content: ArticleContent) -> list[NamedValue]:
        """The properties of an article, and the custom fields that the settings make to properties."""
        found = list(content.properties)
        for each in content.custom_fields:
            if target := self._as_property(each.name):
                found.append(NamedValue(name=target, value=each.value))
        return [each for each in found if each.name and each.value]

    def _as_property(self, name: str) -> str:
        """The property that a custom field becomes; empty: it stays a custom field."""
        if name.startswith(STANDARD_FIELD) or self.settings.custom_field_to_property is ToProperty.NONE:
            return ""
        if self.settings.custom_field_to_property is ToProperty.AUTO:
            return name
        return self.settings.property_map.get(name, "")

    def field_values(self, content: ArticleContent) -> dict[str, str]:
        """The custom fields of an article under the shop's technical names."""
        found = {}
        for each in content.custom_fields:
            if each.name.startswith(STANDARD_FIELD) or self._as_property(each.name):
                continue
            name = self._technical(each.name)
            if name:
                found[name] = each.value
        return found

    def _technical(self, name: str) -> str:
        if self.settings.custom_field_mode is FieldMode.TABLE:
            return self.settings.custom_field_map.get(name, "")
        return technical_name(name)

    def _learn_custom_fields(self, contents: Sequence[ArticleContent], changes: list[Change]) -> None:
        """Fields by technical name; missing ones are created with our name as their label, once (D§2.1)."""
        labels = {self._technical(each.name): each.name for content in contents for each in content.custom_fields}
        wanted = [name for content in contents for name in self.field_values(content)]
        rows = find_by(self.calls, "custom-field", "name", wanted)
        missing = sorted(set(wanted) - {str(row.get("name")) for row in rows})
        if not missing or self.settings.custom_field_mode is FieldMode.TABLE:
            return
        ref = made_id("custom-field-set", "connect")
        fields = [_field(name, labels[name], ref) for name in missing]
        relation = {"id": made_id("custom-field-set-relation", ref), "entityName": "product"}
        label = {"label": {"de-DE": "Connect", "en-GB": "Connect"}}
        row = {"id": ref, "name": "connect_articles", "config": label, "relations": [relation], "customFields": fields}
        changes.append(Change(ref, "connect_articles", upserts=[("custom_field_set", row)]))


def _field(name: str, label: str, set_id: str) -> Row:
    config = {"label": {"de-DE": label, "en-GB": label}, "componentName": "sw-field", "customFieldType": "text"}
    return {"id": made_id("custom-field", set_id, name), "name": name, "type": "text", "config": config, "active": True}


def technical_name(name: str) -> str:
    """A name as Shopware's custom fields may have it: letters, digits and underscores."""
    return re.sub(r"\W+", "_", name.strip(), flags=re.ASCII).strip("_").lower() or "field"


def standard_fields(content: ArticleContent) -> dict[str, str]:
    """The custom fields that fill Shopware's own fields, without their prefix."""
    return {
        each.name.removeprefix(STANDARD_FIELD): each.value.strip()
        for each in content.custom_fields
        if each.name.startswith(STANDARD_FIELD) and each.value.strip()
    }


def number(value: str) -> float | None:
    """A number as people write it, with a comma or a point; None if it is none."""
    try:
        return float(Decimal(value.strip().replace(",", ".")))
    except InvalidOperation:
        return None


def _iso(language: Row) -> str:
    return str(part(language, "locale").get("code") or "").partition("-")[0].lower()
