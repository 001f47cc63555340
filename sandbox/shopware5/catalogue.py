"""What is in the shop's catalogue: articles with their details (variants), and the small tables around them.

Prices are kept net, as the vendor does; the rows are in the shape the API shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
TAXES = {"standard": (1, Decimal(19)), "reduced": (4, Decimal(7)), "zero": (5, Decimal(0))}
ENDLESS = "beliebig"
ROOT, GERMAN = 1, 3
DEALER_DISCOUNT = Decimal("0.9")


def moment(at: datetime) -> str:
    """A moment as Shopware 5 writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S%z")


@dataclass
class Detail:
    """A variant, or the only variant of a simple article; `gross` is the price of the end customers' group."""

    id: int
    number: str
    stock: int
    gross: Decimal
    ean: str | None = None
    weight: str = "0.000"
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Article:
    """An article; its first detail is the main one. `english` is the name in the second language shop."""

    id: int
    name: str
    tax: str
    supplier: int
    added: datetime
    details: list[Detail]
    categories: Sequence[int] = ()
    english: str = ""
    image: int | None = None
    description: str = ""


class Catalogue:
    """Articles and the tables they refer to."""

    def __init__(self) -> None:
        self.articles: dict[int, Article] = {}
        self.details: dict[str, tuple[Article, Detail]] = {}
        self.categories: dict[int, Json] = {}
        self.suppliers: dict[int, Json] = {}
        self.media: dict[int, Json] = {}
        self.options: dict[tuple[str, str], int] = {}
        self._groups: dict[str, int] = {}
        self._numbers: dict[str, int] = {"category": GERMAN}
        for row_id, parent, name in ((ROOT, None, "Root"), (GERMAN, ROOT, "Deutsch")):
            self.categories[row_id] = {"id": row_id, "parentId": parent, "name": name}

    def next_id(self, kind: str) -> int:
        """The next number of a kind."""
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def add_article(self, article: Article) -> None:
        """Keep an article; raises ValueError for a number that is taken."""
        for detail in article.details:
            if detail.number in self.details:
                raise ValueError(f"the shop has an article with number {detail.number!r} already")
            self.details[detail.number] = (article, detail)
            for group, option in detail.options.items():
                self._groups.setdefault(group, len(self._groups) + 1)
                self.options.setdefault((group, option), len(self.options) + 1)
        self.articles[article.id] = article

    def add_category(self, *names: str) -> int:
        """A category by its path below "Deutsch", made if it is not there yet."""
        parent = GERMAN
        for name in names:
            found = next(
                (row["id"] for row in self.categories.values() if (row["parentId"], row["name"]) == (parent, name)),
                None,
            )
            if found is None:
                found = self.next_id("category")
                self.categories[found] = {"id": found, "parentId": parent, "name": name}
            parent = found
        return parent

    def add_supplier(self, name: str) -> int:
        """A manufacturer, made if it is not there yet."""
        found = next((row["id"] for row in self.suppliers.values() if row["name"] == name), None)
        if found is None:
            found = self.next_id("supplier")
            self.suppliers[found] = {
                "id": found,
                "name": name,
                "image": "",
                "link": "",
                "description": "",
                "metaTitle": None,
                "metaDescription": None,
                "metaKeywords": None,
            }
        return found

    def add_media(self, name: str, at: datetime) -> int:
        """A picture in the media album of articles."""
        row_id = self.next_id("media")
        self.media[row_id] = {
            "id": row_id,
            "albumId": -1,
            "name": name,
            "description": "",
            "path": f"media/image/{name}.png",
            "type": "IMAGE",
            "extension": "png",
            "userId": 1,
            "created": moment(at),
            "fileSize": 20_480,
        }
        return row_id

    def category_path(self, row_id: int) -> tuple[str, ...]:
        """A category's names from below "Deutsch" down."""
        row = self.categories[row_id]
        if row["parentId"] in (None, ROOT):
            return ()
        return (*self.category_path(row["parentId"]), row["name"])

    def option(self, group: str, option: str) -> Json:
        """A configurator option."""
        return {
            "id": self.options[group, option],
            "groupId": self._groups[group],
            "name": option,
            "position": self.options[group, option],
        }

    def group(self, name: str) -> Json:
        """A configurator group."""
        return {"id": self._groups[name], "description": None, "name": name, "position": self._groups[name]}


GROUPS: Mapping[str, Json] = {
    "EK": {
        "id": 1,
        "key": "EK",
        "name": "Shopkunden",
        "tax": True,
        "taxInput": True,
        "mode": False,
        "discount": 0,
        "minimumOrder": 10,
        "minimumOrderSurcharge": 5,
    },
    "H": {
        "id": 2,
        "key": "H",
        "name": "Händler",
        "tax": False,
        "taxInput": False,
        "mode": False,
        "discount": 0,
        "minimumOrder": 0,
        "minimumOrderSurcharge": 0,
    },
}
