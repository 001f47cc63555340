"""Reading articles for the initial import: the list names them, each is then asked for by itself, because only so it is whole."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from canonical.catalogue import ListedArticle, ListingPage
from connectors.answers import RefusedError
from connectors.shopware5.answers import data_of, part, rows, rows_of, text
from connectors.shopware5.mapping import Known, Row, articles_of
from connectors.transport import Calls

PAGE = 50
LIST = 500
LONGEST_FETCH = 30.0


@dataclass
class Catalogue:
    """The articles of a shop, with what they refer to; it is read once and kept for the next page."""

    calls: Calls
    shop_url: str
    known: Known = field(default_factory=Known)
    _places: dict[int, tuple[str, int]] = field(default_factory=dict)

    def fetch(self, cursor: str, limit: int) -> ListingPage:
        """Fetch articles after the id in the cursor, up to about `limit` or thirty seconds; ids never change, so none is skipped."""
        after, deadline = int(cursor or 0), time.monotonic() + LONGEST_FETCH
        total = self._total() if not cursor else None
        size = max(1, min(PAGE, limit))
        wanted = [int(row["id"]) for row in self._list(after, size) if isinstance(row.get("id"), int)]
        found: list[ListedArticle] = []
        for article_id in wanted:
            found += self._read(article_id)
            after = article_id
            if time.monotonic() > deadline or len(found) >= limit:
                break
        more = bool(wanted) and (after < wanted[-1] or len(wanted) == size)
        return ListingPage(articles=tuple(found), cursor=str(after) if after else "", more=more, total=total)

    def fetch_by_sku(self, skus: Sequence[str]) -> ListingPage:
        """Fetch single articles, a variant's number brings its article with all variants."""
        ids: list[int] = []
        for sku in dict.fromkeys(sku.strip() for sku in skus if sku.strip()):
            row = self._one(f"/variants/{quote(sku, safe='')}", {"useNumberAsId": "true"})
            if row is not None and isinstance(row.get("articleId"), int):
                ids.append(row["articleId"])
        found = [each for article_id in dict.fromkeys(ids) for each in self._read(article_id)]
        return ListingPage(articles=tuple(found), cursor="", more=False)

    def _total(self) -> int | None:
        body = self.calls.get("/articles", {"limit": 1}).json()
        total = body.get("total") if isinstance(body, dict) else None
        return total if isinstance(total, int) else None

    def _list(self, after: int, size: int) -> list[Row]:
        """The next articles by id; without an expression the shop would compare by LIKE."""
        params: dict[str, str | int] = {
            "limit": size,
            "sort[0][property]": "id",
            "sort[0][direction]": "ASC",
            "filter[0][property]": "id",
            "filter[0][expression]": ">",
            "filter[0][value]": after,
        }
        return rows_of(self.calls.get("/articles", params))

    def _one(self, path: str, params: dict[str, str | int] | None = None) -> Row | None:
        """One record; None if the shop does not know it (any more)."""
        try:
            data = data_of(self.calls.get(path, params))
        except RefusedError as error:
            if error.answer.status == 404 and error.answer.is_json:
                return None
            raise
        return data if isinstance(data, dict) else None

    def _read(self, article_id: int) -> list[ListedArticle]:
        """An article with its variants; prices are gross where the customer group enters them so."""
        article = self._one(f"/articles/{article_id}", {"considerTaxInput": "true"})
        if article is None:
            return []
        self._learn(article)
        return articles_of(article, self.known)

    def _learn(self, article: Row) -> None:
        """Look up what the article only names by id: categories, files, properties, languages; each once."""
        for image in rows(article.get("images")):
            media_id = image.get("mediaId")
            if isinstance(media_id, int) and media_id not in self.known.files:
                media = self._one(f"/media/{media_id}") or {}
                self.known.files[media_id] = self._address(text(media.get("path")))
        for category in rows(article.get("categories")):
            category_id = category.get("id")
            if isinstance(category_id, int) and category_id not in self.known.paths:
                self.known.paths[category_id] = self._path(category_id) or (text(category.get("name")),)
        group_id = article.get("filterGroupId")
        if isinstance(group_id, int) and group_id not in self.known.groups and article.get("propertyValues"):
            self.known.groups.add(group_id)
            group = self._one(f"/propertyGroups/{group_id}") or {}
            self.known.options |= {
                option["id"]: text(option.get("name")) for option in rows(group.get("options")) if option.get("id")
            }
        for translation in rows(article.get("translations")):
            shop_id = translation.get("shopId")
            if isinstance(shop_id, int) and shop_id not in self.known.languages:
                locale = text(part(self._one(f"/shops/{shop_id}") or {}, "locale").get("locale"))
                self.known.languages[shop_id] = locale.partition("_")[0].lower()

    def _address(self, path: str) -> str:
        """A file's address; older shops state it without the shop's own."""
        return path if not path or "://" in path else f"{self.shop_url}/{path.lstrip('/')}"

    def _path(self, category_id: int) -> tuple[str, ...]:
        """The names from the top down; the shop's technical root ("Root", without a parent) is left out."""
        if not self._places:
            start = 0
            while True:
                page = rows_of(self.calls.get("/categories", {"limit": LIST, "start": start}))
                for row in page:
                    if isinstance(row.get("id"), int):
                        self._places[row["id"]] = text(row.get("name")), int(row.get("parentId") or 0)
                if len(page) < LIST:
                    break
                start += LIST
        names: list[str] = []
        while category_id in self._places and len(names) <= len(self._places):
            name, parent = self._places[category_id]
            if parent:
                names.insert(0, name)
            category_id = parent
        return tuple(names)
