"""From a product of the shop to the canonical article, for the initial import and for pairing: pure functions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from canonical.catalogue import (
    ArticleContent,
    CategoryPlace,
    DataType,
    ListedArticle,
    NamedValue,
    OptionAxis,
    Picture,
    PriceTier,
    Structure,
    TaxCategory,
    Words,
)
from connectors.woocommerce.answers import Row
from connectors.woocommerce.images import images_of
from connectors.woocommerce.settings import WooArticleSettings
from connectors.woocommerce.shop_facts import ShopFacts

KINDS: Mapping[str, Structure] = {"simple": Structure.SIMPLE, "variable": Structure.PARENT}
"""The kinds of product that are articles; a set of others ("grouped") and an advertised one ("external") are none."""
GIVEN = frozenset({DataType.MASTER_DATA, DataType.VARIANTS, DataType.IMAGES, DataType.TAGS, DataType.PROPERTIES})


class Listing:
    """Reads products with what the shop says of itself."""

    def __init__(self, facts: ShopFacts, settings: WooArticleSettings) -> None:
        self._facts = facts
        self._language = settings.language
        # Where two of our categories share a class of the shop, the plainer one is read.
        self._tax_classes = {name: category for category, name in reversed(settings.tax_classes.items())}

    def product(self, row: Row) -> ListedArticle:
        """A simple product or a parent."""
        structure = KINDS[str(row.get("type"))]
        axes, properties = _attributes(row)
        content = {
            **self._common(row, row),
            "sku": _text(row.get("sku")),
            "ref": str(row["id"]),
            "structure": structure,
            "words": Words(
                language=self._language,
                name=_title(row.get("name")),
                short_text=_text(row.get("short_description")),
                description=_text(row.get("description")),
            ),
            "categories": tuple(self._categories(row)),
            "tags": tuple(_title(tag.get("name")) for tag in _rows(row, "tags")),
            "axes": axes if structure is Structure.PARENT else (),
            "properties": properties,
        }
        prices = () if structure is Structure.PARENT else self._prices(row)
        return self._listed(row, content, prices)

    def variation(self, row: Row, parent: Row) -> ListedArticle:
        """A variation; it has the parent's name, and the shop shows the parent's number where it has none of its own."""
        sku, parent_sku = _text(row.get("sku")), _text(parent.get("sku"))
        options = {_title(each.get("name")): _title(each.get("option")) for each in _rows(row, "attributes")}
        content = {
            **self._common(row, parent),
            "sku": "" if sku == parent_sku else sku,
            "ref": f"{parent['id']}/{row['id']}",
            "structure": Structure.VARIANT,
            "parent_sku": parent_sku,
            "parent_ref": str(parent["id"]),
            "words": Words(
                language=self._language, name=_title(parent.get("name")), description=_text(row.get("description"))
            ),
            "options": tuple(NamedValue(name=name, value=value) for name, value in options.items() if value),
        }
        return self._listed(row, content, self._prices(row))

    def _common(self, row: Row, parent: Row) -> dict[str, Any]:
        weight = _number(row.get("weight"))
        measures = row.get("dimensions") if isinstance(row.get("dimensions"), dict) else {}
        lengths = {name: _number((measures or {}).get(name)) for name in ("length", "width", "height")}
        tax_class = row.get("tax_class")
        return {
            "key": "",
            "sends": GIVEN,
            "ean": _text(row.get("global_unique_id")),
            "weight": None if weight is None else self._facts.kilograms(weight),
            **{name: None if each is None else self._facts.centimetres(each) for name, each in lengths.items()},
            "tax_category": self._tax_category(row, parent.get("tax_class") if tax_class == "parent" else tax_class),
            "is_stock_article": row.get("manage_stock") is not False or row.get("type") == "variable",
            "is_active": row.get("status") == "publish",
            "images": tuple(_pictures(row)),
        }

    def _tax_category(self, row: Row, tax_class: object) -> TaxCategory:
        if row.get("tax_status") == "none":
            return TaxCategory.EXEMPT
        return self._tax_classes.get(str(tax_class or "standard"), TaxCategory.SPECIAL)

    def _prices(self, row: Row) -> tuple[PriceTier, ...]:
        """What is paid now, and what is shown crossed out during a sale."""
        regular, sale = _number(row.get("regular_price")), _number(row.get("sale_price"))
        is_sale = sale is not None and regular is not None and row.get("on_sale") is True
        amount, pseudo = (sale, regular) if is_sale else (regular, None)
        if amount is None:
            return ()
        is_gross = self._facts.prices_are_gross
        return (PriceTier(amount=amount, currency=self._facts.currency, is_gross=is_gross, pseudo_amount=pseudo),)

    def _categories(self, row: Row) -> list[CategoryPlace]:
        places = []
        for category in _rows(row, "categories"):
            path = self._facts.category_paths.get(category.get("id") or 0) or (_title(category.get("name")),)
            places.append(CategoryPlace(key="", path=path, ref=str(category.get("id") or "")))
        return places

    def _listed(self, row: Row, content: Mapping[str, Any], prices: Sequence[PriceTier]) -> ListedArticle:
        stock = row.get("stock_quantity")
        return ListedArticle(
            content=ArticleContent.model_validate(content),
            prices=tuple(prices),
            quantity=_number(stock) if row.get("manage_stock") is True else None,
            url=_text(row.get("permalink")),
        )


def _attributes(row: Row) -> tuple[tuple[OptionAxis, ...], tuple[NamedValue, ...]]:
    axes, properties = [], []
    for each in _rows(row, "attributes"):
        name, options = _title(each.get("name")), [_title(option) for option in each.get("options") or ()]
        if each.get("variation") is True:
            axes.append(OptionAxis(name=name, values=tuple(options)))
        elif options:
            properties.append(NamedValue(name=name, value=", ".join(options)))
    return tuple(axes), tuple(properties)


def _pictures(row: Row) -> list[Picture]:
    return [
        Picture(
            url=str(image["src"]), title=_title(image.get("name")), description=_title(image.get("alt")), position=index
        )
        for index, image in enumerate(images_of(row))
        if image.get("src")
    ]


def _rows(row: Row, name: str) -> list[Row]:
    return [each for each in row.get(name) or () if isinstance(each, dict)]


def _text(value: object) -> str:
    return str(value or "").replace("\x00", "").strip()


def _title(value: object) -> str:
    """Names come with the entities of a web page."""
    return unescape(_text(value)).strip()


def _number(value: object) -> Decimal | None:
    """A number that the shop keeps as text; what cannot be read is missing."""
    try:
        number = Decimal(str(value).replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
